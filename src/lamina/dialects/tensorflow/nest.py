"""`tf.nest`: structures of lists, tuples and dicts."""

from lamina.core.tree import assert_same_structure, flatten, is_nested, map_structure, pack_sequence_as

__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]

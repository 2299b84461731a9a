"""Nested lists, tuples, deques and dicts of leaves. None is a leaf; dict keys are visited in sorted order."""

import collections.abc
import contextlib

import jax


def _open_deque(deque):
    return [(jax.tree_util.SequenceKey(i), x) for i, x in enumerate(deque)], deque.maxlen


with contextlib.suppress(ValueError):  # another library has done it
    jax.tree_util.register_pytree_with_keys(
        collections.deque, _open_deque, lambda maxlen, children: collections.deque(children, maxlen)
    )


def _is_none(x):
    return x is None


def is_nested(structure):
    """Tell whether `structure` is a list, tuple, deque, dict or another registered container."""
    return not jax.tree_util.all_leaves([structure], is_leaf=_is_none)


def flatten(structure):
    """Return the leaves of `structure` as a list.

    Example:
        >>> flatten({"b": [1, None], "a": 3})
        [3, 1, None]
    """
    return jax.tree_util.tree_leaves(structure, is_leaf=_is_none)


def flatten_with_path(structure):
    """Return pairs of (path, leaf); a path is a tuple of keys and indices."""
    pairs, _ = jax.tree_util.tree_flatten_with_path(structure, is_leaf=_is_none)
    return [(tuple(_key(entry) for entry in path), leaf) for path, leaf in pairs]


def _key(entry):
    for attribute in ("key", "idx", "name"):
        if hasattr(entry, attribute):
            return getattr(entry, attribute)
    raise TypeError(f"Unknown kind of path entry: {entry!r}")


def map_structure(func, *structures, none_is_leaf=True):
    """Apply `func` to corresponding leaves and return the results in the structure of the first.

    Args:
        none_is_leaf: whether `func` gets None too; otherwise it stays None.
    Raises: ValueError if the structures differ, TypeError if `func` is not callable.
    """
    if not callable(func):
        raise TypeError(f"`func` must be callable. Received: func={func}")
    if not structures:
        raise ValueError("Must provide at least one structure")
    return jax.tree_util.tree_map(func, *structures, is_leaf=_is_none if none_is_leaf else None)


def map_structure_up_to(shallow_structure, func, *structures):
    """Apply `func` to the parts of `structures` that stand where `shallow_structure` has leaves."""
    treedef = jax.tree_util.tree_structure(shallow_structure, is_leaf=_is_none)
    parts = [treedef.flatten_up_to(structure) for structure in structures]
    return jax.tree_util.tree_unflatten(treedef, [func(*row) for row in zip(*parts, strict=True)])


def pack_sequence_as(structure, flat_sequence):
    """Arrange the flat sequence `flat_sequence` in the structure of `structure`.

    Raises: TypeError if `flat_sequence` is no sequence, ValueError if their number differs.
    """
    if not isinstance(flat_sequence, collections.abc.Sequence):
        raise TypeError(f"flat_sequence must be a sequence. Received: {flat_sequence}")
    treedef = jax.tree_util.tree_structure(structure, is_leaf=_is_none)
    if treedef.num_leaves != len(flat_sequence):
        raise ValueError(f"The structure has {treedef.num_leaves} leaves, the flat sequence {len(flat_sequence)}.")
    return jax.tree_util.tree_unflatten(treedef, list(flat_sequence))


def assert_same_structure(a, b, check_types=None):
    """Raise ValueError unless both structures have the same containers in the same places."""
    left = jax.tree_util.tree_structure(a, is_leaf=_is_none)
    right = jax.tree_util.tree_structure(b, is_leaf=_is_none)
    if left != right:
        raise ValueError(
            f"The two structures differ. Expected a {type(a).__name__}, received a {type(b).__name__}:\n"
            f"  {left}\n  {right}"
        )


def assert_same_paths(a, b):
    """Raise ValueError unless the leaves of both structures stand at the same paths."""
    left = {path for path, _ in flatten_with_path(a)}
    right = {path for path, _ in flatten_with_path(b)}
    if left != right:
        raise ValueError(f"The two structures differ at the paths {sorted(map(str, left ^ right))}.")


def traverse(func, structure, top_down=True):
    """Replace each node for which `func` returns something other than None; top down stops there."""
    if top_down:
        replacement = func(structure)
        if replacement is not None:
            return None if replacement is MAP_TO_NONE else replacement
    if is_nested(structure):
        children, rebuild = _open(structure)
        structure = rebuild([traverse(func, child, top_down) for child in children])
    if not top_down:
        replacement = func(structure)
        if replacement is not None:
            return None if replacement is MAP_TO_NONE else replacement
    return structure


class MAP_TO_NONE:  # noqa: N801 -- Keras's name
    """What the function of `traverse` returns to put None in place of a node."""


def _open(structure):
    """Return the direct children of a container and a function that rebuilds it from new ones."""
    children, treedef = jax.tree_util.tree_flatten(structure, is_leaf=lambda x: x is not structure)
    return children, lambda new: jax.tree_util.tree_unflatten(treedef, new)


def lists_to_tuples(structure):
    """Return `structure` with each list made a tuple."""
    if isinstance(structure, list):
        structure = tuple(structure)
    if not is_nested(structure):
        return structure
    children, rebuild = _open(structure)
    return rebuild([lists_to_tuples(child) for child in children])


def like(sequence, items):
    """Return `items` as the kind of list or tuple that `sequence` is; a named tuple stays one.

    Example:
        >>> like((1, 2), ["a", "b"])
        ('a', 'b')
    """
    return type(sequence)(*items) if hasattr(sequence, "_fields") else type(sequence)(items)


def is_shape(value):
    """Tell whether `value` is one shape: a list or tuple of sizes and None."""
    return isinstance(value, list | tuple) and all(size is None or isinstance(size, int) for size in value)


def map_shape_structure(func, structure):
    """Apply `func` to each shape in a nested structure of shapes."""
    if is_shape(structure):
        return func(tuple(structure))
    if isinstance(structure, dict):
        return {key: map_shape_structure(func, value) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return like(structure, [map_shape_structure(func, value) for value in structure])
    raise ValueError(f"Expected a shape or a structure of shapes. Received: {structure}")

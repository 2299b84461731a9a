"""Nested structures are walked as Keras walks them."""

import collections

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamina.core import tree

Point = collections.namedtuple("Point", ["x", "y"])
leaves = st.one_of(st.integers(), st.none(), st.text(max_size=3), st.floats(allow_nan=False))
structures = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.text(min_size=1, max_size=2), inner, max_size=3),
        st.builds(Point, inner, inner),
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(structures)
def test_flatten_and_pack_are_those_of_keras(structure):
    assert tree.flatten(structure) == keras.tree.flatten(structure)
    assert tree.pack_sequence_as(structure, tree.flatten(structure)) == structure
    assert tree.is_nested(structure) == keras.tree.is_nested(structure)


@settings(max_examples=60)
@given(structures)
def test_map_and_traverse_are_those_of_keras(structure):
    assert tree.map_structure(str, structure) == keras.tree.map_structure(str, structure)
    assert tree.lists_to_tuples(structure) == keras.tree.lists_to_tuples(structure)

    def shout(x):
        return f"{x}!" if isinstance(x, int) else None

    assert tree.traverse(shout, structure) == keras.tree.traverse(shout, structure)


def test_paths_name_keys_and_positions():
    assert tree.flatten_with_path({"b": [1, 2], "a": 3}) == [(("a",), 3), (("b", 0), 1), (("b", 1), 2)]


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1]), ({"a": 1}, {"b": 1}), ([1], (1,))])
def test_different_structures_are_told(first, second):
    with pytest.raises(ValueError, match="differ"):
        tree.assert_same_structure(first, second)


def test_shapes_are_mapped_as_wholes():
    nested = {"a": (None, 3), "b": [(1, 2), [4, None]]}
    assert tree.map_shape_structure(len, nested) == {"a": 2, "b": [2, 2]}
    with pytest.raises(ValueError, match="shape"):
        tree.map_shape_structure(len, "no")


@pytest.mark.parametrize("leaves", [[1], [1, 2, 3]])
def test_pack_refuses_another_number_of_leaves(leaves):
    with pytest.raises(ValueError, match="leaves"):
        tree.pack_sequence_as([0, 0], leaves)


def test_deques_are_containers():
    structure = collections.deque([1, {"a": None}], maxlen=3)
    assert tree.is_nested(structure)
    assert tree.flatten_with_path(structure) == [((0,), 1), ((1, "a"), None)]
    doubled = tree.map_structure(lambda x: x and 2 * x, structure)
    assert (doubled, doubled.maxlen) == (collections.deque([2, {"a": None}]), 3)

"""Nested lists, tuples and dicts of leaves. None is a leaf; dict keys are visited in sorted order."""

import collections.abc

import jax


def _is_none(x):
    return x is None


def is_nested(structure):
    """Tell whether `structure` is a list, tuple, dict or another registered container."""
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


def map_structure(function, *structures, none_is_leaf=True):
    """Apply `function` to corresponding leaves and return the results in the structure of the first.

    Args:
        none_is_leaf: whether `function` gets None too; otherwise it stays None.
    Raises: ValueError if the structures differ, TypeError if `function` is not callable.
    """
    if not callable(function):
        raise TypeError(f"`func` must be callable. Received: func={function}")
    if not structures:
        raise ValueError("Must provide at least one structure")
    return jax.tree_util.tree_map(function, *structures, is_leaf=_is_none if none_is_leaf else None)


def map_structure_up_to(shallow, function, *structures):
    """Apply `function` to the parts of `structures` that stand where `shallow` has leaves."""
    treedef = jax.tree_util.tree_structure(shallow, is_leaf=_is_none)
    parts = [treedef.flatten_up_to(structure) for structure in structures]
    return jax.tree_util.tree_unflatten(treedef, [function(*row) for row in zip(*parts, strict=True)])


def pack_sequence_as(structure, leaves):
    """Arrange the flat sequence `leaves` in the structure of `structure`.

    Raises: TypeError if `leaves` is no sequence, ValueError if their number differs.
    """
    if not isinstance(leaves, collections.abc.Sequence):
        raise TypeError(f"flat_sequence must be a sequence. Received: {leaves}")
    treedef = jax.tree_util.tree_structure(structure, is_leaf=_is_none)
    if treedef.num_leaves != len(leaves):
        raise ValueError(f"The structure has {treedef.num_leaves} leaves, the flat sequence {len(leaves)}.")
    return jax.tree_util.tree_unflatten(treedef, list(leaves))


def assert_same_structure(first, second, check_types=True):
    """Raise ValueError unless both structures have the same containers in the same places."""
    left = jax.tree_util.tree_structure(first, is_leaf=_is_none)
    right = jax.tree_util.tree_structure(second, is_leaf=_is_none)
    if left != right:
        raise ValueError(f"The two structures differ:\n  {left}\n  {right}")


def assert_same_paths(first, second):
    """Raise ValueError unless the leaves of both structures stand at the same paths."""
    left = {path for path, _ in flatten_with_path(first)}
    right = {path for path, _ in flatten_with_path(second)}
    if left != right:
        raise ValueError(f"The two structures differ at the paths {sorted(map(str, left ^ right))}.")


def traverse(function, structure, top_down=True):
    """Replace each node for which `function` returns something other than None; top down stops there."""
    if top_down:
        replacement = function(structure)
        if replacement is not None:
            return None if replacement is MAP_TO_NONE else replacement
    if is_nested(structure):
        children, rebuild = _open(structure)
        structure = rebuild([traverse(function, child, top_down) for child in children])
    if not top_down:
        replacement = function(structure)
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


def is_shape(value):
    """Tell whether `value` is one shape: a list or tuple of sizes and None."""
    return isinstance(value, list | tuple) and all(size is None or isinstance(size, int) for size in value)


def map_shape_structure(function, structure):
    """Apply `function` to each shape in a nested structure of shapes."""
    if is_shape(structure):
        return function(tuple(structure))
    if isinstance(structure, dict):
        return {key: map_shape_structure(function, value) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)(map_shape_structure(function, value) for value in structure)
    raise ValueError(f"Expected a shape or a structure of shapes. Received: {structure}")

"""Branches and loops of `tf`: as plain Python where values are at hand, as JAX's where they are not."""

import jax.numpy as jnp

from lamina import ops
from lamina.core import tree
from lamina.core.dtypes import standardize_dtype
from lamina.dialects.tensorflow.arrays import concat, convert_to_tensor, is_symbolic_tensor, split, stack, unstack

__all__ = [
    "TensorArray",
    "case",
    "cond",
    "foldl",
    "foldr",
    "map_fn",
    "scan",
    "switch_case",
    "vectorized_map",
    "while_loop",
]


def cond(pred, true_fn=None, false_fn=None, name=None):
    """Call one of two functions."""
    if is_symbolic_tensor(pred):
        return ops.cond(pred, true_fn, false_fn)
    return true_fn() if pred else false_fn()


def case(pred_fn_pairs, default=None, exclusive=False, strict=False, name="case"):
    """Call the function behind the first condition that holds, or the default.

    Raises: ValueError if none holds and there is no default; compiled code then calls the last one.
    """
    (pred, function), *rest = pred_fn_pairs
    if not rest and default is None and not is_symbolic_tensor(pred) and not pred:
        raise ValueError("No condition of tf.case holds, and it has no default.")
    otherwise = (lambda: case(rest, default)) if rest else default or function
    return cond(pred, function, otherwise)


def switch_case(branch_index, branch_fns, default=None, name=None):
    """Call one of several functions, by its number; the last one for a number that there is not."""
    functions = list(branch_fns.values() if isinstance(branch_fns, dict) else branch_fns)
    if isinstance(branch_fns, dict) and list(branch_fns) != list(range(len(functions))):
        raise NotImplementedError(f"Branches numbered {list(branch_fns)} are not covered; number them from 0.")
    functions.append(default or functions[-1])
    if not is_symbolic_tensor(branch_index):
        number = int(branch_index)
        return functions[number if 0 <= number < len(functions) else -1]()
    there = ops.logical_and(ops.greater_equal(branch_index, 0), ops.less(branch_index, len(functions) - 1))
    return ops.switch(ops.where(there, branch_index, len(functions) - 1), functions)


def while_loop(cond, body, loop_vars, shape_invariants=None, maximum_iterations=None, **options):
    """Call `body` on its own results as long as `cond` holds."""
    values, steps = tuple(loop_vars), 0
    while not is_symbolic_tensor(going := cond(*values)):
        if not going or steps == maximum_iterations:
            return list(values) if isinstance(loop_vars, list) else values
        results = body(*values)
        values, steps = tuple(results) if isinstance(results, (tuple, list)) else (results,), steps + 1
    left = None if maximum_iterations is None else maximum_iterations - steps
    result = ops.while_loop(cond, body, values, maximum_iterations=left)
    return list(result) if isinstance(loop_vars, list) else result


def map_fn(fn, elems, dtype=None, fn_output_signature=None, **options):
    """Apply a function to each entry of the first axis; results are cast to the dtypes that are named."""
    result = ops.map(fn, elems)
    kinds = dtype if fn_output_signature is None else fn_output_signature
    if kinds is None:
        return result
    return tree.map_structure(lambda kind, x: ops.cast(x, _dtype_of(kind)), kinds, result)


def _dtype_of(kind):
    return standardize_dtype(kind if isinstance(kind, type) else getattr(kind, "dtype", kind))


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """Apply a function to all entries of the first axis at once."""
    return ops.vectorized_map(fn, elems)


def scan(fn, elems, initializer=None, parallel_iterations=10, reverse=False, **options):
    """Give each entry of the first axis to a function with its last result; return all its results."""
    return _folded(fn, elems, initializer, reverse)[1]


def foldl(fn, elems, initializer=None, **options):
    """Give each entry of the first axis to a function with its last result; return the last one."""
    return _folded(fn, elems, initializer, False)[0]


def foldr(fn, elems, initializer=None, **options):
    """Give each entry of the first axis, from the last on, to a function with its last result; return the last one."""
    return _folded(fn, elems, initializer, True)[0]


def _folded(fn, elems, start, reverse):
    elems = tree.map_structure(ops.convert_to_tensor, elems)
    first = None
    if start is None:
        first = tree.map_structure(lambda x: x[-1 if reverse else 0], elems)
        elems = tree.map_structure(lambda x: x[:-1] if reverse else x[1:], elems)
    start = tree.map_structure(ops.convert_to_tensor, start if first is None else first)

    def step(state, element):
        state = tree.map_structure(lambda new, old: ops.cast(new, old.dtype), fn(state, element), state)
        return state, state

    last, results = ops.scan(step, start, elems, reverse=reverse)
    if first is None:
        return last, results
    join = lambda x, xs: jnp.concatenate([xs, x[None]] if reverse else [x[None], xs])  # noqa: E731
    return last, tree.map_structure(join, first, results)


class TensorArray:
    """A list of arrays that is written by number.

    Its numbers must be at hand: `for i in tf.range(n)` and Python's loops have them.
    """

    def __init__(self, dtype=None, size=0, dynamic_size=None, clear_after_read=None, element_shape=None, **options):
        self.dtype = dtype
        self._items = [None] * int(size)

    def write(self, index, value, name=None):
        """Put an array at a place; return the TensorArray."""
        index = int(index)
        self._items.extend([None] * (index + 1 - len(self._items)))
        self._items[index] = convert_to_tensor(value, self.dtype)
        return self

    def read(self, index, name=None):
        """Return the array at a place."""
        return self._items[int(index)]

    def size(self, name=None):
        """Return the number of places."""
        return len(self._items)

    def stack(self, name=None):
        """Join along a new first axis; places without an array are zero."""
        known = next(item for item in self._items if item is not None)
        return stack([ops.zeros_like(known) if item is None else item for item in self._items])

    def gather(self, indices, name=None):
        """Join the arrays at some places along a new first axis."""
        return stack([self._items[int(index)] for index in indices])

    def concat(self, name=None):
        """Join along the first axis."""
        return concat(self._items, 0)

    def unstack(self, value, name=None):
        """Take an array's entries; return the TensorArray."""
        self._items = list(unstack(convert_to_tensor(value, self.dtype)))
        return self

    def split(self, value, lengths, name=None):
        """Take pieces of an array; return the TensorArray."""
        self._items = list(split(value, lengths))
        return self

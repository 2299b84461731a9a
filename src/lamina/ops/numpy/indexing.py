"""Elements taken by place or by condition, sorted, and searched for."""

import jax.numpy as jnp
import numpy as np

from lamina.core.context import is_known, thread
from lamina.core.op import op
from lamina.core.shapes import unknown_size


@op("x", "key", lists=("key",))
def get_item(x, key):
    """Return x[key]: numbers, slices, None, ..., arrays of places or of truth values; a list is read as a tuple.

    Raises: ValueError for a number that no place of a symbolic tensor has.
    """
    if isinstance(key, list | tuple):  # JSON knows no tuples: in a saved graph, [0, 1] was (0, 1)
        key = tuple(jnp.asarray(part) if isinstance(part, list) else part for part in key)
    if thread.shape_trace:
        _check_places(x.shape, key)
    return jnp.asarray(x)[key]


def _check_places(shape, key):
    """Let NumPy look for places that are not there: JAX takes the nearest one."""
    parts = key if isinstance(key, tuple) else (key,)
    if all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts):
        room = 1 + max([abs(part) for part in parts if isinstance(part, int)], default=0)
        try:
            np.broadcast_to(np.int8(0), [size if is_known(size) else room for size in shape])[parts]
        except IndexError as error:
            raise ValueError(f"{error}. Received: key={key} for shape {shape}") from error


@op("x", "indices")
def take(x, indices, axis=None):
    """Take the elements at the places `indices` along `axis`, of the flat array if None; NaN or the like outside."""
    return jnp.take(x, indices, axis)


@op("x", "indices")
def take_along_axis(x, indices, axis=None):
    """Take one element at each place of `indices`, which has the shape of `x` but for the size of `axis`."""
    return jnp.take_along_axis(x, indices, axis)


@op("condition", "x1", "x2")
def where(condition, x1=None, x2=None):
    """Return x1 where the condition holds and x2 elsewhere; the places where it holds if there is no x1 and x2.

    Raises: ValueError if only one of them is given.
    """
    if (x1 is None) != (x2 is None):
        raise ValueError(f"`x1` and `x2` either both should be `None` or both given. Received: x1={x1}, x2={x2}")
    return nonzero(condition) if x1 is None else jnp.where(condition, x1, x2)


@op("condlist", "choicelist", "default", lists=("condlist", "choicelist"))
def select(condlist, choicelist, default=0):
    """Return at each place the choice whose condition is the first to hold, and `default` where none does."""
    return jnp.select(condlist, choicelist, default)


@op
def nonzero(x):
    """Return the places of the elements that are not 0, one array for each axis."""
    return jnp.nonzero(x, size=unknown_size() if thread.shape_trace else None)


@op
def unravel_index(indices, shape):
    """Turn places in the flat array into places along each axis of `shape`."""
    return jnp.unravel_index(indices, shape)


@op
def sort(x, axis=-1):
    """Sort along `axis`, smallest first."""
    return jnp.sort(x, axis)


@op
def argsort(x, axis=-1):
    """Return the places from which sorting along `axis` takes the elements."""
    return jnp.argsort(x, None if jnp.ndim(x) == 0 else axis)


@op
def argpartition(x, kth, axis=-1):
    """Return places such that the `kth` one holds what sorting puts there, and smaller elements stand before it."""
    return jnp.argpartition(jnp.ravel(x) if axis is None else x, kth, -1 if axis is None else axis)


@op("sorted_sequence", "values", class_name="SearchSorted")
def searchsorted(sorted_sequence, values, side="left"):
    """Return where in a sorted vector `values` would have to be inserted.

    Args:
        side: whether "left" or "right" of elements that are equal.
    Raises: ValueError if the sequence is no vector.
    """
    if jnp.ndim(sorted_sequence) != 1:
        raise ValueError(
            "`searchsorted` wants a sorted vector; `vectorized_map` extends it to more axes. "
            f"Received: sorted_sequence of shape {sorted_sequence.shape}"
        )
    return jnp.searchsorted(sorted_sequence, values, side=side)


@op("x", "bins")
def digitize(x, bins):
    """Return for each element the number of the interval between the rising `bins` that it lies in."""
    return jnp.digitize(x, bins)


@op("x1", "x2", class_name="IsIn")
def isin(x1, x2, assume_unique=False, invert=False):
    """Tell where the elements of x1 occur in x2, or where they do not if `invert`."""
    return jnp.isin(x1, x2, assume_unique, invert)


@op
def unique(
    x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None, size=None, fill_value=None
):
    """Return every element (every slice along `axis`) once.

    Args:
        sorted: whether smallest first.
        return_index, return_inverse, return_counts: whether to return where each occurs first, where each element of
            `x` is found in the result, and how often each occurs.
        size: length of the result, which compiled code must know [count].
        fill_value: what stands behind the last one, by default the smallest.
    """
    also = return_index, return_inverse, return_counts
    if thread.shape_trace:
        found = zip(_shaped_like_unique(x, axis, unknown_size() if size is None else size), (True, *also), strict=True)
        parts = tuple(part for part, is_wanted in found if is_wanted)
        return parts if any(also) else parts[0]
    return jnp.unique(x, *also, axis, equal_nan=False, size=size, fill_value=fill_value, sorted=sorted)


def _shaped_like_unique(x, axis, length):
    """Yield all four results as zeros: JAX would sort by each column, as many as the array has elements."""
    place = None if axis is None else range(x.ndim)[axis]
    shape = (length,) if axis is None else (*x.shape[:place], length, *x.shape[place + 1 :])
    yield jnp.zeros(shape, x.dtype)
    yield from (jnp.zeros(size, int) for size in (length, x.shape if axis is None else x.shape[place], length))


def vectorize(pyfunc, *, excluded=None, signature=None):
    """Let a function of single elements work on whole arrays.

    Args:
        excluded: arguments that stay as they are, by place or name.
        signature: axes that the function works on, such as "(n),(n)->()".
    """
    return jnp.vectorize(pyfunc, excluded=excluded or set(), signature=signature)

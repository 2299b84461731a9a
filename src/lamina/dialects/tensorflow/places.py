"""Entries of arrays, picked and put: by number, by point, by mask."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from lamina import ops
from lamina.dialects.tensorflow import dtypes
from lamina.dialects.tensorflow.arrays import constant
from lamina.dialects.tensorflow.shapes import HostTensor, is_text
from lamina.dialects.tensorflow.signatures import anonymous

__all__ = [
    "boolean_mask",
    "gather",
    "gather_nd",
    "reverse_sequence",
    "scatter_nd",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "unique",
    "unique_with_counts",
    "where",
]

_take = anonymous(ops.take)


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """Return the entries at `indices`; the first `batch_dims` axes are gone through side by side."""
    axis = batch_dims if axis is None else axis
    if not batch_dims:
        return _take(params, indices, axis=axis)
    params, indices = ops.convert_to_tensor(params), ops.convert_to_tensor(indices)
    inner = functools.partial(jnp.take, axis=axis - batch_dims if axis >= 0 else axis)
    for _ in range(batch_dims):
        inner = jax.vmap(inner)
    return inner(params, indices)


def gather_nd(params, indices, batch_dims=0, name=None):
    """Return the entries at points; the first `batch_dims` axes are gone through side by side."""
    inner = lambda array, points: array[tuple(jnp.moveaxis(points, -1, 0))]  # noqa: E731
    for _ in range(batch_dims):
        inner = jax.vmap(inner)
    return inner(ops.convert_to_tensor(params), ops.convert_to_tensor(indices))


def boolean_mask(tensor, mask, axis=0, name=None):
    """Return the entries where the mask holds."""
    mask = np.asarray(mask)
    if is_text(tensor):
        return np.asarray(tensor)[mask].view(HostTensor)
    return ops.convert_to_tensor(tensor)[(slice(None),) * axis + (mask,)]


def unique(x, out_idx=dtypes.int32, name=None):
    """Return the different values as they come, and for each entry which one it is."""
    values, positions, _ = unique_with_counts(x, out_idx)
    return values, positions


def unique_with_counts(x, out_idx=dtypes.int32, name=None):
    """Return the different values as they come, for each entry which one it is, and how often each one is there."""
    array = np.asarray(x)
    values, first, positions, counts = np.unique(array, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    found = constant(values[order]), np.argsort(order)[positions].astype(str(out_idx)), counts[order]
    return found[0], ops.convert_to_tensor(found[1]), ops.convert_to_tensor(found[2].astype(str(out_idx)))


def scatter_nd(indices, updates, shape, name=None):
    """Return zeros with values added at points."""
    return ops.scatter(indices, updates, tuple(int(size) for size in np.atleast_1d(np.asarray(shape))))


def tensor_scatter_nd_update(tensor, indices, updates, name=None):
    """Return the array with other values at points."""
    return ops.scatter_update(tensor, indices, updates)


def tensor_scatter_nd_add(tensor, indices, updates, name=None):
    """Return the array with values added at points."""
    return ops.scatter_update(tensor, indices, updates, reduction="add")


def tensor_scatter_nd_sub(tensor, indices, updates, name=None):
    """Return the array with values taken away at points."""
    return ops.scatter_update(tensor, indices, -ops.convert_to_tensor(updates), reduction="add")


def tensor_scatter_nd_max(tensor, indices, updates, name=None):
    """Return the array with the larger of two values at points."""
    return ops.scatter_update(tensor, indices, updates, reduction="max")


def tensor_scatter_nd_min(tensor, indices, updates, name=None):
    """Return the array with the smaller of two values at points."""
    return ops.scatter_update(tensor, indices, updates, reduction="min")


def reverse_sequence(input, seq_lengths, seq_axis=1, batch_axis=0, name=None):
    """Turn the first so many steps of each sequence around."""
    x = ops.moveaxis(input, (batch_axis, seq_axis), (0, 1))
    steps, lengths = ops.arange(x.shape[1]), ops.expand_dims(ops.cast(seq_lengths, "int32"), -1)
    places = ops.where(steps < lengths, lengths - 1 - steps, steps)
    turned = ops.take_along_axis(x, ops.reshape(places, (*places.shape, *[1] * (len(x.shape) - 2))), axis=1)
    return ops.moveaxis(turned, (0, 1), (batch_axis, seq_axis))


def where(condition, x=None, y=None, name=None):
    """Return `x` where the condition holds and `y` elsewhere; with the condition alone, the points where it holds."""
    if x is None and y is None:
        return ops.stack(ops.nonzero(condition), axis=-1)
    if is_text(x) or is_text(y):
        return np.where(condition, x, y).view(HostTensor)
    return ops.where(condition, x, y)

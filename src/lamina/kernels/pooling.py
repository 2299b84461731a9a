"""Pooling over windows of channels-last arrays, one spatial axis after the other.

The maximum (and the sum) over a window is the one over its rows of the one over its columns, so that a window of 3x3
costs 3 + 3 steps, and each step is elementwise work on slices, which XLA runs fast. Its own `reduce_window` has a
gradient that is 5 to 20 times slower on the CPU; it stays in use elsewhere and for unknown sizes.
"""

from functools import partial, reduce
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.kernels.forms import compiled, tunable

_MOST_WINDOWS = 1 << 20


def adaptive_windows(size, count):
    """Return where each of `count` windows that together cover `size` places begins, and where it ends.

    Window i reaches from floor(i * size / count) to ceil((i + 1) * size / count).

    Raises:   ValueError for more windows than anything has places.
    """
    if count > _MOST_WINDOWS:
        raise ValueError(f"`output_size` is at most {_MOST_WINDOWS:,} along an axis. Received: {count:,}")
    borders = np.arange(count + 1) * size
    return borders[:-1] // count, -(-borders[1:] // count)


@compiled(static=("window", "strides", "padding"))
def max_pool(x, window, strides, padding):
    """Keep the largest value of every window.

    Shapes:   x (batch, *spatial, channels) -> (batch, *spatial', channels)
              spatial' = floor((spatial - window) / stride) + 1 for "valid", ceil(spatial / stride) for "same"
    Args:
        window: size of the window along each spatial axis [pixels].
        strides: step between windows along each spatial axis [pixels].
        padding: "valid" or "same"; what is added never wins.
    Training: the gradient goes to the first of equal values, in row-major order.
    Example:
        >>> max_pool(jnp.arange(16.0).reshape(1, 4, 4, 1), (2, 2), (2, 2), "valid")[0, :, :, 0]
        Array([[ 5.,  7.],
               [13., 15.]], dtype=float32)
    """
    pads = _padding_pairs(x, window, strides, padding)
    if pads is None:
        return _reduce_window(x, -jnp.inf, lax.max, window, strides, padding)
    # The last axis goes first: among equal values of a window the first in row-major order is then the one kept.
    for axis in reversed(range(len(window))):
        x = _max_along(x, axis + 1, window[axis], strides[axis], pads[axis])
    return x


@compiled(static=("window", "strides", "padding"))
def average_pool(x, window, strides, padding):
    """Average every window; what "same" adds at the border is not counted.

    Shapes:   as for `max_pool`.
    Args:     as for `max_pool`.
    Example:
        >>> average_pool(jnp.arange(16.0).reshape(1, 4, 4, 1), (2, 2), (2, 2), "valid")[0, :, :, 0]
        Array([[ 2.5,  4.5],
               [10.5, 12.5]], dtype=float32)
    """
    pads = _padding_pairs(x, window, strides, padding)
    if pads is None:
        return _average_by_reduce_window(x, window, strides, padding)
    total = x.astype(jnp.promote_types(x.dtype, jnp.float32))
    count = np.ones((1,) * x.ndim, total.dtype)
    for axis in reversed(range(len(window))):
        inside = np.pad(np.ones(x.shape[axis + 1], total.dtype), pads[axis])
        windows = np.lib.stride_tricks.sliding_window_view(inside, window[axis])[:: strides[axis]]
        total = _sum_along(total, axis + 1, window[axis], strides[axis], pads[axis], x.shape[axis + 1])
        count = count * windows.sum(-1).reshape((-1,) + (1,) * (x.ndim - 2 - axis))
    return (total / count).astype(x.dtype)


def _padding_pairs(x, window, strides, padding):
    """Give the (low, high) padding of each spatial axis, or None where `reduce_window` is to be used."""
    if padding not in ("valid", "same"):
        raise ValueError(f'padding must be "valid" or "same"; it is {padding!r}.')
    sizes = x.shape[1:-1]
    if not tunable(x) or (padding == "valid" and any(size < taps for size, taps in zip(sizes, window, strict=True))):
        return None
    return lax.padtype_to_pads(sizes, window, strides, padding.upper())


def _reduce_window(x, start, operation, window, strides, padding):
    return lax.reduce_window(x, start, operation, (1, *window, 1), (1, *strides, 1), padding.upper())


def _average_by_reduce_window(x, window, strides, padding):
    total = _reduce_window(x, 0.0, lax.add, window, strides, padding)
    if padding == "valid":
        return total / prod(window)
    inside = jnp.ones((1, *x.shape[1:-1], 1), x.dtype)
    return total / _reduce_window(inside, 0.0, lax.add, window, strides, padding)


def _slices(x, axis, window, stride, pads, value):
    """List, for every tap of a window along one axis, the values that it meets."""
    x = _pad(x, axis, *pads, value=value)
    if window == stride:
        x = _split(x, axis, window)
        return [lax.index_in_dim(x, tap, axis + 1, keepdims=False) for tap in range(window)]
    end = (x.shape[axis] - window) // stride * stride + 1
    return [lax.slice_in_dim(x, tap, tap + end, stride, axis) for tap in range(window)]


def _split(x, axis, window):
    """Cut one axis into (windows, window); what is left at its end is dropped."""
    count = x.shape[axis] // window
    x = lax.slice_in_dim(x, 0, count * window, axis=axis)
    return x.reshape(*x.shape[:axis], count, window, *x.shape[axis + 1 :])


def _unsplit(windows, axis, size, pads):
    """Undo `_split` and the padding before it, with zeros for what was dropped."""
    count, window = windows.shape[axis : axis + 2]
    x = windows.reshape(*windows.shape[:axis], count * window, *windows.shape[axis + 2 :])
    return _pad(x, axis, -pads[0], size + pads[0] - count * window)


def _spread(share, axis, window, stride, pads, size):
    """Add what `share(tap)` gives each tap of the windows along one axis."""
    total = 0
    for tap in range(window):
        part = share(tap)
        start = tap - pads[0]
        end = size - start - (part.shape[axis] - 1) * stride - 1
        total = total + _pad(part, axis, start, end, between=stride - 1)
    return total


def _pad(x, axis, low, high, between=0, value=0.0):
    amounts = [(0, 0, 0)] * x.ndim
    amounts[axis] = (low, high, between)
    return lax.pad(x, jnp.asarray(value, x.dtype), amounts)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3, 4))
def _max_along(x, axis, window, stride, pads):
    return reduce(jnp.maximum, _slices(x, axis, window, stride, pads, -jnp.inf))


def _max_along_forward(x, axis, window, stride, pads):
    y = _max_along(x, axis, window, stride, pads)
    return y, (x, y)


def _max_along_gradient(axis, window, stride, pads, saved, gradient):
    x, y = saved
    winner = _first_equal(_slices(x, axis, window, stride, pads, -jnp.inf), y)
    if window == stride:
        tap = jnp.arange(window, dtype="int32").reshape((1,) * (axis + 1) + (window,) + (1,) * (x.ndim - axis - 1))
        shares = jnp.where(jnp.expand_dims(winner, axis + 1) == tap, jnp.expand_dims(gradient, axis + 1), 0)
        return (_unsplit(shares, axis, x.shape[axis], pads),)
    return (_spread(lambda tap: jnp.where(winner == tap, gradient, 0), axis, window, stride, pads, x.shape[axis]),)


def _first_equal(slices, y):
    """Give for every window the number of the first tap that holds its maximum."""
    last = len(slices) - 1
    winner = jnp.full(y.shape, last, "int32")
    for tap in reversed(range(last)):
        winner = jnp.where(slices[tap] == y, tap, winner)
    return winner


_max_along.defvjp(_max_along_forward, _max_along_gradient)


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3, 4, 5))
def _sum_along(x, axis, window, stride, pads, size):
    return sum(_slices(x, axis, window, stride, pads, 0.0))


def _sum_along_forward(x, *options):
    return _sum_along(x, *options), None


def _sum_along_gradient(axis, window, stride, pads, size, _, gradient):
    if window == stride:
        shape = (*gradient.shape[: axis + 1], window, *gradient.shape[axis + 1 :])
        return (_unsplit(jnp.broadcast_to(jnp.expand_dims(gradient, axis + 1), shape), axis, size, pads),)
    return (_spread(lambda tap: gradient, axis, window, stride, pads, size),)


_sum_along.defvjp(_sum_along_forward, _sum_along_gradient)

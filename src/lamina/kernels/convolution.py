"""Convolutions over channels-last arrays, in the formulation that XLA runs fast.

XLA runs a convolution fast on the CPU only when its operands are laid out as (batch, *spatial, channels) and
(*window, channels, filters). The gradients that JAX derives are not, and only the top level of a program is repaired:
inside `scan`, `while` and `cond` they are up to 75 times slower. The three maps of a convolution's geometry,
`correlate`, `spread` and `weigh`, are therefore each other's derivatives here, to any order, and each is one
convolution with that layout. Elsewhere than on the CPU, and for unknown sizes, XLA's own forms are used.
"""

from functools import partial
from itertools import product
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.forms import compiled, tunable


@compiled(static=("strides", "padding", "dilation", "groups"))
def convolve(x, kernel, strides, padding, dilation, groups=1):
    """Slide a kernel over the spatial axes and sum over window and channels.

    Maths:    y[b,p,f] = sum_{u,c} x[b, p*stride + u*dilation - low, c] * kernel[u,c,f]
    Shapes:   x (batch, *spatial, channels), kernel (*window, channels / groups, filters) -> (batch, *spatial', filters)
              spatial' = floor((spatial + low + high - (window - 1) * dilation - 1) / stride) + 1
    Args:
        strides: step between windows along each spatial axis [pixels].
        padding: "valid", "same", "causal" (one spatial axis), or a (low, high) pair for each spatial axis [pixels].
        dilation: step between the taps of a window along each spatial axis [pixels].
        groups: number of independent blocks of channels and filters [count].
    Example:
        >>> import jax.numpy as jnp
        >>> convolve(jnp.ones((1, 28, 28, 1)), jnp.ones((3, 3, 1, 8)), (1, 1), "valid", (1, 1)).shape
        (1, 26, 26, 8)
    """
    strides, dilation = tuple(strides), tuple(dilation)
    pads = padding_pairs(x.shape[1:-1], kernel.shape[:-2], strides, padding, dilation)
    return _fastest_form(x, kernel, groups)(x, kernel, strides, pads, dilation, groups)


@compiled(static=("strides", "padding", "dilation"))
def depthwise_convolve(x, kernel, strides, padding, dilation):
    """Convolve every channel with its own kernels.

    Shapes:   x (batch, *spatial, channels), kernel (*window, channels, multiplier)
              -> (batch, *spatial', channels * multiplier), the results of one channel side by side
    Args:     as for `convolve`.
    Example:
        >>> import jax.numpy as jnp
        >>> depthwise_convolve(jnp.ones((1, 8, 8, 3)), jnp.ones((3, 3, 3, 2)), (1, 1), "same", (1, 1)).shape
        (1, 8, 8, 6)
    """
    *window, channels, multiplier = kernel.shape
    kernel = kernel.reshape(*window, 1, channels * multiplier)
    return convolve(x, kernel, strides, padding, dilation, groups=channels)


@compiled(static=("strides", "padding", "output_padding", "dilation"))
def convolve_transpose(x, kernel, strides, padding, output_padding=None, dilation=None):
    """Spread every input value over a window of the output: the transpose of `convolve`.

    Shapes:   x (batch, *spatial, channels), kernel (*window, filters, channels) -> (batch, *spatial', filters)
    Args:
        strides: step between the windows in the output along each spatial axis [pixels].
        padding: "valid" or "same".
        output_padding: what to add to the size that `padding` gives; None gives spatial * stride for "same" [pixels].
        dilation: step between the taps of a window [pixels].
    Source:   Keras 3 `ops.conv_transpose` on its JAX backend.
    Example:
        >>> import jax.numpy as jnp
        >>> convolve_transpose(jnp.ones((1, 7, 7, 4)), jnp.ones((3, 3, 8, 4)), (2, 2), "same").shape
        (1, 14, 14, 8)
    """
    spatial = kernel.ndim - 2
    dilation = (1,) * spatial if dilation is None else tuple(dilation)
    if output_padding is None or isinstance(output_padding, int):
        output_padding = (output_padding,) * spatial
    reaches = [(size - 1) * step for size, step in zip(kernel.shape, dilation, strict=False)]
    pads = [_transpose_padding(*axis, padding.lower()) for axis in zip(reaches, strides, output_padding, strict=True)]
    if not tunable(x, kernel):
        turned = _turn(kernel)
        return _lax_convolve(x, turned, (1,) * spatial, pads, dilation, input_dilation=tuple(strides))
    size, low_high = [], []
    for axis, (low, high) in enumerate(pads):
        spread = (x.shape[axis + 1] - 1) * strides[axis] + 1
        size.append(spread + low + high - reaches[axis])
        low_high.append((reaches[axis] - low, reaches[axis] - high))
    geometry = Geometry(tuple(size), kernel.shape[:-2], tuple(strides), tuple(low_high), dilation)
    return (_spread_by_depth if spatial == 3 else _spread)(geometry, x, kernel)


def padding_pairs(size, window, strides, padding, dilation):
    """Give the (low, high) padding of each spatial axis; for "same" on an unknown size XLA's own name for it."""
    if not isinstance(padding, str):
        return tuple((low, high) for low, high in padding)
    reaches = [(taps - 1) * step for taps, step in zip(window, dilation, strict=True)]
    name = padding.lower()
    if name == "valid":
        return tuple((0, 0) for _ in reaches)
    if name == "same":
        known = all(isinstance(axis, int) for axis in size)
        return tuple(lax.padtype_to_pads(size, [reach + 1 for reach in reaches], strides, "SAME")) if known else "SAME"
    if name == "causal" and len(reaches) == 1:
        return ((reaches[0], 0),)
    raise ValueError(f'padding must be "valid", "same", "causal" (one spatial axis) or pairs; it is {padding!r}.')


def _transpose_padding(reach, stride, output_padding, padding):
    """Give the padding of the spread-out input along one axis, with Keras's rounding."""
    if padding == "valid":
        extra = max(0, stride - reach - 1) if output_padding is None else output_padding
        return reach, reach + extra
    if padding != "same":
        raise ValueError(f'padding must be "valid" or "same"; it is {padding!r}.')
    total = reach + stride - 1 if output_padding is None else reach - 1 + (reach + 1) % 2 + output_padding
    low = min((total + 1) // 2, reach)
    return low, total - low


# Which formulation: the one place that knows about devices and shapes.

MOST_TAPS = 64  # a depthwise window of more taps makes the program too long to compile
MOST_SEPARATE_GROUPS = 8  # more are a loop: a little slower to run, but compiled once


def _few_products(kernel):
    """Say whether each output value takes so few products that shifted multiply-adds beat a convolution."""
    return kernel.shape[-2] == 1 and prod(kernel.shape[:-2]) <= MOST_TAPS


def _fastest_form(x, kernel, groups):
    if not tunable(x, kernel):
        return _lax_convolve
    if groups > 1 and _few_products(kernel):
        return _shift_and_add
    if groups > 1:
        return _by_group if groups <= MOST_SEPARATE_GROUPS else _in_group_loop
    if prod(kernel.shape[:-2]) == 1:
        return _pointwise
    if kernel.ndim == 5:
        return _by_depth
    return _canonical


def _lax_convolve(x, kernel, strides, pads, dilation, groups=1, input_dilation=None):
    letters = "DHW"[5 - x.ndim :]
    numbers = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    return lax.conv_general_dilated(x, kernel, strides, pads, input_dilation, dilation, numbers, groups)


def _canonical(x, kernel, strides, pads, dilation, groups=1):
    geometry = Geometry(x.shape[1:-1], kernel.shape[:-2], strides, pads, dilation)
    return _correlate(geometry, x, kernel)


def _pointwise(x, kernel, strides, pads, dilation, groups):
    x = _pad(x, pads)
    steps = [slice(None, None, stride) for stride in strides]
    return x[:, *steps] @ kernel.reshape(kernel.shape[-2:])


def _by_depth(x, kernel, strides, pads, dilation, groups):
    """Sum one image convolution per depth of the window: XLA runs images ten times faster than volumes."""
    x = _pad(x, (pads[0], (0, 0), (0, 0)))
    total = 0
    for plane, taps in _shifted(x, kernel, strides[:1], dilation[:1]):
        images = plane.reshape(-1, *plane.shape[2:])
        y = _canonical(images, taps, strides[1:], pads[1:], dilation[1:])
        total = total + y.reshape(*plane.shape[:2], *y.shape[1:]).astype(_accumulator(x))
    return total.astype(x.dtype)


def _spread_by_depth(geometry, y, kernel):
    """Spread images, and add each into the depths that its tap of the window meets."""
    size, window, stride, (low, _), dilation = (entries[0] for entries in geometry)
    plane = Geometry(*(entries[1:] for entries in geometry))
    images = y.reshape(-1, *y.shape[2:])
    total = 0
    for tap in range(window):
        planes = _spread(plane, images, kernel[tap]).reshape(*y.shape[:2], *plane.size, -1).astype(_accumulator(y))
        start = tap * dilation - low
        end = size - start - (y.shape[1] - 1) * stride - 1
        total = total + _pad(planes, ((start, end), (0, 0), (0, 0)), between=(stride - 1, 0, 0))
    return total.astype(y.dtype)


def _by_group(x, kernel, strides, pads, dilation, groups):
    parts = zip(jnp.split(x, groups, axis=-1), jnp.split(kernel, groups, axis=-1), strict=True)
    return jnp.concatenate([convolve(part, taps, strides, pads, dilation) for part, taps in parts], axis=-1)


def _in_group_loop(x, kernel, strides, pads, dilation, groups):
    x, kernel = (jnp.moveaxis(array.reshape(*array.shape[:-1], groups, -1), -2, 0) for array in (x, kernel))
    y = lax.map(lambda part: convolve(*part, strides, pads, dilation), (x, kernel))
    y = jnp.moveaxis(y, 0, -2)  # (batch, *spatial, groups, filters / groups)
    return y.reshape(*y.shape[:-2], -1)


def _sum_of_shifted(x, kernel, strides, pads, dilation, groups):
    """Convolve each channel alone: for every tap of the window, the shifted input times the tap."""
    multiplier = kernel.shape[-1] // groups
    wide = _accumulator(x)
    padded = _pad(x, pads).astype(wide)
    total = 0
    for shifted, taps in _shifted(padded, kernel.astype(wide), strides, dilation):
        total = total + shifted[..., None] * taps.reshape((1,) * (x.ndim - 1) + (groups, multiplier))
    return total.reshape(*total.shape[:-2], groups * multiplier).astype(x.dtype)


_shift_and_add = jax.custom_vjp(_sum_of_shifted, nondiff_argnums=(2, 3, 4, 5))


def _shift_and_add_forward(x, kernel, *options):
    return _shift_and_add(x, kernel, *options), (x, kernel)


def _shift_and_add_gradient(strides, pads, dilation, groups, saved, y):
    """Convolve the spread-out gradient with the mirrored window: JAX alone would add one padded array for every tap."""
    x, kernel = saved
    _, pull = jax.vjp(lambda kernel: _sum_of_shifted(x, kernel, strides, pads, dilation, groups), kernel)
    geometry = Geometry(x.shape[1:-1], kernel.shape[:-2], strides, pads, dilation)
    spread = _pad(y, _spread_padding(geometry, y), between=[stride - 1 for stride in strides])
    spread = spread.reshape(*spread.shape[:-1], groups, -1)
    mirrored = jnp.flip(kernel, tuple(range(len(strides)))).reshape(*kernel.shape[:-1], groups, -1)
    ones, none = (1,) * len(strides), ((0, 0),) * len(strides)
    of_x = sum(
        _shift_and_add(spread[..., copy], mirrored[..., copy], ones, none, dilation, groups)
        for copy in range(spread.shape[-1])
    )
    return of_x, *pull(y)


_shift_and_add.defvjp(_shift_and_add_forward, _shift_and_add_gradient)


def _shifted(x, kernel, strides, dilation):
    """Yield, for every tap along the first axes of the window, the strided slice of `x` that it meets, and the tap."""
    window = kernel.shape[: len(strides)]
    reaches = [(taps - 1) * step for taps, step in zip(window, dilation, strict=True)]
    ends = [size - reach for size, reach in zip(x.shape[1:], reaches, strict=False)]
    for tap in product(*map(range, window)):
        starts = [index * step for index, step in zip(tap, dilation, strict=True)]
        slices = [slice(start, start + end, stride) for start, end, stride in zip(starts, ends, strides, strict=True)]
        yield x[:, *slices], kernel[tap]


def _accumulator(x):
    return jnp.promote_types(x.dtype, jnp.float32)


def _pad(x, pads, between=(0, 0, 0)):
    amounts = [(*pair, gap) for pair, gap in zip(pads, between, strict=False)]
    return lax.pad(x, jnp.zeros((), x.dtype), ((0, 0, 0), *amounts, (0, 0, 0)))


# The three maps of one geometry. Each is linear in both operands, and its derivatives are the other two.


class Geometry(NamedTuple):
    """The fixed numbers of a convolution, one entry for each spatial axis."""

    size: tuple  # of the input
    window: tuple
    strides: tuple
    pads: tuple  # (low, high)
    dilation: tuple


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _correlate(geometry, x, kernel):
    """(batch, *size, channels), (*window, channels, filters) -> (batch, *spatial', filters)"""
    form = _shift_and_add if _few_products(kernel) else _lax_convolve
    return form(x, kernel, geometry.strides, geometry.pads, geometry.dilation, 1)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _spread(geometry, y, kernel):
    """(batch, *spatial', filters), (*window, channels, filters) -> (batch, *size, channels)"""
    pads = _spread_padding(geometry, y)
    ones = (1,) * len(pads)
    return _lax_convolve(y, _turn(kernel), ones, pads, geometry.dilation, input_dilation=geometry.strides)


def _spread_padding(geometry, y):
    """Give the padding that brings the spread-out `y` to a size that a window leaves as `geometry.size`."""
    pads = []
    for axis, (low, _) in enumerate(geometry.pads):
        reach = (geometry.window[axis] - 1) * geometry.dilation[axis]
        spread = (y.shape[axis + 1] - 1) * geometry.strides[axis] + 1
        pads.append((reach - low, geometry.size[axis] + low - spread))
    return pads


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _weigh(geometry, x, y):
    """(batch, *size, channels), (batch, *spatial', filters) -> (*window, channels, filters)"""
    pads = []
    for axis, (low, _) in enumerate(geometry.pads):
        reach = (geometry.window[axis] - 1) * geometry.dilation[axis]
        spread = (y.shape[axis + 1] - 1) * geometry.strides[axis] + 1
        pads.append((low, reach + spread - geometry.size[axis] - low))
    last = x.ndim - 1
    channels_first = x.transpose(last, *range(1, last), 0)
    windows = y.transpose(*range(1, last), 0, last)
    kernel = _lax_convolve(channels_first, windows, geometry.dilation, pads, geometry.strides)
    return kernel.transpose(*range(1, last), 0, last)


def _keep(function):
    return lambda geometry, left, right: (function(geometry, left, right), (left, right))


def _correlate_and_keep(geometry, x, kernel):
    """Keep x as it is stored for the convolution: XLA would compute it again, in another order, for the gradient."""
    x = lax.optimization_barrier(x)
    return _correlate(geometry, x, kernel), (x, kernel)


def _correlate_gradient(geometry, saved, y):
    x, kernel = saved
    y = lax.optimization_barrier(y)
    return _spread(geometry, y, kernel), _weigh(geometry, x, y)


def _spread_gradient(geometry, saved, x):
    y, kernel = saved
    return _correlate(geometry, x, kernel), _weigh(geometry, x, y)


def _weigh_gradient(geometry, saved, kernel):
    x, y = saved
    return _spread(geometry, y, kernel), _correlate(geometry, x, kernel)


_correlate.defvjp(_correlate_and_keep, _correlate_gradient)
_spread.defvjp(_keep(_spread), _spread_gradient)
_weigh.defvjp(_keep(_weigh), _weigh_gradient)


def _turn(kernel):
    """Mirror the window and swap channels with filters."""
    return jnp.flip(kernel, tuple(range(kernel.ndim - 2))).swapaxes(-1, -2)

"""Training for later quantization: compute as if in few bits, learn as if not."""

import functools

import jax
import jax.numpy as jnp

from lamina.core.op import op


@op("inputs", "min_vals", "max_vals", module="keras.src.quantizers.quantizers")
def fake_quant_with_min_max_vars(inputs, min_vals, max_vals, num_bits=8, narrow_range=False, axis=None):
    """Round to the values that `num_bits` bits can tell apart between a minimum and a maximum, and stay floats.

    Gradients pass where the input lies between the two, and go to the minimum or the maximum elsewhere.

    Args:
        inputs: floats.
        min_vals, max_vals: scalars, or one value for each index of `axis`.
        num_bits: size of the integers meant [bits].
        narrow_range: whether the smallest integer is left out.
        axis: the axis with a range of its own for each index; None for one range.
    Source:   Keras 3 `fake_quant_with_min_max_vars`; Jacob et al. 2017, section 3.
    """
    axis = None if axis is None else range(inputs.ndim)[axis]
    return _fake_quantize(int(num_bits), bool(narrow_range), axis, inputs, min_vals, max_vals)


def _range(num_bits, narrow_range, least, most):
    """Return minimum and maximum moved so that zero is one of the values, and the step between values."""
    low, high = int(narrow_range), 2**num_bits - 1
    dtype = jnp.promote_types(least.dtype, "float32")
    least, most = least.astype(dtype), most.astype(dtype)
    step = (most - least) / (high - low)
    zero = jnp.round(jnp.clip(low - least / step, low, high))
    return (low - zero) * step, (high - zero) * step, step


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1, 2))
def _fake_quantize(num_bits, narrow_range, axis, x, least, most):
    return _forward(num_bits, narrow_range, axis, x, least, most)[0]


def _forward(num_bits, narrow_range, axis, x, least, most):
    low, high, step = (
        _along(v, axis, x.ndim) for v in _range(num_bits, narrow_range, *map(jnp.asarray, (least, most)))
    )
    zero = jnp.floor(-low / step + 0.5)
    y = jnp.floor((jnp.clip(x.astype(low.dtype), low, high) - low) / step - zero + 0.5) * step
    return y.astype(x.dtype), (x, low, high, jnp.shape(least), jnp.shape(most))


def _along(v, axis, ndim):
    return v if axis is None else v.reshape([-1 if i == axis else 1 for i in range(ndim)])


def _backward(num_bits, narrow_range, axis, saved, gradient):
    x, low, high, least_shape, most_shape = saved
    others = tuple(i for i in range(x.ndim) if i != axis)
    inside = jnp.where((x >= low) & (x <= high), gradient, 0)
    below = jnp.where(x <= low, gradient, 0).sum(others).reshape(least_shape)
    above = jnp.where(x >= high, gradient, 0).sum(others).reshape(most_shape)
    return inside, below, above


_fake_quantize.defvjp(_forward, _backward)

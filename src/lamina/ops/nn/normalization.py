"""Values shifted and scaled by their own statistics."""

import warnings

import jax.numpy as jnp
from jax import lax
from numpy.lib.array_utils import normalize_axis_tuple

from lamina.core import config
from lamina.core.op import op
from lamina.ops.casting import as_float


@op("x")
def moments(x, axes, keepdims=False, synchronized=False):
    """Return mean and variance over `axes`, computed in float32 at least.

    Raises: NotImplementedError for synchronized=True.
    """
    if synchronized:
        raise NotImplementedError("Argument synchronized=True is not supported: statistics are those of one program.")
    wide = x.astype(_at_least_float32(x))
    mean = jnp.mean(wide, axes, keepdims=keepdims)
    variance = jnp.var(wide, axes, keepdims=keepdims)
    if x.dtype in ("float16", "bfloat16"):
        limit = jnp.finfo(x.dtype).max
        mean, variance = (jnp.clip(values, -limit, limit).astype(x.dtype) for values in (mean, variance))
    return mean, variance


def _at_least_float32(x):
    return jnp.promote_types(x.dtype, "float32")


@op("x", "mean", "variance", "offset", "scale", class_name="BatchNorm")
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """Return (x - mean) / sqrt(variance + epsilon) * scale + offset, with one number of each along `axis`.

    Shapes:   x any; mean, variance, offset, scale (x.shape[axis],) -> as x
    """
    shape = [1] * x.ndim
    shape[axis] = mean.shape[0]
    rate = lax.rsqrt(jnp.reshape(variance, shape) + epsilon)
    if scale is not None:
        rate = rate * jnp.reshape(scale, shape)
    shift = -jnp.reshape(mean, shape) * rate
    if offset is not None:
        shift = shift + jnp.reshape(offset, shape)
    return x * rate + shift


@op("x", "gamma", "beta", class_name="LayerNorm")
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, rms_scaling=False):
    """Shift and scale to mean `beta` and deviation `gamma` over `axis`, computed in float32 at least.

    Args:
        gamma, beta: shaped as `axis` of x or as x; by default 1 and 0.
        epsilon: keeps the division finite; by default `config.epsilon()`.
        rms_scaling: old way to divide by the deviation without shifting; see `rms_normalization`.
    """
    epsilon = config.epsilon() if epsilon is None else epsilon
    axes = normalize_axis_tuple(axis if isinstance(axis, int) else tuple(axis), x.ndim, "axis")
    wide = x.astype(_at_least_float32(x))
    if rms_scaling:
        warnings.warn(
            "`rms_scaling=True` divides by the standard deviation, not by the root mean square. "
            "Use `rms_normalization` instead.",
            stacklevel=3,
        )
    apart = wide - jnp.mean(wide, axes, keepdims=True)
    rate = lax.rsqrt(jnp.mean(jnp.square(apart), axes, keepdims=True) + epsilon)
    y = wide * rate if rms_scaling else apart * rate
    if gamma is not None:
        y = y * _along(gamma, wide, axes)
    if beta is not None and not rms_scaling:
        y = y + _along(beta, wide, axes)
    return y.astype(x.dtype)


def _along(values, x, axes):
    """Give `values` size 1 at all axes but `axes`."""
    values = values.astype(x.dtype)
    return values if values.ndim == x.ndim else values.reshape([x.shape[i] if i in axes else 1 for i in range(x.ndim)])


@op("x", "scale", class_name="RMSNorm")
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """Return x / sqrt(mean(x^2) + epsilon) * scale over `axis`, computed in float32 at least."""
    epsilon = config.epsilon() if epsilon is None else epsilon
    wide = jnp.atleast_1d(x).astype(_at_least_float32(x))
    y = wide * lax.rsqrt(jnp.mean(jnp.square(wide), axis, keepdims=True) + epsilon)
    return (y if scale is None else y * jnp.asarray(scale, wide.dtype)).astype(x.dtype)


@op("x")
def normalize(x, axis=-1, order=2, epsilon=None):
    """Divide by the norm of `order` over `axis`, `epsilon` at least.

    Raises: ValueError if `order` is no integer from 1 on.
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    epsilon = config.epsilon() if epsilon is None else epsilon
    x = jnp.atleast_1d(x)
    if order == 2:
        rate = lax.rsqrt(as_float(jnp.sum(jnp.square(x), axis, keepdims=True)))
        return x * jnp.minimum(rate, 1.0 / epsilon)
    return x / jnp.maximum(jnp.linalg.norm(as_float(x), order, axis, keepdims=True), epsilon)

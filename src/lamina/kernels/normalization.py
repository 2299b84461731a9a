"""Normalization of channels by statistics, with a derivative that passes over the values twice.

The derivative that JAX finds goes back through the variance and the mean one after the other, each a pass over all
values; written out, both meet in one formula. The statistics take two passes, so that a mean that is large beside the
deviation costs no digits.
"""

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.forms import compiled


@compiled(static=("axis", "epsilon"))
def normalize(x, gamma, beta, axis, epsilon):
    """Bring each channel to mean `beta` and deviation `gamma`.

    Maths:    mean, variance over all axes but `axis`; y = (x - mean) / sqrt(variance + epsilon) * gamma + beta
    Shapes:   x any, gamma and beta (channels,) or None -> y as x, mean (channels,), variance (channels,)
    Args:
        axis: the channel axis of x.
        epsilon: added to the variance.
    Returns:  y, mean, variance, in float32 at least: sums of squares overflow in half precision.
    Example:
        >>> y, mean, variance = normalize(jnp.array([[1.0, 3.0], [3.0, 7.0]]), None, None, -1, 0.0)
        >>> y.tolist(), mean.tolist(), variance.tolist()
        ([[-1.0, -1.0], [1.0, 1.0]], [2.0, 5.0], [1.0, 4.0])
    """
    channels = axis % x.ndim
    axes = tuple(at for at in range(x.ndim) if at != channels)
    gamma = jnp.ones(x.shape[axis]) if gamma is None else gamma
    beta = jnp.zeros(x.shape[axis]) if beta is None else beta
    y, mean, variance = _normalize(x, _along(gamma, x, axis), _along(beta, x, axis), axes, epsilon)
    return y, mean.reshape(-1), variance.reshape(-1)


@compiled(static=("axis", "epsilon"))
def shift_and_scale(x, mean, variance, gamma, beta, axis, epsilon):
    """Apply statistics that are given.

    Maths:    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta
    Shapes:   x any, the others (channels,); gamma and beta may be None -> y as x
    Args:     as for `normalize`.
    Example:
        >>> shift_and_scale(jnp.array([[1.0], [3.0]]), jnp.array([2.0]), jnp.array([4.0]), None, None, -1, 0.0).tolist()
        [[-0.5], [0.5]]
    """
    rate = lax.rsqrt(_along(variance, x, axis) + epsilon)
    if gamma is not None:
        rate = rate * _along(gamma, x, axis)
    y = (x.astype(rate.dtype) - _along(mean, x, axis)) * rate
    return y if beta is None else y + _along(beta, x, axis)


def _along(vector, x, axis):
    """Return one value per channel so that it broadcasts against `x`, in float32 at least."""
    shape = [1] * x.ndim
    shape[axis] = -1
    return vector.reshape(shape).astype(jnp.promote_types(x.dtype, jnp.float32))


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _normalize(x, gamma, beta, axes, epsilon):
    return _with_rate(x, gamma, beta, axes, epsilon)[:3]


def _with_rate(x, gamma, beta, axes, epsilon):
    x = x.astype(gamma.dtype)
    mean = jnp.mean(x, axes, keepdims=True)
    variance = jnp.mean(jnp.square(x - mean), axes, keepdims=True)
    rate = lax.rsqrt(variance + epsilon)
    return (x - mean) * (rate * gamma) + beta, mean, variance, rate


def _normalize_forward(x, gamma, beta, axes, epsilon):
    y, mean, variance, rate = _with_rate(x, gamma, beta, axes, epsilon)
    return (y, mean, variance), (x, gamma, mean, rate)


def _normalize_gradient(axes, epsilon, saved, gradients):
    x, gamma, mean, rate = saved
    of_y, of_mean, of_variance = gradients
    n = prod(x.shape[axis] for axis in axes)
    apart = x.astype(gamma.dtype) - mean
    of_beta = jnp.sum(of_y, axes, keepdims=True)
    of_gamma = jnp.sum(of_y * apart, axes, keepdims=True) * rate
    scale = rate * gamma
    of_x = of_y * scale + apart * (2 * of_variance - scale * rate * of_gamma) / n + (of_mean - scale * of_beta) / n
    return of_x.astype(x.dtype), of_gamma, of_beta


_normalize.defvjp(_normalize_forward, _normalize_gradient)

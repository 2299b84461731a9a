"""Activation functions: what bends a layer's output."""

import jax
import jax.numpy as jnp

from lamina.core.op import op
from lamina.ops.casting import as_float


@op
def relu(x):
    """Return max(x, 0)."""
    return jax.nn.relu(x)


@op
def relu6(x):
    """Return min(max(x, 0), 6)."""
    return jax.nn.relu6(x)


@op
def leaky_relu(x, negative_slope=0.2):
    """Return x, and negative_slope * x below 0."""
    return jax.nn.leaky_relu(x, negative_slope)


@op
def elu(x, alpha=1.0):
    """Return x, and alpha * (e^x - 1) below 0."""
    return jax.nn.elu(x, alpha)


@op
def selu(x):
    """Return 1.0507 * x, and 1.0507 * 1.6733 * (e^x - 1) below 0.

    Source:   Klambauer et al. 2017: these numbers keep mean 0 and variance 1 from layer to layer.
    """
    return jax.nn.selu(x)


@op
def celu(x, alpha=1.0):
    """Return x, and alpha * (e^(x / alpha) - 1) below 0."""
    return jax.nn.celu(x, alpha)


@op
def gelu(x, approximate=True):
    """Return x times the probability that a standard normal number lies below x.

    Args:
        approximate: whether by a tanh instead of the error function.
    """
    return jax.nn.gelu(x, approximate)


@op
def silu(x):
    """Return x * sigmoid(x)."""
    return jax.nn.silu(x)


swish = silu


@op
def sigmoid(x):
    """Return 1 / (1 + e^-x)."""
    return jax.nn.sigmoid(x)


@op
def log_sigmoid(x):
    """Return log(sigmoid(x)) without overflow."""
    return jax.nn.log_sigmoid(x)


@op
def hard_sigmoid(x):
    """Return x / 6 + 1/2, between 0 and 1."""
    return jax.nn.hard_sigmoid(x)


@op
def hard_silu(x):
    """Return x * hard_sigmoid(x)."""
    return jax.nn.hard_silu(x)


hard_swish = hard_silu


@op
def hard_tanh(x):
    """Return x, between -1 and 1."""
    return jax.nn.hard_tanh(x)


@op
def hard_shrink(x, threshold=0.5):
    """Return x, and 0 where |x| <= threshold."""
    return jnp.where(jnp.abs(x) > threshold, x, 0.0)


@op
def soft_shrink(x, threshold=0.5):
    """Return x moved by `threshold` towards 0, and 0 where |x| <= threshold."""
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0.0))


@op
def tanh_shrink(x):
    """Return x - tanh(x)."""
    return x - jnp.tanh(x)


@op
def threshold(x, threshold, default_value):
    """Return x where it is above `threshold`, and `default_value` elsewhere."""
    return jnp.where(x > threshold, x, default_value)


@op
def softplus(x):
    """Return log(1 + e^x)."""
    return jax.nn.softplus(x)


@op
def softsign(x):
    """Return x / (1 + |x|)."""
    return jax.nn.soft_sign(x)


@op
def squareplus(x, b=4):
    """Return (x + sqrt(x^2 + b)) / 2."""
    return jax.nn.squareplus(x, b)


@op
def sparse_plus(x):
    """Return 0 below -1, x above 1, and (x + 1)^2 / 4 in between."""
    return jax.nn.sparse_plus(x)


@op
def sparse_sigmoid(x):
    """Return (x + 1) / 2, between 0 and 1."""
    return jax.nn.sparse_sigmoid(x)


@op
def glu(x, axis=-1):
    """Cut into halves a and b along `axis` and return a * sigmoid(b)."""
    return jax.nn.glu(x, axis)


@op
def softmax(x, axis=-1):
    """Return e^x / sum(e^x): numbers above 0 that add up to 1 over `axis`, an integer or a tuple of them."""
    return jax.nn.softmax(x, axis)


@op
def log_softmax(x, axis=-1):
    """Return log(softmax(x)) without overflow."""
    return jax.nn.log_softmax(x, axis)


@op
def sparsemax(x, axis=-1):
    """Return the nearest numbers that are not negative and add up to 1 over `axis`; small ones become exactly 0.

    Maths:    max(x - t, 0), with t such that the sum is 1
    Source:   Martins and Astudillo 2016, algorithm 1.
    """
    x = jnp.moveaxis(as_float(x), axis, -1)
    falling = -jnp.sort(-x, axis=-1)
    sums = jnp.cumsum(falling, axis=-1)
    counts = jnp.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    is_kept = counts * falling > sums - 1
    kept = jnp.sum(is_kept, axis=-1, keepdims=True)
    t = (jnp.sum(jnp.where(is_kept, falling, 0), axis=-1, keepdims=True) - 1) / kept
    return jnp.moveaxis(jnp.maximum(x - t, 0), -1, axis)

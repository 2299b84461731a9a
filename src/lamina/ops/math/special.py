"""Functions of probability, and what is largest."""

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core.op import op
from lamina.ops.casting import as_float
from lamina.ops.core.slicing import as_places


@op
def rsqrt(x):
    """Return 1 / sqrt(x)."""
    return lax.rsqrt(as_float(x))


@op
def erf(x):
    """Return the error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    return lax.erf(as_float(x))


@op
def erfc(x):
    """Return 1 - erf(x), exact for large x."""
    return lax.erfc(as_float(x))


@op
def erfinv(x):
    """Return the number whose `erf` is x."""
    return lax.erf_inv(as_float(x))


@op
def logsumexp(x, axis=None, keepdims=False):
    """Return log(sum(exp(x))) over `axis` without overflow."""
    return jax.scipy.special.logsumexp(x, axis, keepdims=keepdims)


@op
def logdet(x):
    """Return the logarithm of the determinant's magnitude."""
    return jnp.linalg.slogdet(x)[1]


@op(class_name="TopK")
def top_k(x, k, sorted=True):
    """Return the `k` largest elements along the last axis, largest first, and their places."""
    return lax.top_k(x, k)


@op("targets", "predictions", class_name="InTopK")
def in_top_k(targets, predictions, k):
    """Tell for each row whether the prediction at the place `targets` is among the `k` largest; ties count.

    Shapes:   (batch,), (batch, classes) -> (batch,)
    """
    chosen = jnp.take_along_axis(predictions, as_places(targets)[..., None], -1)
    chosen = jnp.where(jnp.isnan(chosen), -jnp.inf, chosen)
    return jnp.sum(predictions > chosen, -1) < k


@op("x", "y", class_name="CDist")
def cdist(x, y):
    """Return the distance of each row of x from each row of y.

    Shapes:   (…, rows, features), (…, others, features) -> (…, rows, others)
    Raises:   ValueError if there are no rows or the features differ in number.
    """
    if x.ndim < 2 or y.ndim < 2 or x.shape[-1] != y.shape[-1]:
        raise ValueError(f"`cdist` wants (…, rows, features) twice. Received: shapes {x.shape} and {y.shape}")
    return jnp.sqrt(jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), -1))


@op
def view_as_complex(x):
    """Read the last axis, of size 2, as real and imaginary part.

    Raises: ValueError for another size.
    """
    if x.ndim < 1 or x.shape[-1] != 2:
        raise ValueError(f"Last dimension of input must be size 2 (real and imaginary). Received shape: {x.shape}")
    x = x.astype("float32")
    return lax.complex(x[..., 0], x[..., 1])


@op
def view_as_real(x):
    """Put real and imaginary part side by side along a new last axis."""
    return jnp.stack([jnp.real(x), jnp.imag(x)], -1)

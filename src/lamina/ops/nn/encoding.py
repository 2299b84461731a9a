"""Class numbers as vectors, and polar coordinates."""

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core import config, dtypes
from lamina.core.op import op
from lamina.ops.casting import as_common_float


@op
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """Turn class numbers into vectors with a 1 at that place along a new `axis`; zeros for a number out of range.

    Example:
        >>> one_hot([0, 2], 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if sparse:
        raise ValueError("Sparse results are not supported. Received: sparse=True")
    dtype = config.floatx() if dtype is None else dtypes.standardize_dtype(dtype)
    return jax.nn.one_hot(x, num_classes, axis=axis, dtype=dtype)


@op("inputs")
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, num_tokens=None):
    """Turn sets of class numbers into vectors with a 1 at each of those places.

    Shapes:   (batch, elements) -> (batch, classes); (elements,) -> (classes,)
    Raises:   ValueError without `num_classes` (or `num_tokens`, its old name).
    """
    num_classes = num_tokens if num_classes is None else num_classes
    if num_classes is None:
        raise ValueError("Argument `num_classes` must be specified.")
    x = inputs.astype("int32")
    return jnp.max(one_hot(x, num_classes, axis, dtype, sparse), axis=1 if x.ndim > 1 else 0)


@op("abs_", "angle")
def polar(abs_, angle):
    """Return the complex numbers of these magnitudes and angles [radians]."""
    abs_, angle = as_common_float(abs_, angle)
    return lax.complex(abs_ * jnp.cos(angle), abs_ * jnp.sin(angle))

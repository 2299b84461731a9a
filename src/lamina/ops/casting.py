"""What dtype an operation computes in, where that is not what JAX does by itself."""

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes


def as_float(x):
    """Return integers and booleans in the default float dtype, everything else as it is.

    Example:
        >>> as_float(jnp.array([1, 2])).dtype.name
        'float32'
    """
    if not hasattr(x, "dtype"):
        x = jnp.asarray(x)
        return x.astype(config.floatx()) if x.dtype.kind in "biuf" else x
    return x.astype(config.floatx()) if x.dtype.kind in "biu" else x


def as_common_float(*xs):
    """Return all `xs` in the float dtype that they are combined in; here, as in Keras, a Python float is a float32."""
    dtype = dtypes.result_type(*(jnp.result_type(x) for x in xs), float)
    return [jnp.asarray(x, dtype=dtype) for x in xs]


def accumulator(*xs):
    """Return the dtype that products of `xs` are summed in: int32 for int8, None (their own) for the rest."""
    return "int32" if all(isinstance(x, jax.Array) and x.dtype == "int8" for x in xs) else None

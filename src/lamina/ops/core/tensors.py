"""What a tensor is, and how something becomes one."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.core import dtypes
from lamina.core.allowance import take_steps
from lamina.core.context import is_known
from lamina.core.op import op


@op("x")
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """Return `x` (array, list, number, Variable) as an array of `dtype`; an array that is one already stays the same.

    Args:
        dtype: by default that of `x`.
        sparse: kept for Keras's sake.
        ragged: not supported.
    Raises: ValueError for ragged=True.
    """
    if ragged:
        raise ValueError("Ragged tensors are not supported. Received: ragged=True")
    return dtypes.as_array(x, None if dtype is None else dtypes.standardize_dtype(dtype))


def convert_to_numpy(x):
    """Return `x` as a NumPy array of its own.

    Raises: ValueError for a symbolic tensor, which has no values.
    """
    return np.array(x.value if hasattr(x, "_keras_variable") else x)


@op("x")
def cast(x, dtype):
    """Convert to another dtype."""
    return dtypes.as_array(x, dtypes.standardize_dtype(dtype))


@op("x")
def saturate_cast(x, dtype):
    """Convert to another dtype; what it cannot hold becomes the nearest number that it can.

    Example:
        >>> saturate_cast([-1.0, 256.0], "uint8").tolist()
        [0, 255]
    """
    dtype = dtypes.standardize_dtype(dtype)
    x = jnp.asarray(x)
    own_low, own_high = _limits(x.dtype)
    low, high = _limits(dtype)
    low = _inwards(low, x.dtype) if low > own_low else own_low
    high = _inwards(high, x.dtype) if high < own_high else own_high
    return jnp.clip(x, jnp.asarray(low, x.dtype), jnp.asarray(high, x.dtype)).astype(dtype)


def _limits(dtype):
    if dtype == "bool":
        return 0, 1
    limits = jnp.iinfo(dtype) if jnp.issubdtype(dtype, jnp.integer) else jnp.finfo(dtype)
    return limits.min, limits.max


def _inwards(limit, dtype):
    """The number of `dtype` next to `limit` that does not lie beyond it: float32 has no 2^31 - 1."""
    near = np.asarray(limit).astype(dtype)
    is_beyond = abs(int(near)) > abs(int(limit))
    return np.nextafter(near, np.zeros((), dtype)) if is_beyond else near


def is_tensor(x):
    """Tell whether `x` is an array of the engine, symbolic sizes or values included."""
    return isinstance(x, jax.Array)


def shape(x):
    """Return the sizes as a tuple, None where unknown."""
    return tuple(x.shape) if hasattr(x, "shape") else jnp.shape(x)


def dtype(x):
    """Return the name of the dtype."""
    return dtypes.standardize_dtype(x.dtype)


@op("variable")
def stop_gradient(variable):
    """Return the same values as a constant: no gradient flows back through it."""
    return lax.stop_gradient(variable)


@op("x")
def unstack(x, num=None, axis=0):
    """Return the slices along `axis` as a list, that axis removed.

    Raises: ValueError for an axis that is not there, or of unknown size if `num` is not given.
    """
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis {axis} is out of bounds for an array of {x.ndim} axes.")
    num = x.shape[axis] if num is None else num
    if not is_known(num):
        raise ValueError(f"Cannot infer argument `num` from shape {x.shape}: give the number of slices.")
    take_steps(num, "`unstack`")
    return [lax.index_in_dim(x, i, axis, keepdims=False) for i in range(num)]


def custom_gradient(f):
    """Give a function a derivative of your own.

    Args:
        f: `f(*args) -> (output, grad)`, where `grad(upstream)` returns the gradients of `args`.

    Example:
        >>> @custom_gradient
        ... def halved(x):
        ...     return x, lambda upstream: upstream / 2
        >>> float(jax.grad(halved)(1.0))
        0.5
    """
    differentiable = jax.custom_gradient(f)

    def function(*args, **kwargs):
        return differentiable(*(x.value if hasattr(x, "_keras_variable") else x for x in args), **kwargs)

    return function

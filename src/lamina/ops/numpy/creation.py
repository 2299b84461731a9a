"""Arrays out of nothing but a shape or a few numbers. Floats are of the default float dtype unless told."""

import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.core.op import op


def _dtype(dtype):
    return config.floatx() if dtype is None else dtypes.standardize_dtype(dtype)


def _dtype_or_own(dtype):
    return None if dtype is None else dtypes.standardize_dtype(dtype)


def zeros(shape, dtype=None):
    """Return an array of zeros."""
    return jnp.zeros(shape, _dtype(dtype))


def ones(shape, dtype=None):
    """Return an array of ones."""
    return jnp.ones(shape, _dtype(dtype))


def empty(shape, dtype=None):
    """Return an array whose values have no meaning (they are zeros)."""
    return jnp.zeros(shape, _dtype(dtype))


@op("fill_value")
def full(shape, fill_value, dtype=None):
    """Return an array that holds `fill_value` everywhere."""
    return jnp.full(shape, fill_value, _dtype(dtype))


@op
def zeros_like(x, dtype=None):
    """Return zeros in the shape of `x`."""
    return jnp.zeros_like(x, _dtype_or_own(dtype))


@op
def ones_like(x, dtype=None):
    """Return ones in the shape of `x`."""
    return jnp.ones_like(x, _dtype_or_own(dtype))


@op
def empty_like(x, dtype=None):
    """Return an array in the shape of `x` whose values have no meaning (they are zeros)."""
    return jnp.zeros_like(x, _dtype_or_own(dtype))


@op("x", "fill_value")
def full_like(x, fill_value, dtype=None):
    """Return `fill_value` in the shape of `x`."""
    return jnp.full_like(x, fill_value, _dtype_or_own(dtype))


def eye(N, M=None, k=0, dtype=None):
    """Return an N x M matrix with ones on its `k`-th diagonal."""
    return jnp.eye(N, M, k, _dtype(dtype))


def identity(n, dtype=None):
    """Return the n x n matrix with ones on its diagonal."""
    return jnp.identity(n, _dtype(dtype))


def tri(N, M=None, k=0, dtype=None):
    """Return an N x M matrix with ones on and below its `k`-th diagonal."""
    return jnp.tri(N, M, k, _dtype(dtype))


@op
def vander(x, N=None, increasing=False):
    """Return the matrix whose columns are the powers of the vector `x`, the largest first unless `increasing`."""
    return jnp.vander(x, N, increasing)


@op("start", "stop", "step")
def arange(start, stop=None, step=None, dtype=None):
    """Return start, start + step, … below stop; 0, 1, … below start if that is all there is.

    Example:
        >>> arange(3).tolist(), arange(1.0, 2.0, 0.5).tolist()
        ([0, 1, 2], [1.0, 1.5])
    """
    if dtype is None:
        dtype = dtypes.result_type(*(_kind(x) for x in (start, stop, step) if x is not None))
    return jnp.arange(start, stop, step, dtypes.standardize_dtype(dtype))


def _kind(x):
    return getattr(x, "dtype", type(x) if isinstance(x, bool | int | float) else int)  # else an unknown size


@op("start", "stop")
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """Return `num` numbers from `start` to `stop`, equally far apart.

    Args:
        endpoint: whether `stop` is the last one.
        retstep: whether the distance is returned too.
        axis: where the new axis goes, if `start` and `stop` are arrays.
    """
    return jnp.linspace(start, stop, num, endpoint, retstep, _dtype_or_own(dtype), axis)


@op("start", "stop")
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """Return `base` to the power of `linspace(start, stop, num)`."""
    return jnp.logspace(start, stop, num, endpoint, base, _dtype_or_own(dtype), axis)


@op("start", "stop")
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """Return `num` numbers from `start` to `stop`, each the same multiple of the one before."""
    return jnp.geomspace(start, stop, num, endpoint, _dtype_or_own(dtype), axis)


@op
def bartlett(x):
    """Return the triangular window of `x` points."""
    return jnp.bartlett(x).astype(config.floatx())


@op
def blackman(x):
    """Return the Blackman window of `x` points."""
    return jnp.blackman(x).astype(config.floatx())


@op
def hamming(x):
    """Return the Hamming window of `x` points."""
    return jnp.hamming(x).astype(config.floatx())


@op
def hanning(x):
    """Return the Hann window of `x` points."""
    return jnp.hanning(x).astype(config.floatx())


@op
def kaiser(x, beta):
    """Return the Kaiser window of `x` points, narrower for a larger `beta`."""
    return jnp.kaiser(x, beta).astype(config.floatx())

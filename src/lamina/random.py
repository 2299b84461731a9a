"""Random numbers. An integer seed gives the same numbers at each call; a SeedGenerator gives new ones, repeatably.

The keys are Keras's, so that the same seed gives the numbers that Keras gives on JAX.
"""

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.core.op import op
from lamina.core.random import SeedGenerator, draw_seed


def _float(dtype):
    dtype = config.floatx() if dtype is None else dtypes.standardize_dtype(dtype)
    if not dtypes.is_float(dtype):
        raise ValueError(f"A random float requires a floating point `dtype`. Received: dtype={dtype}")
    return dtype


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draw from a normal distribution.

    Example:
        >>> bool((normal((3,), seed=1) == normal((3,), seed=1)).all())
        True
    """
    return jax.random.normal(draw_seed(seed), tuple(shape), _float(dtype)) * stddev + mean


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Draw from a normal distribution, anew where a number is more than two deviations from the mean."""
    return jax.random.truncated_normal(draw_seed(seed), -2.0, 2.0, tuple(shape), _float(dtype)) * stddev + mean


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Draw floats from `minval` up to, but without, `maxval`.

    Raises: ValueError if `dtype` is no float.
    """
    return jax.random.uniform(draw_seed(seed), tuple(shape), _float(dtype), minval, maxval)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Draw integers from `minval` up to, but without, `maxval`.

    Raises: ValueError if `dtype` is no integer.
    """
    dtype = dtypes.standardize_dtype(dtype)
    if not dtypes.is_int(dtype):
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype}")
    return jax.random.randint(draw_seed(seed), tuple(shape), minval, maxval, dtype)


def gamma(shape, alpha, dtype=None, seed=None):
    """Draw from the gamma distribution of shape `alpha` and rate 1."""
    return jax.random.gamma(draw_seed(seed), _parameter(alpha), tuple(shape), _float(dtype))


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Draw from the beta distribution, numbers between 0 and 1 around alpha / (alpha + beta)."""
    return jax.random.beta(draw_seed(seed), _parameter(alpha), _parameter(beta), tuple(shape), _float(dtype))


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """Draw how many of `counts` trials succeed, each with one of `probabilities`."""
    counts, probabilities = _parameter(counts), _parameter(probabilities)
    return jax.random.binomial(draw_seed(seed), counts, probabilities, tuple(shape), _float(dtype))


def _parameter(x):
    return jnp.asarray(x.value if hasattr(x, "_keras_variable") else x)


@op
def categorical(logits, num_samples, dtype="int32", seed=None):
    """Draw class numbers with the probabilities softmax(logits).

    Shapes: (batch, classes) -> (batch, num_samples)
    Raises: ValueError for another rank.
    """
    if logits.ndim != 2:
        raise ValueError(f"`logits` should be (batch, classes). Received: shape {logits.shape}")
    shape = (logits.shape[0], num_samples)
    drawn = jax.random.categorical(draw_seed(seed), logits[..., None], axis=1, shape=shape)
    return drawn.astype(dtypes.standardize_dtype(dtype))


@op
def shuffle(x, axis=0, seed=None):
    """Bring the elements along `axis` into a random order, another one in every row."""
    return jax.random.permutation(draw_seed(seed), x, axis, independent=True)


@op
def dropout(inputs, rate, noise_shape=None, seed=None):
    """Set elements to 0 with probability `rate` and divide the others by 1 - rate, so that the mean stays.

    Args:
        noise_shape: shape of the decisions; an axis of size 1 shares them, None means the size of `inputs`.
        seed: integer or SeedGenerator.
    """
    if rate == 1:
        return jnp.zeros_like(inputs)
    if rate == 0:
        return inputs
    shape = inputs.shape
    if noise_shape is not None:
        shape = tuple(own if size is None else size for own, size in zip(inputs.shape, noise_shape, strict=True))
    is_kept = jax.random.bernoulli(draw_seed(seed), 1 - rate, shape)
    return jnp.where(is_kept, inputs / (1 - rate), jnp.zeros((), inputs.dtype))


__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]

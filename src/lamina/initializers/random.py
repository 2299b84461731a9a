"""Initializers that draw from NumPy: no shape costs a compilation."""

import math

import numpy as np

from lamina.core import dtypes, serialization
from lamina.core.random import SeedGenerator, make_default_seed
from lamina.initializers.initializer import Initializer

# Standard deviation of a standard normal that is cut off at -2 and 2.
TRUNCATED_STDDEV = 0.87962566103423978


class RandomInitializer(Initializer):
    """Draw values; a subclass defines `draw(rng, shape, dtype)`.

    Args:
        seed: an integer (the same values at every call), a SeedGenerator (new values at every call), or None
            (an integer drawn once, governed by `set_random_seed`).
    Raises:   ValueError for another seed.
    Source:   Keras 3 `RandomInitializer`.
    """

    def __init__(self, seed=None):
        self._init_seed = seed
        if seed is None:
            seed = make_default_seed()
        elif isinstance(seed, dict):
            seed = serialization.deserialize_keras_object(seed)
        elif not isinstance(seed, int | np.integer | SeedGenerator):
            raise ValueError(
                "`seed` argument should be an instance of `keras.random.SeedGenerator()` or an integer. "
                f"Received: seed={seed}"
            )
        self.seed = seed

    def __call__(self, shape, dtype=None):
        """Return drawn values."""
        dtype = dtypes.standardize_dtype(dtype)
        drawn_as = "float64" if dtype == "float64" else "float32"
        values = self.draw(_generator(self.seed), tuple(shape), drawn_as)
        return dtypes.as_array(values, dtype=dtype, fresh=True)

    def draw(self, rng, shape, dtype):
        """Return values drawn from the NumPy generator `rng`; `dtype` is "float32" or "float64"."""
        raise NotImplementedError(f"{type(self).__name__} must define `draw(rng, shape, dtype)` or `__call__`.")

    def get_config(self):
        """Return the constructor's arguments."""
        return {"seed": serialization.serialize_keras_object(self._init_seed)}


def _generator(seed):
    key = np.asarray(seed.next()).tolist() if isinstance(seed, SeedGenerator) else int(seed) & 0xFFFFFFFF
    return np.random.Generator(np.random.SFC64(key))


def normal(rng, shape, dtype, mean, stddev):
    """Return normal values."""
    values = rng.standard_normal(shape, dtype=dtype)
    values *= stddev
    values += mean
    return values


def truncated_normal(rng, shape, dtype, mean, stddev):
    """Return normal values, of which those beyond two deviations (1 in 22) were drawn again."""
    values = rng.standard_normal(math.prod(shape), dtype=dtype)
    (outside,) = np.nonzero(np.abs(values) > 2)
    while outside.size:
        values[outside] = rng.standard_normal(outside.size, dtype=dtype)
        outside = outside[np.abs(values[outside]) > 2]
    values *= stddev
    values += mean
    return values.reshape(shape)


def uniform(rng, shape, dtype, low, high):
    """Return uniform values in [low, high)."""
    values = rng.random(shape, dtype=dtype)
    values *= high - low
    values += low
    return values


class RandomNormal(RandomInitializer):
    """Draw from the normal distribution.

    Args:
        mean, stddev: of the distribution.
        seed: see `RandomInitializer`.
    Example:
        >>> RandomNormal(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def draw(self, rng, shape, dtype):
        """Return normal values."""
        return normal(rng, shape, dtype, self.mean, self.stddev)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """Draw from the normal distribution, values beyond two standard deviations again.

    Args:
        mean, stddev: of the distribution before it is cut off.
        seed: see `RandomInitializer`.
    Example:
        >>> bool(abs(TruncatedNormal(stddev=1.0, seed=1)((1000,))).max() <= 2)
        True
    """

    def draw(self, rng, shape, dtype):
        """Return values of the truncated normal distribution."""
        return truncated_normal(rng, shape, dtype, self.mean, self.stddev)


class RandomUniform(RandomInitializer):
    """Draw from the uniform distribution on [minval, maxval).

    Args:
        minval, maxval: the bounds.
        seed: see `RandomInitializer`.
    Example:
        >>> RandomUniform(seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def draw(self, rng, shape, dtype):
        """Return uniform values."""
        return uniform(rng, shape, dtype, self.minval, self.maxval)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class Orthogonal(RandomInitializer):
    """Draw a matrix with orthonormal columns, or rows if there are fewer of them, uniformly among all such.

    Maths:    A = Q R with A normal; Q diag(sign(diag(R))); all axes but the last are one
    Args:
        gain: factor.
        seed: see `RandomInitializer`.
    Raises:   ValueError for a shape with fewer than two axes.
    Source:   Keras 3 `Orthogonal`; Saxe et al. 2014.
    Example:
        >>> q = Orthogonal(seed=1)((4, 2))
        >>> (q.T @ q).round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain=1.0, seed=None):
        self.gain = gain
        super().__init__(seed)

    def draw(self, rng, shape, dtype):
        """Return the orthogonal matrix."""
        if len(shape) < 2:
            raise ValueError(
                "The tensor to initialize must be at least two-dimensional. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = rng.standard_normal((max(rows, columns), min(rows, columns)), dtype=dtype)
        q, r = np.linalg.qr(tall)
        q = q * np.sign(np.diag(r))
        if rows < columns:
            q = q.T
        return self.gain * q.reshape(shape)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "gain": self.gain}

"""`tf.random`: draws follow the seed of `tf.random.set_seed`."""

import functools

import jax
import numpy as np

from lamina import ops, random
from lamina.core.context import is_tracing
from lamina.core.dtypes import standardize_dtype
from lamina.core.random import SeedGenerator, forget_seed, make_default_seed, set_random_seed
from lamina.dialects.tensorflow.recording import begin_anew, outside, recording

__all__ = [
    "Generator",
    "categorical",
    "fold_in",
    "gamma",
    "get_global_generator",
    "log_uniform_candidate_sampler",
    "normal",
    "poisson",
    "set_seed",
    "shuffle",
    "split",
    "stateless_categorical",
    "stateless_normal",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]


streams = {}
"""The seeds that functions have been given, and where their next numbers come from."""


def set_seed(seed):
    """Start all random draws anew, but not those of NumPy; from anywhere, without a seed."""
    for number, generator in streams.items():  # which functions that are compiled have too
        generator.state.assign(np.array([number & 0xFFFFFFFF, 0], "uint32"))
    if seed is None:
        forget_seed()
        return
    state = np.random.get_state()
    set_random_seed(int(seed))
    np.random.set_state(state)
    begin_anew()


def stream(seed):
    """Return the source of a function's numbers: each call with the same integer goes on where the last one ended.

    So it is in a `tf.function` too; other compiled code keeps the integer.
    """
    if not isinstance(seed, (int, np.integer)) or (is_tracing() and recording() is None):
        return seed
    if int(seed) not in streams:
        with outside():
            streams[int(seed)] = SeedGenerator(int(seed))
    return streams[int(seed)]


def _sizes(shape):
    return tuple(int(size) for size in np.atleast_1d(np.asarray(shape)))


def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    """Draw from a normal distribution."""
    return random.normal(_sizes(shape), mean, stddev, standardize_dtype(dtype), stream(seed))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    """Draw from a normal distribution cut at two standard deviations."""
    return random.truncated_normal(_sizes(shape), mean, stddev, standardize_dtype(dtype), stream(seed))


def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None, name=None):
    """Draw evenly between bounds."""
    if "int" in standardize_dtype(dtype):
        return random.randint(_sizes(shape), minval, maxval, standardize_dtype(dtype), stream(seed))
    return random.uniform(
        _sizes(shape), minval, 1.0 if maxval is None else maxval, standardize_dtype(dtype), stream(seed)
    )


def shuffle(value, seed=None, name=None):
    """Put the first axis in random order."""
    return random.shuffle(value, seed=stream(seed))


def categorical(logits, num_samples, dtype="int64", seed=None, name=None):
    """Draw class numbers by their logits."""
    return random.categorical(logits, num_samples, standardize_dtype(dtype), stream(seed))


def log_uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None):
    """Draw class numbers, the lower the likelier, as words are that are numbered by how frequent they are.

    Returns:  the numbers (num_sampled,), and how often the true classes and these are expected among them.
    """
    logs = np.log1p(np.arange(range_max + 1.0))
    chances = np.diff(logs) / logs[-1]
    key = random.randint((2,), 0, 2**31 - 1, seed=stream(seed)).astype("uint32")
    sampled = jax.random.choice(key, range_max, (num_sampled,), not unique, chances)

    def expected(classes):
        chance = ops.take(ops.convert_to_tensor(chances, "float32"), classes)
        return 1 - (1 - chance) ** num_sampled if unique else chance * num_sampled

    return sampled, expected(true_classes), expected(sampled)


def gamma(shape, alpha, beta=1.0, dtype="float32", seed=None, name=None):
    """Draw from a gamma distribution."""
    sizes = np.broadcast_shapes(np.shape(alpha), np.shape(beta))
    return random.gamma((*_sizes(shape), *sizes), alpha, standardize_dtype(dtype), stream(seed)) / np.asarray(
        beta, standardize_dtype(dtype)
    )


def poisson(shape, lam, dtype="float32", seed=None, name=None):
    """Draw counts of what happens `lam` times on average."""
    key = random.randint((2,), 0, 2**31 - 1, seed=stream(seed)).astype("uint32")
    lam = np.asarray(lam)
    return jax.random.poisson(key, lam, (*_sizes(shape), *lam.shape)).astype(standardize_dtype(dtype))


def _stateless(function):
    @functools.wraps(function)
    def drawn(shape, seed, *args, **kwargs):
        return function(shape, *args, seed=np.asarray(seed).astype("uint32"), **kwargs)

    return drawn


stateless_normal, stateless_truncated_normal, stateless_uniform = map(_stateless, (normal, truncated_normal, uniform))


def stateless_categorical(logits, num_samples, seed, dtype="int64", name=None):
    """Draw class numbers by their logits; the same seed gives the same."""
    return categorical(logits, num_samples, dtype, np.asarray(seed).astype("uint32"))


def split(seed, num=2, alg="auto_select"):
    """Return further seeds for stateless functions, (num, 2)."""
    return jax.random.split(np.asarray(seed).astype("uint32"), num).view("int32")


def fold_in(seed, data, alg="auto_select"):
    """Return another seed for stateless functions, by a number."""
    return jax.random.fold_in(np.asarray(seed).astype("uint32"), int(data)).view("int32")


class Generator:
    """Random numbers with a state of their own."""

    def __init__(self, seed=None):
        self._seeds = SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed, alg=None):
        """Begin at a seed."""
        return cls(int(seed))

    @classmethod
    def from_non_deterministic_state(cls, alg=None):
        """Begin anywhere."""
        return cls(make_default_seed())

    def normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        """Draw from a normal distribution."""
        return normal(shape, mean, stddev, dtype, self._seeds)

    def truncated_normal(self, shape, mean=0.0, stddev=1.0, dtype="float32", name=None):
        """Draw from a normal distribution cut at two standard deviations."""
        return truncated_normal(shape, mean, stddev, dtype, self._seeds)

    def uniform(self, shape, minval=0, maxval=None, dtype="float32", name=None):
        """Draw evenly between bounds."""
        return uniform(shape, minval, maxval, dtype, self._seeds)

    def make_seeds(self, count=1):
        """Return seeds for stateless functions, (2, count)."""
        return random.randint((2, count), 0, 2**31 - 1, "int32", self._seeds)

    def split(self, count=1):
        """Return further generators."""
        return [Generator(int(seed)) for seed in self.make_seeds(count)[0]]


def get_global_generator():
    """Return a generator that begins anywhere."""
    return Generator()

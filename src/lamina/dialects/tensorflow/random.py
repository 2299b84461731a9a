"""`tf.random`: draws follow the seed of `tf.random.set_seed`."""

from lamina import random
from lamina.core.random import forget_seed, set_random_seed

__all__ = ["categorical", "gamma", "normal", "set_seed", "shuffle", "truncated_normal", "uniform"]


def set_seed(seed):
    """Start all random draws anew; from anywhere, without a seed."""
    if seed is None:
        forget_seed()
    else:
        set_random_seed(int(seed))


def normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    """Draw from a normal distribution."""
    return random.normal(tuple(shape), mean, stddev, str(dtype), seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype="float32", seed=None, name=None):
    """Draw from a normal distribution cut at two standard deviations."""
    return random.truncated_normal(tuple(shape), mean, stddev, str(dtype), seed)


def uniform(shape, minval=0, maxval=None, dtype="float32", seed=None, name=None):
    """Draw evenly between bounds."""
    if "int" in str(dtype):
        return random.randint(tuple(shape), minval, maxval, str(dtype), seed)
    return random.uniform(tuple(shape), minval, 1.0 if maxval is None else maxval, str(dtype), seed)


def shuffle(value, seed=None, name=None):
    """Put the first axis in random order."""
    return random.shuffle(value, seed=seed)


def categorical(logits, num_samples, dtype="int64", seed=None, name=None):
    """Draw class numbers by their logits."""
    return random.categorical(logits, num_samples, str(dtype), seed)


def gamma(shape, alpha, beta=1.0, dtype="float32", seed=None, name=None):
    """Draw from a gamma distribution."""
    return random.gamma(tuple(shape), alpha, str(dtype), seed) / beta

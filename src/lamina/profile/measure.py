"""How long things take, and what this machine reaches."""

import functools
import time
from dataclasses import dataclass
from statistics import median

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Time:
    """Repeated measurements of one thing [seconds].

    Attributes:
        median: the middle one.
        low, high: the middle half lies between them.
        runs: how many there are.
    """

    median: float
    low: float
    high: float
    runs: int

    @property
    def spread(self):
        """Width of the middle half, relative to the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


def timed(function, *args, seconds=0.3, fewest=5, most=200):
    """Run a compiled function repeatedly, after one run that does not count.

    Args:
        seconds: when to stop [seconds].
        fewest, most: how often at least and at most [count].
    """
    jax.block_until_ready(function(*args))
    times, end = [], time.perf_counter() + seconds
    while len(times) < fewest or (len(times) < most and time.perf_counter() < end):
        start = time.perf_counter()
        jax.block_until_ready(function(*args))
        times.append(time.perf_counter() - start)
    times.sort()
    return Time(median(times), times[len(times) // 4], times[(3 * len(times)) // 4], len(times))


@dataclass(frozen=True)
class Machine:
    """What this machine reaches: in a large matrix product [FLOP/s], in copying a large array [bytes/s]."""

    flops: float
    bandwidth: float


@functools.cache
def machine():
    """Measure the machine, once."""
    size = 1024
    a = jnp.ones((size, size))
    product = timed(jax.jit(jnp.matmul), a, a)
    x = jnp.ones(16 * 2**20)
    copy = timed(jax.jit(lambda v: v + 1.0), x)
    return Machine(2 * size**3 / product.low, 2 * x.nbytes / copy.low)

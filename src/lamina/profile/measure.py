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
        best: the shortest.
    """

    median: float
    low: float
    high: float
    runs: int
    best: float

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
    return Time(median(times), times[len(times) // 4], times[(3 * len(times)) // 4], len(times), times[0])


@dataclass(frozen=True)
class Machine:
    """What this machine reaches.

    Attributes:
        flops: in a large matrix product [FLOP/s].
        bandwidth: in copying a large array [bytes/s].
        near_bandwidth: in copying an array that stays in the caches [bytes/s].
    """

    flops: float
    bandwidth: float
    near_bandwidth: float

    def bandwidth_for(self, count):
        """Return the bandwidth that work on so many bytes can have [bytes/s]."""
        return self.near_bandwidth if count <= _NEAR else self.bandwidth


_NEAR = 4 * 2**20  # that stay in the caches [bytes]


@functools.cache
def machine():
    """Measure the machine, once."""
    size = 1024
    a = jnp.ones((size, size))
    product = timed(jax.jit(jnp.matmul), a, a)
    far, near = _copying(64 * 2**20, 8), _copying(_NEAR // 2, 50)
    return Machine(2 * size**3 / product.best, far, max(far, near))


def _copying(count, times):
    """Return how fast an array of so many bytes is read and written, several times in one program [bytes/s]."""
    x = jnp.ones(count // 4)
    copy = jax.jit(lambda v: jax.lax.fori_loop(0, times, lambda _, w: w + 1.0, v))
    return 2 * count * times / timed(copy, x).best

"""Time two programs in turns and print how much faster the second is."""

import time

import jax
import jax.numpy as jnp
import numpy as np

from lamina.engine.compile import jit


def normal(*shape):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), "float32")


def report(name, plain, ours, *arguments, rounds=15):
    """Print the best forward and gradient time [ms] of both, and their ratios."""
    line = f"{name:44}"
    for label, wrap in (("forward", lambda function: function), ("gradient", gradient)):
        plain_time, our_time = best_times((jit(wrap(plain)), jit(wrap(ours))), arguments, rounds)
        line += f" {label} {plain_time:8.3f} -> {our_time:7.3f} ms {plain_time / our_time:6.2f}x"
    print(line, flush=True)


def gradient(function):
    def loss(*arguments):
        return jnp.square(function(*arguments)).sum()

    def run(*arguments):
        floating = [i for i, array in enumerate(arguments) if jnp.issubdtype(array.dtype, jnp.floating)]
        return jax.grad(loss, floating)(*arguments)

    return run


def best_times(programs, arguments, rounds):
    times = [[] for _ in programs]
    for program in programs:
        jax.block_until_ready(program(*arguments))
    for _ in range(rounds):
        for program, taken in zip(programs, times, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(program(*arguments))
            taken.append((time.perf_counter() - start) * 1e3)
    return [min(taken) for taken in times]

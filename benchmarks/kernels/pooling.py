"""Pooling kernels against plain `lax.reduce_window`."""

from functools import partial
from math import prod

import jax.numpy as jnp
from jax import lax
from measure import normal, report

from lamina.kernels.pooling import average_pool, max_pool

# input, window, strides, padding
SHAPES = [
    ((32, 26, 26, 32), (2, 2), (2, 2), "valid"),
    ((128, 26, 26, 32), (2, 2), (2, 2), "valid"),
    ((32, 28, 28, 64), (3, 3), (2, 2), "same"),
    ((32, 14, 14, 64), (3, 3), (1, 1), "same"),
    ((32, 128, 64), (2,), (2,), "valid"),
    ((4, 16, 16, 16, 16), (2, 2, 2), (2, 2, 2), "valid"),
]


def reduced(x, start, operation, window, strides, padding):
    return lax.reduce_window(x, start, operation, (1, *window, 1), (1, *strides, 1), padding.upper())


def plain_max(x, window, strides, padding):
    return reduced(x, -jnp.inf, lax.max, window, strides, padding)


def plain_average(x, window, strides, padding):
    total = reduced(x, 0.0, lax.add, window, strides, padding)
    if padding == "valid":
        return total / prod(window)
    return total / reduced(jnp.ones_like(x), 0.0, lax.add, window, strides, padding)


def main():
    for shape, *options in SHAPES:
        options = dict(zip(("window", "strides", "padding"), options, strict=True))
        for name, plain, ours in (("max", plain_max, max_pool), ("average", plain_average, average_pool)):
            title = f"{name} {shape} {options['window']} by {options['strides']}"
            report(title, partial(plain, **options), partial(ours, **options), normal(*shape))


if __name__ == "__main__":
    main()

"""The normalization kernel against the plain formula."""

import jax.numpy as jnp
from jax import lax
from measure import normal, report

from lamina.kernels.normalization import normalize

SHAPES = [(64, 32, 32, 64), (32, 26, 26, 32), (128, 256)]


def plain(x, gamma, beta):
    axes = tuple(range(x.ndim - 1))
    mean, variance = jnp.mean(x, axes), jnp.var(x, axes)
    return (x - mean) * (lax.rsqrt(variance + 1e-3) * gamma) + beta


def ours(x, gamma, beta):
    return normalize(x, gamma, beta, -1, 1e-3)[0]


def main():
    for shape in SHAPES:
        report(f"batch normalization {shape}", plain, ours, normal(*shape), normal(shape[-1]), normal(shape[-1]))


if __name__ == "__main__":
    main()

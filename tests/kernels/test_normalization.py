"""Normalization with the written-out derivative is the plain formula and its automatic one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from lamina.kernels.normalization import normalize, shift_and_scale

EPSILON = 1e-3


def plain(x, gamma, beta, axis):
    axes = tuple(at for at in range(x.ndim) if at != axis % x.ndim)
    shape = [1] * x.ndim
    shape[axis] = -1
    mean, variance = jnp.mean(x, axes), jnp.var(x, axes)
    y = (x - mean.reshape(shape)) * lax.rsqrt(variance.reshape(shape) + EPSILON)
    return y * gamma.reshape(shape) + beta.reshape(shape), mean, variance


def arrays(shape, axis):
    rng = np.random.default_rng(0)
    sizes = (shape, shape[axis], shape[axis], shape)
    return [jnp.asarray(rng.standard_normal(size), "float32") for size in sizes]


@pytest.mark.parametrize(("shape", "axis"), [((6, 3), -1), ((2, 3, 4), 1), ((2, 3, 4, 5), -1)])
def test_values_and_gradients_are_those_of_the_plain_formula(shape, axis):
    x, gamma, beta, weights = arrays(shape, axis)

    def loss(function):
        def total(x, gamma, beta):
            y, mean, variance = function(x, gamma, beta)
            return jnp.sum(y * weights) + jnp.sum(mean**3) + jnp.sum(variance**2)

        return jax.value_and_grad(total, (0, 1, 2))(x, gamma, beta)

    given = loss(lambda *operands: normalize(*operands, axis, EPSILON))
    wanted = loss(lambda *operands: plain(*operands, axis))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), given, wanted)


def test_second_derivatives_are_those_of_the_plain_formula():
    x, gamma, beta, weights = arrays((5, 2), -1)

    def twice(function):
        return jax.grad(lambda x: jnp.sum(jax.grad(lambda x: jnp.sum(function(x) * weights))(x) ** 2))(x)

    given = twice(lambda x: normalize(x, gamma, beta, -1, EPSILON)[0])
    np.testing.assert_allclose(given, twice(lambda x: plain(x, gamma, beta, -1)[0]), rtol=1e-3, atol=1e-3)


def test_statistics_given_are_applied_as_statistics_found():
    x, gamma, beta, _ = arrays((6, 3), -1)
    y, mean, variance = normalize(x, gamma, beta, -1, EPSILON)
    np.testing.assert_allclose(shift_and_scale(x, mean, variance, gamma, beta, -1, EPSILON), y, rtol=1e-5, atol=1e-6)


def test_half_precision_is_summed_in_float32():
    x = jnp.full((4096, 1), 300.0, "float16")  # squares overflow float16, sums of them too
    y, mean, variance = normalize(x, None, None, -1, EPSILON)
    assert y.dtype == "float32"
    assert float(mean[0]) == 300.0
    assert float(variance[0]) == 0.0

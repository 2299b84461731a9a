"""Pooling kernels against `reduce_window`: values, gradients with ties, loops, unknown sizes."""

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import export, lax

from lamina.kernels import pooling
from lamina.kernels.pooling import average_pool, max_pool

FEW = settings(max_examples=6)


def reduced(x, start, operation, window, strides, padding):
    return lax.reduce_window(x, start, operation, (1, *window, 1), (1, *strides, 1), padding.upper())


def plain_max(x, window, strides, padding):
    return reduced(x, -jnp.inf, lax.max, window, strides, padding)


def plain_average(x, window, strides, padding):
    total = reduced(x, 0.0, lax.add, window, strides, padding)
    if padding == "valid":
        return total / prod(window)
    return total / reduced(jnp.ones_like(x), 0.0, lax.add, window, strides, padding)


PAIRS = [(plain_max, max_pool), (plain_average, average_pool)]


def few_values(*shape):
    """Give an array with many equal values."""
    return jnp.asarray(np.random.default_rng(0).integers(-2, 3, shape), "float32")


@st.composite
def geometries(draw):
    axes = draw(st.integers(1, 3))
    size, window = draw(st.tuples(*[st.integers(3, 7)] * axes)), draw(st.tuples(*[st.integers(1, 3)] * axes))
    strides = draw(st.sampled_from([window, draw(st.tuples(*[st.integers(1, 4)] * axes))]))
    return size, window, strides, draw(st.sampled_from(["valid", "same"]))


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
@FEW
@given(geometry=geometries())
def test_values_and_gradients_are_those_of_reduce_window_also_for_equal_values(plain, ours, geometry):
    size, *options = geometry
    x = few_values(2, *size, 2)
    weights = np.random.default_rng(1).normal(size=plain(x, *options).shape).astype("float32")

    def value_and_gradient(function):
        run = jax.value_and_grad(lambda x: (function(x, *options) * weights).sum())
        return function(x, *options), *jax.jit(run)(x)

    for expected, got in zip(value_and_gradient(plain), value_and_gradient(ours), strict=True):
        assert expected.shape == got.shape
        np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
@pytest.mark.parametrize("strides", [(2, 2), (1, 2)])
def test_second_derivatives_and_loops_agree(plain, ours, strides):
    x = jnp.asarray(np.random.default_rng(0).permutation(300).reshape(3, 2, 5, 5, 2) / 100, "float32")

    def total(function, x):
        def step(carry, x):
            return carry + jnp.sin(function(x, (2, 2), strides, "same")).sum(), None

        return lax.scan(step, 0.0, x)[0]

    def squared_gradient(function, x):
        return jnp.square(jax.grad(partial(total, function))(x)).sum()

    expected, got = (jax.jit(jax.grad(partial(squared_gradient, f)))(x) for f in (plain, ours))
    np.testing.assert_allclose(got, expected, atol=1e-4)


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_unknown_sizes_give_the_shape_of_reduce_window(plain, ours, padding):
    batch, height, width = export.symbolic_shape("b, h, w")
    x = jax.ShapeDtypeStruct((batch, height, width, 3), "float32")
    options = {"window": (3, 3), "strides": (2, 2), "padding": padding}
    assert jax.eval_shape(partial(ours, **options), x) == jax.eval_shape(partial(plain, **options), x)


@pytest.mark.parametrize(("plain", "ours"), PAIRS)
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "bfloat16"])
def test_dtypes_come_out_as_from_reduce_window(plain, ours, dtype):
    x = jnp.arange(32).reshape(1, 4, 4, 2).astype(dtype)
    expected, got = (function(x, (2, 2), (2, 2), "same") for function in (plain, ours))
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(got.astype("float32"), expected.astype("float32"), rtol=1e-2)


def test_a_window_larger_than_the_image_gives_no_output():
    assert max_pool(few_values(1, 2, 2, 1), (3, 3), (1, 1), "valid").shape == (1, 0, 0, 1)


def test_the_gradient_scatters_nothing():
    program = str(jax.make_jaxpr(jax.grad(lambda x: max_pool(x, (3, 3), (2, 2), "same").sum()))(few_values(1, 6, 6, 1)))
    assert "select_and" not in program
    assert "reduce_window" not in program


def test_other_devices_keep_reduce_window(monkeypatch):
    monkeypatch.setattr(pooling, "tunable", lambda *arrays: False)
    program = str(jax.make_jaxpr(lambda x: max_pool(x, (2, 2), (2, 2), "valid"))(few_values(1, 4, 4, 1)))
    assert "reduce_window" in program


def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="padding must be"):
        max_pool(few_values(1, 4, 4, 1), (2, 2), (2, 2), "causal")

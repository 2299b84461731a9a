"""Recurrence kernels against a plain scan over the steps, differentiated by JAX."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export, lax

from lamina.kernels.recurrence import gru, lstm, simple_rnn

BATCH, STEPS, FEATURES, UNITS = 2, 5, 3, 4
GATES = {"lstm": 4, "gru": 3, "gru_before": 3, "simple_rnn": 1}
KERNELS = {"lstm": lstm, "gru": gru, "gru_before": partial(gru, reset_after=False), "simple_rnn": simple_rnn}


def lstm_cell(x, states, kernel, recurrent, bias):
    h, c = states
    i, f, g, o = jnp.split(x @ kernel + h @ recurrent + bias, 4, -1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


def gru_cell(x, states, kernel, recurrent, bias):
    (h,) = states
    z, r, n = jnp.split(x @ kernel + bias[0], 3, -1)
    h_z, h_r, h_n = jnp.split(h @ recurrent + bias[1], 3, -1)
    z, r = jax.nn.sigmoid(z + h_z), jax.nn.sigmoid(r + h_r)
    return (z * h + (1 - z) * jnp.tanh(n + r * h_n),)


def gru_before_cell(x, states, kernel, recurrent, bias):
    (h,) = states
    u_z, u_r, u_n = jnp.split(recurrent, 3, -1)
    z, r, n = jnp.split(x @ kernel + bias, 3, -1)
    z, r = jax.nn.sigmoid(z + h @ u_z), jax.nn.sigmoid(r + h @ u_r)
    return (z * h + (1 - z) * jnp.tanh(n + (r * h) @ u_n),)


def simple_rnn_cell(x, states, kernel, recurrent, bias):
    return (jnp.tanh(x @ kernel + states[0] @ recurrent + bias),)


CELLS = {"lstm": lstm_cell, "gru": gru_cell, "gru_before": gru_before_cell, "simple_rnn": simple_rnn_cell}


def reference(name, x, mask, states, weights, reverse, zero_output_for_mask):
    """Read the steps one by one."""
    keeps = np.ones(x.shape[:2], bool) if mask is None else mask

    def step(states, now):
        x, keep = now
        new = tuple(jnp.where(keep, *pair) for pair in zip(CELLS[name](x, states, *weights), states, strict=True))
        return new, jnp.where(keep, new[0], 0) if zero_output_for_mask else new[0]

    order = slice(None, None, -1 if reverse else 1)
    steps = x.swapaxes(0, 1)[order], jnp.asarray(keeps).swapaxes(0, 1)[order, :, None]
    states, outputs = lax.scan(step, states, steps)
    return outputs.swapaxes(0, 1), states


def problem(name):
    rng = np.random.default_rng(0)
    gates = GATES[name] * UNITS
    bias = (2, gates) if name == "gru" else (gates,)
    shapes = [(BATCH, STEPS, FEATURES)] + [(BATCH, UNITS)] * (2 if name == "lstm" else 1)
    x, *states = (jnp.asarray(rng.normal(size=shape), "float32") for shape in shapes)
    weights = [jnp.asarray(rng.normal(size=s), "float32") for s in ((FEATURES, gates), (UNITS, gates), bias)]
    mask = np.array([[True, False, True, True, False], [False, False, True, False, True]])
    return x, tuple(states), weights, mask


def derivatives(function, *arguments, second=False):
    """Give the value and the gradients, and if asked the gradients of the size of the gradients."""
    numbers = tuple(range(len(arguments)))

    def loss(*arguments):
        return sum(jnp.sin(leaf).sum() for leaf in jax.tree.leaves(function(*arguments)))

    def size_of_gradients(*arguments):
        return sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(jax.grad(loss, numbers)(*arguments)))

    derived = size_of_gradients if second else loss
    return jax.jit(lambda *arguments: (function(*arguments), jax.grad(derived, numbers)(*arguments)))(*arguments)


def check_same(expected, got):
    assert jax.tree.structure(expected) == jax.tree.structure(got)
    for one, other in zip(jax.tree.leaves(expected), jax.tree.leaves(got), strict=True):
        np.testing.assert_allclose(other, one, rtol=2e-4, atol=1e-4 * (1 + np.abs(one).max()))


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize(
    ("masked", "reverse", "zero", "second"),
    [(False, False, False, False), (True, False, False, False), (False, True, False, False), (True, True, True, True)],
)
def test_values_and_derivatives_are_those_of_a_plain_scan(name, masked, reverse, zero, second):
    x, states, weights, mask = problem(name)
    mask = mask if masked else None

    def expected(x, states, weights):
        return reference(name, x, mask, states, weights, reverse, zero)

    def got(x, states, weights):
        return KERNELS[name](x, mask, *states, *weights, reverse=reverse, zero_output_for_mask=zero)

    check_same(*(derivatives(function, x, states, weights, second=second) for function in (expected, got)))


@pytest.mark.parametrize("name", KERNELS)
def test_without_a_bias_it_is_zero(name):
    x, states, (kernel, recurrent, bias), _ = problem(name)
    expected = KERNELS[name](x, None, *states, kernel, recurrent, jnp.zeros_like(bias))
    check_same(expected, KERNELS[name](x, None, *states, kernel, recurrent, None))


@pytest.mark.parametrize("name", KERNELS)
def test_a_padded_sequence_gives_what_the_unpadded_one_gives(name):
    x, states, weights, _ = problem(name)
    padded, mask = jnp.pad(x, ((0, 0), (0, 3), (0, 0)), constant_values=jnp.nan), np.arange(STEPS + 3) < STEPS

    def final(x, mask, weights):
        return KERNELS[name](x, mask, *states, *weights)[1]

    mask = np.tile(mask, (BATCH, 1))
    check_same(final(x, None, weights), final(padded, mask, weights))


@pytest.mark.parametrize("name", KERNELS)
def test_in_a_loop_the_gradient_is_the_same(name):
    x, states, weights, _ = problem(name)

    def loss(run, weights):
        def step(carry, x):
            outputs, _ = run(x, weights)
            return carry + jnp.sin(outputs).sum(), None

        return lax.scan(step, 0.0, jnp.stack([x, 2 * x]))[0]

    def plain(x, weights):
        return reference(name, x, None, states, weights, False, False)

    def ours(x, weights):
        return KERNELS[name](x, None, *states, *weights)

    expected, got = (jax.jit(jax.grad(partial(loss, run)))(weights) for run in (plain, ours))
    check_same(expected, got)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("masked", [False, True])
def test_unknown_batch_and_steps_give_the_shape(name, masked):
    batch, steps = export.symbolic_shape("b, t")
    _, states, weights, _ = problem(name)
    x = jax.ShapeDtypeStruct((batch, steps, FEATURES), "float32")
    mask = jax.ShapeDtypeStruct((batch, steps), "bool") if masked else None
    states = [jax.ShapeDtypeStruct((batch, UNITS), "float32") for _ in states]
    outputs, finals = jax.eval_shape(partial(KERNELS[name], reverse=True), x, mask, *states, *weights)
    assert outputs.shape == (batch, steps, UNITS)
    assert [state.shape for state in finals] == [(batch, UNITS)] * len(states)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", KERNELS)
def test_the_result_has_the_dtype_of_the_input(name, dtype):
    x, states, weights, mask = jax.tree.map(lambda array: array.astype(dtype), problem(name))
    outputs, finals = KERNELS[name](x, mask, *states, *weights)
    assert {outputs.dtype, *(state.dtype for state in finals)} == {jnp.dtype(dtype)}

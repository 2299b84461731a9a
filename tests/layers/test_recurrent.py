"""Recurrent layers read sequences as Keras's do: every option, every mask, every cell."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import Case, assert_same, case, each

import lamina
from lamina import layers
from lamina.core.tensor import KerasTensor

AT_END = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], bool)
IN_BETWEEN = np.array([[0, 1, 0, 1, 1], [1, 0, 1, 1, 0]], bool)
X = (2, 5, 3)

PLAIN = [
    case("LSTM", X, units=4),
    case("GRU", X, units=4),
    case("SimpleRNN", X, units=4),
    case("GRU", X, units=4, reset_after=False),
]
OPTIONS = [
    {"return_sequences": True},
    {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"return_state": True, "unroll": True},
    {"use_bias": False, "zero_output_for_mask": True, "return_sequences": True},
    {"activation": "relu", "kernel_regularizer": "l2", "bias_constraint": "non_neg"},
    {"dropout": 0.3, "recurrent_dropout": 0.4, "seed": 7},
    {"dtype": "mixed_bfloat16", "return_sequences": True},
]
GATED = [
    case("LSTM", X, units=4, recurrent_activation="hard_sigmoid", unit_forget_bias=False),
    case("GRU", X, units=4, recurrent_activation="hard_sigmoid", implementation=1),
    case("GRU", X, units=4, recurrent_activation="hard_sigmoid", reset_after=False),
]


def cell(name, **kwargs):
    return Case(name, None, {"name": "cell", **kwargs})


STACK = Case(
    "StackedRNNCells",
    None,
    {"name": "stack", "cells": [cell("LSTMCell", units=3), cell("GRUCell", units=2), cell("SimpleRNNCell", units=4)]},
)
CELLS = [
    case("RNN", X, cell=cell("LSTMCell", units=4), return_sequences=True),
    case("RNN", X, cell=cell("GRUCell", units=4, activation="relu"), return_sequences=True, go_backwards=True),
    case("RNN", X, cell=STACK, return_sequences=True, zero_output_for_mask=True),
    case("RNN", X, cell=STACK, return_state=True),
]
WITH_OPTIONS = [
    PLAIN[i % 4].when(kwargs={**PLAIN[i % 4].kwargs, **options}) for i, options in enumerate(OPTIONS, start=1)
]
ALL = PLAIN + WITH_OPTIONS + GATED + CELLS
TRAINING = [
    case("LSTM", X, units=4, dropout=0.5, seed=3),
    case("GRU", X, units=4, dropout=0.3, recurrent_dropout=0.4, seed=3),
    case("GRU", X, units=4, dropout=0.3, recurrent_dropout=0.4, seed=3, reset_after=False),
    case("LSTM", X, units=4, dropout=0.3, recurrent_dropout=0.4, seed=3),
    case("SimpleRNN", X, units=4, dropout=0.3, recurrent_dropout=0.5, seed=3),
    case("RNN", X, cell=cell("GRUCell", units=4, dropout=0.5, seed=3, implementation=1)),
    case(
        "RNN", X, cell=[cell("LSTMCell", units=3, dropout=0.5, seed=1), cell("GRUCell", units=4, dropout=0.5, seed=2)]
    ),
]
TRAINING = [c.when(call={"training": True}) for c in TRAINING]
MASKED = [
    PLAIN[0].when(mask=AT_END),
    *(c.when(mask=IN_BETWEEN) for c in ALL if not c.kwargs.get("unroll")),
]


@each(ALL + MASKED + TRAINING)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each(PLAIN + CELLS[2:3] + [c for c in MASKED[1::4] if "dtype" not in c.kwargs] + TRAINING[1:2])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c for c in ALL if not c.kwargs.get("unroll")])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(ALL + TRAINING)
def test_configs_equal_those_of_keras(case):
    case.check_config()


NAMES = ["LSTM", "GRU", "SimpleRNN"]
SEQUENCE = np.random.default_rng(3).standard_normal(X).astype("float32")


@pytest.mark.parametrize("name", NAMES)
def test_a_padded_sequence_gives_what_the_unpadded_one_gives(name):
    layer = getattr(layers, name)(4)
    padded = np.concatenate([SEQUENCE, np.full((2, 3, 3), 9, "float32")], axis=1)
    mask = np.arange(8)[None] < np.array([[5], [5]])
    result, expected = np.asarray(layer(padded, mask=mask)), np.asarray(layer(SEQUENCE))
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_the_kernel_and_the_loop_over_the_cell_agree(name):
    fast = getattr(layers, name)(4, return_sequences=True)
    slow = getattr(layers, name)(4, return_sequences=True, unroll=True)
    fast.build(X)
    slow.build(X)
    slow.set_weights(fast.get_weights())
    for mask in (None, IN_BETWEEN):
        np.testing.assert_allclose(
            np.asarray(fast(SEQUENCE, mask=mask)), np.asarray(slow(SEQUENCE, mask=mask)), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("name", NAMES)
def test_initial_states_are_those_of_keras(name):
    ours, theirs = getattr(layers, name)(4), getattr(keras.layers, name)(4)
    states = [np.full((2, 4), 0.5 + i, "float32") for i in range(2 if name == "LSTM" else 1)]
    ours(SEQUENCE)
    theirs(SEQUENCE)
    theirs.set_weights(ours.get_weights())
    assert_same(ours(SEQUENCE, initial_state=states), theirs(SEQUENCE, initial_state=states))


@pytest.mark.parametrize("name", NAMES)
def test_a_stateful_layer_reads_on_where_it_stopped(name):
    layer = getattr(layers, name)(4, stateful=True)
    layer(SEQUENCE[:, :2])
    in_two = np.asarray(layer(SEQUENCE[:, 2:]))
    layer.reset_states()
    np.testing.assert_allclose(np.asarray(layer(SEQUENCE)), in_two, rtol=1e-5, atol=1e-6)
    assert all(np.any(np.asarray(state)) for state in layer.states)
    layer.reset_state()
    assert not any(np.any(np.asarray(state)) for state in layer.states)


def test_what_a_stateful_layer_remembers_is_no_weight_but_survives_compilation():
    model = lamina.Sequential([lamina.Input((5, 3), batch_size=2), layers.LSTM(4, stateful=True)])
    assert len(model.weights) == 3
    first, second = np.asarray(model(SEQUENCE)), np.asarray(model(SEQUENCE))
    assert np.abs(first - second).max() > 1e-3
    model.layers[-1].reset_state()
    assert_same(model.predict(SEQUENCE, verbose=0), first)
    assert_same(model.predict(SEQUENCE, verbose=0), second)


class Counter(layers.Layer):
    """A user's cell: no weights, a state that is no list."""

    state_size = 3

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


class Pair:
    """A user's cell that is no layer and makes its own first state."""

    state_size = (3, 1)

    def get_initial_state(self, batch_size):
        return [np.ones((batch_size, 3), "float32"), np.zeros((batch_size, 1), "float32")]

    def call(self, inputs, states):
        return states[0] * 2, (states[0] * 2, states[1] + 1)

    __call__ = call


def test_any_cell_will_do():
    sums = layers.RNN(Counter(), return_sequences=True)(SEQUENCE)
    np.testing.assert_allclose(np.asarray(sums), np.cumsum(SEQUENCE, axis=1), rtol=1e-5, atol=1e-6)
    last, doubled, counted = layers.RNN(Pair(), return_state=True)(SEQUENCE)
    assert np.asarray(last).tolist() == np.asarray(doubled).tolist() == [[32.0] * 3] * 2
    assert np.asarray(counted).tolist() == [[5.0]] * 2
    assert layers.RNN([Counter(), layers.GRUCell(2)], return_sequences=True)(SEQUENCE).shape == (2, 5, 2)


def test_a_cell_keeps_one_pattern_of_dropout_for_all_steps():
    layer = layers.RNN(
        layers.SimpleRNNCell(8, "linear", dropout=0.5, kernel_initializer="identity"), return_sequences=True
    )
    layer.cell.recurrent_initializer = lamina.initializers.Zeros()
    outputs = np.asarray(layer(np.ones((1, 6, 8), "float32"), training=True))[0]
    assert set(np.unique(outputs)) == {0.0, 2.0}
    assert (outputs == outputs[0]).all()


def test_sequences_of_unknown_length_give_the_formula_of_the_shape():
    y = layers.LSTM(4, return_sequences=True)(KerasTensor((None, None, 3)))
    assert str(y.symbolic_shape) == "(b, t, 4)"


def test_a_mask_from_embedding_reaches_the_second_layer():
    tokens = lamina.Input((None,), dtype="int32")
    x = layers.Embedding(9, 3, mask_zero=True)(tokens)
    x = layers.LSTM(4, return_sequences=True)(x)
    model = lamina.Model(tokens, layers.GRU(2)(x))
    short, padded = np.array([[3, 4]], "int32"), np.array([[3, 4, 0, 0]], "int32")
    np.testing.assert_allclose(np.asarray(model(padded)), np.asarray(model(short)), rtol=1e-5)


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
def test_what_makes_no_sense_is_refused(library):
    layers = library.layers
    for name in NAMES:
        with pytest.raises(ValueError, match="units"):
            getattr(layers, name)(0)
        with pytest.raises(ValueError, match="ndim=3"):
            getattr(layers, name)(2)(SEQUENCE[0])
    with pytest.raises(ValueError, match="use_cudnn"):
        layers.LSTM(2, use_cudnn="yes")
    with pytest.raises(ValueError, match="state_size"):
        layers.RNN(layers.Dense(2))
    with pytest.raises(ValueError, match="call"):
        layers.StackedRNNCells([3])
    with pytest.raises(ValueError, match="batch size"):
        layers.LSTM(2, stateful=True)(
            library.KerasTensor((None, 5, 3)) if library is keras else KerasTensor((None, 5, 3))
        )
    stateful = layers.LSTM(2, stateful=True)
    stateful(SEQUENCE)
    with pytest.raises(ValueError, match="batch size"):
        stateful(SEQUENCE[:1])


@pytest.mark.parametrize("go_backwards", [False, True])
def test_an_unrolled_loop_puts_out_zeros_for_masked_steps_as_the_other_does(go_backwards):
    options = {"return_sequences": True, "zero_output_for_mask": True, "go_backwards": go_backwards}
    rolled, unrolled = (layers.LSTM(2, unroll=unroll, **options) for unroll in (False, True))
    x, mask = np.ones((1, 4, 3), "float32"), np.array([[True, False, True, False]])
    wanted = rolled(x, mask=mask)
    unrolled.build(x.shape)
    unrolled.set_weights(rolled.get_weights())
    np.testing.assert_allclose(unrolled(x, mask=mask), wanted, rtol=1e-5)
    assert not np.any(np.asarray(wanted)[0, 0 if go_backwards else 1])

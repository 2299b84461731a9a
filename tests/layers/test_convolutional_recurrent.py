"""Recurrent convolutions read sequences of grids as Keras's do."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import case, each

import lamina

X = (2, 3, 4, 5, 2)
MASK = np.array([[1, 0, 1], [0, 1, 0]], bool)
CASES = [
    case("ConvLSTM1D", (2, 3, 5, 2), filters=3, kernel_size=2),
    case("ConvLSTM1D", (2, 3, 5, 2), filters=3, kernel_size=2, dilation_rate=2, padding="same", use_bias=False),
    case("ConvLSTM2D", X, filters=3, kernel_size=(2, 3), return_sequences=True),
    case("ConvLSTM2D", X, filters=2, kernel_size=3, strides=2, padding="same", return_state=True, go_backwards=True),
    case("ConvLSTM2D", (2, 3, 2, 4, 5), filters=3, kernel_size=2, data_format="channels_first", return_sequences=True),
    case("ConvLSTM2D", X, filters=3, kernel_size=2, activation="relu", unit_forget_bias=False, recurrent_dropout=0.2),
    case("ConvLSTM3D", (1, 2, 3, 3, 3, 2), filters=2, kernel_size=2, kernel_regularizer="l2"),
]
TRAINING = case("ConvLSTM2D", X, filters=3, kernel_size=2, dropout=0.3, recurrent_dropout=0.4, seed=3)
TRAINING = TRAINING.when(call={"training": True})


@each([*CASES, TRAINING])
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


def test_masked_steps_leave_states_as_they_are():  # where Keras fails
    layer = lamina.layers.ConvLSTM2D(3, 2, return_sequences=True)
    x = np.random.default_rng(0).standard_normal(X).astype("float32")
    masked = np.asarray(layer(x, mask=MASK))
    np.testing.assert_allclose(masked[0, 2], np.asarray(layer(x[:1, [0, 2]]))[0, 1], rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(masked[0, 1], masked[0, 0])


@each(CASES[:1])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(CASES)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.when(known=range(2, len(case.inputs))).check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_states_carry_over_from_batch_to_batch():
    layer = lamina.layers.ConvLSTM1D(2, 2, stateful=True)
    x = np.random.default_rng(0).standard_normal((2, 4, 5, 2)).astype("float32")
    layer(x[:, :2])
    in_two = np.asarray(layer(x[:, 2:]))
    layer.reset_state()
    np.testing.assert_allclose(np.asarray(layer(x)), in_two, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
def test_what_makes_no_sense_is_refused(library):
    layer = library.layers.ConvLSTM2D
    with pytest.raises(ValueError):
        layer(2, 2, strides=2, dilation_rate=2)
    with pytest.raises(ValueError):
        layer(2, (2, 2, 2))
    with pytest.raises(ValueError):
        layer(2, 2).build((None, 3, None, 4, 2))
    with pytest.raises(ValueError):
        layer(2, 2)(np.ones((2, 3, 4, 5), "float32"))

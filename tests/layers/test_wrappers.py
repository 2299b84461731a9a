"""TimeDistributed and Bidirectional do to their layers what Keras's do."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import Case, assert_same, case, each

import lamina
from lamina import initializers, layers
from lamina.core import serialization
from lamina.core.context import get_mask, thread

AT_END = np.array([[1, 1, 1, 0, 0], [1, 0, 0, 0, 0]], bool)
IN_BETWEEN = np.array([[0, 1, 0, 1, 1], [1, 0, 1, 1, 0]], bool)
X = (2, 5, 3)


def inner(name, **kwargs):
    return Case(name, None, {"name": "inner", **kwargs})


BATCH = inner("BatchNormalization")
TIME_DISTRIBUTED = [
    case("TimeDistributed", X, layer=inner("Dense", units=4, activation="relu")),
    case("TimeDistributed", (2, 3, 4, 4, 2), layer=inner("Conv2D", filters=3, kernel_size=2)),
    case("TimeDistributed", (2, 3, 4, 4, 2), layer=inner("Flatten")).when(known=(2, 3, 4)),
    case("TimeDistributed", (2, 3, 4, 2), layer=inner("LSTM", units=2)),
    case("TimeDistributed", X, layer=BATCH),
    case("TimeDistributed", X, layer=inner("Dense", units=4, dtype="mixed_bfloat16"), dtype="mixed_bfloat16"),
]
BIDIRECTIONAL = [
    case("Bidirectional", X, layer=inner("LSTM", units=2, return_sequences=True)),
    case("Bidirectional", X, layer=inner("GRU", units=2, return_sequences=True, return_state=True), merge_mode="sum"),
    case("Bidirectional", X, layer=inner("SimpleRNN", units=2), merge_mode="mul"),
    case("Bidirectional", X, layer=inner("LSTM", units=2, return_state=True), merge_mode=None),
    case("Bidirectional", X, layer=inner("GRU", units=2), merge_mode="ave"),
    case(
        "Bidirectional",
        X,
        layer=inner("LSTM", units=2, return_sequences=True),
        backward_layer=inner("GRU", units=2, return_sequences=True, go_backwards=True),
        merge_mode=None,
    ),
    case("Bidirectional", X, layer=inner("RNN", cell=inner("LSTMCell", units=2), return_sequences=True)),
]
ALL = TIME_DISTRIBUTED + BIDIRECTIONAL
MASKED = [c.when(mask=mask) for c in BIDIRECTIONAL for mask in (AT_END, IN_BETWEEN)]


@each([*ALL, *MASKED, TIME_DISTRIBUTED[0].when(mask=AT_END)])
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([*TIME_DISTRIBUTED[:2], BIDIRECTIONAL[2], MASKED[3]])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(ALL)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each([c for c in ALL if c.kwargs["layer"].layer != "Flatten"])  # which Keras builds and Lamina need not
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_batch_normalization_sees_one_step_after_the_other_while_training():
    TIME_DISTRIBUTED[4].when(call={"training": True}).check_outputs()


def test_wrapper_builds_and_keeps_the_layer_inside():
    wrapper = layers.Wrapper(layers.Dense(3))
    wrapper.build((None, 2))
    assert wrapper.layer.kernel.shape == (2, 3)
    assert layers.Wrapper.from_config(wrapper.get_config()).layer.units == 3


def test_bidirectional_starts_with_the_given_weights():
    first = layers.Bidirectional(layers.LSTM(2))
    first.build((None, None, 3))
    second = layers.Bidirectional(layers.LSTM(2), weights=first.get_weights())
    second.build((None, None, 3))
    assert_same(first.get_weights(), second.get_weights())


def test_bidirectional_copies_a_recurrent_layer_of_the_user():
    class Doubled(layers.SimpleRNN):
        def call(self, sequences, initial_state=None, mask=None, training=False):
            return 2 * super().call(sequences, initial_state=initial_state, mask=mask, training=training)

    layer = layers.Bidirectional(Doubled(2, return_sequences=True))
    assert type(layer.forward_layer) is type(layer.backward_layer) is Doubled
    assert layer(np.ones(X, "float32")).shape == (2, 5, 4)


def test_stateful_layers_remember_and_forget_together():
    x = np.ones(X, "float32")
    layer = layers.Bidirectional(layers.LSTM(2, stateful=True))
    first, second = layer(x), layer(x)
    assert np.abs(np.asarray(first - second)).max() > 1e-3
    layer.reset_state()
    assert_same(layer(x), first)
    with pytest.raises(AttributeError):
        layers.Bidirectional(layers.LSTM(2)).reset_state()


def test_output_mask_is_that_of_the_input():
    x = layers.Masking()(np.where(AT_END[..., None], np.ones(X, "float32"), 0))
    assert_same(get_mask(layers.Bidirectional(layers.LSTM(2, return_sequences=True))(x)), AT_END)
    assert_same(get_mask(layers.TimeDistributed(layers.Dense(2))(x)), AT_END)


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
def test_what_makes_no_sense_is_refused(library):
    layers = library.layers
    with pytest.raises(ValueError):
        layers.Bidirectional(layers.LSTM(2), merge_mode="median")
    with pytest.raises(ValueError):
        layers.Bidirectional("LSTM")
    with pytest.raises(ValueError):
        layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2))
    with pytest.raises(ValueError):
        layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, return_sequences=True))
    with pytest.raises(ValueError):
        layers.TimeDistributed(3)
    with pytest.raises(ValueError):
        layers.TimeDistributed(layers.Dense(2))(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError):
        layers.TimeDistributed(layers.Dense(2))(np.ones(X, "float32"), mask=np.ones((2, 4), bool))


def test_bidirectional_keeps_what_configs_leave_out():
    both = layers.Bidirectional(layers.LSTM(2, use_cudnn=False))
    assert (both.forward_layer.use_cudnn, both.backward_layer.use_cudnn) == (False, False)


def test_what_is_shared_in_the_copied_layer_is_not_mixed_with_what_a_file_shares():
    twice = initializers.RandomNormal(0.5)
    with serialization.sharing_objects():
        thread.shared_objects.made[1] = "another object of the file"
        wrapper = layers.Bidirectional(layers.GRU(2, kernel_initializer=twice, recurrent_initializer=twice))
    forward, backward = wrapper.forward_layer, wrapper.backward_layer
    assert forward.kernel_initializer is forward.recurrent_initializer
    assert forward.kernel_initializer is not backward.kernel_initializer
    assert forward.kernel_initializer.get_config() == twice.get_config()

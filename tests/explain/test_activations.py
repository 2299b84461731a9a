"""model.activations(x): the output of every layer, for models of any kind."""

import numpy as np
import pytest

import lamina
from lamina import layers

X = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")


def stack():
    return lamina.Sequential(
        [lamina.Input((6,)), layers.Dense(4, activation="relu", name="first"), layers.Dense(2, name="second")]
    )


def test_a_stack_gives_the_output_of_each_layer():
    model = stack()
    found = model.activations(X)
    assert list(found) == ["first", "second"]
    np.testing.assert_allclose(found["first"], model.layers[0](X), rtol=1e-5)
    np.testing.assert_allclose(found["second"], model(X), rtol=1e-5)


def test_nested_and_shared_layers_have_paths_and_numbers():
    base, x = stack(), lamina.Input((6,))
    base.name = "base"
    model = lamina.Model(x, layers.Add(name="sum")([base(x), base(lamina.ops.multiply(x, 2.0))]))
    found = model.activations(X)
    assert list(found) == [
        "multiply",
        "base/first",
        "base/second",
        "base",
        "base[1]/first",
        "base[1]/second",
        "base[1]",
        "sum",
    ]
    np.testing.assert_allclose(found["sum"], found["base"] + found["base[1]"], rtol=1e-5)
    np.testing.assert_allclose(found["base[1]"], base(2 * X), rtol=1e-5)


class Residual(lamina.Model):
    def __init__(self):
        super().__init__()
        self.inner = [layers.Dense(6, activation="relu", name="one"), layers.Dense(6, name="two")]
        self.drop = layers.Dropout(0.5, name="drop")

    def call(self, x, training=False):
        for layer in self.inner:
            x = x + layer(x)
        return self.drop(x, training=training)


def test_a_subclassed_model_needs_no_rebuilding():
    model = Residual()
    found = model.activations(X)
    assert list(found) == ["one", "two", "drop"]
    np.testing.assert_allclose(found["drop"], model(X), rtol=1e-5)


def test_training_is_passed_on_and_changes_nothing():
    model = Residual()
    model(X)
    seed = model.drop.seed_generator.state.numpy()
    assert (np.asarray(model.activations(X, training=True)["drop"]) == 0).any()
    np.testing.assert_array_equal(model.drop.seed_generator.state.numpy(), seed)
    assert "call" not in vars(model.drop)


def test_recurrent_layers_and_wrappers_are_heard_from_outside():
    model = lamina.Sequential(
        [
            lamina.Input((5,), dtype="int32"),
            layers.Embedding(7, 4, mask_zero=True, name="words"),
            layers.Bidirectional(layers.LSTM(3, name="lstm"), name="both"),
        ]
    )
    found = model.activations([[1, 2, 0, 0, 0]])
    assert list(found) == ["words", "both/forward_lstm", "both/backward_lstm", "both"]
    np.testing.assert_allclose(
        found["both"], np.concatenate([found["both/forward_lstm"], found["both/backward_lstm"]], -1), rtol=1e-5
    )


@pytest.mark.parametrize("as_dict", [False, True])
def test_several_inputs_come_as_the_model_takes_them(as_dict):
    inputs = {"a": lamina.Input((6,), name="a"), "b": lamina.Input((6,), name="b")}
    y = layers.Add(name="sum")([inputs["a"], inputs["b"]])
    model = lamina.Model(inputs if as_dict else list(inputs.values()), y)
    data = {"a": X, "b": X} if as_dict else [X, X]
    np.testing.assert_allclose(model.activations(data)["sum"], 2 * X)

"""A loss that becomes NaN is reported with the step and the layer it came from."""

import keras
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core import config
from lamina.core.errors import LaminaWarning

X = np.ones((12, 3), "float32")
Y = np.ones((12, 1), "float32")


class Root(layers.Layer):
    """The square root, which is NaN below zero."""

    def call(self, x):
        return lamina.ops.sqrt(x)


def network(*inner, loss="mse", rate=0.01):
    model = lamina.Sequential([layers.Input((3,)), layers.Dense(4, name="first", kernel_initializer="ones"), *inner])
    model.add(layers.Dense(1, name="last"))
    model.compile(lamina.optimizers.SGD(rate), loss)
    return model


@pytest.mark.parametrize("source", ["arrays", "generator"])
def test_the_first_layer_and_the_step_are_named(source):
    model = network(Root(name="root"))
    x = X.copy()
    x[8:] = -1.0  # the third batch of four
    arguments = {"x": x, "y": Y, "batch_size": 4, "shuffle": False}
    if source == "generator":
        arguments = {"x": iter([(x[i : i + 4], Y[i : i + 4]) for i in (0, 4, 8)])}
    with pytest.warns(
        LaminaWarning,
        match=r"L370: .* in epoch 1 at step 3 with the learning rate 0.01: .* is 'root' f32\[4,4\], 16 of 16 values",
    ):
        history = model.fit(**arguments, verbose=0).history
    assert np.isnan(history["loss"][0])


def test_the_weights_stay_as_the_last_good_step_left_them():
    model, twin = network(Root()), network(Root())
    twin.set_weights(model.get_weights())
    x = X.copy()
    x[8:] = -1.0
    with pytest.warns(LaminaWarning, match="L370"):
        model.fit(x, Y, batch_size=4, shuffle=False, verbose=0)
    twin.fit(x[:8], Y[:8], batch_size=4, shuffle=False, verbose=0)
    for mine, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert int(model.optimizer.iterations) == 2


def test_a_diverging_run_tells_that_an_earlier_step_is_the_reason():
    model = network(rate=1e30)
    with pytest.warns(LaminaWarning, match=r"output was not finite is 'first'.*an earlier step, which made"):
        model.fit(X, Y, batch_size=2, verbose=0)


def test_a_loss_that_is_nan_by_itself_is_told_from_a_layer():
    model = network(loss=lambda y, p: lamina.ops.sqrt(y - p - 100.0))
    with pytest.warns(LaminaWarning, match="every layer's output is finite, so it is the loss"):
        model.fit(X, Y, epochs=2, verbose=0)


def test_an_infinite_loss_is_told_too():
    model = network(loss=lambda y, p: 0 * p + float("inf"))
    with pytest.warns(LaminaWarning, match="L370: the loss became infinite in epoch 1 with the learning rate 0.01:"):
        model.fit(X, Y, verbose=0)


def test_it_is_told_once_and_can_be_silenced(recwarn, monkeypatch):
    model = network(Root())
    model.fit(-X, Y, epochs=3, verbose=0)
    assert sum("L370" in str(warning.message) for warning in recwarn) == 1
    recwarn.clear()
    model = network(Root())
    monkeypatch.setattr(config._settings, "silenced", frozenset({"L370"}))
    model.fit(-X, Y, verbose=0)
    assert not any("L370" in str(warning.message) for warning in recwarn)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_the_guard_changes_nothing_in_good_steps(optimizer):
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    histories, start = [], None
    for library in (keras, lamina):
        model = library.Sequential([library.layers.Input((3,)), library.layers.Dense(2), library.layers.Dense(1)])
        start = start or model.get_weights()
        model.set_weights(start)
        model.compile(optimizer, "mse")
        histories.append(model.fit(x, x[:, :1], batch_size=4, epochs=3, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(*histories, rtol=1e-5)

"""Budgets: how many of our functions stand between the user's line and the maths, and how many a warm step enters."""

import inspect
import sys

import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.models import Sequential

SOURCE = lamina.__path__[0]


def calls_during(function):
    """The names of our functions entered while `function` runs."""
    entered = []

    def record(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(SOURCE):
            entered.append(frame.f_code.co_qualname)

    sys.setprofile(record)
    try:
        function()
    finally:
        sys.setprofile(None)
    return entered


def layer_cases():
    yield layers.Dense(4, activation="relu"), jnp.ones((2, 3))
    yield layers.Flatten(), jnp.ones((2, 3, 4))
    yield layers.Conv2D(2, 3), jnp.ones((1, 6, 6, 3))
    yield layers.MaxPooling2D(), jnp.ones((1, 6, 6, 3))
    yield layers.BatchNormalization(), jnp.ones((1, 6, 6, 4))
    yield layers.GroupNormalization(2), jnp.ones((1, 6, 6, 4))
    yield layers.LayerNormalization(), jnp.ones((2, 3))
    yield layers.Conv2D(2, 3, data_format="channels_first", activation="relu"), jnp.ones((1, 3, 6, 6))


@pytest.mark.parametrize(("layer", "x"), list(layer_cases()), ids=lambda v: type(v).__name__)
def test_an_eager_layer_call_enters_at_most_20_functions_up_to_its_maths(layer, x):
    layer(x)
    entered = calls_during(lambda: layer(x))
    assert len(entered) <= 20, entered


def test_the_maths_of_an_eager_call_is_at_most_3_frames_away(monkeypatch):
    depths = []
    matmul = jnp.matmul

    def measured(*args, **kwargs):
        depths.append(sum(frame.filename.startswith(SOURCE) for frame in inspect.stack(0)))
        return matmul(*args, **kwargs)

    layer, x = layers.Dense(4), jnp.ones((2, 3))
    layer(x)
    monkeypatch.setattr(jnp, "matmul", measured)
    layer(x)
    assert depths
    assert max(depths) <= 3


@pytest.mark.parametrize("depth", [1, 5, 50])
def test_a_warm_step_enters_at_most_10_functions_whatever_the_depth(depth):
    model = Sequential([layers.Input((3,)), *(layers.Dense(3) for _ in range(depth))])
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((160, 3), "float32"), np.ones((160, 3), "float32")
    model.fit(x, y, batch_size=8, verbose=0)
    few = len(calls_during(lambda: model.fit(x[:80], y[:80], batch_size=8, verbose=0)))
    many = len(calls_during(lambda: model.fit(x, y, batch_size=8, verbose=0)))
    assert (many - few) / 10 <= 10


def test_a_warm_prediction_enters_few_functions():
    model = Sequential([layers.Input((3,)), *(layers.Dense(3) for _ in range(20))])
    x = np.ones((1, 3), "float32")
    model.predict(x, verbose=0)
    assert len(calls_during(lambda: model.predict(x, verbose=0))) <= 15

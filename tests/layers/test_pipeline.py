"""Pipeline applies its layers as Keras's does."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import Case, case, each

import lamina
from lamina import layers
from lamina.core.context import get_mask

CASES = [
    case("Pipeline", (2, 4), layers=[Case("Rescaling", None, dict(scale=0.5)), Case("Dense", None, dict(units=3))]),
    case("Pipeline", (2, 4, 3), layers=[Case("Masking"), Case("LSTM", None, dict(units=2))]),
    case("Pipeline", (2, 4), layers=[Case("Dropout", None, dict(rate=0.5, seed=1))]),
]


@each([*CASES, CASES[2].when(call={"training": False})])
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each(CASES[:2])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(CASES)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES[::2])
def test_configs_equal_those_of_keras(case):
    ours, theirs = case.make(lamina), case.make(keras)
    assert ours.get_config().keys() == theirs.get_config().keys()
    again = layers.Pipeline.from_config(theirs.get_config())
    assert [layer.get_config() for layer in again.layers] == [layer.get_config() for layer in ours.layers]
    with pytest.raises(ValueError, match="must contain a `layers` key"):
        layers.Pipeline.from_config({"name": "p"})


def test_a_mask_reaches_the_first_layer_and_travels_on():
    mask = np.array([[True, False]])
    pipeline = layers.Pipeline([layers.Activation("relu"), layers.LSTM(2, return_sequences=True)])
    outputs = pipeline(np.ones((1, 2, 3), "float32"), mask=mask)
    assert outputs.shape == (1, 2, 2)
    alone = layers.Pipeline([layers.GlobalAveragePooling1D()])
    np.testing.assert_allclose(alone(np.array([[[1.0], [5.0]]], "float32"), mask=mask), [[1.0]])
    assert get_mask(layers.Pipeline([layers.Masking()])(np.zeros((1, 2, 3), "float32"))).tolist() == [[False, False]]


def test_a_model_with_a_pipeline_trains_and_is_loaded_by_both(tmp_path):
    x = np.random.default_rng(0).standard_normal((8, 3)).astype("float32")
    pipeline = layers.Pipeline([layers.Rescaling(2.0), layers.Dense(4, activation="relu")])
    model = lamina.Sequential([lamina.Input((3,)), pipeline, layers.Dense(1)])
    model.compile("adam", "mse")
    before = pipeline.get_weights()
    model.fit(x, x[:, :1], verbose=0)
    assert not np.allclose(pipeline.get_weights()[0], before[0])
    model.save(tmp_path / "m.keras")
    for library in (lamina, keras):
        again = library.models.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)

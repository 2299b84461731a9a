"""Dropout and noise disturb the same values as in Keras for the same seed, and only while training."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import case, each

import lamina
from lamina import layers

STEPS = (3, 4, 5)
CASES = [
    case("Dropout", STEPS, rate=0.4, seed=1),
    case("Dropout", STEPS, rate=0.4, seed=1, noise_shape=(None, 1, 5)),
    case("Dropout", STEPS, rate=0.0),
    case("Dropout", STEPS, rate=1.0, seed=1),
    case("Dropout", STEPS, rate=0.4, seed=1, dtype="mixed_bfloat16"),
    case("SpatialDropout1D", STEPS, rate=0.4, seed=2),
    case("SpatialDropout2D", (2, 3, 4, 5), rate=0.4, seed=2),
    case("SpatialDropout2D", (2, 5, 3, 4), rate=0.4, seed=2, data_format="channels_first"),
    case("SpatialDropout3D", (2, 2, 3, 2, 5), rate=0.4, seed=2, dtype="float32"),
    case("AlphaDropout", STEPS, rate=0.4, seed=3),
    case("AlphaDropout", STEPS, rate=0.4, seed=3, noise_shape=(3, None, 1)),
    case("GaussianDropout", STEPS, rate=0.4, seed=4),
    case("GaussianNoise", STEPS, stddev=0.4, seed=5),
    case("GaussianNoise", STEPS, stddev=0.0),
    case("ActivityRegularization", STEPS, l1=0.1, l2=0.2),
]
TRAINING = [c.when(call={"training": True}) for c in CASES if c.layer != "ActivityRegularization"]
MASK = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]], bool)


@each([*CASES, *TRAINING, *(c.when(mask=MASK) for c in CASES if c.inputs == STEPS)])
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([c for c in TRAINING if c.kwargs.get("rate") != 1.0 and "dtype" not in c.kwargs])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c for c in CASES + TRAINING if c.kwargs.get("noise_shape") != (3, None, 1)])  # which fixes the batch size
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_the_second_call_draws_another_pattern_as_in_keras():
    x = np.ones(STEPS, "float32")
    ours, theirs = layers.Dropout(0.5, seed=1), keras.layers.Dropout(0.5, seed=1)
    first, second = ours(x, training=True), ours(x, training=True)
    assert np.any(np.asarray(first) != np.asarray(second))
    theirs(x, training=True)
    np.testing.assert_array_equal(np.asarray(second), np.asarray(theirs(x, training=True)))


def test_activity_regularization_adds_the_loss_of_keras():
    x = np.random.default_rng(0).standard_normal(STEPS).astype("float32")
    losses = []
    for library in (lamina, keras):
        layer = library.layers.ActivityRegularization(l1=0.1, l2=0.2)
        layer(x)
        losses.append(float(sum(layer.losses)))
    np.testing.assert_allclose(*losses, rtol=1e-6)


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        *((name, {"rate": rate}) for name in ("Dropout", "AlphaDropout", "GaussianDropout") for rate in (-0.1, 1.1)),
        ("SpatialDropout1D", {"rate": 2}),
        ("GaussianNoise", {"stddev": 1.5}),
        *(("Dropout", {"rate": 0.5, "noise_shape": shape}) for shape in ("abc", 3, (0, 1), (1.5,), (-1,))),
    ],
)
def test_what_makes_no_sense_is_refused(library, name, kwargs):
    with pytest.raises(ValueError, match=r"rate|stddev|noise_shape"):
        getattr(library.layers, name)(**kwargs)


def test_a_subclass_with_weights_of_its_own_is_built_when_called():
    class ScaledDropout(layers.Dropout):
        def build(self, input_shape):
            self.scale = self.add_weight((1,), initializer="ones")

    layer = ScaledDropout(0.5)
    assert not layer.built
    layer(np.ones((2, 3), "float32"))
    assert layer.built
    assert len(layer.weights) == 1

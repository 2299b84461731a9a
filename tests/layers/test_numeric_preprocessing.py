"""Layers that bring data into the form a model likes give what Keras's give, and learn what they learn."""

import types
from unittest import mock

import keras
import numpy as np
import pandas as pd
import pytest
from keras.src.layers.preprocessing import normalization
from tests.layers.oracle import assert_same, case, each, weights_of

import lamina
from lamina import layers

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3)).astype("uint8")
TABLE = np.random.default_rng(1).normal(3, 2, (12, 4)).astype("float32")
MASK = np.array([[1, 1, 0, 0], [1, 0, 1, 1]], bool)

CASES = [
    case("Normalization", (2, 3)).when(weights=False),
    case("Normalization", (2, 3), mean=2.0, variance=4.0),
    case("Normalization", (2, 4, 3), mean=[1.0, 2.0, 3.0], variance=[4.0, 0.0, 1.0]).when(mask=MASK),
    case("Normalization", (2, 4, 3), axis=(1, -1), mean=[1.0, 2.0, 3.0], variance=[4.0, 2.0, 1.0]).when(known=(1, 2)),
    case("Normalization", (2, 4, 3), axis=[2, 1], mean=np.eye(4, 3), variance=np.ones((4, 3))).when(known=(1, 2)),
    case("Normalization", (2, 3), axis=None, mean=2, variance=4, invert=True),
    case("Normalization", IMAGES, axis=None, mean=127.5, variance=5000.0),
    case("Normalization", (2, 3), mean=2.0, variance=4.0, dtype="mixed_float16"),
]


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each(CASES)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def saved_and_loaded(model, path):
    model.save(path / "model.keras")
    return lamina.saving.load_model(path / "model.keras")


# --- Normalization ----------------------------------------------------------------------------------------------


class Batches(keras.utils.PyDataset):
    """Batches of different sizes, with labels."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return TABLE[[0, 5, 6][index] : [5, 6, 12][index]], np.zeros(2)


# Keras asks whether the data are TensorFlow's, which it imports for that.
NO_TENSORFLOW = types.SimpleNamespace(data=types.SimpleNamespace(Dataset=()), is_tensor=lambda x: False)


FORMS = {
    "array": lambda: TABLE,
    "list of batches": lambda: [TABLE[:5], TABLE[5:]],
    "generator": lambda: (TABLE[i : i + 5] for i in (0, 5, 10)),
    "generator of pairs": lambda: ((TABLE[i : i + 5], 1) for i in (0, 5, 10)),
    "data set": Batches,
}


@pytest.mark.parametrize("axis", [-1, None, (0, 1)])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_normalization_learns_what_that_of_keras_learns(form, axis):
    if axis == (0, 1) and form is not FORMS["array"]:
        axis = (1,)
    ours, theirs = layers.Normalization(axis), keras.layers.Normalization(axis)
    ours.adapt(form())
    with mock.patch.object(normalization, "tf", NO_TENSORFLOW):
        theirs.adapt(form())
    assert_same(weights_of(ours), weights_of(theirs))
    assert_same(ours(TABLE), theirs(TABLE))
    assert_same([ours.mean, ours.variance], [theirs.mean, theirs.variance])


def test_normalization_takes_data_frames_and_integers():
    layer = layers.Normalization()
    layer.adapt(pd.DataFrame({"a": [1, 3], "b": [10, 30]}))
    assert layer(np.array([[2, 40]])).tolist() == [[0.0, 2.0]]


def test_normalization_learns_anew_each_time_and_between_calls_of_a_model():
    layer = layers.Normalization()
    model = lamina.Sequential([layers.Input((4,)), layer, layers.Dense(1, kernel_initializer="ones")])
    first = np.asarray(model(TABLE))
    np.testing.assert_allclose(first[:, 0], TABLE.sum(1), rtol=1e-5)
    for data in (TABLE + 5, TABLE):
        layer.adapt(data)
    expected = ((TABLE - TABLE.mean(0)) / TABLE.std(0)).sum(1)
    np.testing.assert_allclose(np.asarray(model(TABLE))[:, 0], expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model.predict(TABLE, verbose=0)[:, 0], expected, rtol=1e-4, atol=1e-4)


def test_normalization_learns_batch_by_batch():
    layer = layers.Normalization()
    layer.update_state(TABLE + 100)
    layer.reset_state()
    layer.update_state(TABLE[:5])
    layer.update_state(TABLE[5:])
    assert not layer.adapt_mean.numpy().any()
    layer.finalize_state()
    np.testing.assert_allclose(layer.adapt_mean.numpy(), TABLE.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.adapt_variance.numpy(), TABLE.var(0), rtol=1e-5)


def test_normalization_keeps_what_it_learned_in_files(tmp_path):
    layer = layers.Normalization(name="norm")
    layer.adapt(TABLE)
    given = layers.Normalization(mean=np.arange(4.0), variance=np.ones(4), invert=True)
    x = layers.Input((4,))
    model = lamina.Model(x, given(layer(x)))
    expected = model.predict(TABLE, verbose=0)
    assert_same(saved_and_loaded(model, tmp_path).predict(TABLE, verbose=0), expected)
    theirs = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(np.asarray(theirs(TABLE)), expected)
    theirs.save(tmp_path / "theirs.keras")
    assert_same(lamina.saving.load_model(tmp_path / "theirs.keras").predict(TABLE, verbose=0), expected)


def test_normalization_undoes_itself():
    there, back = layers.Normalization(), layers.Normalization(invert=True)
    there.adapt(TABLE)
    back.adapt(TABLE)
    np.testing.assert_allclose(back(there(TABLE)), TABLE, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"mean": 1.0}, "both `mean` and `variance` must be set"),
        ({"mean": 1.0, "variance": [1.0]}, "must have the same shape"),
        ({"mean": np.ones((2, 2)), "variance": np.ones((2, 2))}, "The rank of `mean`"),
    ],
)
def test_normalization_refuses_moments_that_do_not_fit(arguments, told):
    for library in (keras, lamina):
        with pytest.raises(ValueError, match=told):
            library.layers.Normalization(**arguments)


def test_normalization_refuses_data_that_do_not_fit():
    with pytest.raises(ValueError, match=r"range \[-ndim, ndim\)"):
        layers.Normalization(axis=2)(TABLE)
    with pytest.raises(ValueError, match="known shape"):
        layers.Normalization()(layers.Input((None,)))
    layer = layers.Normalization()
    layer.build((None, 3))
    with pytest.raises(ValueError, match="incompatible shape"):
        layer.adapt(TABLE)
    with pytest.raises(ValueError, match="incompatible shape"):
        layer.adapt([TABLE[:, :3], TABLE])
    with pytest.raises(ValueError, match="empty iterable"):
        layer.adapt([])
    with pytest.raises(TypeError, match=r"\.shape"):
        layer.adapt([[1.0, 2.0]])
    with pytest.raises(TypeError, match="Unsupported data type"):
        layer.adapt(3)
    with pytest.raises(ValueError, match="given `mean`"):
        layers.Normalization(mean=1.0, variance=1.0).adapt(TABLE)

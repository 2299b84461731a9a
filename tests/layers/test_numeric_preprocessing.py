"""Layers that bring data into the form a model likes give what Keras's give, and learn what they learn."""

import types
from unittest import mock

import keras
import numpy as np
import pandas as pd
import pytest
from keras.src.layers.preprocessing import discretization, normalization
from tests.layers.oracle import as_json, assert_same, case, each, weights_of

import lamina
from lamina import layers

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3)).astype("uint8")
TABLE = np.random.default_rng(1).normal(3, 2, (12, 4)).astype("float32")
NUMBERS = np.array([[0, 1, 1], [4, 2, 7]], "int32")
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
    *(case("CategoryEncoding", NUMBERS, num_tokens=5, output_mode=m) for m in ("one_hot", "multi_hot", "count")),
    *(case("CategoryEncoding", NUMBERS[0], num_tokens=5, output_mode=m) for m in ("one_hot", "binary", "count")),
    *(case("CategoryEncoding", NUMBERS[:, :1], num_tokens=3, output_mode=m) for m in ("one_hot", "multi_hot")),
    case("CategoryEncoding", NUMBERS.astype("float32"), num_tokens=5, dtype="float16"),
    case("Discretization", (2, 5), bin_boundaries=[-1.0, 0.0, 0.5]),
    case("Discretization", NUMBERS, bin_boundaries=[1, 3]),
    *(case("Discretization", (2, 5), bin_boundaries=[0.0], output_mode=m) for m in ("one_hot", "multi_hot", "count")),
    case("Discretization", (2, 1), bin_boundaries=[0.0, 0.5], output_mode="one_hot"),
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
    with pytest.raises(ValueError, match="All `axis` values must be in the range"):
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


# --- CategoryEncoding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "axis"), [((2, 3), 1), ((3,), 0)])
def test_category_encoding_counts_with_weights(shape, axis):
    numbers = np.arange(np.prod(shape)).reshape(shape) % 2
    weights = np.linspace(0.1, 1, numbers.size, dtype="float32").reshape(shape)
    ours, theirs = (library.layers.CategoryEncoding(2, "count") for library in (lamina, keras))
    assert_same(ours(numbers, count_weights=weights), theirs(numbers, count_weights=weights))
    expected = np.stack([np.where(numbers == i, weights, 0).sum(axis) for i in (0, 1)], -1)
    np.testing.assert_allclose(ours(numbers, weights), expected, rtol=1e-6)


def test_category_encoding_takes_numbers_that_small_floats_do_not_hold():
    assert int(np.argmax(layers.CategoryEncoding(3000, dtype="mixed_float16")([[2999]]))) == 2999


def test_category_encoding_works_in_models_and_files(tmp_path):
    numbers, weights = layers.Input((3,), dtype="int32"), layers.Input((3,))
    model = lamina.Model([numbers, weights], layers.CategoryEncoding(4, "count")(numbers, count_weights=weights))
    data = [np.array([[0, 3, 3], [1, 2, 9]], "int32"), np.array([[1, 2, 3], [4, 5, 6]], "float32")]
    expected = [[1, 0, 0, 5], [0, 4, 5, 0]]
    assert model.output_shape == (None, 4)
    assert model.predict(data, verbose=0).tolist() == expected
    assert saved_and_loaded(model, tmp_path).predict(data, verbose=0).tolist() == expected


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"num_tokens": 0}, "must be >= 1"),
        ({}, "num_tokens must be set"),
        ({"num_tokens": 3, "output_mode": "int"}, "Unknown arg for output_mode"),
    ],
)
def test_category_encoding_refuses_what_keras_refuses(arguments, told):
    for library in (keras, lamina):
        with pytest.raises(ValueError, match=told):
            library.layers.CategoryEncoding(**arguments)


def test_category_encoding_refuses_sparse_results_and_weights_without_use():
    with pytest.raises(ValueError, match="not supported"):
        layers.CategoryEncoding(3, sparse=True)
    with pytest.raises(ValueError, match="`count_weights` is not used"):
        layers.CategoryEncoding(3)(np.array([1]), count_weights=np.array([1.0]))


# --- Discretization ---------------------------------------------------------------------------------------------

VALUES = np.random.default_rng(2).normal(size=1000)


@pytest.mark.parametrize(("bins", "epsilon"), [(4, 0.01), (7, 0.003), (20, 0.1)])
@pytest.mark.parametrize("form", ["array", "list of batches", "some batches of a generator"])
def test_discretization_learns_the_boundaries_of_keras(form, bins, epsilon):
    def data():
        batches = [VALUES[:10], VALUES[10:400], VALUES[400:]]
        return {"array": VALUES, "list of batches": batches}.get(form, (batch for batch in batches))

    steps = 2 if "some" in form else None
    ours, theirs = (library.layers.Discretization(num_bins=bins, epsilon=epsilon) for library in (lamina, keras))
    ours.adapt(data(), steps=steps)
    with mock.patch.object(discretization, "tf", NO_TENSORFLOW):
        theirs.adapt(data(), steps=steps)
    np.testing.assert_allclose(ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-6)
    assert_same(ours(VALUES), theirs(VALUES))
    assert as_json(ours.get_config()) == as_json({**theirs.get_config(), "name": ours.name})


def test_discretization_learns_anew_each_time_and_between_calls_of_a_model():
    layer = layers.Discretization(num_bins=2)
    layer.adapt(VALUES + 10)
    model = lamina.Sequential([layers.Input((2,)), layer])
    x = np.array([[-1.0, 1.0]], "float32")
    assert np.asarray(model(x)).tolist() == [[0, 0]]
    assert model.predict(x, verbose=0).tolist() == [[0, 0]]
    layer.adapt(VALUES)
    assert np.asarray(model(x)).tolist() == [[0, 1]]
    assert model.predict(x, verbose=0).tolist() == [[0, 1]]


def test_discretization_keeps_what_it_learned_in_files(tmp_path):
    layer = layers.Discretization(num_bins=5, output_mode="one_hot")
    layer.adapt(VALUES)
    model = lamina.Sequential([layers.Input((3,)), layer])
    assert model.output_shape == (None, 3, 5)
    x = VALUES[:30].reshape(10, 3)
    expected = model.predict(x, verbose=0)
    assert_same(saved_and_loaded(model, tmp_path).predict(x, verbose=0), expected)
    assert_same(np.asarray(keras.saving.load_model(tmp_path / "model.keras")(x)), expected)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "either `num_bins` or `bin_boundaries`"),
        ({"num_bins": 2, "bin_boundaries": [1.0]}, "should not be set"),
        ({"num_bins": -1}, "greater than or equal to 0"),
        ({"num_bins": 2, "output_mode": "many"}, "output_mode"),
        ({"num_bins": 2, "sparse": True}, "sparse"),
    ],
)
def test_discretization_refuses_what_keras_refuses(arguments, told):
    for library in (keras, lamina):
        with pytest.raises(ValueError, match=told):
            library.layers.Discretization(**arguments)


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
def test_discretization_has_a_shape_before_it_has_boundaries(mode):
    ours, theirs = (library.layers.Discretization(num_bins=5, output_mode=mode) for library in (lamina, keras))
    for shape in ((None, 3), (None, 4, 1)):
        assert ours.compute_output_shape(shape) == theirs.compute_output_shape(shape)
        assert ours(lamina.Input(shape[1:])).shape == theirs(keras.Input(shape[1:])).shape


def test_discretization_wants_boundaries_or_data():
    with pytest.raises(ValueError, match="adapt"):
        layers.Discretization(num_bins=2)(VALUES)
    with pytest.raises(ValueError, match="Cannot adapt"):
        layers.Discretization([1.0]).adapt(VALUES)
    with pytest.raises(ValueError, match="no values"):
        layers.Discretization(num_bins=2).adapt([])

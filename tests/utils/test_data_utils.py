"""The data helpers give what Keras's give; those that need TensorFlow there give the same numbers here."""

import random

import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina
from lamina import utils
from lamina.utils.dataset import Dataset

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("labels", [[0, 2, 1], [[1], [0]], [[0, 1], [2, 2]], [1.0, 0.0], 2, [-1, 0, 2]], ids=str)
@pytest.mark.parametrize("classes", [None, 4])
def test_to_categorical_is_that_of_keras(labels, classes):
    wanted = keras.utils.to_categorical(labels, classes)
    found = utils.to_categorical(labels, classes)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype


def test_to_categorical_takes_arrays_on_a_device_and_refuses_unknown_classes():
    x = jnp.array([[1], [0]])
    np.testing.assert_array_equal(utils.to_categorical(x, 3), keras.utils.to_categorical(x, 3))
    for library in (keras, lamina):
        with pytest.raises(IndexError):
            library.utils.to_categorical([0, 5], 3)


@pytest.mark.parametrize(("axis", "order"), [(-1, 2), (1, 1), (1, 3)])
@pytest.mark.parametrize("kind", [np.asarray, jnp.asarray])
def test_normalize_is_that_of_keras(axis, order, kind):
    x = kind(np.vstack([RNG.normal(size=(3, 4)), np.zeros((1, 4))]).astype("float32"))
    np.testing.assert_allclose(utils.normalize(x, axis, order), keras.utils.normalize(x, axis, order), rtol=1e-5)


SEQUENCES = [[1], [2, 3], [4, 5, 6], []]
VECTORS = [np.ones((2, 3)), np.zeros((4, 3))]
WORDS = [["a"], ["b", "cc"]]


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("kwargs", [{}, {"maxlen": 2}, {"maxlen": 5, "value": -1}, {"dtype": "float32"}], ids=str)
@pytest.mark.parametrize("sequences", [SEQUENCES, VECTORS], ids=["numbers", "vectors"])
def test_pad_sequences_is_that_of_keras(sequences, kwargs, padding, truncating):
    kwargs = dict(kwargs, padding=padding, truncating=truncating)
    wanted = keras.utils.pad_sequences(sequences, **kwargs)
    found = lamina.preprocessing.sequence.pad_sequences(sequences, **kwargs)
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == wanted.dtype


def test_text_is_padded_too():
    found = utils.pad_sequences(WORDS, dtype=object, value="")
    wanted = keras.utils.pad_sequences(WORDS, dtype=object, value="")
    assert found.tolist() == wanted.tolist() == [["", "a"], ["b", "cc"]]


@pytest.mark.parametrize(
    ("sequences", "kwargs"),
    [(3, {}), ([1, 2], {}), (SEQUENCES, {"padding": "x"}), (SEQUENCES, {"truncating": "x"}), (WORDS, {"value": "p"}),
     ([np.ones((2, 3)), np.ones((2, 4))], {})],
)  # fmt: skip
def test_pad_sequences_refuses_what_keras_refuses(sequences, kwargs):
    for library in (keras, lamina):
        with pytest.raises(ValueError):
            library.utils.pad_sequences(sequences, **kwargs)


@pytest.mark.parametrize("data", [(1,), (1, 2), (1, 2, 3), [1, 2], 1], ids=str)
def test_batches_are_packed_and_unpacked_as_in_keras(data):
    assert utils.unpack_x_y_sample_weight(data) == keras.utils.unpack_x_y_sample_weight(data)
    if isinstance(data, tuple):
        assert utils.pack_x_y_sample_weight(*data) == keras.utils.pack_x_y_sample_weight(*data)
    assert utils.pack_x_y_sample_weight([1, 2]) == keras.utils.pack_x_y_sample_weight([1, 2])


# --- data sets -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [((0.8, None), (8, 2)), ((None, 3), (7, 3)), ((4, None), (4, 6)), ((0.5, 0.3), (5, 3)), ((2, 2), (2, 2))],
)
def test_a_data_set_is_split_into_its_beginning_and_its_end(sizes, wanted):
    x, y = np.arange(10), np.arange(10) * 2
    left, right = utils.split_dataset((x, y), *sizes)
    assert (len(left), len(right)) == wanted
    assert [(int(a), int(b)) for a, b in left] == [(i, 2 * i) for i in range(wanted[0])]
    assert [int(a) for a, _ in right] == list(range(10 - wanted[1], 10))


def test_a_split_may_be_shuffled():
    parts = utils.split_dataset(np.arange(20), 0.5, shuffle=True, seed=1)
    order = list(range(20))
    random.Random(1).shuffle(order)
    assert [int(x) for part in parts for x in part] == order


@pytest.mark.parametrize("sizes", [(None, None), (0, None), (1.0, None), (11, None), (0.6, 0.6), (6, 5), (0.01, None)])
def test_sizes_that_leave_nothing_are_refused(sizes):
    with pytest.raises(ValueError):
        utils.split_dataset(np.arange(10), *sizes)


@pytest.mark.parametrize(("data", "size"), [(5, 0.5), (np.arange(4), "half")])
def test_what_cannot_be_split_is_a_type_error(data, size):
    with pytest.raises(TypeError):
        utils.split_dataset(data, size)


def test_a_dataset_has_the_methods_of_tensorflows():
    data = Dataset.from_tensor_slices((np.arange(10), np.arange(10) * 2))
    mapped = data.map(lambda x, y: (x + 1, y), num_parallel_calls=2).skip(1).take(7).cache().prefetch(1)
    batches = mapped.batch(3)
    for _ in range(2):
        assert [x.tolist() for x, _ in batches] == [[2, 3, 4], [5, 6, 7], [8]]
    assert len(batches) == batches.cardinality() == 3
    assert len(mapped.batch(3, drop_remainder=True)) == len(list(mapped.batch(3, drop_remainder=True))) == 2
    assert [int(x) for x, _ in batches.unbatch()] == list(range(2, 9))
    assert len(data.repeat(3)) == len(list(data.repeat(3))) == 30
    assert [int(x) for x, _ in data.repeat().take(12)][-2:] == [0, 1]
    assert sorted(int(x) for x, _ in data.shuffle(4)) == list(range(10))
    orders = [[int(x) for x, _ in data.shuffle(20, seed=s)] for s in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_a_dataset_trains():
    x, y = RNG.normal(size=(20, 6)).astype("float32"), RNG.normal(size=(20, 1)).astype("float32")
    left, right = utils.split_dataset((x, y), left_size=0.8)
    model = lamina.Sequential([lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(left.batch(8), validation_data=right.batch(8), epochs=2, verbose=0).history
    np.testing.assert_allclose(history["val_loss"][-1], model.evaluate(x[16:], y[16:], verbose=0), rtol=1e-5)


@pytest.mark.parametrize("kwargs", [
    {"sequence_length": 3},
    {"sequence_length": 3, "sequence_stride": 2, "batch_size": 4},
    {"sequence_length": 4, "sampling_rate": 3, "batch_size": 2},
    {"sequence_length": 2, "start_index": 5, "end_index": 12},
    {"sequence_length": 2, "batch_size": None},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("has_targets", [True, False])
def test_windows_slide_over_a_series(kwargs, has_targets):
    series, targets = RNG.normal(size=(20, 2)), np.arange(20)
    length, rate = kwargs["sequence_length"], kwargs.get("sampling_rate", 1)
    begin, end = kwargs.get("start_index", 0), kwargs.get("end_index", 20)
    data = utils.timeseries_dataset_from_array(series, targets if has_targets else None, **kwargs)
    found = list(data if kwargs.get("batch_size", 1) is None else data.unbatch())
    starts = range(begin, end - (length - 1) * rate, kwargs.get("sequence_stride", 1))
    assert len(found) == len(starts)
    for start, element in zip(starts, found, strict=True):
        window, target = element if has_targets else (element, start)
        np.testing.assert_array_equal(window, series[start : start + length * rate : rate])
        assert target == start


def test_windows_are_shuffled_anew_each_time():
    data = utils.timeseries_dataset_from_array(np.arange(50), None, 3, shuffle=True, seed=4)
    first, second = (np.concatenate(list(data)) for _ in range(2))
    assert sorted(first[:, 0]) == list(range(48))
    assert not np.array_equal(first, second)
    again = utils.timeseries_dataset_from_array(np.arange(50), None, 3, shuffle=True, seed=4)
    np.testing.assert_array_equal(np.concatenate(list(again)), first)


@pytest.mark.parametrize(
    "wrong", [{"start_index": -1}, {"start_index": 30}, {"end_index": 30}, {"start_index": 5, "end_index": 4},
              {"sampling_rate": 0}, {"sampling_rate": 30}, {"sequence_stride": 0}, {"format": "torch"}],
    ids=str,
)  # fmt: skip
def test_sizes_that_a_series_does_not_have_are_refused(wrong):
    with pytest.raises(ValueError):
        utils.timeseries_dataset_from_array(np.arange(10), None, 3, **wrong)


# --- others ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [{}, {"stateful_metrics": ["a"]}, {"stateless_metrics": ["b"]}], ids=str)
@pytest.mark.parametrize("target", [10, None])
def test_a_progress_bar_averages_as_keras_does(names, target, capsys):
    theirs = keras.utils.Progbar(target, verbose=0, **names)
    mine = utils.Progbar(target, verbose=2, **names)
    for bar in (theirs, mine):
        bar.update(2, [("a", 1.0), ("b", 4.0)])
        bar.add(6, [("a", np.array([2.0, 4.0])), ("b", 9.0)])
        bar.update(10, finalize=True)
    out = capsys.readouterr().out
    for name, (total, count) in theirs._values.items():
        assert f"{name}: {np.mean(total / count):.4f}" in out


def test_vectors_along_the_first_axis_are_normalized_too():
    x = RNG.normal(size=(3, 4))
    np.testing.assert_allclose(np.linalg.norm(utils.normalize(x, axis=0), axis=0), 1)  # Keras mixes up the axes here


def test_both_kinds_of_names_are_refused():
    for library in (keras, lamina):
        with pytest.raises(ValueError, match="Only one of"):
            library.utils.Progbar(1, stateful_metrics=[], stateless_metrics=[])


def test_a_config_is_that_of_keras():
    for library in (keras, lamina):
        config = library.utils.Config(rate=0.1)
        config.epochs = 3
        config["seed"] = 1
        config.update(momentum=0.9)
        assert config.pop("momentum") == 0.9
        assert (config.rate, config["epochs"], config.get("other", 5), "seed" in config) == (0.1, 3, 5, True)
        assert list(config) == ["epochs", "rate", "seed"]
        assert len(config) == 3
        assert config.as_dict() == dict(rate=0.1, epochs=3, seed=1)
        assert config.to_json() == '{"rate": 0.1, "epochs": 3, "seed": 1}'
        with pytest.raises(AttributeError, match="Did you mean 'epochs'"):
            _ = config.epoch
        config.freeze()
        assert config.frozen
        for change in (lambda c: setattr(c, "rate", 1), lambda c: c.pop("rate"), lambda c: c.update(a=1)):
            with pytest.raises(ValueError, match="frozen"):
                change(config)
        config.unfreeze()
        config.rate = 1


def test_the_inputs_of_a_tensor_are_found():
    for library in (keras, lamina):
        a, b = library.Input((3,), name="a"), library.Input((3,), name="b")
        x = library.layers.Add()([library.layers.Dense(3)(b), a, b])
        assert [t.name for t in library.utils.get_source_inputs(x)] == ["b", "a"]
        assert library.utils.is_keras_tensor(x)
        assert not library.utils.is_keras_tensor(np.ones(3))

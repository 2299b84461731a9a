"""Whatever batches come from trains like the arrays, ends as in Keras, and leaves a usable model when it breaks."""

import os
import threading
import time
import warnings

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.models import zoo

import lamina
from lamina.core.errors import LaminaWarning
from lamina.training.data import ArrayFeed, PyDataset, feed_for
from lamina.training.data.conversion import to_arrays

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6)).astype("float32")
Y = RNG.integers(0, 3, 20)
SPARSE = "sparse_categorical_crossentropy"


def model_of(library=lamina, seed=0):
    library.utils.set_random_seed(seed)
    model = zoo.stack(library)
    model.compile("sgd", SPARSE)
    return model


def batches(size=5):
    for start in range(0, 20, size):
        yield X[start : start + size], Y[start : start + size]


def endless():
    while True:
        yield from batches()


def losses_of(*data, library=lamina, **kwargs):
    kwargs = {"epochs": 2, "shuffle": False, "verbose": 0, **kwargs}
    return model_of(library).fit(*data, **kwargs).history["loss"]


@pytest.fixture(scope="module")
def expected():
    return losses_of(X, Y, batch_size=5)


# --- arrays in many forms --------------------------------------------------------------------------------------


def test_lists_jax_arrays_and_memory_maps_train_like_numpy(expected, tmp_path):
    np.save(tmp_path / "x.npy", X.astype("float64"))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    for x in (X.tolist(), jnp.asarray(X), X.astype("float64"), mapped):
        np.testing.assert_allclose(losses_of(x, Y, batch_size=5), expected, rtol=1e-6)


def test_a_memory_map_is_read_batch_by_batch(tmp_path):
    mapped = np.memmap(tmp_path / "x", "float64", "w+", shape=(20, 6))
    feed = ArrayFeed(mapped, batch_size=5, shuffle=True)
    assert feed.arrays[0] is mapped
    batch = next(feed.batches())
    assert type(batch) is np.ndarray
    assert batch.dtype == "float32"
    assert not np.shares_memory(batch, mapped)


def test_frames_and_series_are_arrays(expected):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X.astype("float64"))
    np.testing.assert_allclose(losses_of(frame, pandas.Series(Y), batch_size=5), expected, rtol=1e-6)
    parts = {"a": pandas.Series([1, 2]), "b": frame[:2]}
    arrays = to_arrays(parts)
    assert arrays["a"].shape == (2, 1)  # as in Keras
    np.testing.assert_allclose(arrays["b"], X[:2])


def test_frames_of_mixed_numbers_are_taken_with_missing_values_as_nan():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"f": [0.5, 1.5], "b": [True, False], "i": pandas.array([1, None], dtype="Int64")})
    np.testing.assert_array_equal(to_arrays(frame), np.array([[0.5, 1, 1], [1.5, 0, np.nan]], "float32"))


def test_a_frame_with_text_names_its_columns():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": [1, 2], "town": ["a", "b"], "day": pandas.to_datetime(["2020-01-01"] * 2)})
    with pytest.raises(ValueError, match=r"L352.*'town' \(.*\), 'day' \(.*\)(.|\n)*get_dummies\(x\)"):
        feed_for(frame)
    to_arrays(pandas.get_dummies(frame.drop(columns="day")))


def test_sparse_matrices_become_dense_batch_by_batch(expected):
    sparse = pytest.importorskip("scipy.sparse")
    for make in (sparse.csr_matrix, sparse.coo_array):
        np.testing.assert_allclose(losses_of(make(X), Y, batch_size=5), expected, rtol=1e-6)


def test_integers_beyond_32_bits_are_refused():
    with pytest.raises(ValueError, match=r"L345.*4294967296"):
        feed_for(np.array([[2**32]]))


@pytest.mark.parametrize(("steps", "batch_size"), [(3, 6), (7, 6), (3, None)])
@pytest.mark.filterwarnings("ignore")
def test_steps_per_epoch_over_arrays_goes_on_where_the_last_epoch_stopped(steps, batch_size):
    weights, results = zoo.stack(lamina).get_weights(), []
    for library in (lamina, keras):
        seen = []
        hook = library.callbacks.LambdaCallback(on_train_batch_end=lambda n, logs, seen=seen: seen.append(n))
        model = model_of(library)
        model.set_weights(weights)
        kwargs = dict(steps_per_epoch=steps, batch_size=batch_size, epochs=4, shuffle=False, verbose=0)
        results.append((model.fit(X, Y, callbacks=[hook], **kwargs).history["loss"], seen))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    assert results[0][1] == results[1][1]


def test_batches_are_shuffled_whole_if_asked():
    feed = ArrayFeed(np.arange(20), batch_size=5, shuffle="batch")
    found = [tuple(b) for b in feed.batches()]
    assert sorted(found) == [tuple(range(s, s + 5)) for s in (0, 5, 10, 15)]
    every = np.concatenate([b for _ in range(3) for b in ArrayFeed(np.arange(20), shuffle=True).batches()])
    assert sorted(every) == sorted([*range(20)] * 3)


# --- sources of batches ----------------------------------------------------------------------------------------


class Batches(PyDataset):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.calls = []

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[index * 5 : index * 5 + 5], Y[index * 5 : index * 5 + 5]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


class Tensor:
    """A tensor of another library: no array, but something that becomes one."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        assert isinstance(self.array, np.ndarray)
        return self.array

    @property
    def shape(self):
        return self.array.shape


class TorchTensor(Tensor):
    """On a device, and part of a graph."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def detach(self):
        return self

    def cpu(self):
        return self.array


class DataLoader:
    """As torch's: lists of tensors, a length, iterated over anew in each epoch."""

    def __len__(self):
        return 4

    def __iter__(self):
        return ([TorchTensor(x), TorchTensor(y)] for x, y in batches())


class Dataset:
    """As TensorFlow's: its length may be unknown, which is a TypeError."""

    def __len__(self):
        raise TypeError("The dataset is infinite.")

    def __iter__(self):
        return ((Tensor(x), Tensor(y)) for x, y in batches())


class Repeated(Dataset):
    """As Grain's, which gives a huge length for no end."""

    def __len__(self):
        return 2**63 - 1


class Lists:
    def __iter__(self):
        return ((x.tolist(), y.tolist()) for x, y in batches())


class Jax:
    def __iter__(self):
        return ((jnp.asarray(x), jnp.asarray(y)) for x, y in batches())


SOURCES = {
    "a PyDataset": Batches,
    "threads": lambda: Batches(workers=3, max_queue_size=2),
    "processes": lambda: Batches(workers=2, use_multiprocessing=True),
    "a loader of torch": DataLoader,
    "a dataset of TensorFlow": Dataset,
    "a dataset of Grain": Repeated,
    "lists of lists": Lists,
    "jax arrays": Jax,
}


@pytest.mark.parametrize("name", SOURCES)
def test_sources_train_like_the_arrays(name, expected):
    np.testing.assert_allclose(losses_of(SOURCES[name]()), expected, rtol=1e-6)


@pytest.mark.parametrize("make", [Batches, endless], ids=["dataset", "endless"])
def test_evaluation_and_prediction_take_sources_too(make):
    model = model_of()
    by_arrays = model.evaluate(X, Y, verbose=0)
    np.testing.assert_allclose(model.evaluate(make(), steps=4, verbose=0), by_arrays, rtol=1e-5)
    np.testing.assert_allclose(model.predict(make(), steps=2, verbose=0), model.predict(X[:10]), rtol=1e-5)


def test_validation_begins_anew_each_time_and_takes_steps():
    for validation, steps in ((Batches(), 2), ((X, Y), 2), (endless(), 2)):
        model = model_of()
        model.optimizer.learning_rate = 0.0
        values = model.fit(
            X, Y, epochs=4, verbose=0, validation_data=validation, validation_steps=steps, validation_batch_size=5,
            validation_freq=[1, 3],
        ).history["val_loss"]  # fmt: skip
        assert len(values) == 2
        wanted = model.evaluate(X[:10], Y[:10], verbose=0)
        if steps and not hasattr(validation, "__next__"):
            np.testing.assert_allclose(values, [wanted] * 2, rtol=1e-5)


def test_class_weights_reach_batches_of_sources(expected):
    weights = {0: 3.0, 2: 0.5}
    np.testing.assert_allclose(
        losses_of(Batches(), class_weight=weights), losses_of(X, Y, batch_size=5, class_weight=weights), rtol=1e-6
    )


# --- PyDataset -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kwargs", [{}, {"workers": 2}, {"workers": 1, "use_multiprocessing": True}])
def test_a_dataset_is_told_when_epochs_begin_and_end(kwargs):
    data = Batches(**kwargs)
    losses_of(data, epochs=3)
    assert data.calls == ["begin", "end"] * 3


class Logged(Batches):
    def __getitem__(self, index):
        self.calls.append(index)
        return super().__getitem__(index)


def test_the_order_of_batches_is_shuffled_if_asked():
    data = Logged()
    lamina.utils.set_random_seed(1)
    model_of().fit(data, epochs=6, verbose=0)
    order = [c for c in data.calls if isinstance(c, int)]
    epochs = [order[i : i + 4] for i in range(0, 24, 4)]
    assert len(order) == 24  # no batch is made in vain
    assert all(sorted(e) == [0, 1, 2, 3] for e in epochs)
    assert len(set(map(tuple, epochs))) > 1
    data.calls.clear()
    losses_of(data)
    assert [c for c in data.calls if isinstance(c, int)] == [0, 1, 2, 3] * 2


class Endless(Batches):
    num_batches = None
    __len__ = None

    def __getitem__(self, index):
        return super().__getitem__(index % 4)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_dataset_without_end_trains_by_steps(workers, expected):
    np.testing.assert_allclose(losses_of(Endless(workers=workers), steps_per_epoch=4), expected, rtol=1e-6)


class Slow(Batches):
    def __getitem__(self, index):
        time.sleep(0.05)
        return super().__getitem__(index)


def test_workers_make_batches_at_the_same_time():
    def seconds(workers):
        feed = feed_for(Slow(workers=workers))
        start = time.perf_counter()
        assert len(list(feed.batches())) == 4
        return time.perf_counter() - start

    assert seconds(4) < seconds(1) / 2


class Where(Batches):
    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return x, np.full_like(y, os.getpid() % 1000)


def test_processes_are_other_processes_and_threads_are_not():
    def ids(**kwargs):
        return {int(y[0]) for _, y in feed_for(Where(**kwargs)).batches()}

    assert os.getpid() % 1000 not in ids(workers=2, use_multiprocessing=True)
    assert ids(workers=2) == {os.getpid() % 1000}


def test_a_queue_holds_no_more_than_asked():
    data = Logged(workers=2, max_queue_size=1)
    source = feed_for(data).batches()
    next(source)
    time.sleep(0.1)
    assert len([c for c in data.calls if isinstance(c, int)]) <= 2


class Failing(Batches):
    def __getitem__(self, index):
        if index == 2:
            raise KeyError("no such file")
        return super().__getitem__(index)


@pytest.mark.parametrize(
    "kwargs", [{}, {"workers": 2}, {"workers": 1, "use_multiprocessing": True}], ids=["plain", "threads", "processes"]
)
def test_an_error_in_a_dataset_comes_out_as_it_is_and_no_worker_stays(kwargs):
    before = threading.active_count()
    with pytest.raises(KeyError, match="no such file") as caught:
        losses_of(Failing(**kwargs))
    assert "data source made batch 3" in "".join(caught.value.__notes__)
    del caught
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before


def test_a_dataset_without_super_init_works(expected):
    class Bare(Batches):
        def __init__(self):
            self.calls = []

    np.testing.assert_allclose(losses_of(Bare()), expected, rtol=1e-6)


def test_sequence_is_the_older_name_and_the_arguments_are_those_of_keras():
    assert lamina.utils.Sequence is lamina.utils.PyDataset is PyDataset
    for name in ("workers", "use_multiprocessing", "max_queue_size"):
        assert getattr(PyDataset(), name) == getattr(keras.utils.PyDataset(), name)


# --- sources that end or break ---------------------------------------------------------------------------------


def breaking(batch):
    """Three good batches, then `batch()`."""
    for index, data in enumerate(batches()):
        yield data if index < 3 else batch()


def raises():
    raise OSError("disk gone")


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        (raises, OSError),
        (lambda: (X[:5, :4], Y[:5]), ValueError),
        (lambda: (X[:5], np.eye(4)[:5]), ValueError),
        (lambda: (X[:5], [[1], [2, 3]]), ValueError),
    ],
    ids=["raises", "other features", "other labels", "ragged labels"],
)
def test_a_source_that_breaks_leaves_the_model_at_the_last_whole_step(batch, error):
    reference = model_of()
    for x, y in list(batches())[:3]:
        reference.train_on_batch(x, y)
    model = model_of()
    with pytest.raises(error):
        model.fit(breaking(batch), verbose=0)
    for ours, wanted in zip(model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, wanted)
    assert model.optimizer.iterations.numpy() == 3
    model.fit(X, Y, verbose=0)


def test_a_source_that_ends_early_ends_the_epoch_with_a_warning():
    with pytest.warns(LaminaWarning, match="L349.*after 4 of 6 batches"):
        history = model_of().fit(Batches(), steps_per_epoch=6, epochs=1, verbose=0)
    assert len(history.history["loss"]) == 1


def test_a_generator_that_has_ended_ends_the_training_with_a_warning():
    model = model_of()
    with pytest.warns(LaminaWarning, match="L354.*epoch 2 of 3"):
        history = model.fit(batches(), epochs=3, verbose=0)
    assert history.epoch == [0]
    assert model.optimizer.iterations.numpy() == 4


def test_an_iterable_may_end_in_the_middle_of_an_epoch_and_begin_anew():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model_of().fit(Dataset(), steps_per_epoch=3, epochs=4, verbose=0)
    assert len(history.history["loss"]) == 4
    assert ["L349" in str(w.message) for w in caught] == [True, True]


def test_the_steps_of_an_epoch_may_be_limited_for_all_programs():
    lamina.config.set_max_steps_per_epoch(2)
    try:
        model = model_of()
        model.fit(Batches(), epochs=2, verbose=0)
        assert model.optimizer.iterations.numpy() == 4
    finally:
        lamina.config.set_max_steps_per_epoch(None)

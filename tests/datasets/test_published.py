"""The published data sets, read from small files of the same make."""

import gzip
import hashlib
import io
import pickle
import tarfile

import numpy as np
import pytest

from lamina import config, datasets
from lamina.datasets import store
from lamina.utils import files

RNG = np.random.default_rng(0)


@pytest.fixture
def published(tmp_path, monkeypatch):
    """Let downloads come from a folder of ours, with the hashes of what is there."""
    origin, home = tmp_path / "origin", tmp_path / "home"
    origin.mkdir()
    monkeypatch.setattr(files, "HOME", str(home))
    monkeypatch.setattr(store, "STORE", origin.as_uri() + "/")
    config.disable_interactive_logging()
    yield origin
    config.enable_interactive_logging()


def publish(monkeypatch, module, path, content):
    path.write_bytes(content)
    if hasattr(module, "_SHA256"):
        monkeypatch.setattr(module, "_SHA256", hashlib.sha256(content).hexdigest())


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def texts(*lists):
    array = np.empty(len(lists), dtype=object)
    array[:] = [list(text) for text in lists]
    return array


def test_mnist(published, monkeypatch):
    x, y = RNG.integers(0, 255, (3, 28, 28), "uint8"), np.arange(3, dtype="uint8")
    content = npz(x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    publish(monkeypatch, datasets.mnist, published / "mnist.npz", content)
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    np.testing.assert_array_equal(x_train, x)
    np.testing.assert_array_equal(y_train, y)
    assert (x_test.shape, y_test.shape) == ((1, 28, 28), (1,))


def test_a_damaged_download_is_an_error_and_leaves_nothing(published, monkeypatch):
    (published / "mnist.npz").write_bytes(b"not it")
    with pytest.raises(ValueError, match="Incomplete or corrupted"):
        datasets.mnist.load_data()
    assert list((published.parent / "home" / "datasets").iterdir()) == []


def test_fashion_mnist(published):
    for part, count in (("train", 4), ("t10k", 2)):
        labels = bytes(8) + bytes(range(count))
        (published / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
        (published / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + bytes([7]) * 784 * count))
    (x_train, y_train), (x_test, _) = datasets.fashion_mnist.load_data()
    assert x_train.shape == (4, 28, 28)
    assert x_test.shape == (2, 28, 28)
    assert y_train.tolist() == [0, 1, 2, 3]
    assert (x_train == 7).all()


def packed(folder, parts):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in parts.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def batch(count, start, **labels):
    """Return a batch as the published files have it: texts of Python 2 come back as bytes."""
    data = np.arange(start, start + count)[:, None].repeat(3072, 1).astype("uint8")
    return pickle.dumps({b"data": data, **{name.encode(): value for name, value in labels.items()}}, protocol=2)


def test_cifar10(published, monkeypatch):
    names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    parts = {name: batch(2, 2 * i, labels=[i, 9]) for i, name in enumerate(names)}
    publish(monkeypatch, datasets.cifar10, published / "c.tar.gz", packed("cifar-10-batches-py", parts))
    monkeypatch.setattr(datasets.cifar10, "_ORIGIN", (published / "c.tar.gz").as_uri())
    (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    assert x_train.shape == (10, 32, 32, 3)
    assert x_train[:, 0, 0, 0].tolist() == list(range(10))
    assert y_train.ravel().tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]
    assert (x_test.shape, y_test.shape, y_test.dtype) == ((2, 32, 32, 3), (2, 1), "uint8")


@pytest.mark.parametrize(("mode", "expected"), [("fine", [5, 6]), ("coarse", [1, 2])])
def test_cifar100(published, monkeypatch, mode, expected):
    parts = {name: batch(2, 0, fine_labels=[5, 6], coarse_labels=[1, 2]) for name in ("train", "test")}
    publish(monkeypatch, datasets.cifar100, published / "c.tar.gz", packed("cifar-100-python", parts))
    monkeypatch.setattr(datasets.cifar100, "_ORIGIN", (published / "c.tar.gz").as_uri())
    (_, y_train), _ = datasets.cifar100.load_data(mode)
    assert y_train.ravel().tolist() == expected
    with pytest.raises(ValueError, match="label_mode"):
        datasets.cifar100.load_data("rough")


@pytest.fixture
def reviews(published, monkeypatch):
    x = texts([1, 2, 3], [4], [5, 6, 7, 8, 9])
    content = npz(x_train=x, y_train=np.array([0, 1, 0]), x_test=x[:2], y_test=np.array([1, 1]))
    publish(monkeypatch, datasets.imdb, published / "imdb.npz", content)


@pytest.mark.usefixtures("reviews")
def test_imdb():
    (x_train, y_train), (x_test, _) = datasets.imdb.load_data()
    assert x_train.dtype == object
    assert len(x_test) == 2
    by_length = {len(text): (text, label) for text, label in zip(x_train, y_train, strict=True)}
    # Without `num_words` the largest number is unknown: Keras takes it for the bound.
    assert by_length == {4: ([1, 4, 5, 6], 0), 2: ([1, 7], 1), 6: ([1, 8, 9, 10, 11, 2], 0)}


@pytest.mark.usefixtures("reviews")
def test_imdb_with_fewer_words():
    (x_train, _), _ = datasets.imdb.load_data(num_words=6, oov_char=None, start_char=None, index_from=None)
    assert sorted(map(list, x_train)) == [[1, 2, 3], [4], [5]]
    (x_train, _), _ = datasets.imdb.load_data(maxlen=4, skip_top=5)
    assert sorted(map(list, x_train)) == [[2, 7]] or sorted(map(list, x_train)) == [[2, 2]]
    with pytest.raises(ValueError, match="Increase maxlen"):
        datasets.imdb.load_data(maxlen=1)
    with pytest.raises(TypeError, match="nb_word_s"):
        datasets.imdb.load_data(nb_word_s=3)


def test_reuters(published, monkeypatch):
    content = npz(x=texts([1], [2], [3], [4], [5]), y=np.arange(5))
    publish(monkeypatch, datasets.reuters, published / "reuters.npz", content)
    (x_train, y_train), (x_test, y_test) = datasets.reuters.load_data(num_words=100)
    assert (len(x_train), len(x_test)) == (4, 1)
    for text, label in zip([*x_train, *x_test], [*y_train, *y_test], strict=True):
        assert text == [1, label + 4]


@pytest.mark.parametrize(("name", "facts"), [("boston_housing", 13), ("california_housing", 8)])
def test_houses(published, monkeypatch, name, facts):
    module = getattr(datasets, name)
    y = np.arange(1000.0)
    publish(monkeypatch, module, published / f"{name}.npz", npz(x=y[:, None].repeat(facts, 1), y=y))
    (x_train, y_train), (x_test, y_test) = module.load_data(test_split=0.1)
    assert (x_train.shape, x_test.shape) == ((900, facts), (100, facts))
    np.testing.assert_array_equal(x_train[:, 0], y_train)
    assert sorted([*y_train, *y_test]) == list(y)
    assert list(y_train) != sorted(y_train)
    with pytest.raises(ValueError, match="test_split"):
        module.load_data(test_split=1)
    if name == "california_housing":
        assert len(module.load_data("small")[0][0]) == 480
        with pytest.raises(ValueError, match="version"):
            module.load_data("medium")


@pytest.mark.parametrize("name", ["imdb", "reuters"])
def test_word_indices(published, monkeypatch, name):
    module = getattr(datasets, name)
    content = b'{"the": 1}'
    (published / f"{name}_word_index.json").write_bytes(content)
    fetch = store.fetch
    digest = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(store, "fetch", lambda path, _, origin: fetch(path, digest, origin))
    assert module.get_word_index() == {"the": 1}


class _Runs:
    def __reduce__(self):
        return print, ("hello",)


def test_a_hostile_pickle_runs_nothing(published, monkeypatch, capsys):
    content = npz(x=np.array([_Runs()], dtype=object), y=np.arange(1))
    publish(monkeypatch, datasets.reuters, published / "reuters.npz", content)
    with pytest.raises(ValueError, match="L422"):
        datasets.reuters.load_data()
    assert capsys.readouterr().out == ""

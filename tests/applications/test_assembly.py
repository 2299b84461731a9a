"""What all applications share is tested with a small network."""

import importlib
import json

import h5py
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina
from lamina import applications, layers, utils
from lamina.applications import imagenet_utils
from lamina.applications.assembly import Options, Published, assemble

TINY = Published("tiny/", "tiny", ("one", "two"), default_size=32, min_size=8)


def tiny(include_top=True, weights=None, input_tensor=None, input_shape=None, pooling=None, classes=4, **changes):
    last = {"classifier_activation": "softmax", "name": "tiny", **changes}
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, *last.values())
    return assemble(options, TINY, layers.Conv2D(2, 3, name="body"))


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        ({}, (None, 4)),
        ({"include_top": False}, (None, None, None, 2)),
        ({"include_top": False, "pooling": "avg"}, (None, 2)),
        ({"include_top": False, "pooling": "max", "input_shape": (16, 12, 1)}, (None, 2)),
        ({"input_shape": (9, None, 3), "include_top": False}, (None, 7, None, 2)),
    ],
    ids=str,
)
def test_arguments_shape_the_model(arguments, shape):
    model = tiny(**arguments)
    assert model.output_shape == shape
    assert model.name == "tiny"


def test_the_input_may_be_a_tensor_of_ones_own():
    image = lamina.Input((16, 16, 3))
    model = tiny(input_tensor=layers.Rescaling(1 / 255)(image))
    assert model.inputs[0] is image
    assert [type(layer).__name__ for layer in model.layers[:3]] == ["InputLayer", "Rescaling", "Conv2D"]


BAD = [
    ({"weights": "nowhere.h5"}, "path to the weights file"),
    ({"weights": "imagenet", "classes": 5}, "`classes` should be 1000"),
    ({"weights": "imagenet", "classes": 1000, "input_shape": (16, 16, 3)}, r"should be \(32, 32, 3\)"),
    ({"weights": "imagenet", "include_top": False, "input_shape": (16, 16, 1)}, "must have 3 channels"),
    ({"weights": "imagenet", "classes": 1000, "classifier_activation": "relu"}, "`None` and `softmax`"),
    ({"input_shape": (16, 16)}, "three integers"),
    ({"input_shape": (7, 16, 3)}, "at least 8x8"),
    ({"input_shape": (None, 16, 3)}, "static `input_shape`"),
    ({"include_top": False, "pooling": "min"}, "`pooling` is None, 'avg' or 'max'"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=str)
def test_arguments_out_of_range_are_refused(arguments, told):
    with pytest.raises(ValueError, match=told):
        tiny(**arguments)


def test_an_odd_number_of_channels_is_warned_of():
    with pytest.warns(UserWarning, match="5 input channels"):
        tiny(input_shape=(16, 16, 5))


@pytest.fixture
def download(monkeypatch, tmp_path):
    """Answers for the net: files of the folder that is returned; what was asked for is in its `asked`."""
    asked = []

    def get_file(fname, origin, cache_subdir, file_hash):
        asked.append((fname, origin, cache_subdir, file_hash))
        return tmp_path / fname

    monkeypatch.setattr(utils, "get_file", get_file, raising=False)
    return tmp_path, asked


def publish(model, path):
    """Write weights as they stand in the published files: by layer and order, under names of another engine."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([layer.name for layer in model.layers], "S")
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{letter}_1:0" for letter, _ in zip("Wb", layer.weights, strict=False)]
            group.attrs["weight_names"] = np.array(names, "S")
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = np.asarray(weight)


@pytest.mark.parametrize(("include_top", "file"), [(True, "tiny.h5"), (False, "tiny_notop.h5")])
def test_published_weights_are_fetched_checked_and_loaded(download, include_top, file):
    folder, asked = download
    published = tiny(include_top=include_top, classes=1000)
    publish(published, folder / file)
    model = tiny(include_top=include_top, classes=1000, weights="imagenet")
    assert asked == [
        (
            file,
            f"https://storage.googleapis.com/tensorflow/keras-applications/tiny/{file}",
            "models",
            "one" if include_top else "two",
        )
    ]
    for given, wanted in zip(model.get_weights(), published.get_weights(), strict=True):
        np.testing.assert_array_equal(given, wanted)


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n" + bytes(50), b"<html>"])
def test_a_damaged_download_is_an_error_that_says_so(download, content):
    folder, _ = download
    (folder / "tiny_notop.h5").write_bytes(content)
    with pytest.raises(ValueError, match="L40"):
        tiny(include_top=False, weights="imagenet")


def test_weights_of_another_network_are_refused(tmp_path):
    other = lamina.Sequential([lamina.Input((4,)), layers.Dense(3)])
    other.save_weights(tmp_path / "other.weights.h5")
    with pytest.raises(ValueError, match="L407"):
        tiny(include_top=False, weights=str(tmp_path / "other.weights.h5"))


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("shape", [(2, 4, 3), (1, 2, 4, 3), (3, 2, 4), (1, 3, 2, 4)], ids=str)
def test_pixels_become_what_keras_makes_of_them(mode, shape):
    x = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    data_format = "channels_last" if shape[-1] == 3 else "channels_first"
    theirs = keras.applications.imagenet_utils.preprocess_input
    wanted = theirs(x.copy(), data_format, mode)
    before = x.copy()
    given = imagenet_utils.preprocess_input(x, data_format, mode)
    assert isinstance(given, np.ndarray)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(imagenet_utils.preprocess_input(jnp.asarray(x), data_format, mode), wanted, 1e-5, 1e-4)
    symbolic = imagenet_utils.preprocess_input(lamina.KerasTensor(shape), data_format, mode)
    assert symbolic.shape == shape


def test_predictions_get_the_names_of_the_classes(download, monkeypatch):
    folder, asked = download
    monkeypatch.setattr(imagenet_utils, "_names", {})
    names = {str(i): [f"n{i:08}", f"thing {i}"] for i in range(1000)}
    (folder / "imagenet_class_index.json").write_text(json.dumps(names), encoding="utf-8")
    row = np.zeros((1, 1000), "float32")
    row[0, [7, 3]] = 0.7, 0.3
    decoded = applications.vgg16.decode_predictions(row, top=2)
    assert decoded == [[("n00000007", "thing 7", row[0, 7]), ("n00000003", "thing 3", row[0, 3])]]
    assert asked[0][3] == "c2c37ea517e94d9795004a39431a14cb"
    with pytest.raises(ValueError, match="2D array"):
        applications.vgg16.decode_predictions(row[0])


def test_a_list_of_names_that_is_none_is_refused(download, monkeypatch):
    folder, _ = download
    monkeypatch.setattr(imagenet_utils, "_names", {})
    (folder / "imagenet_class_index.json").write_text('{"0": ["a", "b"]}', encoding="utf-8")
    with pytest.raises(ValueError, match="no list of the 1000 classes"):
        applications.imagenet_utils.decode_predictions(np.zeros((1, 1000)))


@pytest.mark.parametrize("shape", [(1, 8, 7, 3), (None, None, None, 3), (None, 9, 8, 3)])
@pytest.mark.parametrize("kernel", [3, (3, 5)])
def test_images_are_padded_for_a_stride_as_in_keras(shape, kernel):
    theirs = importlib.import_module("keras.src.applications.imagenet_utils").correct_pad
    assert imagenet_utils.correct_pad(lamina.KerasTensor(shape), kernel) == theirs(keras.KerasTensor(shape), kernel)

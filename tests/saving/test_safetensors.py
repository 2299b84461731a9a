import json
import struct

import numpy as np
import pytest

import lamina
from lamina.core.errors import LaminaError, LaminaWarning
from lamina.saving import safetensors


def model(units=2, dtype=None):
    layers = lamina.layers
    lamina.utils.clear_session()
    made = [lamina.Input((3,)), layers.Dense(units, name="d", dtype=dtype), layers.BatchNormalization(name="n")]
    return lamina.Sequential(made, name="m")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "x.safetensors")


def test_weights_come_back_by_their_paths(path):
    first, second = model(), model()
    first.save_weights(path)
    second.load_weights(path)
    for got, wanted in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_names_are_paths_and_the_description_lies_beside_them(path):
    model().save_weights(path)
    arrays, metadata = safetensors.read(path)
    assert list(arrays)[:2] == ["m/d/kernel", "m/d/bias"]
    assert json.loads(metadata["config"])["class_name"] == "Sequential"


def test_the_model_is_made_from_the_file_alone(path):
    first = model()
    first.compile("sgd", "mse")
    first.save_weights(path)
    again = lamina.models.load_model(path)
    assert again.get_config() == first.get_config()
    assert type(again.optimizer).__name__ == "SGD"
    assert lamina.models.load_model(path, compile=False).optimizer is None
    for got, wanted in zip(again.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (None, "weights, but no model"),
        ("[", "JSON|Expecting"),
        ('{"class_name": "Popen", "module": "subprocess", "config": {"args": "true"}}', "subprocess"),
    ],
)
def test_a_file_that_describes_no_model_is_refused(path, config, told):
    safetensors.write(path, {"a": np.zeros(2, "float32")}, {} if config is None else {"config": config})
    with pytest.raises((ValueError, LaminaError), match=told):
        lamina.models.load_model(path)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_other_readers_read_the_same(path, dtype):
    theirs = pytest.importorskip("safetensors")
    first = model(dtype=dtype)
    first.save_weights(path)
    with theirs.safe_open(path, framework="flax") as file:
        for variable in first.weights:
            got = file.get_tensor(variable.path)
            assert str(got.dtype) == variable.dtype
            np.testing.assert_array_equal(np.asarray(got), np.asarray(variable.value))


def test_other_writers_files_are_read(path):
    theirs = pytest.importorskip("safetensors.numpy")
    arrays = {"a": np.arange(6, dtype="int8").reshape(2, 3), "b": np.array(3.0, "float32")}
    theirs.save_file(arrays, path)
    got, _ = safetensors.read(path)
    for name, array in arrays.items():
        np.testing.assert_array_equal(got[name], array)
        assert got[name].dtype == array.dtype


def test_a_misfit_names_every_weight_and_changes_nothing(path):
    model(3).save_weights(path)
    second = model(2)
    before = second.get_weights()
    with pytest.raises(ValueError, match=r"m/d/kernel: expected kernel \(3, 2\); the file has \(3, 3\)") as caught:
        second.load_weights(path)
    assert "m/n/gamma" in str(caught.value)
    for now, then in zip(second.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_weights_without_a_place_are_warned_of(path):
    model().save_weights(path)
    arrays, metadata = safetensors.read(path)
    safetensors.write(path + "2.safetensors", {**arrays, "more": np.zeros(2)}, metadata)
    with pytest.warns(LaminaWarning, match="no place for: more"):
        model().load_weights(path + "2.safetensors")


def table(**entries):
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 60_000) + b"[" * 60_000,
        table(a=3),
        table(a={"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]}),
        table(a={"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}) + bytes(4),
        table(a={"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}) + bytes(4),
        table(a={"dtype": "F32", "shape": [1], "data_offsets": [1 << 63, (1 << 63) + 4]}) + bytes(4),
        table(a={"dtype": "F32", "shape": [0, 1 << 62, 1 << 62], "data_offsets": [0, 0]}) + bytes(4),
        table(**{str(i): {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]} for i in range(9)}) + bytes(4),
        table(a={"dtype": "OBJ", "shape": [1], "data_offsets": [0, 4]}) + bytes(4),
    ],
)
def test_a_damaged_or_hostile_file_is_refused(path, content):
    with open(path, "wb") as file:
        file.write(content)
    with pytest.raises(ValueError, match="L401"):
        model().load_weights(path)

"""What programs take from inside Keras's saving, over our own files."""

import io
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format as theirs
from keras.src.saving import saving_lib

import lamina
from lamina.dialects import paths
from lamina.dialects.old_names import saving

ARRAY = np.arange(6.0, dtype="float32").reshape(2, 3)


@pytest.mark.parametrize(
    "path",
    [
        "keras.src.saving.saving_lib.H5IOStore",
        "keras.src.saving.serialization_lib.SafeModeScope",
        "keras.src.legacy.saving.legacy_h5_format.load_model_from_hdf5",
        "keras.engine.saving.load_weights_from_hdf5_group_by_name",
        "keras.engine.topology.load_weights_from_hdf5_group",
        "tensorflow.python.keras.saving.hdf5_format.save_weights_to_hdf5_group",
    ],
)
def test_the_names_are_found_where_programs_look(path):
    module, _, name = path.rpartition(".")
    assert paths.look_up(module, name) is getattr(saving, name)


@pytest.mark.parametrize(("writer", "reader"), [(saving, saving_lib), (saving_lib, saving), (saving, saving)])
def test_stores_are_read_by_keras_and_read_keras_own(tmp_path, writer, reader):
    """KerasHub keeps LoRA weights in such files."""
    store = writer.H5IOStore(tmp_path / "x.lora.h5", mode="w")
    store.make("lora")["rank"] = 4
    store.make("lora/0")["kernel"] = ARRAY
    store.close()
    store = reader.H5IOStore(tmp_path / "x.lora.h5", mode="r")
    assert int(store.get("lora")["rank"][()]) == 4
    np.testing.assert_array_equal(store.get("lora/0")["kernel"], ARRAY)
    assert "kernel" not in store.get("lora/1")
    store.close()


def test_a_store_can_be_changed_while_it_is_written_only(tmp_path):
    store = saving.H5IOStore(tmp_path / "x.h5", mode="w")
    group = store.make("vars", metadata={"of": "this"})
    group["a"], group["b"] = ARRAY, 1
    group["a"] = -ARRAY
    del group["b"]
    np.testing.assert_array_equal(store.get("vars")["a"], -ARRAY)
    assert list(group) == ["a"]
    store.close()
    store = saving.H5IOStore(tmp_path / "x.h5")
    group = store.get("vars")
    with pytest.raises(ValueError, match="only allowed in write mode"):
        group["a"] = ARRAY
    with pytest.raises(ValueError, match="only allowed in write mode"):
        del group["a"]
    store.close()


def test_a_store_lies_in_an_archive(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        store = saving.H5IOStore("in.h5", archive, mode="w")
        store.make("x")["a"] = ARRAY
        store.close()
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        np.testing.assert_array_equal(saving.H5IOStore("in.h5", archive).get("x")["a"], ARRAY)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"path_or_io": None}, TypeError, "`path_or_io` should be"),
        ({"path_or_io": "x.h5", "mode": "x"}, ValueError, "`mode` should be either 'w' or 'r'."),
        ({"path_or_io": io.BytesIO(), "archive": "x"}, ValueError, "`archive` should be `None`"),
    ],
)
def test_a_store_refuses_other_arguments(arguments, error, words):
    with pytest.raises(error, match=words):
        saving.H5IOStore(**arguments)


def model_of(library):
    layers = library.layers
    return library.Sequential([library.Input((3,)), layers.Dense(2, name="one"), layers.Dense(1, name="two")])


def test_old_groups_of_weights_go_both_ways(tmp_path):
    source, target = model_of(keras), model_of(lamina)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        theirs.save_weights_to_hdf5_group(file, source)
    with h5py.File(tmp_path / "x.h5") as file:
        saving.load_weights_from_hdf5_group(file, target)
        assert saving.load_attributes_from_hdf5_group(file, "layer_names") == ["one", "two"]
    with h5py.File(tmp_path / "y.h5", "w") as file:
        saving.save_weights_to_hdf5_group(file, target)
        saving.save_attributes_to_hdf5_group(file, "words", [b"a", "b"])
    again = model_of(keras)
    with h5py.File(tmp_path / "y.h5") as file:
        theirs.load_weights_from_hdf5_group(file, again)
        assert theirs.load_attributes_from_hdf5_group(file, "words") == ["a", "b"]
    for then, now in zip(source.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(now, then)


def test_a_list_of_layers_takes_weights_by_name_as_in_keras_2(tmp_path):
    source, target = model_of(lamina), model_of(lamina)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        saving.save_weights_to_hdf5_group(file, source)
    with h5py.File(tmp_path / "x.h5") as file:
        saving.load_weights_from_hdf5_group_by_name(file, target.layers[1:])
    np.testing.assert_array_equal(target.layers[1].kernel, source.layers[1].kernel)
    assert not np.array_equal(target.layers[0].kernel, source.layers[0].kernel)


def test_a_model_is_written_into_a_file_that_is_open(tmp_path):
    model = model_of(lamina)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        saving.save_model_to_hdf5(model, file)
    again = saving.load_model_from_hdf5(tmp_path / "x.h5")
    np.testing.assert_array_equal(again.layers[0].kernel, model.layers[0].kernel)


def test_the_scope_decides_whether_lambdas_are_loaded():
    layer = lamina.layers.Lambda(lambda x: x + 1)
    config = lamina.saving.serialize_keras_object(layer)
    with saving.SafeModeScope(True), pytest.raises(ValueError, match="arbitrary code"):
        lamina.saving.deserialize_keras_object(config, safe_mode=False)
    with saving.SafeModeScope(False):
        assert lamina.saving.deserialize_keras_object(config)(np.ones(1)) == 2

"""Weights in several files, both ways with Keras, and whole or not at all."""

import json
import os
import warnings

import h5py
import keras
import numpy as np
import pytest
from tests.saving.exchange import LIBRARIES, data, outputs, randomize
from tests.saving.standins import Dense, Model, values

import lamina
from lamina.saving import load_weights, save_weights

KILOBYTE = 1 / (1 << 20)  # in gigabytes


def network(library):
    layers = library.layers
    inputs = library.Input((6, 4))
    x = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(inputs)
    x = layers.BatchNormalization()(layers.Dense(20)(x))
    model = library.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize(("writer", "reader"), [("keras", "lamina"), ("lamina", "keras"), ("lamina", "lamina")])
@pytest.mark.parametrize("size", [2, 4, 1000])  # parts of one layer apart; several layers together; all in one file
def test_shards_both_ways(tmp_path, writer, reader, size):
    first = network(LIBRARIES[writer])
    randomize(first)
    first.save_weights(tmp_path / "w.weights.json", max_shard_size=size * KILOBYTE)
    assert (len(os.listdir(tmp_path)) == 2) == (size == 1000)
    second = network(LIBRARIES[reader])
    second.load_weights(tmp_path / "w.weights.json")
    x = data((2, 6, 4))
    for ours, theirs in zip(outputs(first, x), outputs(second, x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_table_is_that_of_keras(tmp_path):
    tables = {}
    for name, library in LIBRARIES.items():
        library.utils.clear_session()
        (tmp_path / name).mkdir()
        network(library).save_weights(tmp_path / name / "w.weights.json", max_shard_size=2 * KILOBYTE)
        tables[name] = json.loads((tmp_path / name / "w.weights.json").read_text())
    theirs, ours = tables["keras"], tables["lamina"]
    for place, names in theirs["weight_map"].items():  # one name is as good as a list of it
        theirs["weight_map"][place] = [names] if isinstance(names, str) else names
    assert ours == theirs


def test_the_other_ending_is_renamed_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match=r"becomes .*x\.weights\.json"):
        save_weights(Model(a=Dense()), tmp_path / "x.weights.h5", max_shard_size=1)
    assert sorted(os.listdir(tmp_path)) == ["x.weights.json", "x_00000.weights.h5"]


@pytest.mark.parametrize(
    ("name", "size", "told"),
    [
        ("x.h5", 1, r"`\.weights\.json` when"),
        ("x.weights.json", None, r"must end in `\.weights\.h5`"),
        ("x.weights.json", 0, "positive number"),
        ("x.weights.json", 1e-9, "exceeds the maximum shard size"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(tmp_path, name, size, told):
    with pytest.raises(ValueError, match=told):
        save_weights(Model(a=Dense()), tmp_path / name, max_shard_size=size)
    assert os.listdir(tmp_path) == []


def test_writing_again_never_touches_files_in_use_and_leaves_none_behind(tmp_path):
    path = tmp_path / "x.weights.json"
    save_weights(Model(a=Dense(fill=1), b=Dense(fill=1)), path, max_shard_size=50 / (1 << 30))
    before = {file: (tmp_path / file).read_bytes() for file in os.listdir(tmp_path)}

    class Failing(Dense):
        def save_own_variables(self, store):
            assert {file: (tmp_path / file).read_bytes() for file in before} == before
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        save_weights(Model(a=Dense(fill=2), z=Failing()), path, max_shard_size=50 / (1 << 30))
    assert {file: (tmp_path / file).read_bytes() for file in os.listdir(tmp_path)} == before
    for fill in (2, 3):
        save_weights(Model(a=Dense(fill=fill), b=Dense(fill=fill)), path, max_shard_size=50 / (1 << 30))
        model = Model(a=Dense(fill=0), b=Dense(fill=0))
        load_weights(model, path)
        assert values(model.a, model.b) == [fill, fill]
        assert "x_00000.weights.h5" in os.listdir(tmp_path)  # Keras opens it
        assert len(os.listdir(tmp_path)) <= len(before) + 1


def test_a_misfit_is_told_part_by_part_and_changes_nothing(tmp_path):
    path = tmp_path / "x.weights.json"
    save_weights(Model(a=Dense(fill=5), b=Dense((4, 7)), e=Dense()), path, max_shard_size=1)
    model = Model(a=Dense(fill=1), b=Dense((2, 7), fill=2), d=Dense(fill=3))
    with pytest.raises(ValueError, match="do not fit") as caught:
        load_weights(model, path)
    told = str(caught.value)
    assert "kernel (2, 7), the file has (4, 7)" in told
    assert "d (dense" in told
    assert "not in the model: e" in told
    assert values(model.a, model.b, model.d) == [1, 2, 3]


@pytest.mark.parametrize("name", ["../y.weights.h5", "/etc/y.h5", "a\\y.h5", "y.txt", 3, ["x_00000.weights.h5", None]])
def test_a_table_that_points_elsewhere_is_refused(tmp_path, name):
    path = tmp_path / "x.weights.json"
    save_weights(Model(a=Dense()), path, max_shard_size=1)
    path.write_text(json.dumps({"metadata": {}, "weight_map": {"/a/vars": name}}))
    with pytest.raises(ValueError, match=r"L40[14]"):
        load_weights(Model(a=Dense()), path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"weight_map": 3}', "[" * 100_000])
def test_a_table_that_is_none_is_refused(tmp_path, text):
    path = tmp_path / "x.weights.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="L401"):
        load_weights(Model(a=Dense()), path)


def test_a_missing_or_linked_file_is_named(tmp_path):
    path = tmp_path / "x.weights.json"
    save_weights(Model(a=Dense()), path, max_shard_size=1)
    shard = tmp_path / "x_00000.weights.h5"
    shard.rename(tmp_path / "elsewhere.h5")
    with pytest.raises(ValueError, match=r"'x_00000\.weights\.h5'.*is missing"):
        load_weights(Model(a=Dense()), path)
    shard.symlink_to(tmp_path / "elsewhere.h5")
    with pytest.raises(ValueError, match="is missing"):
        load_weights(Model(a=Dense()), path)


def test_a_link_inside_a_shard_is_refused(tmp_path):
    path = tmp_path / "x.weights.json"
    save_weights(Model(a=Dense()), path, max_shard_size=1)
    with h5py.File(tmp_path / "x_00000.weights.h5", "a") as file:
        del file["a/vars/0"]
        file["a/vars/0"] = h5py.ExternalLink(str(tmp_path / "y.h5"), "/0")
    with pytest.raises(ValueError, match="ExternalLink"):
        load_weights(Model(a=Dense()), path)


@pytest.mark.parametrize(("writer", "reader"), [("keras", "lamina"), ("lamina", "keras")])
def test_folders_both_ways(tmp_path, writer, reader):
    first = network(LIBRARIES[writer])
    randomize(first)
    with warnings.catch_warnings(action="ignore"):
        first.save(tmp_path / "folder", zipped=False)
        second = LIBRARIES[reader].saving.load_model(tmp_path / "folder")
    x = data((2, 6, 4))
    np.testing.assert_allclose(outputs(first, x)[0], outputs(second, x)[0], rtol=1e-5, atol=1e-6)
    assert second.optimizer.learning_rate == first.optimizer.learning_rate


def test_keras_refuses_nothing_that_lamina_wrote_twice(tmp_path):
    for _ in range(2):
        ours = network(lamina)
        randomize(ours)
        ours.save_weights(tmp_path / "w.weights.json", max_shard_size=4 * KILOBYTE)
    theirs = network(keras)
    theirs.load_weights(tmp_path / "w.weights.json")
    x = data((2, 6, 4))
    np.testing.assert_allclose(outputs(ours, x)[0], outputs(theirs, x)[0], rtol=1e-5, atol=1e-6)

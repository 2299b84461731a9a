"""Files that are open already, in memory or with h5py; and what `save` and `load` are asked that they cannot do."""

import io
import warnings

import h5py
import numpy as np
import pytest
from tests.saving.exchange import data, outputs, randomize

import lamina


@pytest.fixture(scope="module")
def model():
    inputs = lamina.Input((3,))
    model = lamina.Model(inputs, lamina.layers.Dense(2)(lamina.layers.Dense(4)(inputs)))
    randomize(model)
    return model


def assert_same(first, second):
    x = data((2, 3))
    np.testing.assert_allclose(outputs(first, x)[0], outputs(second, x)[0], rtol=1e-6)


def test_a_model_goes_through_memory(model):
    buffer = io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    assert_same(model, lamina.saving.load_model(buffer))


def test_weights_go_through_memory(model):
    buffer = io.BytesIO()
    model.save_weights(buffer)
    other = lamina.models.clone_model(model)
    other.load_weights(io.BytesIO(buffer.getvalue()))
    assert_same(model, other)


def test_an_old_file_is_read_from_memory_and_from_h5py(model, tmp_path):
    with warnings.catch_warnings(action="ignore"):
        model.save(tmp_path / "m.h5")
    assert_same(model, lamina.saving.load_model(io.BytesIO((tmp_path / "m.h5").read_bytes())))
    other = lamina.models.clone_model(model)
    with h5py.File(tmp_path / "m.h5") as file:
        assert_same(model, lamina.saving.load_model(file))
        other.load_weights(file)
        assert file  # still open
    assert_same(model, other)


def test_weights_of_an_archive_in_memory(model):
    buffer = io.BytesIO()
    model.save(buffer)
    other = lamina.models.clone_model(model)
    other.load_weights(buffer)
    assert_same(model, other)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x89HDF\r\n\x1a\n", b"nothing of the kind"])
def test_an_open_file_of_another_kind_is_refused(content):
    with pytest.raises(ValueError, match="L401"):
        lamina.saving.load_model(io.BytesIO(content))


def test_a_path_without_its_ending_is_told_what_lies_beside_it(model, tmp_path):
    model.save_weights(tmp_path / "checkpoint.weights.h5")
    for load in (lamina.models.load_model, model.load_weights):
        with pytest.raises(ValueError, match=r"File format not supported(.|\n)*checkpoint\.weights\.h5"):
            load(tmp_path / "checkpoint")


def test_arguments_that_mean_nothing_are_errors(model, tmp_path):
    with pytest.raises(ValueError, match=r"argument\(s\) are not supported .*: compression"):
        model.save(tmp_path / "x.keras", compression=3)
    with pytest.warns(UserWarning, match="old HDF5"):
        model.save(tmp_path / "x.h5")
    with pytest.raises(ValueError, match="`objects_to_skip` only supports"):
        model.load_weights(tmp_path / "x.h5", objects_to_skip=[model.layers[0]])
    with pytest.raises(ValueError, match=r"Unrecognized keyword arguments .*: bits"):
        model.quantize("int8", bits=8)
    with pytest.raises(ValueError, match="Unrecognized format='pickle'"):
        model.export(tmp_path / "x", format="pickle")

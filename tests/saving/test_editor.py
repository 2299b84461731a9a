"""KerasFileEditor: the calls of Keras on files of both libraries."""

import h5py
import keras
import numpy as np
import pytest
from tests.saving.exchange import LIBRARIES

import lamina
from lamina.saving import KerasFileEditor


def source(library):
    inputs = library.Input((2,))
    x = library.layers.Dense(3, name="mydense")(inputs)
    return library.Model(inputs, library.layers.Dense(3, name="output_layer")(x))


def target(library):
    inputs = library.Input((2,))
    x = library.layers.Dense(3, name="mydense")(inputs)
    x = library.layers.Dense(3, name="myotherdense")(x)
    return library.Model(inputs, library.layers.Dense(3, name="output_layer")(x))


@pytest.fixture(params=["keras", "lamina"])
def path(request, tmp_path):
    source(LIBRARIES[request.param]).save(tmp_path / "m.keras")
    return str(tmp_path / "m.keras")


def test_a_file_is_adapted_to_a_model_with_one_layer_more(path, tmp_path):
    editor, model = KerasFileEditor(path), target(lamina)
    assert editor.compare(source(lamina)) == {"status": "success", "error_count": 0, "match_count": 4}
    assert editor.compare(model)["status"] == "error"
    editor.add_object("layers/dense_3", weights={"0": np.ones((3, 3))})
    assert editor.compare(model)["error_count"] == 2
    editor.rename_object("dense_3", "dense_4")
    editor.rename_object("layers/dense_4", "dense_2")
    assert editor.compare(model)["error_count"] == 1
    editor.add_weights("dense_2", {"1": np.full(3, 2.0)})
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 6}
    for save in (editor.save, editor.resave_weights):
        save(tmp_path / "new.weights.h5")
        for library in LIBRARIES.values():
            model = target(library)
            model.load_weights(tmp_path / "new.weights.h5")
            np.testing.assert_array_equal(model.layers[3].bias, np.full(3, 2.0))
    with h5py.File(tmp_path / "new.weights.h5") as file:
        assert file["layers/dense/vars"].attrs["name"] == "mydense"


def test_weights_are_removed_and_misfits_counted(path):
    editor, model = KerasFileEditor(path), source(lamina)
    editor.delete_weight("dense_1", "1")
    assert editor.compare(model)["error_count"] == 1
    editor.add_weights("layers/dense_1", {"1": np.zeros(7)})
    assert editor.compare(model) == {"status": "error", "error_count": 1, "match_count": 3}
    editor.delete_object("dense_1")
    assert editor.compare(model) == {"status": "error", "error_count": 1, "match_count": 2}


def test_summary_shows_names_shapes_and_dtypes(path, capsys):
    KerasFileEditor(path).summary()
    told = capsys.readouterr().out
    for piece in ("m.keras", "Saved with Keras 3.15", "layers", "dense_1 ('output_layer')", "(3, 3)", "float32"):
        assert piece in told.replace("\n", "")


def test_weights_of_layers_inside_layers_are_kept(tmp_path):
    inputs = lamina.Input((4, 2))
    model = lamina.Model(inputs, lamina.layers.Bidirectional(lamina.layers.LSTM(3))(inputs))
    model.save_weights(tmp_path / "w.weights.h5")
    editor = KerasFileEditor(str(tmp_path / "w.weights.h5"))
    assert editor.compare(model)["match_count"] >= 6
    editor.save(tmp_path / "again.weights.h5")
    model.load_weights(tmp_path / "again.weights.h5")


def essence(comparison):
    """Without the matches, which Keras counts again at every level."""
    return comparison["status"], comparison["error_count"]


def test_what_keras_says_of_the_same_edits(tmp_path):
    source(keras).save_weights(tmp_path / "w.weights.h5")
    results = []
    for name, library in LIBRARIES.items():
        editor = library.saving.KerasFileEditor(str(tmp_path / "w.weights.h5"))
        model = target(library)
        told = [essence(editor.compare(model))]
        editor.rename_object("dense_1", "dense_5")
        told.append(essence(editor.compare(model)))
        editor.delete_object("dense_5")
        told.append(essence(editor.compare(model)))
        results.append(told)
        assert set(editor.weights_dict["layers"]) == {"dense"}, name
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda e: e.rename_object("dense_9", "x"), "not found in model"),
        (lambda e: e.rename_object("dense_1", "a/b"), "not a path"),
        (lambda e: e.delete_object("layers/dense_9"), "not found in model"),
        (lambda e: e.delete_object("0"), "more than once"),
        (lambda e: e.add_object("other/dense", {"0": np.ones(1)}), "Path 'other' not found"),
        (lambda e: e.add_object("layers/dense_2", [1]), "should be a dict"),
        (lambda e: e.add_weights("dense", [1]), "should be a dict"),
        (lambda e: e.delete_weight("dense", "7"), "Weight 7 not found"),
        (lambda e: e.save("x.h5"), "expected a `.weights.h5`"),
    ],
)
def test_mistakes_are_named_and_change_nothing(path, edit, told):
    editor = KerasFileEditor(path)
    with pytest.raises(ValueError, match=told):
        edit(editor)
    assert editor.compare(source(lamina))["status"] == "success"


def test_other_endings_are_refused():
    with pytest.raises(ValueError, match="extension"):
        KerasFileEditor("x.h5")


def hostile_loop(file):
    file["layers/again"] = file["layers"]


def hostile_soft_link(file):
    file["layers/link"] = h5py.SoftLink("/layers")


def hostile_virtual(file):
    layout = h5py.VirtualLayout((5,), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "s", (5,))
    file.create_virtual_dataset("layers/dense/vars/9", layout)


@pytest.mark.parametrize(
    ("make", "told"), [(hostile_loop, "twice"), (hostile_soft_link, "SoftLink"), (hostile_virtual, "virtual")]
)
def test_hostile_files_are_refused(tmp_path, make, told):
    path = tmp_path / "w.weights.h5"
    source(lamina).save_weights(path)
    with h5py.File(path, "a") as file:
        make(file)
    with pytest.raises(ValueError, match=told):
        KerasFileEditor(path)

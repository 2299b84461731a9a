"""Files that `tf_keras` wrote load, compute the same, and go on training where they stopped."""

import json
import pathlib

import h5py
import keras
import numpy as np
import pytest
from tests.saving.exchange import outputs, randomize

import lamina
from lamina.core.errors import LaminaWarning
from lamina.saving.old_optimizers import restore_optimizer

DATA = pathlib.Path(__file__).parents[1] / "data"
FOUND = np.load(DATA / "keras2.npz")
NAMES = ("image", "graph", "words")


def known(name, letter):
    return [FOUND[key] for key in FOUND if key.startswith(f"{name}_{letter}")]


def agrees(model, name):
    x = known(name, "x")
    for got, wanted in zip(outputs(model, x if len(x) > 1 else x[0]), known(name, "y"), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_keras_2_computes_what_it_computed_then(name, ending):
    agrees(lamina.models.load_model(DATA / f"keras2_{name}.{ending}"), name)


def test_what_is_gone_since_keras_2_computes_what_it_computed_then(tmp_path):
    model = lamina.models.load_model(DATA / "keras2_gone.keras")
    agrees(model, "gone")
    model.save(tmp_path / "again.keras")
    agrees(lamina.models.load_model(tmp_path / "again.keras"), "gone")


@pytest.mark.parametrize("file", ["image.h5", "image.keras", "graph.h5", "words.h5"])
def test_the_optimizer_of_keras_2_goes_on_where_it_stopped(file):
    optimizer = lamina.models.load_model(DATA / f"keras2_{file}").optimizer
    assert int(optimizer.iterations.value) == 1
    state = [np.abs(variable.numpy()).sum() for variable in optimizer.variables if variable.ndim]
    assert np.count_nonzero(state) > len(state) / 2


def test_each_slot_of_the_optimizer_gets_its_own_array():
    model = lamina.models.load_model(DATA / "keras2_image.h5")
    slots = {variable.name: variable.numpy() for variable in model.optimizer.variables}
    with h5py.File(DATA / "keras2_image.h5") as file:
        saved = file["optimizer_weights/Adam"]
        np.testing.assert_array_equal(slots["sequential_dense_kernel_momentum"], saved["m/dense/kernel:0"])
        np.testing.assert_array_equal(slots["sequential_dense_kernel_velocity"], saved["v/dense/kernel:0"])


@pytest.mark.parametrize(
    ("name", "options", "names", "ends"),
    [
        ("Adamax", {}, ["Adamax/m/d/kernel:0", "Adamax/u/d/kernel:0"], ["momentum", "norm"]),
        ("Adamax", {}, ["Adamax/d/kernel/m:0", "Adamax/d/kernel/v:0"], ["momentum", "norm"]),
        ("Nadam", {}, ["Nadam/m/d/kernel:0", "Nadam/v/d/kernel:0"], ["momentum", "velocity"]),
        ("Ftrl", {}, ["Ftrl/accumulator/d/kernel:0", "Ftrl/linear/d/kernel:0"], ["accumulator", "linear"]),
        (
            "Adam",
            {"amsgrad": True},
            [f"Adam/{slot}/d/kernel:0" for slot in ("m", "v", "v_hat")],
            ["momentum", "velocity", "velocity_hat"],
        ),
        (
            "RMSprop",
            {"centered": True, "momentum": 0.5},
            [f"RMSprop/d/kernel/{slot}:0" for slot in ("rms", "mg", "momentum")],
            ["velocity", "average_gradient", "momentum"],
        ),
        ("SGD", {}, ["1", "2"], []),
        ("Nadam", {}, ["1", "2"], ["momentum", "velocity"]),
    ],
)
def test_the_slots_of_every_optimizer_are_found(name, options, names, ends):
    """By the names of `.h5` files, new and old; or by the order of `.keras` files, which counted no learning rate."""
    kernel = lamina.Variable(np.zeros((2, 3), "float32"), name="kernel")
    optimizer = getattr(lamina.optimizers, name)(**options)
    optimizer.build([kernel])
    arrays = {each: np.full((2, 3), 2.0 + i, "float32") for i, each in enumerate(names)}
    restore_optimizer(optimizer, {"iteration:0" if "/" in names[0] else "0": np.array(7), **arrays})
    assert optimizer.iterations == 7
    for end, wanted in zip(ends, arrays.values(), strict=False):
        (slot,) = (variable for variable in optimizer.variables if variable.name.endswith(f"kernel_{end}"))
        np.testing.assert_array_equal(slot, wanted)


def test_a_loaded_model_of_keras_2_trains_on():
    model, x, y = lamina.models.load_model(DATA / "keras2_image.h5"), known("image", "x")[0], np.zeros(4, "int32")
    before, _ = model.evaluate(x, y, verbose=0)
    history = model.fit(x, y, epochs=8, verbose=0).history
    assert model.evaluate(x, y, verbose=0)[0] < before  # without what dropout leaves out at random
    assert "accuracy" in history


def test_a_decaying_learning_rate_becomes_the_schedule_it_was():
    optimizer = lamina.models.load_model(DATA / "keras2_graph.h5").optimizer
    assert float(optimizer.learning_rate) == pytest.approx(1e-2 / 1.1)


def test_without_compile_no_optimizer_is_made():
    assert lamina.models.load_model(DATA / "keras2_image.h5", compile=False).optimizer is None


def test_weights_only_load_by_order_into_the_model_of_the_json():
    model = lamina.models.model_from_json((DATA / "keras2_words.json").read_text())
    model.load_weights(DATA / "keras2_words_only.h5")
    agrees(model, "words")


def test_weights_load_by_order_from_a_whole_model():
    model = lamina.models.load_model(DATA / "keras2_graph.keras", compile=False)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    model.load_weights(DATA / "keras2_graph.h5")
    agrees(model, "graph")


def other_words(library, units=4):
    layers = library.layers
    return library.Sequential(
        [library.Input((5,)), layers.Embedding(7, 4, name="embedding"), layers.Dense(units, name="simple_rnn")]
    )


def test_weights_load_by_name_where_names_agree():
    layers = lamina.layers
    model = lamina.Sequential([lamina.Input((5,)), layers.Embedding(7, 4, name="embedding"), layers.Dense(3)])
    before = model.layers[1].get_weights()
    model.load_weights(DATA / "keras2_words_only.h5", by_name=True)
    with h5py.File(DATA / "keras2_words_only.h5") as file:
        np.testing.assert_array_equal(model.layers[0].get_weights()[0], file["embedding/embedding/embeddings:0"])
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], before[0])


def test_a_misfit_by_name_changes_nothing_and_is_skipped_only_when_asked():
    model = other_words(lamina)
    before = [weight.copy() for weight in model.get_weights()]
    with pytest.raises(ValueError, match=r"simple_rnn .*: expected kernel \(4, 4\), bias \(4,\); the file has"):
        model.load_weights(DATA / "keras2_words_only.h5", by_name=True)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    with pytest.warns(LaminaWarning, match="simple_rnn"):
        model.load_weights(DATA / "keras2_words_only.h5", by_name=True, skip_mismatch=True)
    assert np.any(model.get_weights()[0] != before[0])


def test_another_number_of_layers_is_told_with_the_names_in_the_file():
    model = lamina.Sequential([lamina.Input((5,)), lamina.layers.Dense(3)])
    with pytest.raises(ValueError, match=r"model has 1 layers .* file 3 \(embedding, simple_rnn, inner\)"):
        model.load_weights(DATA / "keras2_words_only.h5")


def newly_made(library):
    layers = library.layers
    inner = library.Sequential(
        [library.Input((4, 3)), layers.Dense(3, kernel_regularizer="l2"), layers.BatchNormalization()], name="inner"
    )
    inputs = library.Input((4, 3))
    model = library.Model(inputs, layers.Dense(1)(layers.LSTM(2)(inner(inputs))))
    model.compile(library.optimizers.Adam(1e-2), "mean_squared_error", metrics=["mean_absolute_error"])
    randomize(model)
    model.optimizer.build(model.trainable_variables)
    for i, variable in enumerate(model.optimizer.variables):
        variable.assign(variable + i)
    return model, np.random.default_rng(0).normal(size=(4, 4, 3)).astype("float32")


@pytest.mark.parametrize(("writer", "reader"), [(lamina, keras), (keras, lamina), (lamina, lamina)])
@pytest.mark.filterwarnings("ignore")
def test_h5_files_are_exchanged_with_keras_3(tmp_path, writer, reader):
    model, x = newly_made(writer)
    model.save(tmp_path / "model.h5")
    again = reader.models.load_model(tmp_path / "model.h5")
    np.testing.assert_allclose(outputs(again, x)[0], outputs(model, x)[0], rtol=1e-5, atol=1e-6)
    assert type(again.optimizer).__name__ == "Adam"
    if reader is lamina:
        for ours, theirs in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
            np.testing.assert_allclose(ours.numpy(), np.asarray(theirs), rtol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_h5_files_have_the_layout_of_keras_3(tmp_path):
    layouts, configs = [], []
    for library in (keras, lamina):
        library.utils.clear_session()
        newly_made(library)[0].save(tmp_path / "model.h5")
        with h5py.File(tmp_path / "model.h5") as file:
            found = {}
            file.visititems(lambda name, item, found=found: found.update({name: getattr(item, "shape", None)}))
            layouts.append((found, list(file["model_weights"].attrs["layer_names"])))
            configs.append(json.loads(file.attrs["model_config"]))
    assert layouts[0] == layouts[1]
    assert configs[0].keys() == configs[1].keys()
    for theirs, ours in zip(*(config["config"]["layers"] for config in configs), strict=True):
        assert theirs.keys() == ours.keys()
        assert theirs["class_name"] == ours["class_name"]


def test_the_optimizer_is_left_out_when_asked(tmp_path):
    model, _ = newly_made(lamina)
    with pytest.warns(LaminaWarning, match="old HDF5 format"):
        model.save(tmp_path / "model.h5", include_optimizer=False)
    assert lamina.models.load_model(tmp_path / "model.h5").optimizer is None

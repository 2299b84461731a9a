"""Descriptions of models as Keras 2 wrote them, given to `from_config` and `model_from_json`."""

import json

import numpy as np
import pytest

import lamina

DENSE = {"name": "dense", "trainable": True, "dtype": "float32", "units": 3, "activation": "linear"}


def layer(class_name, config, *calls, module=None):
    entry = {"class_name": class_name, "config": config, "name": config["name"], "inbound_nodes": list(calls)}
    return entry if module is None else {"module": module, **entry, "registered_name": None}


def graph(*layers, outputs, module=None):
    config = {"batch_input_shape": (None, 4), "dtype": "float32", "sparse": False, "ragged": False, "name": "x"}
    first = layer("InputLayer", config, module=module)
    return {"name": "m", "layers": [first, *layers], "input_layers": [["x", 0, 0]], "output_layers": [[outputs, 0, 0]]}


@pytest.mark.parametrize("module", [None, "keras.layers", "tensorflow.keras.layers"])
@pytest.mark.parametrize("cls", [lamina.Model, lamina.models.Model])
def test_a_functional_model_from_its_config(module, cls):
    config = graph(layer("Dense", DENSE, [["x", 0, 0, {}]], module=module), outputs="dense", module=module)
    model = cls.from_config(config)
    assert model(np.ones((2, 4), "float32")).shape == (2, 3)
    assert [x.name for x in model.layers] == ["x", "dense"]


@pytest.mark.parametrize("module", [None, "keras.layers"])
def test_a_sequential_model_from_its_config(module):
    entry = {"class_name": "Dense", "config": {**DENSE, "batch_input_shape": [None, 4]}}
    entry = entry if module is None else {"module": module, **entry}
    for config in ({"name": "s", "layers": [entry]}, [entry]):
        assert lamina.Sequential.from_config(config).output_shape == (None, 3)


def test_todays_configs_are_left_alone():
    model = lamina.Sequential([lamina.Input((4,)), lamina.layers.Dense(3, name="d")], name="s")
    assert lamina.Sequential.from_config(model.get_config()).get_config() == model.get_config()


def test_json_that_names_its_version():
    inner = graph(
        layer("Dense", DENSE, [["x", 0, 0, {}]], module="keras.layers"), outputs="dense", module="keras.layers"
    )
    text = json.dumps({"class_name": "Functional", "module": "keras", "config": inner, "keras_version": "2.15.0"})
    assert lamina.models.model_from_json(text).output_shape == (None, 3)


def function(name, function, *calls, class_name="TFOpLambda"):
    return layer(class_name, {"name": name, "trainable": True, "dtype": "float32", "function": function}, *calls)


@pytest.mark.parametrize(
    ("called", "keywords", "expected"),
    [
        ("math.multiply", {"y": 2.0, "name": None}, lambda x: x * 2),
        ("__operators__.add", {"y": ["x", 0, 0]}, lambda x: x + x),
        ("math.reduce_mean", {"axis": 1, "keepdims": True}, lambda x: x.mean(1, keepdims=True)),
        ("reshape", {"shape": [-1, 2]}, lambda x: x.reshape(-1, 2)),
        ("expand_dims", {"axis": -1}, lambda x: x[..., None]),
        ("nn.relu", {"name": None}, lambda x: np.maximum(x, 0)),
        ("clip_by_value", {"clip_value_min": -0.5, "clip_value_max": 0.5}, lambda x: x.clip(-0.5, 0.5)),
        ("cast", {"dtype": "int32"}, lambda x: x.astype("int32")),
        ("math.exp", {}, np.exp),
    ],
)
def test_tensorflow_functions_become_operations(called, keywords, expected):
    model = lamina.Model.from_config(graph(function("tf", called, ["x", 0, 0, keywords]), outputs="tf"))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(model(x), expected(x), rtol=1e-6)
    again = lamina.Model.from_config(model.get_config())
    np.testing.assert_allclose(again(x), expected(x), rtol=1e-6)


def test_slices_and_lists_of_tensors():
    part = {"slice_spec": [{"start": None, "stop": None, "step": None}, {"start": 1, "stop": 3, "step": None}]}
    cut = function("cut", "__operators__.getitem", ["x", 0, 0, part], class_name="SlicingOpLambda")
    joined = function("tf.concat", "concat", [["x", 0, 0, {"axis": 1}], ["cut", 0, 0, {"axis": 1}]])
    model = lamina.Model.from_config(graph(cut, joined, outputs="tf.concat"))
    x = np.arange(8, dtype="float32").reshape(2, 4)
    np.testing.assert_array_equal(model(x), np.concatenate([x, x[:, 1:3]], 1))


def test_a_function_without_an_operation_is_named():
    config = graph(function("odd", "signal.stft", ["x", 0, 0, {}]), outputs="odd")
    with pytest.raises(ValueError, match=r"L408: the file calls the TensorFlow function 'signal.stft'[^$]*\"odd\""):
        lamina.Model.from_config(config)

"""Descriptions of models as Keras 2 wrote them, given to `from_config` and `model_from_json`."""

import json
import math

import h5py
import numpy as np
import pytest

import lamina
from lamina.saving.old_configs import upgrade_compile_config

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


def reflected(x):
    return np.pad(x, [[0, 0], [1, 2]], "reflect")


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
        ("math.cumsum", {}, lambda x: x.cumsum(0)),
        ("math.reduce_std", {"axis": 1}, lambda x: x.std(1)),
        ("math.l2_normalize", {"axis": -1}, lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)),
        ("compat.v1.norm", {"ord": "euclidean", "axis": -1}, lambda x: np.linalg.norm(x, axis=-1)),
        ("compat.v1.transpose", {"perm": [1, 0], "conjugate": False}, np.transpose),
        ("compat.v1.gather", {"indices": [0, 2], "axis": 1, "batch_dims": 0}, lambda x: x[:, [0, 2]]),
        ("gather", {"indices": [0, 2]}, lambda x: x[[0, 2]]),
        (
            "compat.v1.pad",
            {"paddings": [[0, 0], [1, 2]], "mode": "CONSTANT", "constant_values": 3},
            lambda x: np.pad(x, [[0, 0], [1, 2]], constant_values=3),
        ),
        ("pad", {"paddings": [[0, 0], [1, 2]], "mode": "REFLECT", "constant_values": 0}, reflected),
        ("linalg.matmul", {"b": ["x", 0, 0], "transpose_b": True}, lambda x: x @ x.T),
        ("reverse", {"axis": [1]}, lambda x: x[:, ::-1]),
        ("roll", {"shift": 1, "axis": 1}, lambda x: np.roll(x, 1, 1)),
        ("repeat", {"repeats": 2, "axis": 1}, lambda x: x.repeat(2, 1)),
        ("sort", {"axis": -1, "direction": "ASCENDING"}, lambda x: np.sort(x, -1)),
        ("nn.bias_add", {"bias": [1.0, 2.0, 3.0, 4.0]}, lambda x: x + [1, 2, 3, 4]),
        ("nn.leaky_relu", {"alpha": 0.5}, lambda x: np.where(x > 0, x, x / 2)),
        ("nn.gelu", {"approximate": False}, lambda x: x * (1 + np.vectorize(math.erf)(x / 2**0.5)) / 2),
        ("nn.gelu", {"approximate": True}, lambda x: x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2),
        ("math.argmax", {"output_type": "int64"}, lambda x: x.argmax(0)),
        ("math.l2_normalize", {"axis": -1, "epsilon": 100.0}, lambda x: x / 10),
        ("compat.v1.math.reduce_max", {"axis": 1, "keep_dims": True}, lambda x: x.max(1, keepdims=True)),
        ("identity", {}, lambda x: x),
        ("ones_like", {}, np.ones_like),
    ],
)
def test_tensorflow_functions_become_operations(called, keywords, expected):
    model = lamina.Model.from_config(graph(function("tf", called, ["x", 0, 0, keywords]), outputs="tf"))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(model(x), expected(x), rtol=1e-5, atol=1e-6)
    again = lamina.Model.from_config(model.get_config())
    np.testing.assert_allclose(again(x), expected(x), rtol=1e-5, atol=1e-6)


def node(op, constants, attributes=None, calls=("x",)):
    """A `TensorFlowOpLayer` as tf.keras 2.3 wrote it: integers are texts, the name lacks its beginning."""
    definition = {
        "name": "tf",
        "op": op,
        "input": ["x", "tf/y"],
        "attr": {"T": {"type": "DT_FLOAT"}, **(attributes or {})},
    }
    config = {"name": "tf", "trainable": True, "dtype": "float32", "node_def": definition, "constants": constants}
    return {**layer("TensorFlowOpLayer", config, [[name, 0, 0, {}] for name in calls]), "name": "tf_op_layer_tf"}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (node("AddV2", {"1": 3.0}), lambda x: x + 3),
        (node("Sub", {"0": 1.0}), lambda x: 1 - x),
        (node("Mul", {}, calls=("x", "x")), lambda x: x * x),
        (node("Relu6", {}), lambda x: x.clip(0, 6)),
        (node("Mean", {"1": 1}, {"keep_dims": {"b": True}}), lambda x: x.mean(1, keepdims=True)),
        (node("Max", {"1": [0, 1]}, {"keep_dims": {"b": False}}), lambda x: x.max()),
        (node("Reshape", {"1": [-1, 2]}), lambda x: x.reshape(-1, 2)),
        (node("ConcatV2", {"2": 1}, {"N": {"i": "2"}}, calls=("x", "x")), lambda x: np.concatenate([x, x], 1)),
        (node("Pack", {}, {"axis": {"i": "1"}}, calls=("x", "x")), lambda x: np.stack([x, x], 1)),
        (node("MatMul", {}, {"transpose_b": {"b": True}}, calls=("x", "x")), lambda x: x @ x.T),
        (node("Cast", {}, {"DstT": {"type": "DT_INT32"}, "Truncate": {"b": False}}), lambda x: x.astype("int32")),
        (
            node(
                "StridedSlice",
                {"1": [0, 1], "2": [0, 3], "3": [1, 1]},
                {"begin_mask": {"i": "1"}, "end_mask": {"i": "1"}, "shrink_axis_mask": {"i": "0"}},
            ),
            lambda x: x[:, 1:3],
        ),
        (
            node(
                "StridedSlice",
                {"1": [0, 2, 0], "2": [0, 3, 0], "3": [1, 1, 1]},
                {"ellipsis_mask": {"i": "1"}, "shrink_axis_mask": {"i": "2"}, "new_axis_mask": {"i": "4"}},
            ),
            lambda x: x[..., 2, None],
        ),
    ],
)
def test_nodes_of_tensorflow_become_operations(made, expected):
    model = lamina.Model.from_config(graph(made, outputs="tf_op_layer_tf"))
    x = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(model(x), expected(x), rtol=1e-5, atol=1e-6)


def test_a_node_without_an_operation_is_named():
    with pytest.raises(ValueError, match=r"L408: the file calls the TensorFlow function 'FFT'[^$]*\"tf_op_layer_tf\""):
        lamina.Model.from_config(graph(node("FFT", {}), outputs="tf_op_layer_tf"))


def test_a_constant_may_be_the_first_argument():
    config = graph(function("tf", "math.subtract", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["x", 0, 0]}]), outputs="tf")
    assert lamina.Model.from_config(config)(np.full((1, 4), 3.0))[0, 0] == -2


@pytest.mark.parametrize(("sizes", "second"), [(2, slice(2, 4)), ([1, 2, 1], slice(1, 3))])
def test_a_function_may_have_several_results(sizes, second):
    parts = function("parts", "split", ["x", 0, 0, {"num_or_size_splits": sizes, "axis": 1}])
    config = graph(parts, function("tf", "identity", ["parts", 0, 1, {}]), outputs="tf")
    x = np.arange(8, dtype="float32").reshape(2, 4)
    np.testing.assert_array_equal(lamina.Model.from_config(config)(x), x[:, second])


def test_an_ellipsis_in_an_index():
    part = {"slice_spec": [{"class_name": "__ellipsis__"}, {"start": 1, "stop": 3, "step": None}]}
    cut = function("cut", "__operators__.getitem", ["x", 0, 0, part], class_name="SlicingOpLambda")
    x = np.arange(8, dtype="float32").reshape(2, 4)
    np.testing.assert_array_equal(lamina.Model.from_config(graph(cut, outputs="cut"))(x), x[:, 1:3])


def test_ones_may_be_of_another_dtype():
    config = graph(function("tf", "ones_like", ["x", 0, 0, {"dtype": "int32"}]), outputs="tf")
    assert lamina.Model.from_config(config).output.dtype == "int32"


@pytest.mark.parametrize(
    ("called", "keywords"),
    [
        ("math.cumsum", {"axis": 1, "reverse": True}),
        ("linalg.matmul", {"b": ["x", 0, 0], "adjoint_b": True}),
        ("one_hot", {"depth": 4, "on_value": 5.0}),
        ("nn.silu", {"beta": 2.0}),
        ("math.reduce_sum", {"reduction_indices": 1}),
    ],
)
def test_an_argument_of_a_function_that_is_gone_is_named(called, keywords):
    *_, (name, value) = keywords.items()
    config = graph(function("tf", called, ["x", 0, 0, keywords]), outputs="tf")
    with pytest.raises(ValueError, match=f"calls '{called}' with {name}={value}"):
        lamina.Model.from_config(config)


def test_states_that_stood_beside_the_input_are_the_initial_state():
    lstm = {"units": 4, "time_major": False, "name": "lstm"}
    steps = layer("Reshape", {"name": "steps", "target_shape": [1, 4]}, ["x", 0, 0, {}])
    config = graph(steps, layer("LSTM", lstm, [["steps", 0, 0, {}], ["x", 0, 0, {}], ["x", 0, 0, {}]]), outputs="lstm")
    model = lamina.Model.from_config(config)
    x = np.ones((2, 4), "float32")
    expected = model.get_layer("lstm")(x[:, None], initial_state=[x, x])
    np.testing.assert_allclose(model(x), expected, rtol=1e-6)
    assert not np.allclose(expected, model.get_layer("lstm")(x[:, None]))


def test_names_with_slashes_get_hyphens(tmp_path):
    dense = layer("Dense", {"units": 2, "name": "block/dense"}, ["x", 0, 0, {}])
    model = lamina.Model.from_config(graph(dense, outputs="block/dense"))
    assert [each.name for each in model.layers] == ["x", "block-dense"]
    assert model.output_shape == (None, 2)
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["layer_names"] = [b"block/dense"]
        file.create_group("block/dense").attrs["weight_names"] = [b"kernel:0", b"bias:0"]
        file["block/dense/kernel:0"], file["block/dense/bias:0"] = np.full((4, 2), 3.0), np.zeros(2)
    model.load_weights(tmp_path / "old.h5", by_name=True)
    np.testing.assert_array_equal(model(np.ones((1, 4))), [[12.0, 12.0]])
    assert upgrade_compile_config({"loss": {"block/dense": "mse"}})["loss"] == {"block-dense": "mse"}


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

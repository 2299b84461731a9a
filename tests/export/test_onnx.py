"""ONNX files: every layer agrees with onnxruntime at two batch sizes, as the nodes that are meant for it."""

import collections
import functools
import sys
import types

import numpy as np
import pytest
from tests import every_layer

import lamina
from lamina import applications, ops
from lamina.applications import vgg

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
L = lamina.layers

STEPS, IMAGE, VOLUME = (6, 5), (9, 8, 3), (6, 5, 4, 2)


def exported(model, path, **options):
    """Write a model with random weights, those in few bits left as they are, and check the file's grammar."""
    rng = np.random.default_rng(0)
    if not any(layer.quantization_mode for layer in model._flatten_layers()):
        model.set_weights([rng.uniform(0.05, 0.3, w.shape).astype(w.dtype) for w in model.get_weights()])
    model.export(path, format="onnx", verbose=False, **options)
    onnx.checker.check_model(str(path), full_check=True)
    return onnx.load(path)


def counts(proto):
    return dict(collections.Counter(node.op_type for node in proto.graph.node))


def assert_agrees(model, path, integers=None, mixes=False, **options):
    """Export a model and compare it with onnxruntime at two batch sizes; return how often each node occurs.

    One example must come out of the model as it does among three, unless what the model computes `mixes` examples.
    """
    proto = exported(model, path, **options)
    session_options = runtime.SessionOptions()
    session_options.log_severity_level = 3
    session = runtime.InferenceSession(path, session_options)
    rng = np.random.default_rng(1)
    x = {}
    for given in session.get_inputs():
        shape = [3] + [size if isinstance(size, int) else 7 for size in given.shape[1:]]
        drawn = rng.normal(size=shape) if integers is None else rng.integers(0, integers, shape)
        x[given.name] = drawn.astype("int32" if "int32" in given.type else "float32")
    one = {name: value[:1] for name, value in x.items()}
    expected = computed(model, x)
    for inputs, wanted in ((x, expected), (one, computed(model, one) if mixes else [y[:1] for y in expected])):
        for ours, theirs in zip(wanted, session.run(None, inputs), strict=True):
            assert ours.shape == theirs.shape
            np.testing.assert_allclose(theirs, ours, rtol=1e-5, atol=1e-5)
    return counts(proto)


def computed(model, x):
    values = list(x.values())
    outputs = model(values if len(values) > 1 else values[0], training=False)
    return [np.asarray(y) for y in lamina.tree.flatten(outputs)]


def branches(shape, *layers, dtype=None):
    """One model with an output for each layer."""
    inputs = L.Input(shape, dtype=dtype)
    return lamina.Model(inputs, [layer(inputs) for layer in layers])


WITHOUT_NODES = (L.ContrastLimitedAdaptiveHistogramEqualization,)  # it counts values, by scattered additions


@pytest.mark.parametrize("group", every_layer.GROUPS, ids=lambda group: group.__name__)
def test_every_layer(tmp_path, group):
    """A layer without a row there fails in tests/saving/test_exchange.py."""
    integers = 7 if group is every_layer.words else None
    mixes = group is every_layer.sounds  # decibels are kept near the loudest of all
    model = every_layer.make(lamina, group, lambda layer: type(layer) not in WITHOUT_NODES)
    assert_agrees(model, tmp_path / "m.onnx", integers, mixes)


def test_a_layer_of_the_library_without_nodes_is_named(tmp_path):
    for layer in WITHOUT_NODES:
        with pytest.raises(ValueError, match=f"L409: .*{layer.__name__}"):
            branches((8, 8, 3), layer()).export(tmp_path / "m.onnx", format="onnx")


def test_functions_of_the_user_as_layers(tmp_path):
    double = L.JaxLayer(lambda params, inputs: 2 * inputs @ params, lambda rng, inputs: np.ones((5, 3), "f4"))
    assert_agrees(branches((5,), double, L.Lambda(lambda x: ops.tanh(x) + 1)), tmp_path / "m.onnx")


@pytest.mark.parametrize("name", ["VGG16", "VGG19"])
def test_application_models(tmp_path, monkeypatch, name):
    monkeypatch.setattr(vgg, "_FILTERS", (2, 3, 4, 4, 4))
    make = getattr(applications, name)
    model = make(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
    assert assert_agrees(model, tmp_path / "m.onnx")["Transpose"] == 1


def test_a_block_of_an_image_network_is_six_nodes(tmp_path):
    block = [L.Conv2D(8, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D()]
    nodes = assert_agrees(lamina.Sequential([L.Input((16, 16, 3)), *block]), tmp_path / "m.onnx")
    assert nodes == {"Transpose": 2, "Conv": 1, "BatchNormalization": 1, "Relu": 1, "MaxPool": 1}


WINDOW = {
    "Conv1D": (STEPS, functools.partial(L.Conv1D, 4, 3)),
    "Conv2D": (IMAGE, functools.partial(L.Conv2D, 4, 3)),
    "Conv3D": (VOLUME, functools.partial(L.Conv3D, 4, 2)),
    "DepthwiseConv1D": (STEPS, functools.partial(L.DepthwiseConv1D, 3, depth_multiplier=2)),
    "DepthwiseConv2D": (IMAGE, functools.partial(L.DepthwiseConv2D, 3, depth_multiplier=2)),
    "SeparableConv1D": (STEPS, functools.partial(L.SeparableConv1D, 4, 3)),
    "SeparableConv2D": (IMAGE, functools.partial(L.SeparableConv2D, 4, 3)),
}


@pytest.mark.parametrize("name", WINDOW)
def test_convolutions(tmp_path, name):
    shape, make = WINDOW[name]
    options = [{}, {"strides": 2, "activation": "relu"}, {"dilation_rate": 2, "use_bias": False}]
    layers = [make(padding=padding, **option) for padding in ("valid", "same") for option in options]
    nodes = assert_agrees(branches(shape, *layers), tmp_path / "m.onnx")
    assert nodes["Conv"] == 6 * (1 + ("Separable" in name))
    assert nodes["Transpose"] == 7  # the input once, and each of the outputs


def test_convolutions_of_other_forms(tmp_path):
    layers = [
        L.Conv2D(6, 3, groups=3),
        L.Conv2D(4, (2, 4), padding="same", strides=(2, 3)),
        L.Conv2D(4, 3, padding="same", strides=2, data_format="channels_first"),
        L.MaxPooling2D((3, 2), strides=2, padding="same", data_format="channels_first"),
        L.DepthwiseConv2D(3, data_format="channels_first"),
        L.GlobalAveragePooling2D(data_format="channels_first"),
    ]
    assert_agrees(branches(IMAGE, *layers), tmp_path / "m.onnx")
    causal = [L.Conv1D(4, 3, padding="causal", dilation_rate=2), L.Conv1D(4, 2, padding="causal", strides=2)]
    assert_agrees(branches(STEPS, *causal), tmp_path / "m.onnx")


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_transposed_convolutions(tmp_path, padding):
    options = [{}, {"strides": 2}, {"strides": 3}, {"dilation_rate": 2}, {"strides": 4}]
    options.append({"strides": 2, "output_padding": 1})
    layers = [L.Conv2DTranspose(2, 3, padding=padding, **option) for option in options]
    assert assert_agrees(branches(IMAGE, *layers), tmp_path / "m.onnx")["ConvTranspose"] == 6
    assert_agrees(branches(STEPS, L.Conv1DTranspose(2, 3, padding=padding, strides=2)), tmp_path / "m.onnx")
    assert_agrees(branches(VOLUME, L.Conv3DTranspose(2, 3, padding=padding, strides=2)), tmp_path / "m.onnx")


@pytest.mark.parametrize(("axes", "shape"), [("1D", STEPS), ("2D", IMAGE), ("3D", VOLUME)])
def test_pooling_padding_and_resizing(tmp_path, axes, shape):
    made = functools.partial(getattr, L)
    layers = [made(f"{kind}Pooling{axes}")(2, padding=p) for kind in ("Max", "Average") for p in ("valid", "same")]
    layers += [made(f"{kind}Pooling{axes}")(3, strides=1, padding="same") for kind in ("Max", "Average")]
    layers += [made(f"Global{kind}Pooling{axes}")(keepdims=k) for kind in ("Max", "Average") for k in (True, False)]
    layers += [made(f"{kind}{axes}")(size) for kind, size in (("ZeroPadding", 2), ("Cropping", 1), ("UpSampling", 2))]
    nodes = assert_agrees(branches(shape, *layers), tmp_path / "m.onnx")
    assert nodes["MaxPool"] == nodes["AveragePool"] == 3
    assert nodes["Resize"] == nodes["Pad"] == nodes["Slice"] == 1


def test_adaptive_pooling_and_other_ways_to_resize(tmp_path):
    layers = [L.AdaptiveMaxPooling2D(2), L.AdaptiveAveragePooling2D(2), L.ZeroPadding2D(((1, 2), (0, 1)))]
    layers += [L.UpSampling2D(2, interpolation=kind) for kind in ("bilinear", "bicubic")]
    assert_agrees(branches(IMAGE, *layers, L.Cropping2D(((0, 1), (1, 0)))), tmp_path / "m.onnx")


def test_images_of_any_size(tmp_path):
    inputs = L.Input((None, None, 3))
    x = L.MaxPooling2D(3, strides=2, padding="same")(L.Conv2D(4, 3, padding="same", strides=2)(inputs))
    model = lamina.Model(inputs, [x, L.GlobalAveragePooling2D()(x), L.UpSampling2D(2)(x)])
    assert_agrees(model, tmp_path / "m.onnx")


NO_ACTIVATION = {"get", "serialize", "deserialize", "threshold", "Mish", "ReLU"}


@pytest.mark.parametrize("after_convolution", [False, True])
def test_activations(tmp_path, after_convolution):
    names = sorted(set(lamina.activations.__all__) - NO_ACTIVATION)
    layers = [L.Activation(name) for name in names if callable(getattr(lamina.activations, name))]
    layers += [L.ReLU(), L.ReLU(6.0), L.ReLU(6.0, 0.1, 0.2), L.ReLU(negative_slope=0.1), L.LeakyReLU(0.3), L.ELU(0.5)]
    layers += [L.PReLU(), L.PReLU(shared_axes=[1]), L.Softmax(), L.Softmax(axis=1), L.Softmax(axis=(1, 2))]
    inputs = L.Input((6, 4))
    x = L.Conv1D(4, 1)(inputs) if after_convolution else inputs
    nodes = assert_agrees(lamina.Model(inputs, [layer(x) for layer in layers]), tmp_path / "m.onnx")
    for operator in ("Elu", "Selu", "Softplus", "Softsign", "HardSigmoid", "HardSwish", "Mish", "Gelu", "PRelu"):
        assert nodes[operator] >= 1


@pytest.mark.parametrize("shape", [(5,), STEPS, IMAGE])
def test_layers_for_any_number_of_axes(tmp_path, shape):
    layers = [L.Dense(4, activation="softmax"), L.Dense(3, use_bias=False), L.BatchNormalization(), L.Flatten()]
    layers += [L.LayerNormalization(), L.GroupNormalization(-1), L.RMSNormalization(), L.UnitNormalization()]
    layers += [L.Dropout(0.5), L.AlphaDropout(0.5), L.GaussianDropout(0.5), L.GaussianNoise(1.0), L.Identity()]
    layers += [L.ActivityRegularization(0.1), L.Rescaling(0.5, -1), L.SpectralNormalization(L.Dense(4))]
    nodes = assert_agrees(branches(shape, *layers), tmp_path / "m.onnx")
    assert nodes["BatchNormalization"] == nodes["LayerNormalization"] == 1


def test_normalization_over_other_axes(tmp_path):
    layers = [L.BatchNormalization(axis=1), L.BatchNormalization(axis=2, scale=False, center=False)]
    layers += [L.LayerNormalization(axis=[1, 2]), L.LayerNormalization(center=False, scale=False)]
    assert_agrees(branches(IMAGE, *layers), tmp_path / "m.onnx")


def test_reshaping(tmp_path):
    layers = [L.Reshape((5, -1)), L.Permute((2, 1)), L.TimeDistributed(L.Dense(4)), L.Flatten("channels_first")]
    layers.append(L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"))
    assert_agrees(branches(STEPS, *layers), tmp_path / "m.onnx")
    assert_agrees(branches((5,), L.RepeatVector(4)), tmp_path / "m.onnx")
    assert_agrees(branches((3, *IMAGE), L.TimeDistributed(L.Conv2D(4, 3))), tmp_path / "m.onnx")


def test_merging(tmp_path):
    inputs = [L.Input(IMAGE) for _ in range(3)]
    images = [L.Conv2D(3, 1)(inputs[0]), *inputs[1:]]
    kinds = (L.Add, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate)
    merged = [kind()(images) for kind in kinds] + [L.Subtract()(images[:2]), L.Concatenate(axis=1)(images)]
    pooled = L.GlobalAveragePooling2D(keepdims=True)(images[0])
    merged += [L.Multiply()([images[0], pooled]), L.Dot(axes=(1, 1))([L.Flatten()(x) for x in inputs[:2]])]
    assert_agrees(lamina.Model(inputs, merged), tmp_path / "m.onnx")


@pytest.mark.parametrize("kind", [L.LSTM, L.GRU, L.SimpleRNN])
def test_recurrent_layers(tmp_path, kind):
    options = [{}, {"return_sequences": True}, {"return_state": True}, {"go_backwards": True}, {"unroll": True}]
    options += [{"return_sequences": True, "return_state": True}, {"use_bias": False}, {"activation": "relu"}]
    options += [{"go_backwards": True, "return_sequences": True}, {"activation": "gelu"}]
    inputs = L.Input(STEPS)
    outputs = [kind(3, **option)(inputs) for option in options]
    states = [L.Dense(3)(L.Flatten()(inputs)) for _ in range(2 if kind is L.LSTM else 1)]
    outputs.append(kind(3)(inputs, initial_state=states))
    if kind is L.GRU:
        outputs.append(L.GRU(3, reset_after=False, recurrent_activation="hard_sigmoid")(inputs))
    nodes = assert_agrees(lamina.Model(inputs, outputs), tmp_path / "m.onnx")
    assert nodes[{"SimpleRNN": "RNN"}.get(kind.__name__, kind.__name__)] == 9 + (kind is L.GRU)
    assert nodes["Scan"] == 2  # what the node does not know


@pytest.mark.parametrize("kind", [L.LSTM, L.GRU, L.SimpleRNN])
def test_recurrent_layers_in_both_directions(tmp_path, kind):
    inputs = L.Input((None, 5))
    modes = [(mode, steps) for mode in ("concat", "sum", "mul", "ave") for steps in (True, False)]
    outputs = [L.Bidirectional(kind(3, return_sequences=steps), merge_mode=mode)(inputs) for mode, steps in modes]
    nodes = assert_agrees(lamina.Model(inputs, outputs), tmp_path / "m.onnx")
    assert nodes[{"SimpleRNN": "RNN"}.get(kind.__name__, kind.__name__)] == 8
    assert "Scan" not in nodes
    others = [L.Bidirectional(kind(3), merge_mode=None), L.Bidirectional(kind(3, return_state=True))]
    assert_agrees(branches(STEPS, *others), tmp_path / "m.onnx")


def test_stacked_recurrent_layers_share_one_order_of_axes(tmp_path):
    layers = [L.Input((7, 5)), L.LSTM(4, return_sequences=True), L.Dense(6), L.GRU(3, return_sequences=True), L.GRU(2)]
    assert assert_agrees(lamina.Sequential(layers), tmp_path / "m.onnx")["Transpose"] == 1


def test_other_cells(tmp_path):
    assert_agrees(branches(STEPS, L.RNN([L.LSTMCell(3), L.GRUCell(2)])), tmp_path / "m.onnx")
    assert_agrees(branches((4, 6, 6, 2), L.ConvLSTM2D(3, 3, padding="same")), tmp_path / "m.onnx")


def test_masks(tmp_path):
    words = L.Input((None,), dtype="int32")
    x = L.Embedding(4, 6, mask_zero=True)(words)
    outputs = [L.LSTM(3)(x), L.Bidirectional(L.GRU(3, return_sequences=True))(x), L.GlobalAveragePooling1D()(x)]
    outputs += [L.MultiHeadAttention(2, 3)(x, x), L.SimpleRNN(3)(L.Dropout(0.5)(L.Dense(4)(x)))]
    assert_agrees(lamina.Model(words, outputs), tmp_path / "m.onnx", integers=4)
    assert_agrees(lamina.Sequential([L.Input(STEPS), L.Masking(), L.LSTM(3)]), tmp_path / "m.onnx")


def test_attention(tmp_path):
    x, y = L.Input((4, 6)), L.Input((5, 6))
    outputs = [L.Attention(use_scale=True)([x, y]), L.AdditiveAttention()([x, y]), L.MultiHeadAttention(2, 3)(x, y)]
    outputs.append(L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True))
    outputs += L.MultiHeadAttention(2, 3)(x, y, return_attention_scores=True)
    outputs.append(L.GroupQueryAttention(3, 4, 2)(x, x))
    assert_agrees(lamina.Model([x, y], outputs), tmp_path / "m.onnx")


def test_operations(tmp_path):
    x = L.Input(STEPS)
    y = ops.softmax(ops.concatenate([x - ops.mean(x, axis=1, keepdims=True), ops.exp(x)], axis=-1))
    outputs = [y[:, 0], y[:, ::-2, 1:4], y[:, None, ..., -1], ops.argmax(y, axis=-1), ops.reshape(y, (-1, 10)) * 2 + 1]
    outputs += [ops.einsum("abc,abd->acd", x, x), ops.take(y, [0, 2], axis=1), ops.cumsum(x, axis=1), ops.sort(x)]
    outputs += [ops.where(x > 0, x, ops.square(x)), ops.norm(x, axis=-1), ops.broadcast_to(x[:1, :1], (2, 6, 5))]
    outputs += [ops.expm1(x), ops.log1p(ops.abs(x)), ops.round(x * 3), ops.clip(x, -0.5, 0.5), ops.sign(x)]
    outputs += ops.top_k(x, 2)
    outputs += [ops.stack([x, 2 * x], axis=1), *ops.unstack(x, axis=2), *ops.split(y, 2, axis=-1)]
    assert_agrees(lamina.Model(x, outputs), tmp_path / "m.onnx", mixes=True)


def test_models_in_models_and_structures(tmp_path):
    inner = lamina.Sequential([L.Input((5,)), L.Dense(4, activation="relu")])
    a, b = L.Input((5,), name="a"), L.Input((5,), name="b")
    model = lamina.Model([a, b], {"one": L.Dense(2, name="one")(inner(a)), "two": inner(b) * 2})
    nodes = assert_agrees(model, tmp_path / "m.onnx")
    assert nodes == {"Gemm": 3, "Relu": 2, "Mul": 1}
    proto = onnx.load(tmp_path / "m.onnx")
    assert [x.name for x in proto.graph.input] == ["a", "b"]
    kernels = [x for x in proto.graph.initializer if list(x.dims) == [5, 4]]
    assert len(kernels) == 1  # shared


class Custom(L.Layer):
    def __init__(self):
        super().__init__()
        self.convolution, self.pool, self.dense = L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(), L.Dense(3)

    def call(self, x):
        return self.dense(ops.reshape(self.pool(self.convolution(x)), (-1, 36)))


def test_a_layer_of_the_user_becomes_what_it_computes(tmp_path):
    assert_agrees(branches(IMAGE, Custom()), tmp_path / "m.onnx")


class Net(lamina.Model):
    def __init__(self):
        super().__init__()
        self.custom, self.rnn = Custom(), L.LSTM(3)

    def call(self, x):
        return self.custom(x), self.rnn(x[..., 0])


def test_a_subclassed_model_with_a_signature(tmp_path):
    model = Net()
    model(np.zeros((1, *IMAGE), "float32"))
    assert_agrees(model, tmp_path / "m.onnx", input_signature=[lamina.KerasTensor((None, *IMAGE))])


class Sum(lamina.Model):
    def call(self, a, b):
        return a + b


class SumOfDict(lamina.Model):
    def call(self, inputs):
        return inputs["a"] + inputs["b"]


def test_a_model_that_was_called_knows_its_inputs_and_takes_batches_of_any_size(tmp_path):
    a, b = np.ones((2, 4), "float32"), np.full((2, 4), 3, "float32")
    pair, dictionary, stack = Sum(), SumOfDict(), lamina.Sequential([L.Dense(2)])
    pair(a, b), dictionary({"a": a, "b": b}), stack(a)
    for model, inputs in ((pair, [a, b]), (dictionary, [a, b]), (stack, [a])):
        path = tmp_path / f"{model.name}.onnx"
        model.export(path, format="onnx", verbose=False)
        session = runtime.InferenceSession(path)
        names = [given.name for given in session.get_inputs()]
        more = [np.concatenate([x, x, x]) for x in inputs]
        found = session.run(None, dict(zip(names, more, strict=True)))[0]
        np.testing.assert_allclose(found, stack(more[0]) if model is stack else more[0] + more[1], rtol=1e-5)


def test_inputs_are_named_by_the_signature(tmp_path):
    model = lamina.Sequential([lamina.Input((4,)), L.Dense(2)])
    signature = [L.InputSpec(shape=(3, 4), dtype="float32", name="mine")]
    proto = exported(model, tmp_path / "x.onnx", input_signature=signature)
    assert [x.name for x in proto.graph.input] == ["mine"]
    assert [size.dim_value for size in proto.graph.input[0].type.tensor_type.shape.dim] == [3, 4]


def test_training_that_a_call_fixes(tmp_path):
    x = L.Input((5,))
    with pytest.raises(ValueError, match=r"layer noisy \(Dropout\) cannot be exported"):
        lamina.Model(x, L.Dropout(0.5, name="noisy")(x, training=True)).export(tmp_path / "m.onnx", format="onnx")
    model = lamina.Model(x, L.BatchNormalization()(x, training=True))
    assert "BatchNormalization" not in counts(exported(model, tmp_path / "m.onnx"))


class Svd(L.Layer):
    def call(self, x):
        return ops.svd(x)[1]


def test_a_layer_without_nodes_is_named_and_leaves_no_file(tmp_path):
    model = branches((4, 4), Svd(name="spectrum"))
    with pytest.raises(ValueError, match=r"L409: the layer spectrum \(Svd\) cannot be exported to ONNX.*'svd'"):
        model.export(tmp_path / "m.onnx", format="onnx")
    assert not list(tmp_path.iterdir())


def test_a_layer_without_nodes_goes_through_jax2onnx_if_that_is_installed(tmp_path, monkeypatch):
    def to_onnx(function, inputs, opset):
        assert [x.shape for x in inputs] == [("batch", 4, 4)]
        info = functools.partial(onnx.helper.make_tensor_value_info, elem_type=onnx.TensorProto.FLOAT)
        nodes = [onnx.helper.make_node("ReduceMax", ["x", "axes"], ["y"], keepdims=0)]
        axes = onnx.numpy_helper.from_array(np.array([1]), "axes")
        graph = onnx.helper.make_graph(nodes, "g", [info("x", shape=None)], [info("y", shape=None)], [axes])
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)])

    monkeypatch.setitem(sys.modules, "jax2onnx", types.ModuleType("jax2onnx"))
    sys.modules["jax2onnx"].to_onnx = to_onnx
    sys.modules["jax2onnx"].__spec__ = types.SimpleNamespace()
    inputs = L.Input((4, 4))
    model = lamina.Model(inputs, L.Dense(2)(Svd()(inputs)))
    assert counts(exported(model, tmp_path / "m.onnx")) == {"ReduceMax": 1, "Gemm": 1}


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"lamina\[onnx\]"):
        branches((5,), L.Dense(2)).export(tmp_path / "m.onnx", format="onnx")


def test_versions_of_the_operators(tmp_path):
    model = branches((5,), L.Dense(2, activation="gelu"))
    assert "Gelu" not in assert_agrees(model, tmp_path / "m.onnx", opset_version=18)
    with pytest.raises(ValueError, match="between 18 and"):
        model.export(tmp_path / "m.onnx", format="onnx", opset_version=11)


def test_low_rank_additions_and_half_precision(tmp_path):
    model = branches((5,), L.Dense(4))
    model.layers[1].enable_lora(2)
    assert assert_agrees(model, tmp_path / "m.onnx") == {"Gemm": 1}
    halves = branches((5,), L.Dense(4, dtype="mixed_float16"))
    proto = exported(halves, tmp_path / "m.onnx")
    session = runtime.InferenceSession(tmp_path / "m.onnx")
    x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    (y,) = session.run(None, {proto.graph.input[0].name: x})
    np.testing.assert_allclose(y, halves(x), rtol=1e-2, atol=1e-2)


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`")
@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_weights_in_few_bits(tmp_path, mode):
    x = L.Input((5, 8))
    layers = [L.Dense(6, activation="relu"), L.EinsumDense("abc,cd->abd", (5, 6), bias_axes="d")]
    model = lamina.Model(x, [*(layer(x) for layer in layers), L.MultiHeadAttention(2, 4)(x, x)])
    model.quantize(mode)
    assert_agrees(model, tmp_path / "m.onnx")
    if mode != "float8":
        model = branches((5,), L.Embedding(7, 8), dtype="int32")
        model.quantize(mode)
        assert_agrees(model, tmp_path / "m.onnx", integers=7)


@pytest.mark.parametrize("policy", ["gptq/4/8_from_float32", "awq/4/8_from_float32"])
def test_calibrated_weights(tmp_path, policy):
    model = branches((8,), L.Dense(6, dtype=policy))
    for weight in model.weights:
        if weight.dtype == "uint8":
            weight.assign(np.random.default_rng(0).integers(0, 256, weight.shape).astype("uint8"))
    assert_agrees(model, tmp_path / "m.onnx")


def resnet_like():
    x = inputs = L.Input((32, 32, 3))
    x = L.MaxPooling2D(3, strides=2, padding="same")(L.ReLU()(L.BatchNormalization()(L.Conv2D(8, 7, strides=2)(x))))
    for filters, strides in ((8, 1), (16, 2)):
        short = L.BatchNormalization()(L.Conv2D(filters, 1, strides=strides)(x))
        x = L.ReLU()(L.BatchNormalization()(L.Conv2D(filters, 3, strides=strides, padding="same")(x)))
        x = L.ReLU()(L.Add()([short, L.BatchNormalization()(L.Conv2D(filters, 3, padding="same")(x))]))
    return lamina.Model(inputs, L.Dense(10, activation="softmax")(L.GlobalAveragePooling2D()(x)))


def mobilenet_like():
    x = inputs = L.Input((33, 33, 3))
    x = L.ReLU(6.0)(L.BatchNormalization()(L.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)))
    for filters, strides in ((8, 1), (16, 2)):
        y = L.ZeroPadding2D(((0, 1), (0, 1)))(x) if strides == 2 else x
        y = L.DepthwiseConv2D(3, strides=strides, padding="same" if strides == 1 else "valid", use_bias=False)(y)
        y = L.Activation("hard_silu")(L.BatchNormalization()(y))
        gate = L.GlobalAveragePooling2D(keepdims=True)(y)
        gate = L.Conv2D(y.shape[-1], 1, activation="hard_sigmoid")(L.Conv2D(4, 1, activation="relu")(gate))
        y = L.BatchNormalization()(L.Conv2D(filters, 1, use_bias=False)(L.Multiply()([y, gate])))
        x = L.Add()([x, y]) if strides == 1 else y
    x = L.Conv2D(10, 1)(L.Dropout(0.2)(L.GlobalAveragePooling2D(keepdims=True)(x)))
    return lamina.Model(inputs, L.Softmax()(L.Reshape((10,))(x)))


def transformer_encoder():
    words = L.Input((None,), dtype="int32")
    x = L.Embedding(20, 16)(words)
    for _ in range(2):
        x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(4, 4)(x, x)]))
        x = L.LayerNormalization()(L.Add()([x, L.Dense(16)(L.Dense(32, activation="gelu")(x))]))
    return lamina.Model(words, L.Dense(3)(L.GlobalAveragePooling1D()(x)))


def tagger():
    words = L.Input((None,), dtype="int32")
    x = L.Bidirectional(L.LSTM(8, return_sequences=True))(L.Embedding(20, 6)(words))
    x = L.Bidirectional(L.LSTM(8, return_sequences=True))(L.SpatialDropout1D(0.2)(x))
    return lamina.Model(words, L.TimeDistributed(L.Dense(5, activation="softmax"))(x))


@pytest.mark.parametrize("make", [resnet_like, mobilenet_like, transformer_encoder, tagger])
def test_whole_networks(tmp_path, make):
    nodes = assert_agrees(make(), tmp_path / "m.onnx", integers=20 if make in (transformer_encoder, tagger) else None)
    transposes = {resnet_like: 1, mobilenet_like: 2, tagger: 4}
    if make in transposes:
        assert nodes["Transpose"] == transposes[make]

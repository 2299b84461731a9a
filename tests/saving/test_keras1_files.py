"""Files in the format of Keras 1 load, and compute what the formulas of that time say."""

import json
import pathlib

import h5py
import keras
import numpy as np
import pytest

import lamina
from lamina.core.errors import FileError
from lamina.saving.migrations import TABLE, migrate
from lamina.saving.old_configs import upgrade
from lamina.saving.old_weights import convert

DATA = pathlib.Path(__file__).parents[1] / "data"
layers = lamina.layers


def saved(file, layer):
    """The arrays of a layer by the letters that Keras 1 gave them."""
    with h5py.File(DATA / file) as opened:
        group = opened["model_weights"][layer]
        return {name.removeprefix(f"{layer}_").removesuffix(":0"): group[name][()] for name in group}


def hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def lstm(x, w):
    """All states of the LSTM as Keras 1 wrote it down, gate by gate."""
    h, c, states = np.zeros((len(x), 2)), np.zeros((len(x), 2)), []
    for step in range(x.shape[1]):
        i, f, g, o = (x[:, step] @ w[f"W_{k}"] + h @ w[f"U_{k}"] + w[f"b_{k}"] for k in "ifco")
        c = hard_sigmoid(f) * c + hard_sigmoid(i) * np.tanh(g)
        h = hard_sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack(states, axis=1)


def gru(x, w):
    """The last state of the GRU: the reset gate acts on the state, before the product."""
    h = np.zeros((len(x), 2))
    for step in range(x.shape[1]):
        z, r = (hard_sigmoid(x[:, step] @ w[f"W_{k}"] + h @ w[f"U_{k}"] + w[f"b_{k}"]) for k in "zr")
        new = np.tanh(x[:, step] @ w["W_h"] + (r * h) @ w["U_h"] + w["b_h"])
        h = z * h + (1 - z) * new
    return h


def test_the_gates_of_recurrent_layers_find_their_places():
    model = lamina.models.load_model(DATA / "keras1_words.h5")
    tokens = np.array([[1, 2, 3, 4], [4, 0, 2, 2]])
    conv = saved("keras1_words.h5", "convolution1d_1")
    x = saved("keras1_words.h5", "embedding_1")["W"][tokens]
    x = np.stack([x[:, t] @ conv["W"][0, 0] + x[:, t + 1] @ conv["W"][1, 0] for t in range(3)], axis=1) + conv["b"]
    wanted = gru(lstm(x, saved("keras1_words.h5", "lstm_1")), saved("keras1_words.h5", "gru_1"))
    np.testing.assert_allclose(model(tokens), wanted, rtol=1e-4, atol=1e-5)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_an_image_model_loads_with_its_weights_and_its_training():
    model = lamina.models.load_model(DATA / "keras1_image.h5")
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Conv2D", "MaxPooling2D", "ZeroPadding2D", "BatchNormalization", "Dropout", "Flatten", "Dense"]
    assert model.output_shape == (None, 2)
    assert (model.layers[0].kernel_size, model.layers[0].padding, model.layers[4].rate) == ((3, 2), "same", 0.25)
    for name, parts in {"convolution2d_1": "Wb", "dense_1": "Wb"}.items():
        own = saved("keras1_image.h5", name)
        for got, part in zip(model.get_layer(name).get_weights(), parts, strict=True):
            np.testing.assert_array_equal(got, own[part])
    own = saved("keras1_image.h5", "norm")
    for got, part in zip(model.get_layer("norm").get_weights(), own_order(), strict=True):
        np.testing.assert_array_equal(got, own[part])
    assert (model.loss, float(model.optimizer.learning_rate)) == ("categorical_crossentropy", 0.5)


def own_order():
    return ("gamma", "beta", "running_mean", "running_std")


@pytest.mark.parametrize(
    ("name", "config", "wanted"),
    [
        ("Convolution1D", {"nb_filter": 3, "filter_length": 2}, ("Conv1D", {"filters": 3, "kernel_size": 2})),
        ("AtrousConvolution2D", {"atrous_rate": [2, 2]}, ("Conv2D", {"dilation_rate": [2, 2]})),
        ("MaxPooling1D", {"pool_length": 2, "stride": 1}, ("MaxPooling1D", {"pool_size": 2, "strides": 1})),
        ("UpSampling1D", {"length": 2}, ("UpSampling1D", {"size": 2})),
        ("GaussianNoise", {"sigma": 0.5}, ("GaussianNoise", {"stddev": 0.5})),
        ("BatchNormalization", {"gamma_init": "one", "mode": 0}, ("BatchNormalization", {"gamma_initializer": "one"})),
        ("BatchNormalizationV1", {"axis": [3], "fused": True}, ("BatchNormalization", {"axis": 3})),
        ("Merge", {"name": "m", "mode": "concat", "concat_axis": 2}, ("Concatenate", {"axis": 2})),
        ("Merge", {"name": "m", "mode": "sum", "concat_axis": -1}, ("Add", {})),
        ("CuDNNGRU", {"units": 2}, ("GRU", {"units": 2, "reset_after": True})),
        ("GRU", {"units": 2}, ("GRU", {"units": 2, "reset_after": False})),
        ("LSTM", {"time_major": False, "implementation": 1}, ("LSTM", {})),
        ("ConvLSTM1D", {"time_major": False, "filters": 2}, ("ConvLSTM1D", {"filters": 2})),
        ("RandomFlip", {"rng_type": "stateful", "mode": "horizontal"}, ("RandomFlip", {"mode": "horizontal"})),
        ("SpatialDropout1D", {"noise_shape": None, "rate": 0.5}, ("SpatialDropout1D", {"rate": 0.5})),
        ("Discretization", {"bins": [0.0], "dtype": "int64"}, ("Discretization", {"bin_boundaries": [0.0]})),
        ("InputLayer", {"batch_input_shape": [None, 2], "ragged": False}, ("InputLayer", {"batch_shape": [None, 2]})),
        ("DepthwiseConv2D", {"groups": 1, "depth_multiplier": 2}, ("DepthwiseConv2D", {"depth_multiplier": 2})),
        ("Embedding", {"input_length": 4, "input_dim": 3}, ("Embedding", {"input_dim": 3})),
        ("LeakyReLU", {"alpha": 0.5}, ("LeakyReLU", {"negative_slope": 0.5})),
        (
            "ZeroPadding2D",
            {"padding": [1, 2], "dim_ordering": "th"},
            ("ZeroPadding2D", {"data_format": "channels_first"}),
        ),
    ],
)
def test_an_argument_that_was_renamed_or_dropped_is_understood(name, config, wanted):
    migrated, arguments = migrate(name, config)
    assert migrated == wanted[0]
    assert wanted[1].items() <= arguments.items()
    assert not (config.keys() - wanted[1].keys()) & arguments.keys() - {"padding", "name"}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("Bidirectional", {"layer": {"class_name": "LSTM", "config": {"time_major": True}}}),
        ("InputLayer", {"ragged": True}),
        ("BatchNormalization", {"mode": 2}),
        ("Embedding", {"dropout": 0.5}),
        ("Merge", {"mode": "cos"}),
    ],
)
def test_an_argument_that_meant_something_and_is_gone_is_named(name, config):
    with pytest.raises(FileError, match=r"L408: the file (sets|merges)"):
        migrate(name, config)


def test_every_change_says_the_version_it_comes_from():
    assert {version for version, _, _ in TABLE} == {"1", "2"}
    assert len({change for _, _, change in TABLE}) == len(TABLE)


def test_kernels_written_with_theano_are_turned_round():
    layer = layers.Conv2D(1, 2)
    layer.build((None, 4, 4, 1))
    kernel = np.arange(4.0).reshape(2, 2, 1, 1)
    turned, _ = convert(layer, [kernel, np.zeros(1)], "2.0.0", "theano")
    np.testing.assert_array_equal(turned.ravel(), [3, 2, 1, 0])


@pytest.mark.parametrize(("kind", "gates"), [("LSTM", 4), ("GRU", 3)])
def test_weights_of_layers_for_cudnn_fit_the_ordinary_ones(kind, gates):
    layer = getattr(layers, kind)(2)
    layer.build((None, 4, 3))
    kernel = np.arange(gates * 6.0).reshape(3, gates * 2)
    recurrent = np.arange(gates * 4.0).reshape(2, gates * 2)
    bias = np.arange(gates * 4.0)
    got = convert(layer, [kernel, recurrent, bias], "2.2.4")
    assert [array.shape for array in got] == [tuple(weight.shape) for weight in layer.weights]
    np.testing.assert_array_equal(got[0][:, :2].T.ravel(), kernel[:, :2].ravel())
    np.testing.assert_array_equal(got[1][:, 2:4], recurrent[:, 2:4].T)


@pytest.mark.parametrize(
    "module", ["tensorflow.keras.layers", "tf_keras.layers", "keras.src.layers.core.dense", "keras.layers.core", None]
)
def test_a_class_is_found_under_the_paths_it_had(module):
    config = {"module": module, "class_name": "Dense", "config": {"units": 2, "name": "d"}}
    layer = lamina.saving.deserialize_keras_object(upgrade(config))
    assert isinstance(layer, layers.Dense)


def test_models_keep_the_path_of_keras_2_15():
    config = json.loads(lamina.Sequential([lamina.Input((3,)), layers.Dense(2)]).to_json())
    config["module"] = "keras.src.engine.sequential"
    assert isinstance(lamina.saving.deserialize_keras_object(upgrade(config)), lamina.Sequential)


def test_layers_that_went_with_keras_1_and_2_are_read(tmp_path):
    rng = np.random.default_rng(0)
    nothing = dict.fromkeys(("W_regularizer", "b_regularizer", "activity_regularizer", "W_constraint"), None)
    described = [
        ("Highway", {"activation": "tanh", "transform_bias": -2, "init": "glorot_uniform", "bias": True, **nothing}),
        ("MaxoutDense", {"output_dim": 3, "nb_feature": 2, "init": "glorot_uniform", "bias": True, **nothing}),
        ("ThresholdedReLU", {"theta": 0.3}),
    ]
    config = [{"class_name": kind, "config": {"name": kind.lower(), **inner}} for kind, inner in described]
    config[0]["config"]["batch_input_shape"] = [None, 4]
    sizes = {"highway": [(4, 4), (4, 4), (4,), (4,)], "maxoutdense": [(2, 4, 3), (2, 3)], "thresholdedrelu": []}
    weights = {name: [rng.normal(size=shape).astype("float32") for shape in shapes] for name, shapes in sizes.items()}
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": config}).encode()
        group = file.create_group("model_weights")
        group.attrs["keras_version"] = b"1.2.2"
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, arrays in weights.items():
            inner = group.create_group(name)
            inner.attrs["weight_names"] = np.array([f"{name}_{i}" for i in range(len(arrays))], "S")
            for i, array in enumerate(arrays):
                inner[f"{name}_{i}"] = array
    x = rng.normal(size=(5, 4)).astype("float32")
    kernel, carry, bias, carry_bias = weights["highway"]
    gate = 1 / (1 + np.exp(-x @ carry - carry_bias))
    y = gate * np.tanh(x @ kernel + bias) + (1 - gate) * x
    y = np.max(np.einsum("bi,kio->bko", y, weights["maxoutdense"][0]) + weights["maxoutdense"][1], axis=1)
    model = lamina.models.load_model(tmp_path / "old.h5")
    np.testing.assert_allclose(model(x), np.where(y > 0.3, y, 0), rtol=1e-5, atol=1e-6)
    model.save(tmp_path / "new.keras")
    np.testing.assert_allclose(lamina.models.load_model(tmp_path / "new.keras")(x), model(x), rtol=1e-6)


def published(path):
    """Write weights as the published files of VGG have them: no version, layers without weights too, old names."""
    rng = np.random.default_rng(0)
    sizes = {"block1_conv1": (3, 3, 3, 2), "block1_conv2": (3, 3, 2, 2), "fc1": (32, 4), "predictions": (4, 5)}
    names = ["input_1", "block1_conv1", "block1_conv2", "block1_pool", "flatten", "fc1", "predictions"]
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group, parts = file.create_group(name), []
            for part, shape in (("W", sizes[name]), ("b", sizes[name][-1:])) if name in sizes else ():
                parts.append(f"{name}_{part}_1:0")
                group[parts[-1]] = rng.normal(size=shape).astype("float32")
            group.attrs["weight_names"] = np.array(parts, "S")


def vgg_like(library, top="predictions"):
    layers = library.layers
    convolutions = [layers.Conv2D(2, 3, padding="same", name=f"block1_conv{i}") for i in (1, 2)]
    head = [layers.Flatten(name="flatten"), layers.Dense(4, "relu", name="fc1"), layers.Dense(5, name=top)]
    pool = layers.MaxPooling2D(name="block1_pool")
    return library.Sequential([library.Input((8, 8, 3)), *convolutions, pool, *head])


@pytest.mark.parametrize("by_name", [False, True])
def test_published_weights_load_by_order_and_by_name(tmp_path, by_name):
    path = tmp_path / "vgg_weights_tf_dim_ordering_tf_kernels.h5"
    published(path)
    x = np.random.default_rng(1).normal(size=(2, 8, 8, 3)).astype("float32")
    results = []
    for library in (lamina, keras):
        model = vgg_like(library)
        model.load_weights(path, **({"by_name": True} if by_name else {}))
        results.append(np.asarray(model(x)))
    np.testing.assert_allclose(*results, rtol=1e-4, atol=1e-4)


def test_published_weights_load_below_a_head_of_ones_own(tmp_path):
    path = tmp_path / "vgg.h5"
    published(path)
    model = vgg_like(lamina, top="mine")
    before = model.get_weights()
    model.load_weights(path, by_name=True)
    with h5py.File(path) as file:
        np.testing.assert_array_equal(model.get_weights()[0], file["block1_conv1/block1_conv1_W_1:0"])
    np.testing.assert_array_equal(model.get_weights()[-2], before[-2])

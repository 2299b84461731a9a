"""Every network has the layers, weights and configs of Keras's; `facts.py` says what is compared."""

import importlib
import inspect
import json

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.applications.facts import FILE, NAMES, SMALL, facts, made, outputs

import lamina
from lamina import applications, backend, layers, saving, utils
from lamina.applications import convnext, inception_resnet_v2
from lamina.core.context import entering

KNOWN = json.loads(FILE.read_text(encoding="utf-8"))


def without_values(network, **arguments):
    """Return a network whose weights have shapes and no values, which is enough to look at it."""
    backend.clear_session(free_memory=False)
    with entering(postponed=[]):
        return made(applications, lamina.config, network, **arguments)


def label(value):
    return None if isinstance(value, dict) and "config" in value else str(value)


@pytest.mark.parametrize(("name", "arguments", "wanted"), KNOWN["networks"], ids=label)
def test_a_network_is_what_it_is_in_keras(name, arguments, wanted):
    assert facts(without_values(name, **arguments)) == wanted


def test_every_network_is_compared():
    public = {name for name in vars(keras.applications) if name[0].isupper()}
    assert public == {name for name in vars(applications) if name[0].isupper()} == set(NAMES)
    assert {name for name, arguments, _ in KNOWN["networks"] if not arguments} == public


@pytest.mark.parametrize("name", NAMES)
def test_constructors_have_the_signatures_of_keras_and_say_their_size(name):
    ours, theirs = getattr(applications, name), getattr(keras.applications, name)
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert ours.__qualname__ == name
    assert getattr(importlib.import_module(ours.__module__), name) is ours  # so that it can be pickled
    [parameters] = [
        row["parameters"] for other, arguments, row in KNOWN["networks"] if (other, arguments) == (name, {})
    ]
    assert f"{parameters:,} parameters with the top" in ours.__doc__


@pytest.mark.parametrize(("name", "arguments", "wanted"), KNOWN["files"], ids=str)
@pytest.mark.filterwarnings("ignore:`input_shape` is undefined")
def test_published_weights_are_where_keras_has_them(name, arguments, wanted, monkeypatch):
    file, address, others = wanted

    def get_file(*args, **kwargs):
        assert (args, kwargs) == ((file, address), {"file_hash": None, **others})
        raise ConnectionError("no net")

    monkeypatch.setattr(utils, "get_file", get_file)
    if "input_shape" in arguments:
        arguments = {**arguments, "input_shape": tuple(arguments["input_shape"])}
    with pytest.raises(ConnectionError, match="no net"):
        getattr(applications, name)(**arguments)


MODULES = [name for name, value in vars(keras.applications).items() if inspect.ismodule(value)]


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"imagenet_utils"}))
def test_modules_have_the_names_and_the_pixels_of_keras(name):
    ours, theirs = getattr(applications, name), getattr(keras.applications, name)
    assert {entry for entry in vars(theirs) if not entry.startswith("_")} <= set(ours.__all__)
    for function in ("preprocess_input", "decode_predictions"):
        assert inspect.signature(getattr(ours, function)) == inspect.signature(getattr(theirs, function))
        assert getattr(ours, function).__name__ == function
    pixels = np.random.default_rng(0).integers(0, 255, (1, 4, 5, 3))
    wanted = theirs.preprocess_input(pixels)
    given = ours.preprocess_input(pixels)
    assert given.dtype == wanted.dtype
    np.testing.assert_allclose(given, wanted, rtol=1e-5, atol=1e-5)


BAD = [
    ("MobileNet", {"weights": "imagenet", "alpha": 0.3}, "alpha can be one of"),
    ("MobileNet", {"weights": "imagenet", "depth_multiplier": 2}, "depth multiplier must be 1"),
    ("MobileNetV2", {"weights": "imagenet", "alpha": 0.3}, "alpha can be one of"),
    ("MobileNetV2", {"input_shape": (96, 96, 3), "input_tensor": lamina.KerasTensor((1, 64, 64, 3))}, "must equal"),
    ("MobileNetV2", {"input_shape": (96, 96, 3), "input_tensor": np.ones((1, 96, 96, 3))}, "not a Keras tensor"),
    ("MobileNetV3Small", {"weights": "imagenet", "alpha": 0.75, "minimalistic": True}, "alpha can be one of `1.0`"),
    ("MobileNetV3Small", {"input_shape": (31, 40, 3)}, "at least 32x32"),
    ("NASNetMobile", {"weights": "imagenet", "include_top": False, "input_shape": (None, 64, 3)}, "must be static"),
    ("Xception", {"include_top": False, "input_shape": (70, 80, 3)}, "at least 71x71"),
    ("InceptionV3", {"include_top": False, "input_shape": (74, 80, 3)}, "at least 75x75"),
    *(
        (name, {"data_format": "channels_first"}, "channels_first")
        for name in ("ConvNeXtTiny", "DenseNet121", "NASNetMobile")
    ),
]


@pytest.mark.parametrize(("name", "arguments", "told"), BAD, ids=str)
def test_arguments_out_of_range_are_refused(name, arguments, told):
    arguments = {"data_format": "channels_last", "weights": None, **arguments}
    lamina.config.set_image_data_format(arguments.pop("data_format"))
    try:
        with pytest.raises(ValueError, match=told):
            getattr(applications, name)(**arguments)
    finally:
        lamina.config.set_image_data_format("channels_last")


def without_net(*args, **kwargs):
    raise ConnectionError("no net")


def test_the_size_of_published_weights_that_is_nearest_is_warned_of(monkeypatch):
    monkeypatch.setattr(utils, "get_file", without_net)
    for name in ("MobileNet", "MobileNetV2", "MobileNetV3Large"):
        with pytest.warns(UserWarning, match=r"\(224, 224\) will be loaded"), pytest.raises(ConnectionError):
            getattr(applications, name)(include_top=False, input_shape=(100, 100, 3))


@pytest.mark.slow
def test_a_small_network_has_the_outputs_of_keras():
    network = made(applications, lamina.config, **SMALL)
    np.testing.assert_allclose(outputs(network), KNOWN["outputs"], rtol=1e-4)


def test_a_cell_that_follows_a_smaller_image_knows_it_whatever_the_size_of_the_image():
    network = without_values("NASNetMobile", include_top=False, input_shape=(None, None, 3))
    assert network.count_params() == 4_269_716


def test_layers_of_the_networks_compute_save_and_load():
    scaled = convnext.LayerScale(0.5, 3)
    np.testing.assert_array_equal(scaled(jnp.ones((2, 4, 4, 3))), np.full((2, 4, 4, 3), 0.5, "float32"))
    added = inception_resnet_v2.CustomScaleLayer(0.25)
    np.testing.assert_array_equal(added([jnp.ones((2, 3)), 2 * jnp.ones((2, 3))]), np.full((2, 3), 1.5, "float32"))
    for layer, arguments in ((scaled, {"init_values": 0.5, "projection_dim": 3}), (added, {"scale": 0.25})):
        config = saving.serialize_keras_object(layer)
        assert config["module"].startswith("keras.src.applications.")
        read = saving.deserialize_keras_object(json.loads(json.dumps(config)))
        assert type(read) is type(layer)
        assert {name: read.get_config()[name] for name in arguments} == arguments


def test_a_network_is_the_first_part_of_another():
    base = without_values("MobileNetV2", include_top=False, input_shape=(96, 96, 3))
    base.trainable = False
    image = lamina.Input((96, 96, 3))
    features = layers.GlobalAveragePooling2D()(base(image, training=False))
    model = lamina.Model(image, layers.Dense(5)(features))
    assert [len(model.trainable_weights), len(model.non_trainable_weights)] == [2, 260]
    base.trainable = True
    for layer in base.layers[:100]:
        layer.trainable = False
    part = lamina.Model(base.input, base.get_layer("block_6_expand_relu").output)
    assert len(model.trainable_weights) == 2 + sum(len(layer.trainable_weights) for layer in base.layers[100:])
    assert part.output_shape == (None, 12, 12, 192)

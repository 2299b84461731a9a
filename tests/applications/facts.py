"""What is written down of Keras's networks, and compared with ours: `networks.json`, a case a line.

    KERAS_BACKEND=jax python -m tests.applications.facts

writes it anew, from the Keras that is installed.
"""

import hashlib
import json
from pathlib import Path
from unittest import mock

import numpy as np

FILE = Path(__file__).with_name("networks.json")

NAMES = (
    *("ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge"),
    *("DenseNet121", "DenseNet169", "DenseNet201", *(f"EfficientNetB{i}" for i in range(8))),
    *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")),
    *("InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small"),
    *("NASNetLarge", "NASNetMobile", *(f"ResNet{depth}{v}" for v in ("", "V2") for depth in (50, 101, 152))),
    *("VGG16", "VGG19", "Xception"),
)
CASES = (
    *((name, {}) for name in NAMES),
    *((name, {"include_top": False}) for name in ("DenseNet121", "EfficientNetV2B0", "ResNet50V2", "InceptionV3")),
    *(
        (name, {"data_format": "channels_first"})
        for name in ("EfficientNetV2S", "MobileNetV3Large", "InceptionResNetV2")
    ),
    ("ConvNeXtTiny", {"include_top": False, "pooling": "max", "name": "mine"}),
    ("ConvNeXtTiny", {"include_preprocessing": False}),
    ("EfficientNetB0", {"classes": 5, "classifier_activation": None}),
    ("EfficientNetB0", {"include_top": False, "data_format": "channels_first"}),
    ("EfficientNetB1", {"input_shape": [64, 65, 3]}),
    ("EfficientNetV2B1", {"input_shape": [64, 64, 1]}),
    ("EfficientNetV2B0", {"include_preprocessing": False}),
    ("MobileNet", {"alpha": 0.5, "depth_multiplier": 2, "dropout": 0.2}),
    ("MobileNet", {"include_top": False, "pooling": "max", "input_shape": [160, 160, 3]}),
    ("MobileNetV2", {"alpha": 1.4}),
    ("MobileNetV2", {"include_top": False, "data_format": "channels_first"}),
    ("MobileNetV2", {"alpha": 0.35, "input_shape": [96, 96, 3]}),
    ("MobileNetV3Large", {"alpha": 1.25, "minimalistic": True, "dropout_rate": 0, "include_preprocessing": False}),
    ("MobileNetV3Large", {"alpha": 0.75, "input_shape": [224, 224, 3]}),
    ("NASNetMobile", {"include_top": False, "pooling": "avg"}),
    ("ResNet50", {"include_top": False, "pooling": "avg"}),
    ("Xception", {"include_top": False, "pooling": "max"}),
)
SMALL = {"network": "MobileNetV2", "alpha": 0.35, "include_top": False, "pooling": "avg", "input_shape": (32, 32, 3)}
"""The network whose outputs are compared."""
FETCHED = (
    *((name, {"include_top": top}) for name in NAMES for top in (True, False)),
    ("MobileNet", {"alpha": 0.25, "input_shape": (160, 160, 3)}),
    ("MobileNetV2", {"alpha": 1.3, "input_shape": (96, 96, 3), "include_top": False}),
    ("MobileNetV3Small", {"alpha": 0.75, "input_shape": (224, 224, 3)}),
    ("MobileNetV3Large", {"minimalistic": True, "include_top": False}),
)


def made(room, config, network, data_format="channels_last", **arguments):
    """Return a network of a room `applications` without published weights, under a data format."""
    if "input_shape" in arguments:
        arguments["input_shape"] = tuple(arguments["input_shape"])
    config.set_image_data_format(data_format)
    try:
        return getattr(room, network)(weights=None, **arguments)
    finally:
        config.set_image_data_format("channels_last")


def facts(model):
    """Return what a network is: sizes [count], and sums over its layers and its config."""
    layers = [[type(layer).__name__, layer.name, [list(w.shape) for w in layer.weights]] for layer in model.layers]
    return {
        "name": model.name,
        "parameters": model.count_params(),
        "layers": len(layers),
        "structure": _sum(layers),
        "config": _sum(_stripped(json.loads(json.dumps(model.get_config())))),
    }


def _stripped(config):
    """Return a config without what Keras and Lamina write differently where it means nothing."""
    if isinstance(config, dict):
        meaningless = {("mask", None), ("training", False)}
        return {
            key: _stripped(value)
            for key, value in config.items()
            if key != "build_config" and not ((value is None or value is False) and (key, value) in meaningless)
        }
    return [_stripped(value) for value in config] if isinstance(config, list) else config


def _sum(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def outputs(model):
    """Return some outputs [8 numbers] of a network of (1, 32, 32, 3) whose weights are given by a seed."""
    rng = np.random.default_rng(0)
    model.set_weights([_drawn(rng, tuple(weight.shape)) for weight in model.weights])
    return np.asarray(model(rng.uniform(-1, 1, (1, 32, 32, 3)).astype("float32")))[0, ::160].tolist()


def _drawn(rng, shape):
    if len(shape) == 1:
        return rng.uniform(0.5, 1.5, shape)
    height, width, inside, outside = shape
    return rng.normal(0, (height * width * (inside if outside > 1 else 1)) ** -0.5, shape)


def write():
    """Write the facts of Keras's networks."""
    import keras
    from keras.src.initializers import random_initializers
    from keras.src.utils import file_utils
    from tests.layers.oracle import CHEAP_RANDOM

    rows, files, asked = [], [], []
    with (
        mock.patch.object(random_initializers, "random", CHEAP_RANDOM),
        mock.patch.object(file_utils, "get_file", lambda *args, **kwargs: asked.append([*args, kwargs])),
        mock.patch.object(keras.Model, "load_weights"),
    ):
        for name, arguments in CASES:
            keras.backend.clear_session()
            rows.append([name, arguments, facts(made(keras.applications, keras.config, name, **arguments))])
        for name, arguments in FETCHED:
            keras.backend.clear_session()
            getattr(keras.applications, name)(weights="imagenet", **arguments)
            files.append([name, arguments, asked.pop()])
    parts = {
        "networks": rows,
        "files": files,
        "outputs": outputs(made(keras.applications, keras.config, **SMALL)),
    }.items()
    texts = [f'"{part}": [\n' + ",\n".join(map(json.dumps, lines)) + "\n]" for part, lines in parts]
    FILE.write_text("{\n" + ",\n".join(texts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write()

"""A model's weights by their paths, in `.safetensors` files."""

import json

import numpy as np

from lamina.core import errors
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object, sharing_objects
from lamina.saving import safetensors
from lamina.saving.archive import damaged
from lamina.saving.files import replacing
from lamina.saving.old_h5 import assign


def save_named(model, path):
    """Write all weights under their paths (`dense/kernel`), and the model's description in the metadata."""
    arrays = {}
    for variable in model.weights:
        if variable.path in arrays:
            raise ValueError(f"Two weights have the path '{variable.path}': give the layers different names.")
        arrays[variable.path] = np.asarray(variable.value)
    metadata = {"format": "lamina", "config": json.dumps(serialize_keras_object(model))}
    with replacing(path) as temporary:
        safetensors.write(temporary, arrays, metadata)


def load_named(model, path, skip_mismatch=False):
    """Give each weight the array of its path, or none of them if one is missing or does not fit.

    Raises:   ValueError (FileError L401, L407).
    """
    _give(model, safetensors.read(path)[0], path, skip_mismatch)


def read_model(path, custom_objects=None, compile=True, safe_mode=True):
    """Make the model that a file describes and give it its weights.

    Raises:   ValueError (FileError L401, L407), also for a file of weights alone.
    """
    arrays, metadata = safetensors.read(path)
    if "config" not in metadata:
        raise damaged(path, "it holds weights, but no model: make the model, then call `model.load_weights(path)`.")
    config = json.loads(metadata["config"])
    if not compile:
        config["compile_config"] = None
    with sharing_objects():
        model = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
    _give(model, arrays, path)
    return model


def _give(model, arrays, path, skip_mismatch=False):
    places = {variable.path: _place(variable.path, model.name, arrays) for variable in model.weights}
    if extra := sorted(arrays.keys() - set(places.values())):
        names = ", ".join(extra[:20])
        errors.warn("L407", f"{path} has weights that the model has no place for: {names}.")
    pairs = [
        (variable.path, [variable], [arrays[place]] if (place := places[variable.path]) in arrays else [])
        for variable in model.weights
    ]
    assign(pairs, path, skip_mismatch)


def _place(path, name, arrays):
    """Return what the file calls a weight; a model that is made from its config leaves its own name out of paths."""
    spellings = (path, f"{name}/{path}", path.removeprefix(f"{name}/"))
    return next((spelling for spelling in spellings if spelling in arrays), path)

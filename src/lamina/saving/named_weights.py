"""A model's weights by their paths, in `.safetensors` files."""

import json

import numpy as np

from lamina.core import errors
from lamina.core.serialization import serialize_keras_object
from lamina.saving import safetensors
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
    arrays, _ = safetensors.read(path)
    extra = sorted(arrays.keys() - {variable.path for variable in model.weights})
    pairs = [
        (variable.path, [variable], [arrays[variable.path]] if variable.path in arrays else [])
        for variable in model.weights
    ]
    if extra:
        names = ", ".join(extra[:20])
        errors.warn("L407", f"{path} has weights that the model has no place for: {names}.", stacklevel=4)
    assign(pairs, path, skip_mismatch, owned=False)

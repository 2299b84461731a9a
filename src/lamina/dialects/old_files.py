"""Names of files as Keras 1 and 2 took them: any ending for weights, none for checkpoints and for whole models."""

import functools
import os
from pathlib import Path

from lamina.callbacks import ModelCheckpoint
from lamina.dialects.spelling import tell
from lamina.dialects.tensorflow.train import Restored
from lamina.models import Model
from lamina.saving.old_h5 import write_weights
from lamina.saving.weights import writing_weights

_OLD_WEIGHTS = (".h5", ".hdf5", ".hdf", ".he5")
_TODAYS = (".weights.h5", ".weights.json", ".safetensors", ".keras", ".onnx")


def _save(save):
    @functools.wraps(save)
    def save_as_named(self, filepath, *args, **kwargs):
        path = _text(filepath)
        if path is None or path.endswith((*_OLD_WEIGHTS, *_TODAYS)) or "zipped" in kwargs:
            return save(self, filepath, *args, **kwargs)
        tell(f"model.save({path!r})", f"model.save({path + '.keras'!r})", "2.15")
        kwargs.pop("save_format", None)
        return save(self, path.rstrip("/"), *args, zipped=False, **kwargs)

    return save_as_named


def _save_weights(save_weights):
    @functools.wraps(save_weights)
    def save_as_named(self, filepath, *args, **kwargs):
        path = _text(filepath)
        if path is None or path.endswith(_TODAYS):
            return save_weights(self, filepath, *args, **kwargs)
        if path.endswith(_OLD_WEIGHTS):
            tell(f"model.save_weights({path!r})", "a name that ends in .weights.h5", "2.15")
            with writing_weights(path) as file:
                return write_weights(self, file)
        tell(f"model.save_weights({path!r})", f"model.save_weights({path + '.weights.h5'!r})", "2.15")
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        kwargs.pop("save_format", None)
        return save_weights(self, path + ".weights.h5", *args, **kwargs)

    return save_as_named


def _load_weights(load_weights):
    @functools.wraps(load_weights)
    def load_as_named(self, filepath, *args, **kwargs):
        path = _text(filepath)
        if path is None or os.path.exists(path) or not os.path.exists(path + ".weights.h5"):
            return load_weights(self, filepath, *args, **kwargs)
        load_weights(self, path + ".weights.h5", *args, **kwargs)
        return Restored()

    return load_as_named


def _text(filepath):
    return os.fspath(filepath) if isinstance(filepath, (str, os.PathLike)) else None


def _check_ending(self):
    """Take any ending: the model says when it saves."""


def table():
    """Return (class, name, value) for what takes names of files."""
    return (
        (Model, "save", _save(Model.save)),
        (Model, "save_weights", _save_weights(Model.save_weights)),
        (Model, "load_weights", _load_weights(Model.load_weights)),
        (ModelCheckpoint, "_check_ending", _check_ending),
    )

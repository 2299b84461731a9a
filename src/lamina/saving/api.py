"""Save and load models and weights."""

import contextlib
import datetime
import io
import json
import os
import shutil
import tempfile
import warnings

from lamina.core import errors
from lamina.core.allowance import allowing
from lamina.core.serialization import (
    custom_objects_in,
    deserialize_keras_object,
    serialize_keras_object,
    sharing_objects,
)
from lamina.saving import archive, old_h5
from lamina.saving.files import local_path, may_write, replacing
from lamina.saving.named_weights import load_named, save_named
from lamina.saving.old_configs import is_old, upgrade
from lamina.saving.old_optimizers import restore_optimizer
from lamina.saving.state import StateLoader, save_state
from lamina.saving.weights import ReadGroup, open_weights, writing_weights

_OLD_ENDINGS = (".h5", ".hdf5")
_SAFETENSORS = ".safetensors"


def save_model(model, filepath, overwrite=True, zipped=None, include_optimizer=True):
    """Write a model to a `.keras` file: its architecture, weights, and how it was compiled.

    Args:
        model: the model.
        filepath: path that ends in `.keras`, or in `.h5` for the old format; of a folder if `zipped` is false.
        overwrite: whether an existing file is replaced without asking.
        zipped: whether one file is written, the default, or a folder with the same content.
        include_optimizer: for `.h5` files, whether the optimizer and its state are written too.
    Raises:   ValueError for another ending; TypeError if part of the model cannot be described.
    Source:   Keras 3 `save_model`, same format. The file appears complete or not at all.
    """
    path = local_path(filepath)
    if _is_old_path(path) and zipped is None:
        _save_old_model(model, path, overwrite, include_optimizer)
        return
    zipped = True if zipped is None else zipped
    if zipped != path.endswith(".keras"):
        raise _wrong_ending(path, "model.save('name.keras')" if zipped else "model.save('name', zipped=False)")
    if not may_write(path, overwrite):
        return
    if not model.built:
        warnings.warn(
            "The model being saved was never built, so it may have no weights yet. Call it on some data first.",
            stacklevel=2,
        )
    with tempfile.TemporaryDirectory() as assets:
        members = _members(model, assets)
        if zipped:
            with replacing(path) as temporary:
                archive.write_archive(temporary, members, assets)
        else:
            _write_folder(path, members, assets)


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Read a model from a `.keras` file, or from the `.h5` files of Keras 1, 2 and `tf.keras`.

    Args:
        filepath: path of the file, or of a folder with a `.keras` file's content.
        custom_objects: dict from names in the file to the user's classes and functions.
        compile: whether the model is compiled as it was when saved, with the optimizer's state.
        safe_mode: whether Python lambdas in the file are refused.
    Raises:   ValueError for a file that is missing, damaged, foreign or unsafe, or weights that do not fit;
              TypeError for a class that is not known.
    Source:   Keras 3 `load_model`. No path in the file is ever imported.
    """
    path = local_path(filepath)
    if not os.path.exists(path):
        raise errors.FileError(f"L406: File not found: filepath={path}.")
    if _is_old_path(path):
        with _understanding(path), allowing(os.path.getsize(path)), open_weights(path) as file:
            return old_h5.read_model(file, path, custom_objects, compile, safe_mode)
    if not path.endswith(".keras") and not os.path.isdir(path):
        raise _wrong_ending(path, "load_model('name.keras')")
    with _understanding(path):
        return _read_model(path, custom_objects, compile, safe_mode)


def save_weights(model, filepath, overwrite=True, max_shard_size=None, objects_to_skip=None):
    """Write a model's weights, and its optimizer's state, to a `.weights.h5` file; or to a `.safetensors` file.

    Args:
        model: a model or layer that is built.
        filepath: path that ends in `.weights.h5`; or in `.safetensors`, for the weights alone, by their paths.
        overwrite: whether an existing file is replaced without asking.
        max_shard_size: not supported yet.
        objects_to_skip: layers whose weights are left out.
    Raises:   ValueError for another ending or a model without weights.
    Source:   Keras 3 `save_weights`, same format.
    """
    path = local_path(filepath)
    if path.endswith(_SAFETENSORS):
        _require_built(model, "saving")
        if may_write(path, overwrite):
            save_named(model, path)
        return
    if max_shard_size is not None:
        raise NotImplementedError("Weights are written to one file; leave `max_shard_size` out.")
    if not path.endswith(".weights.h5"):
        raise errors.FileError(f"L406: The filename must end in `.weights.h5`. Received: filepath={path}")
    _require_built(model, "saving")
    if may_write(path, overwrite):
        with replacing(path) as temporary, writing_weights(temporary) as file:
            save_state(model, file, skip=objects_to_skip or ())


def load_weights(model, filepath, skip_mismatch=False, objects_to_skip=None, by_name=None):
    """Read weights from a `.weights.h5` or `.keras` file, or from an old `.h5` file, into a model.

    Args:
        model: a model or layer that is built.
        filepath: path of the file.
        skip_mismatch: whether layers that do not fit keep their weights, with a warning, while the others are loaded.
        objects_to_skip: layers that are left as they are.
        by_name: for old `.h5` files: whether layers are found by name and not by order; others stay as they are.
    Raises:   ValueError if the file cannot be used or anything does not fit; the model is then as it was.
    Source:   Keras 3 `load_weights`. Weights in the file that the model has no place for are warned of.
    """
    path = local_path(filepath)
    if not os.path.exists(path):
        raise errors.FileError(f"L406: File not found: filepath={path}.")
    _require_built(model, "loading")
    if path.endswith(_SAFETENSORS):
        load_named(model, path, skip_mismatch)
        return
    with _understanding(path), _weights_in(path) as weights:
        if old_h5.has_old_layout(weights):
            old_h5.load_weights(model, weights, path, bool(by_name), skip_mismatch)
            return
        if by_name:
            raise errors.FileError(f"L406: `by_name` only supports loading legacy `.h5` files. Received: {path}")
        loader = StateLoader(weights, skip=objects_to_skip or ())
        loader.load(model)
        if not loader.failures:
            _warn_of_unused(loader, path)
        elif skip_mismatch:
            warnings.warn(_misfits(loader, path), errors.LaminaWarning, stacklevel=2)
        else:
            loader.undo()
            raise errors.FileError(_misfits(loader, path))


def pickle_model(model):
    """Return what a pickle holds of a model: a `.keras` file, and its user's classes and functions by name.

    Unlike a file, a pickle refers to classes by where they are defined, so that they need not be registered.
    """
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as assets:
        archive.write_archive(buffer, _members(model, assets), assets)
    return buffer.getvalue(), custom_objects_in(model)


def unpickle_model(pickled):
    """Make the model again that `pickle_model` put away."""
    content, custom_objects = pickled
    return _read_model(io.BytesIO(content), custom_objects, compile=True, safe_mode=False)


def _read_model(source, custom_objects, compile, safe_mode):
    with archive.Archive(source) as opened, tempfile.TemporaryDirectory() as folder:
        config = opened.config()
        if not compile:
            config["compile_config"] = None
        old = is_old(opened.version())
        if old:
            config = upgrade(config)
        with sharing_objects(), allowing(opened.size(archive.WEIGHTS)):
            model = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
        assets = opened.extract_assets(folder)
        with open_weights(io.BytesIO(opened.read(archive.WEIGHTS)), path=source) as weights:
            optimizer = getattr(model, "optimizer", None) if old else None
            loader = StateLoader(weights, assets, skip=[optimizer] if optimizer else ())
            loader.load(model)
            if optimizer and optimizer.built:
                saved = ReadGroup(weights, "optimizer")
                restore_optimizer(optimizer, {name: saved[name] for name in saved.numbered()})
            if loader.failures:
                raise errors.FileError(_misfits(loader, source))
    return model


def _members(model, assets):
    """Return the content of a `.keras` file; what layers keep in files goes into the folder `assets`."""
    saved_at = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    buffer = io.BytesIO()
    with sharing_objects():
        config = json.dumps(serialize_keras_object(model))
    with open_weights(buffer, "w") as weights:
        save_state(model, weights, assets)
    return {
        archive.METADATA: json.dumps({"keras_version": old_h5.KERAS_VERSION, "date_saved": saved_at}),
        archive.CONFIG: config,
        archive.WEIGHTS: buffer.getbuffer(),
    }


def _is_old_path(path):
    return path.endswith(_OLD_ENDINGS) and not path.endswith(".weights.h5") and not os.path.isdir(path)


def _save_old_model(model, path, overwrite, include_optimizer):
    warnings.warn(
        f"`{path}` is written in the old HDF5 format, which describes less; `model.save('name.keras')` is better.",
        errors.LaminaWarning,
        stacklevel=4,
    )
    _require_built(model, "saving")
    if may_write(path, overwrite):
        with replacing(path) as temporary, writing_weights(temporary) as file:
            old_h5.write_model(model, file, include_optimizer)


@contextlib.contextmanager
def _understanding(path):
    """Whatever a description leads to that makes no sense becomes one kind of error, with the cause kept."""
    try:
        yield
    except (errors.LaminaError, ValueError):
        raise
    except RecursionError as error:
        raise archive.damaged(path, "what it describes is nested too deep.") from error
    except (
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
        AssertionError,
        RuntimeError,
        MemoryError,
    ) as error:
        raise archive.damaged(path, f"what it describes makes no sense ({type(error).__name__}: {error}).") from error


def _write_folder(path, members, assets):
    os.makedirs(path, exist_ok=True)
    for name, content in members.items():
        with replacing(os.path.join(path, name)) as temporary, open(temporary, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
    if os.listdir(assets):
        shutil.copytree(assets, os.path.join(path, archive.ASSETS), dirs_exist_ok=True)


def _weights_in(path):
    if path.endswith(".keras"):
        with archive.Archive(path) as opened:
            return open_weights(io.BytesIO(opened.read(archive.WEIGHTS)), path=path)
    if path.endswith((".weights.h5", *_OLD_ENDINGS)):
        return open_weights(path)
    raise _wrong_ending(path, "model.load_weights('name.weights.h5')")


def _require_built(model, doing):
    if not model.built:
        raise ValueError(
            f"The model whose weights you are {doing} has not been built yet, so it has none. "
            "Call it on some data first, or use `build(input_shape)`."
        )


def _wrong_ending(path, fix):
    if path.endswith(".weights.h5"):
        what = f"`{path}` holds weights only: make the model, then call `model.load_weights(path)`."
    else:
        what = f"`{path}` has another ending."
    text = f"expected the ending `.keras` (a model) or `.weights.h5` (weights only). {what}"
    return errors.FileError(errors.message("L406", text, fix=fix))


def _misfits(loader, path):
    lines = [f"L407: the weights in {path} do not fit the model:", *(f"  {line}" for line in loader.failures.values())]
    unused = loader.unused()
    if unused:
        lines.append(f"  In the file, but not in the model: {', '.join(unused)}.")
    lines.append("  fix:   build the model as it was when saved; `skip_mismatch=True` loads the layers that fit.")
    return "\n".join(lines)


def _warn_of_unused(loader, path):
    unused = [name for name in loader.unused() if name.split("/")[0] != "optimizer"]
    if unused:
        errors.warn("L407", f"{path} has weights that the model has no place for: {', '.join(unused)}.", stacklevel=4)

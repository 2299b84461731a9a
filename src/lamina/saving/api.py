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
from lamina.core.variable import postponing
from lamina.saving import archive, checkpoints, old_h5, shards
from lamina.saving.files import is_open, local_path, may_write, replacing
from lamina.saving.named_weights import load_named, save_named
from lamina.saving.named_weights import read_model as read_named_model
from lamina.saving.old_configs import is_old, upgrade
from lamina.saving.old_optimizers import restore_optimizer
from lamina.saving.sources import (
    SAFETENSORS,
    SHARDED,
    existing,
    is_hdf5,
    is_old_path,
    opened_hdf5,
    path_of,
    size_of,
    weights_in,
    wrong_ending,
)
from lamina.saving.state import StateLoader, save_state, state_of
from lamina.saving.weights import ReadGroup, WeightsFile, new_weights, open_weights, writing_into, writing_weights

_GIGABYTE = 1 << 30


def save_model(model, filepath, overwrite=True, zipped=None, include_optimizer=True, save_format=None, **unknown):
    """Write a model to a `.keras` file: its architecture, weights, and how it was compiled.

    Args:
        model: the model.
        filepath: path that ends in `.keras`, or in `.h5` for the old format; of a folder if `zipped` is false; or an
            open binary file.
        overwrite: whether an existing file is replaced without asking.
        zipped: whether one file is written, the default, or a folder with the same content.
        include_optimizer: for `.h5` files, whether the optimizer and its state are written too.
        save_format: of Keras 2; the path's ending says it, and a warning that this does not.
    Raises:   ValueError for another ending or argument; TypeError if part of the model cannot be described.
    Source:   Keras 3 `save_model`, same format. The file appears complete or not at all.
    """
    if unknown:
        raise ValueError(f"The following argument(s) are not supported when a model is saved: {', '.join(unknown)}.")
    if is_open(filepath):
        _write_archive(model, filepath)
        return
    path = local_path(filepath)
    if save_format is not None:
        _without_format(path, save_format)
    if is_old_path(path) and zipped is None:
        _save_old_model(model, path, overwrite, include_optimizer)
        return
    zipped = True if zipped is None else zipped
    if zipped != path.endswith(".keras"):
        if zipped:
            raise wrong_ending(path, "model.save('name.keras')", "Invalid filepath extension for saving")
        raise wrong_ending(path, "model.save('name', zipped=False)", "The name of a folder should not end in `.keras`")
    if not may_write(path, overwrite):
        return
    _warn_if_unbuilt(model)
    if zipped:
        with replacing(path) as temporary:
            _write_archive(model, temporary)
    else:
        _write_folder(model, path)


def load_model(filepath, custom_objects=None, compile=True, safe_mode=True):
    """Read a model from a `.keras` file, or from the `.h5` files of Keras 1, 2 and `tf.keras`.

    Args:
        filepath: path of the file, or of a folder with a `.keras` file's content or Orbax's checkpoints, of which the
            newest is read; or a file that is open already, binary or of h5py. A `.safetensors` file that was saved
            here has the model in it too, without the optimizer's state.
        custom_objects: dict from names in the file to the user's classes and functions.
        compile: whether the model is compiled as it was when saved, with the optimizer's state.
        safe_mode: whether Python lambdas in the file are refused.
    Raises:   ValueError for a file that is missing, damaged, foreign or unsafe, or weights that do not fit;
              TypeError for a class that is not known.
    Source:   Keras 3 `load_model`. No path in the file is ever imported.
    """
    source = existing(filepath)
    with _understanding(source):
        if is_hdf5(source):
            with opened_hdf5(source) as file, allowing(size_of(source)), postponing():
                return old_h5.read_model(file, source, custom_objects, compile, safe_mode)
        if checkpoints.is_checkpoint(path_of(source)):
            with allowing(size_of(source)), postponing():
                return checkpoints.read_model(source, custom_objects, compile, safe_mode)
        if path_of(source).endswith(SAFETENSORS):
            with allowing(size_of(source)), postponing():
                return read_named_model(source, custom_objects, compile, safe_mode)
        if (path := path_of(source)) and not path.endswith(".keras") and not os.path.isdir(path):
            raise wrong_ending(path, "load_model('name.keras')")
        return _read_model(source, custom_objects, compile, safe_mode)


def save_weights(model, filepath, overwrite=True, max_shard_size=None, objects_to_skip=None):
    """Write a model's weights, and its optimizer's state, to a `.weights.h5` file; or to a `.safetensors` file.

    Args:
        model: a model or layer that is built.
        filepath: path that ends in `.weights.h5`; in `.weights.json` if the weights are spread over several files; in
            `.safetensors` for the weights alone, by their paths; or an open binary file.
        overwrite: whether an existing file is replaced without asking.
        max_shard_size: the largest size of a file [gigabytes]; the files lie beside the `.weights.json`.
        objects_to_skip: layers whose weights are left out.
    Raises:   ValueError for another ending, a model without weights, or a weight larger than `max_shard_size`.
    Source:   Keras 3 `save_weights`, same format.
    """
    skip = objects_to_skip or ()
    if is_open(filepath):
        _require_built(model, "saving")
        with new_weights(filepath) as file:
            save_state(model, file, skip=skip)
        return
    path = local_path(filepath)
    _check_ending(path, max_shard_size)
    _require_built(model, "saving")
    path = path if max_shard_size is None else _sharded_path(path)
    if not may_write(path, overwrite):
        return
    if path.endswith(SAFETENSORS):
        save_named(model, path)
    elif max_shard_size is not None:
        shards.write_shards(path, state_of(model, skip=skip), max_shard_size * _GIGABYTE)
    else:
        with replacing(path) as temporary, writing_weights(temporary) as file:
            save_state(model, file, skip=skip)


def load_weights(model, filepath, skip_mismatch=False, objects_to_skip=None, by_name=None):
    """Read weights from a `.weights.h5`, `.weights.json`, `.safetensors`, `.keras` or old `.h5` file into a model.

    They may also come from a folder of Orbax's checkpoints.

    Args:
        model: a model or layer that is built.
        filepath: path of the file, or a file that is open already, binary or of h5py.
        skip_mismatch: whether layers that do not fit keep their weights, with a warning, while the others are loaded.
        objects_to_skip: layers that are left as they are.
        by_name: for old `.h5` files: whether layers are found by name and not by order; others stay as they are.
    Raises:   ValueError if the file cannot be used or anything does not fit; the model is then as it was.
    Source:   Keras 3 `load_weights`. Weights in the file that the model has no place for are warned of.
    """
    source = existing(filepath)
    _require_built(model, "loading weights into")
    if path_of(source).endswith(SAFETENSORS):
        load_named(model, source, skip_mismatch)
        return
    if checkpoints.is_checkpoint(path_of(source)):
        checkpoints.load_weights(model, source)
        return
    with _understanding(source), weights_in(source) as weights:
        if isinstance(weights, WeightsFile) and old_h5.has_old_layout(weights.file):
            if objects_to_skip is not None:
                raise errors.FileError("L406: `objects_to_skip` only supports loading '.weights.h5' files.")
            old_h5.load_weights(model, weights.file, source, bool(by_name), skip_mismatch)
            return
        if by_name:
            raise errors.FileError(f"L406: `by_name` only supports loading legacy `.h5` files. Received: {source}")
        loader = StateLoader(weights, skip=objects_to_skip or ())
        loader.load(model)
        if not loader.failures:
            _warn_of_unused(loader, source)
        elif skip_mismatch:
            warnings.warn(_misfits(loader, source), errors.LaminaWarning, stacklevel=2)
        else:
            loader.undo()
            raise errors.FileError(_misfits(loader, source))


def pickle_model(model):
    """Return what a pickle holds of a model: a `.keras` file, and its user's classes and functions by name.

    Unlike a file, a pickle refers to classes by where they are defined, so that they need not be registered.
    """
    buffer = io.BytesIO()
    _write_archive(model, buffer)
    return buffer.getvalue(), custom_objects_in(model)


def unpickle_model(pickled):
    """Make the model again that `pickle_model` put away."""
    content, custom_objects = pickled
    return _read_model(io.BytesIO(content), custom_objects, compile=True, safe_mode=False)


def _read_model(source, custom_objects, compile, safe_mode):
    with (
        archive.Archive(source) as opened,
        tempfile.TemporaryDirectory() as folder,
        allowing(opened.size(archive.WEIGHTS)),
        postponing(),
    ):
        config = opened.config()
        if not compile:
            config["compile_config"] = None
        old = is_old(opened.version())
        if old:
            config = upgrade(config)
        with sharing_objects():
            model = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
        assets = opened.extract_assets(folder)
        with open_weights(*opened.place(archive.WEIGHTS), path=source) as file:
            optimizer = getattr(model, "optimizer", None) if old else None
            loader = StateLoader(WeightsFile(file, opened.check), assets, skip=[optimizer] if optimizer else ())
            loader.load(model)
            if optimizer and optimizer.built:
                saved = ReadGroup([file], "optimizer")
                restore_optimizer(optimizer, {name: saved[name] for name in saved.numbered()})
            if loader.failures:
                raise errors.FileError(_misfits(loader, source))
    return model


def _members(model, assets):
    """Return the content of a `.keras` file; what layers keep in files goes into the folder `assets`."""
    saved_at = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    with sharing_objects():
        config = json.dumps(serialize_keras_object(model))

    def write_weights(file, start):
        with writing_into(file, start) as weights:
            save_state(model, weights, assets)

    return {
        archive.METADATA: json.dumps({"keras_version": old_h5.KERAS_VERSION, "date_saved": saved_at}),
        archive.CONFIG: config,
        archive.WEIGHTS: write_weights,
    }


def _write_archive(model, target):
    with tempfile.TemporaryDirectory() as assets:
        archive.write_archive(target, _members(model, assets), assets)


def _without_format(path, save_format):
    text = f"The `save_format` argument is deprecated: the ending of the path says it. Received: {save_format!r}"
    if not path.endswith((".keras", ".h5", ".hdf5")):
        raise errors.FileError(errors.message("L406", text, fix=f"model.save('{path}.keras')"))
    errors.warn("L406", text)


def _warn_if_unbuilt(model):
    if not model.built:
        warnings.warn(
            "The model being saved was never built, so it may have no weights yet. Call it on some data first.",
            stacklevel=3,
        )


def _save_old_model(model, path, overwrite, include_optimizer):
    warnings.warn(
        f"`{path}` is written in the old HDF5 format, which describes less; `model.save('name.keras')` is better.",
        errors.LaminaWarning,
        stacklevel=4,
    )
    _warn_if_unbuilt(model)
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


def _write_folder(model, path):
    """Write the content of a `.keras` file as files; they take their places one after the other, when all are there."""
    with tempfile.TemporaryDirectory() as assets, contextlib.ExitStack() as files:
        for name, content in _members(model, assets).items():
            temporary = files.enter_context(replacing(os.path.join(path, name)))
            with open(temporary, "w+b") as file:
                content(file, 0) if callable(content) else file.write(content.encode())
        for name in archive.files_below(assets):
            shutil.copyfile(
                os.path.join(assets, name), files.enter_context(replacing(os.path.join(path, archive.ASSETS, name)))
            )


def _check_ending(path, max_shard_size):
    if max_shard_size is not None and not path.endswith(("weights.h5", SHARDED)):
        wanted = "must end in `.weights.json` when `max_shard_size` is specified"
    elif max_shard_size is None and not path.endswith((".weights.h5", SAFETENSORS)):
        wanted = "must end in `.weights.h5`"
    elif max_shard_size is not None and not max_shard_size > 0:
        raise ValueError(f"`max_shard_size` is a positive number of gigabytes. Received: {max_shard_size}")
    else:
        return
    raise errors.FileError(f"L406: The filename {wanted}. Received: filepath={path}")


def _sharded_path(path):
    table = shards.table_path(path)
    if table != path:
        warnings.warn(f"Weights in several files have a `.json` beside them: {path} becomes {table}.", stacklevel=4)
    return table


def _require_built(model, doing):
    if not model.built:
        raise ValueError(
            f"You are {doing} a model that has not yet been built, so it has no weights. "
            "Call it on some data first, or use `build(input_shape)`."
        )


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
        errors.warn("L407", f"{path} has weights that the model has no place for: {', '.join(unused)}.")

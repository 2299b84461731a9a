"""What programs take from inside `keras.src.saving` and `keras.engine.saving`, over our own files."""

import collections.abc
import io
import os
import types

import numpy as np

from lamina.core.context import entering
from lamina.core.registry import _names_by_object, get_custom_objects
from lamina.core.serialization import sharing_objects
from lamina.saving import load_model, load_weights, old_h5, save_model, save_weights
from lamina.saving.sources import opened_hdf5
from lamina.saving.weights import ReadGroup, new_weights, open_weights, vars_of, write_group

__all__ = [
    "GLOBAL_CUSTOM_NAMES",
    "GLOBAL_CUSTOM_OBJECTS",
    "HDF5_OBJECT_HEADER_LIMIT",
    "H5IOStore",
    "ObjectSharingScope",
    "SafeModeScope",
    "load_attributes_from_hdf5_group",
    "load_model_from_hdf5",
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "load_weights_only",
    "save_attributes_to_hdf5_group",
    "save_model_to_hdf5",
    "save_weights_only",
    "save_weights_to_hdf5_group",
]

GLOBAL_CUSTOM_OBJECTS, GLOBAL_CUSTOM_NAMES = get_custom_objects(), _names_by_object
HDF5_OBJECT_HEADER_LIMIT = old_h5.LARGEST_ATTRIBUTE
ObjectSharingScope = sharing_objects
load_model_from_hdf5 = load_model
load_attributes_from_hdf5_group = old_h5.read_names
save_attributes_to_hdf5_group = old_h5.write_names


def SafeModeScope(safe_mode=True):  # noqa: N802 - Keras's name
    """Open a block that decides for all loads inside whether lambdas are refused."""
    return entering(safe_mode=safe_mode)


def save_weights_only(model, filepath, max_shard_size=None, objects_to_skip=None):
    """Write weights: see `lamina.saving.save_weights`."""
    save_weights(model, filepath, max_shard_size=max_shard_size, objects_to_skip=objects_to_skip)


def load_weights_only(model, filepath, skip_mismatch=False, objects_to_skip=None):
    """Read weights: see `lamina.saving.load_weights`."""
    load_weights(model, filepath, skip_mismatch, objects_to_skip)


def save_model_to_hdf5(model, filepath, overwrite=True, include_optimizer=True):
    """Write a model in the old layout to a path, or to a file that h5py opened."""
    if isinstance(filepath, str | os.PathLike):
        save_model(model, filepath, overwrite, include_optimizer=include_optimizer)
    else:
        old_h5.write_model(model, filepath, include_optimizer)


def save_weights_to_hdf5_group(group, model):
    """Write weights in the old layout."""
    old_h5.write_weights(_model(model), group)


def load_weights_from_hdf5_group(group, model, skip_mismatch=False):
    """Give the layers of a model, or a list of layers, the weights of an old group, by their order."""
    _load(group, model, old_h5.in_order, skip_mismatch)


def load_weights_from_hdf5_group_by_name(group, model, skip_mismatch=False):
    """Give the layers of a model, or a list of layers, the weights of an old group, by their names."""
    _load(group, model, old_h5.by_names, skip_mismatch)


def _load(group, model, pairing, skip_mismatch):
    with opened_hdf5(group) as opened:
        old_h5.assign(pairing(_model(model), opened), group.name, skip_mismatch)


def _model(layers):
    """Return something with `layers`: up to Keras 2 these functions took a list."""
    if hasattr(layers, "layers"):
        return layers
    weights = [weight for layer in layers for weight in layer.weights]
    return types.SimpleNamespace(layers=layers, weights=weights, _trainable_variables=[], _non_trainable_variables=[])


class H5IOStore:
    """Groups of arrays in an HDF5 file.

    Args:
        path_or_io: path, or a file in memory.
        archive: an open zip archive that has the file under that path, or will have it.
        mode: "r" or "w".
    Raises:   TypeError, ValueError for other arguments; ValueError for a damaged file.
    """

    def __init__(self, path_or_io, archive=None, mode="r"):
        if not isinstance(path_or_io, str | os.PathLike | io.BytesIO):
            raise TypeError(
                "`path_or_io` should be a `str`, `pathlib.Path` or `io.BytesIO` object. "
                f"Received: path_or_io={path_or_io}"
            )
        if mode not in ("r", "w"):
            raise ValueError(f"`mode` should be either 'w' or 'r'. Received: mode={mode}")
        if archive is not None and isinstance(path_or_io, io.BytesIO):
            raise ValueError("When `path_or_io` is an `io.BytesIO` object, `archive` should be `None`.")
        self._archive, self._path, self._mode = archive, path_or_io, mode
        if archive is not None:
            path_or_io = io.BytesIO(archive.read(str(path_or_io)) if mode == "r" else b"")
        self._content = path_or_io
        self._file = open_weights(path_or_io) if mode == "r" else new_weights(path_or_io)

    def make(self, path, metadata=None):
        """Return the group at a path, a dict to write arrays to; its metadata become attributes."""
        if not isinstance(metadata, dict | None):
            raise ValueError(f"`metadata` should be a dict or `None`. Received: {metadata}")
        group = self._file.require_group(vars_of(path))
        group.attrs.update(metadata or {})
        return _Written(self._file, path, group)

    def get(self, path):
        """Return the arrays at a path, a dict that is empty if there are none."""
        return self.make(path) if self._mode == "w" else _Read([self._file], path)

    def close(self):
        """Close the file, after which it is complete."""
        self._file.close()
        if self._archive is not None and self._mode == "w":
            self._archive.writestr(str(self._path), self._content.getvalue())


class _Read(ReadGroup):
    def __setitem__(self, key, value):
        raise ValueError("Setting a value is only allowed in write mode.")

    def __delitem__(self, key):
        raise ValueError("Deleting a value is only allowed in write mode.")


class _Written(collections.abc.MutableMapping):
    def __init__(self, file, path, group):
        self._file, self._path, self._group = file, path, group

    def __getitem__(self, key):
        return np.asarray(self._group[key])

    def __setitem__(self, key, value):
        if key in self._group:
            del self._group[key]
        write_group(self._file, self._path, None, {key: np.asarray(value)})

    def __delitem__(self, key):
        del self._group[key]

    def __iter__(self):
        return iter(self._group)

    def __len__(self):
        return len(self._group)

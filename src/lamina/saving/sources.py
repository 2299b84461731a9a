"""Where models and weights are read from: paths, and files that are open already, told apart by ending or signature."""

import contextlib
import io
import os

from lamina.core import errors
from lamina.saving import archive, hdf5, shards
from lamina.saving.files import is_open, local_path
from lamina.saving.weights import WeightsFile, find_group, open_weights

SAFETENSORS = ".safetensors"
SHARDED = "weights.json"
_OLD_ENDINGS = (".h5", ".hdf5")
_ENDINGS = (".keras", SAFETENSORS, SHARDED, *_OLD_ENDINGS)


def existing(filepath):
    """Return a source to read from: a path that exists, as text, or a file that is open already.

    Raises:   ValueError (FileError L406) if there is nothing at the path, with what there is beside it.
    """
    if is_open(filepath) or _is_h5py(filepath):
        return filepath
    path = local_path(filepath)
    if os.path.exists(path):
        return path
    what = "File not found" if path.endswith(_ENDINGS) else "File format not supported, and nothing is there"
    near = next((path + ending for ending in (".weights.h5", ".keras") if os.path.exists(path + ending)), None)
    raise errors.FileError(
        errors.message(
            "L406",
            f"{what}: filepath={path}. Please ensure the file is an accessible one.",
            why=f"the file beside it, '{near}', has an ending." if near else None,
            fix=f"give its whole name, '{near}'." if near else None,
        )
    )


def path_of(source):
    """Return the path of a source, "" for a file that is open already."""
    return source if isinstance(source, str) else ""


def is_old_path(path):
    """Tell whether a path is that of an old whole-model file."""
    return path.endswith(_OLD_ENDINGS) and not path.endswith(".weights.h5") and not os.path.isdir(path)


def is_hdf5(source):
    """Tell whether a source is HDF5 from its start on, other than a `.weights.h5` file."""
    if not is_open(source):
        return _is_h5py(source) or is_old_path(source)
    start = source.tell()
    signature = source.read(len(hdf5.SIGNATURE))
    source.seek(start)
    return signature == hdf5.SIGNATURE


@contextlib.contextmanager
def opened_hdf5(source):
    """Open an HDF5 file for reading; of one that was opened with h5py, the group that is given."""
    content = io.BytesIO(source.file.id.get_file_image()) if _is_h5py(source) else source
    with open_weights(content, path=source) as file:
        yield find_group(file, source.name) if _is_h5py(source) else file


def size_of(source):
    """Return how many bytes a source has, a folder those of all its files."""
    if _is_h5py(source):
        return source.file.id.get_filesize()
    if is_open(source):
        return source.seek(0, os.SEEK_END)
    if os.path.isdir(source):
        return sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(source) for name in names)
    return os.path.getsize(source)


@contextlib.contextmanager
def weights_in(source):
    """Open whatever holds weights, to be read part by part.

    Raises:   ValueError (FileError L406) for another ending.
    """
    path = path_of(source)
    if is_hdf5(source) or path.endswith("weights.h5"):
        with opened_hdf5(source) as file:
            yield WeightsFile(file)
    elif path.endswith(SHARDED):
        with shards.Shards(path) as weights:
            yield weights
    elif not path or path.endswith(".keras") or os.path.isdir(path):
        with archive.Archive(source) as opened, open_weights(*opened.place(archive.WEIGHTS), path=source) as file:
            yield WeightsFile(file, opened.check)
    else:
        raise wrong_ending(path, "model.load_weights('name.weights.h5')")


def wrong_ending(path, fix, what="File format not supported"):
    """Return the error for a path that ends otherwise than it should."""
    if path.endswith(".weights.h5"):
        why = f"`{path}` holds weights only: make the model, then call `model.load_weights(path)`."
    else:
        why = f"`{path}` has another ending."
    text = f"{what}: expected the ending `.keras` (a model) or `.weights.h5` (weights only). {why}"
    return errors.FileError(errors.message("L406", text, fix=fix))


def _is_h5py(source):
    return type(source).__module__.startswith("h5py.")

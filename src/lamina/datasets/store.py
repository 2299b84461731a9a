"""Fetch published data sets, and read their files without running anything that is in them."""

import io
import pickle
import zipfile

import numpy as np

from lamina.core import config
from lamina.core.errors import FileError, message
from lamina.utils.files import get_file

STORE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# What pickles of arrays, lists, numbers and texts name; anything else could run a program.
_HARMLESS = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, encoding: text.encode("latin1"),
}
_HARMLESS |= {
    (f"{core}.multiarray", name): getattr(np._core.multiarray, name)
    for core in ("numpy.core", "numpy._core")
    for name in ("_reconstruct", "scalar")
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) in _HARMLESS:
            return _HARMLESS[module, name]
        raise FileError(
            message(
                "L422", f"the file of a data set names {module}.{name}.", why="it would run a program; arrays do not."
            )
        )


def unpickle(file):
    """Read pickled arrays, lists, dicts, numbers and texts; texts of Python 2 become bytes.

    Raises:   ValueError (FileError L422) for anything else.
    """
    return _Unpickler(file, encoding="bytes").load()


def fetch(name, file_hash, origin=None):
    """Return the path of a published file, downloaded if needed."""
    return get_file(name, origin=origin or STORE + name, file_hash=file_hash)


def arrays(path, *names):
    """Return some arrays of an .npz file; those of objects are unpickled with care."""
    with zipfile.ZipFile(path) as archive:
        return [_array(archive.read(f"{name}.npy")) for name in names]


def _array(content):
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    _, _, dtype = read_header(file)
    if dtype.hasobject:
        return unpickle(file)
    return np.load(io.BytesIO(content), allow_pickle=False)


def shuffled(seed, *arrays):
    """Return arrays with their rows in another order, the same for all and always for one seed."""
    order = np.arange(len(arrays[0]))
    seed.shuffle(order)
    return [array[order] for array in arrays]


def split(test_split, x, y):
    """Return `(x_train, y_train), (x_test, y_test)`, the last fraction of the rows for testing.

    Raises:   ValueError for a fraction that is not between 0 and 1.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"Invalid `test_split` argument: {test_split}. It must be between 0 and 1 (exclusive of 1).")
    count = int(len(x) * (1 - test_split))
    return (x[:count], y[:count]), (x[count:], y[count:])


def images(x):
    """Return channels-first images in the default order of axes."""
    return x.transpose(0, 2, 3, 1) if config.image_data_format() == "channels_last" else x

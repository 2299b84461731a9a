"""`tf.io`: files as bytes, and the images in them."""

import os
import shutil
from pathlib import Path

import numpy as np

from lamina.dialects.tensorflow.image import decode_image, decode_jpeg, decode_png

__all__ = ["decode_image", "decode_jpeg", "decode_png", "gfile", "read_file", "write_file"]


def read_file(filename, name=None):
    """Return a file's bytes."""
    return Path(_text(filename)).read_bytes()


def write_file(filename, contents, name=None):
    """Write bytes to a file."""
    Path(_text(filename)).write_bytes(contents if isinstance(contents, bytes) else bytes(contents))


class gfile:  # noqa: N801 -- TensorFlow's name
    """Files by name, on this machine."""

    GFile = open

    @staticmethod
    def exists(path):
        """Tell whether there is such a file or folder."""
        return Path(path).exists()

    @staticmethod
    def glob(pattern):
        """Return the files that match a pattern."""
        import glob

        return sorted(glob.glob(pattern))

    @staticmethod
    def listdir(path):
        """Return the names in a folder."""
        return sorted(item.name for item in Path(path).iterdir())

    @staticmethod
    def makedirs(path):
        """Make a folder, and those around it."""
        Path(path).mkdir(parents=True, exist_ok=True)

    mkdir = makedirs
    isdir = staticmethod(os.path.isdir)
    join = staticmethod(os.path.join)
    remove = staticmethod(os.remove)
    rmtree = staticmethod(shutil.rmtree)

    @staticmethod
    def copy(src, dst, overwrite=False):
        """Copy a file.

        Raises: FileExistsError if there is one already, unless it may be written over.
        """
        if Path(dst).exists() and not overwrite:
            raise FileExistsError(f"{dst} is already there; pass overwrite=True")
        shutil.copyfile(src, dst)

    @staticmethod
    def rename(src, dst, overwrite=False):
        """Give a file another name.

        Raises: FileExistsError if there is one already, unless it may be written over.
        """
        if Path(dst).exists() and not overwrite:
            raise FileExistsError(f"{dst} is already there; pass overwrite=True")
        os.replace(src, dst)


def _text(name):
    name = np.asarray(name).item() if not isinstance(name, (str, Path)) else name
    return name.decode() if isinstance(name, bytes) else name

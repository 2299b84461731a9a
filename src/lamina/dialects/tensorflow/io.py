"""`tf.io`: files as bytes, and the images in them."""

import csv
import os
import shutil
from io import BytesIO
from pathlib import Path

import numpy as np

from lamina.dialects.tensorflow.arrays import convert_to_tensor
from lamina.dialects.tensorflow.image import bytes_of, decode_image, decode_jpeg, decode_png, open_pillow
from lamina.dialects.tensorflow.records import (
    FixedLenFeature,
    TFRecordWriter,
    VarLenFeature,
    parse_example,
    parse_single_example,
)
from lamina.dialects.tensorflow.shapes import HostTensor, is_text

__all__ = [
    "FixedLenFeature",
    "TFRecordWriter",
    "VarLenFeature",
    "decode_csv",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "decode_raw",
    "encode_jpeg",
    "encode_png",
    "gfile",
    "parse_example",
    "parse_single_example",
    "read_file",
    "write_file",
]


def read_file(filename, name=None):
    """Return a file's bytes."""
    return np.array(Path(_text(filename)).read_bytes(), object).view(HostTensor)


def write_file(filename, contents, name=None):
    """Write bytes to a file."""
    Path(_text(filename)).write_bytes(bytes_of(contents))


def decode_raw(input_bytes, out_type, little_endian=True, name=None):
    """Return the numbers that bytes are."""
    kind = np.dtype(str(out_type)).newbyteorder("<" if little_endian else ">")
    numbers = np.frombuffer(bytes_of(input_bytes), kind).astype(str(out_type))
    return numbers.view(HostTensor) if numbers.dtype in ("int64", "uint64") else convert_to_tensor(numbers)


def decode_csv(records, record_defaults, field_delim=",", use_quote_delim=True, na_value="", **options):
    """Return the columns of lines of text, each in the dtype of its default, which stands for an empty field."""
    lines = np.asarray(records)
    texts = [_text(line) for line in lines.reshape(-1).tolist()]
    quoting = csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE
    rows = list(csv.reader(texts, delimiter=field_delim, quoting=quoting))
    columns = zip(*rows, strict=True)
    defaults = [convert_to_tensor(default) for default in record_defaults]
    return [_column(fields, default, na_value, lines.shape) for fields, default in zip(columns, defaults, strict=True)]


def _column(fields, default, missing, shape):
    empty = [field in ("", missing) for field in fields]
    if default.size == 0 and any(empty):
        raise ValueError("A field without a default is empty.")
    if is_text(default):
        texts = [_text(default) if none else field for none, field in zip(empty, fields, strict=True)]
        return convert_to_tensor(np.array(texts).reshape(shape))
    filled = [default.item() if none else float(field) for none, field in zip(empty, fields, strict=True)]
    return convert_to_tensor(np.array(filled).astype(default.dtype).reshape(shape))


def encode_png(image, compression=-1, name=None):
    """Return the bytes of a PNG file."""
    return _encoded(image, "PNG")


def encode_jpeg(image, format="", quality=95, name=None, **options):
    """Return the bytes of a JPEG file."""
    return _encoded(image, "JPEG", quality=quality)


def _encoded(image, kind, **options):
    array = np.asarray(image)
    with BytesIO() as file:
        open_pillow().fromarray(array[..., 0] if array.shape[-1] == 1 else array).save(file, kind, **options)
        return np.array(file.getvalue(), object).view(HostTensor)


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

"""Shapes and dtypes in HDF5 files.

Source:   HDF5 File Format Specification, version 3.0, sections IV.A.2.b and d.
"""

import math
import struct

import numpy as np

from lamina.core import errors

_FIXED, _FLOAT, _STRING, _OPAQUE, _COMPOUND, _ENUM, _VARIABLE = 0, 1, 3, 5, 6, 8, 9
_FLOATS = {  # size: where the exponent lies and how long exponent and mantissa are [bits], bias
    2: (10, 5, 0, 10, 15),
    4: (23, 8, 0, 23, 127),
    8: (52, 11, 0, 52, 1023),
}
_MOST_AXES = 32


def read_shape(content):
    """Return the shape that a dataspace message describes."""
    version, rank = content[:2]
    if version not in (1, 2) or rank > _MOST_AXES or (version == 2 and content[3] == 2):
        raise _unknown(f"a dataspace of version {version} with {rank} axes")
    return struct.unpack_from(f"<{rank}Q", content, 8 if version == 1 else 4)


def read_datatype(content):
    """Return the NumPy dtype that a datatype message describes, `object` for texts of any length, and its length.

    Raises:   ValueError (FileError L401) for a type that is no number, text or truth value.
    """
    kind = content[0] & 0x0F
    first, size = content[1], struct.unpack_from("<I", content, 4)[0]
    order = ">" if first & 1 else "<"
    if kind == _FIXED and size in (1, 2, 4, 8):
        return np.dtype(f"{order}{'i' if first & 8 else 'u'}{size}"), 12
    if kind == _FLOAT and _FLOATS.get(size) == struct.unpack_from("<4BI", content, 12):
        return np.dtype(f"{order}f{size}"), 20
    if kind == _STRING and 0 < size < 1 << 20:
        return np.dtype(f"S{size}"), 8
    if kind == _OPAQUE and 0 < size < 1 << 20:
        return np.dtype(f"V{size}"), 8 + first
    if kind == _ENUM:
        dtype, _ = read_datatype(content[8:])
        return (np.dtype(bool) if b"TRUE" in content and dtype.itemsize == 1 else dtype), len(content)
    if kind == _VARIABLE and first & 0x0F == 1:
        return np.dtype(object), len(content)
    raise _unknown(f"values of kind {kind} with {size} bytes")


def array_of(content, dtype, shape):
    """Return bytes as an array that can be changed."""
    size = math.prod(shape) * dtype.itemsize
    if len(content) < size:
        raise _unknown("an array with fewer values than its shape says")
    return np.frombuffer(bytearray(content[:size]), dtype).reshape(shape)


def _unknown(what):
    return errors.FileError(f"L401: the weights file is damaged, or written as Keras does not: {what}.")

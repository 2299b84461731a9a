"""Weights as a `.safetensors` file: a JSON table of names, dtypes and places, then the bytes.

Source: the format's description, version 1: eight bytes of length, the table, the arrays without gaps.
"""

import json
import math
import os
import struct

import ml_dtypes
import numpy as np

from lamina.core import errors
from lamina.saving.files import expect_in_order, read_array

_DTYPES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "I64": np.int64,
    "I32": np.int32,
    "I16": np.int16,
    "I8": np.int8,
    "U64": np.uint64,
    "U32": np.uint32,
    "U16": np.uint16,
    "U8": np.uint8,
    "BOOL": np.bool_,
}
_NAMES = {np.dtype(dtype): name for name, dtype in _DTYPES.items()}
_LARGEST_TABLE = 100_000_000  # bytes; other readers refuse more


def write(path, arrays, metadata):
    """Write arrays to a new file.

    Args:
        path: the file.
        arrays: dict from names to NumPy arrays.
        metadata: dict from texts to texts.
    """
    table, end = {"__metadata__": metadata}, 0
    for name, array in arrays.items():
        table[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [end, end + array.nbytes],
        }
        end += array.nbytes
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)  # arrays begin at a multiple of eight
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8))


def read(path):
    """Return the arrays of a file by name, and its metadata.

    They are read and not mapped: from a cold disk that takes a fraction of the time, and a file that is cut short
    meanwhile is an error where a mapping ends the process.

    Raises:   ValueError (FileError L401) for a file that is cut short or no such file.
    """
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        expect_in_order(file)
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, _LARGEST_TABLE):
            raise _damaged(path, "its table of arrays is cut short.")
        try:
            table = json.loads(file.read(length))
            metadata = table.pop("__metadata__", {})
            places = {name: _place(entry, size - 8 - length) for name, entry in table.items()}
            if sum(end - start for *_, start, end in places.values()) > size - 8 - length:
                raise ValueError("its arrays are larger than the file")
            return {name: _array(file, 8 + length, *place) for name, place in places.items()}, metadata
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise _damaged(path, f"its table of arrays makes no sense ({error}).") from error


def _place(entry, size):
    dtype, shape = np.dtype(_DTYPES[entry["dtype"]]), tuple(entry["shape"])
    start, end = entry["data_offsets"]
    if not all(type(n) is int and n >= 0 for n in (*shape, start, end)) or end > size:
        raise ValueError("an array lies outside of the file")
    if end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError("an array has another size than its shape says")
    return dtype, shape, start, end


def _array(file, offset, dtype, shape, start, end):
    file.seek(offset + start)
    array = read_array(file, dtype, shape)
    if array is None:
        raise ValueError("the file has become shorter")
    return array


def _damaged(path, what):
    return errors.FileError(errors.message("L401", f"{path} cannot be read: {what}", fix="copy or download it again."))

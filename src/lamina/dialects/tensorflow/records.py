"""TFRecord files and the examples in them: records with checksums, and the small part of protobuf that they need.

Source: TensorFlow's `example.proto`, `feature.proto` and the description of TFRecord; protobuf's encoding.
"""

import struct
from pathlib import Path

import numpy as np

from lamina.dialects.tensorflow.image import bytes_of
from lamina.dialects.tensorflow.shapes import HostTensor
from lamina.dialects.tensorflow.sparse import SparseTensor
from lamina.training.events import record

_KINDS = {"bytes_list": 1, "float_list": 2, "int64_list": 3}
_KIND_OF = {"string": "bytes_list", "float32": "float_list", "int64": "int64_list"}


def records(name):
    """Give the records of a file.

    Raises: ValueError for a record that is cut off, or whose checksum is another.
    """
    with Path(name).open("rb") as file:
        left = Path(name).stat().st_size
        while header := file.read(12):
            left -= 12
            size = struct.unpack("<Q", header[:8])[0] + 4 if len(header) == 12 else left + 1
            if size > left:
                raise ValueError(f"{name} ends within a record.")
            rest = file.read(size)
            left -= size
            if record(rest[:-4]) != header + rest:
                raise ValueError(f"{name} has a record with another checksum: it is damaged, or no TFRecord file.")
            yield rest[:-4]


class TFRecordWriter:
    """Write records to a file."""

    def __init__(self, path, options=None):
        if options:
            raise NotImplementedError("TFRecord files are written without compression.")
        self._file = Path(str(path)).open("wb")  # noqa: SIM115 -- closed by `close`

    def write(self, record_bytes):
        """Write one record."""
        self._file.write(record(bytes_of(record_bytes)))

    def flush(self):
        """Put what is written on the disk."""
        self._file.flush()

    def close(self):
        """End the file."""
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class _List:
    def __init__(self, value=()):
        self.value = list(value)


class BytesList(_List):
    """Texts or bytes."""

    def written(self):
        """Return the message."""
        return b"".join(_part(1, bytes_of(x)) for x in self.value)

    @staticmethod
    def read(data):
        """Return the values of a message."""
        return [bytes(value) for field, value in _messages(data) if field == 1]


class FloatList(_List):
    """Numbers, as float32."""

    def written(self):
        """Return the message."""
        return _part(1, np.asarray(self.value, "<f4").tobytes())

    @staticmethod
    def read(data):
        """Return the values of a message, packed or one by one."""
        return np.frombuffer(b"".join(value for field, value in _messages(data) if field == 1), "<f4").tolist()


class Int64List(_List):
    """Whole numbers."""

    def written(self):
        """Return the message."""
        return _part(1, b"".join(_varint(int(x)) for x in self.value))

    @staticmethod
    def read(data):
        """Return the values of a message, packed or one by one."""
        found = []
        for _, value in _fields(data):
            if isinstance(value, int):
                found.append(_signed(value))
            else:
                found += _packed(value)
        return found


class Feature:
    """A list of one of three kinds."""

    def __init__(self, bytes_list=None, float_list=None, int64_list=None):
        self.bytes_list, self.float_list, self.int64_list = bytes_list, float_list, int64_list

    def written(self):
        """Return the message."""
        lists = [(number, getattr(self, name)) for name, number in _KINDS.items()]
        return b"".join(_part(number, x.written()) for number, x in lists if x is not None)

    @classmethod
    def read(cls, data):
        """Return the feature of a message."""
        names, kinds = list(_KINDS), (BytesList, FloatList, Int64List)
        return cls(**{names[n - 1]: kinds[n - 1](kinds[n - 1].read(x)) for n, x in _messages(data) if n in (1, 2, 3)})


class Features:
    """Features by name."""

    def __init__(self, feature=None):
        self.feature = dict(feature or {})


class Example:
    """What one record holds: features by name."""

    def __init__(self, features=None):
        self.features = features or Features()

    def SerializeToString(self):  # noqa: N802 -- protobuf's name
        """Return the message."""
        pairs = sorted(self.features.feature.items())
        entries = [_part(1, name.encode()) + _part(2, feature.written()) for name, feature in pairs]
        return _part(1, b"".join(_part(1, entry) for entry in entries))

    @classmethod
    def FromString(cls, data):  # noqa: N802 -- the same
        """Return the example of a message.

        Raises: ValueError for bytes that are no message.
        """
        found = {}
        for _, features in _messages(bytes_of(data)):
            for _, entry in _messages(features):
                parts = dict(_messages(entry))
                found[bytes(parts.get(1, b"")).decode()] = Feature.read(parts.get(2, b""))
        return cls(Features(found))

    def ParseFromString(self, data):  # noqa: N802 -- the same
        """Take over the features of a message; return its length."""
        self.features = self.FromString(data).features
        return len(bytes_of(data))


class FixedLenFeature:
    """A feature of a known shape; without a default it must be there."""

    def __init__(self, shape, dtype, default_value=None):
        self.shape, self.dtype, self.default_value = tuple(shape), str(dtype), default_value

    def parsed(self, name, values):
        """Return the array of a feature's values, `None` if it is missing."""
        if values is None and self.default_value is None:
            raise ValueError(f"Feature: {name} (data type: {self.dtype}) is required but could not be found.")
        kind = object if self.dtype == "string" else self.dtype
        if values is None:
            return np.broadcast_to(np.array(self.default_value, kind), self.shape).view(HostTensor)
        if len(values) != np.prod(self.shape, dtype=int):
            raise ValueError(f"Key: {name}. Number of values != expected. Values: {len(values)}, shape: {self.shape}.")
        return np.array([*values, None], object)[:-1].astype(kind).reshape(self.shape).view(HostTensor)


class VarLenFeature:
    """A feature of any number of values, parsed as a sparse tensor."""

    def __init__(self, dtype):
        self.dtype = str(dtype)

    def parsed(self, name, values):
        """Return the sparse tensor of a feature's values."""
        values = values or []
        kind = object if self.dtype == "string" else self.dtype
        places = np.arange(len(values), dtype="int64")[:, None]
        array = np.array([*values, None], object)[:-1].astype(kind)
        return SparseTensor(places, array.view(HostTensor), [len(values)])


def parse_single_example(serialized, features, example_names=None, name=None):
    """Return the arrays of one record's features.

    Raises: ValueError for a feature that is missing, of another kind, or of another number of values.
    """
    found = Example.FromString(serialized).features.feature
    return {name: kind.parsed(name, _values(name, found.get(name), kind.dtype)) for name, kind in features.items()}


def parse_example(serialized, features, example_names=None, name=None):
    """Return the arrays of the features of several records, one upon the other."""
    if any(isinstance(kind, VarLenFeature) for kind in features.values()):
        raise NotImplementedError("tf.io.parse_example of VarLenFeature is not covered; parse records one by one.")
    rows = [parse_single_example(each, features) for each in np.asarray(serialized, object).reshape(-1)]
    return {name: np.stack([row[name] for row in rows]).view(HostTensor) for name in features}


def _values(name, feature, dtype):
    lists = [] if feature is None else [kind for kind in _KINDS if getattr(feature, kind) is not None]
    if not lists:
        return None
    if lists != [_KIND_OF[dtype]]:
        raise ValueError(f"Key: {name}. Data types don't match. Expected type: {dtype}, found {lists[0]}.")
    return getattr(feature, lists[0]).value


def _varint(number):
    number &= 0xFFFFFFFFFFFFFFFF
    groups = []
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*groups, number])


def _part(field, data):
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _signed(number):
    return number - (1 << 64) if number >> 63 else number


def _packed(data):
    found, at = [], 0
    while at < len(data):
        number, at = _number(data, at)
        found.append(_signed(number))
    return found


def _number(data, at):
    """Return the whole number that begins at a place, and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        number |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, at
    raise ValueError("Could not parse example input: a number has no end.")


def _messages(data):
    """Give the parts of a message that has no numbers."""
    for field, value in _fields(data):
        if isinstance(value, int):
            raise ValueError("Could not parse example input: a number stands where a message should.")
        yield field, value


def _fields(data):
    """Give the parts of a message: the number of a field, and a whole number or bytes."""
    at = 0
    while at < len(data):
        tag, at = _number(data, at)
        if tag & 7 == 0:
            value, at = _number(data, at)
        else:
            size, at = _number(data, at) if tag & 7 == 2 else ({1: 8, 5: 4}.get(tag & 7, len(data)), at)
            if size > len(data) - at:
                raise ValueError("Could not parse example input: a part is longer than what there is.")
            value, at = data[at : at + size], at + size
        yield tag >> 3, value

"""TensorBoard's event files, written byte by byte: records with checksums, each a message in protocol buffers' form.

Source: TensorFlow's `record_writer.cc` (records), `event.proto`, `summary.proto`, `tensor.proto` (messages), and the
summaries of TensorBoard's plugins "scalars", "histograms", "images" and "graph_keras_model".
"""

import itertools
import os
import socket
import struct
import time
import zlib

import numpy as np

_FLOAT, _DOUBLE, _STRING = 1, 2, 7  # DataType in types.proto
_SCALAR, _TENSOR, _BLOBS = 1, 2, 3  # DataClass in summary.proto
_numbers = itertools.count()


class EventWriter:
    """Append events to a new file in a directory.

    Args:
        directory: where the file is made, when the first event comes.
    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     writer = EventWriter(folder)
        ...     writer.scalar("loss", 0.5, step=1)
        ...     writer.close()
        ...     os.listdir(folder)[0].startswith("events.out.tfevents.")
        True
    """

    def __init__(self, directory):
        self.directory = directory
        self._file = None

    def scalar(self, tag, value, step):
        """Write a number."""
        content = _tensor(_FLOAT, (), struct.pack("<f", value))
        self._write_summary(tag, "scalars", _SCALAR, content, step)

    def histogram(self, tag, values, step, buckets=30):
        """Write how the values of an array are spread."""
        counts, edges = _histogram(np.asarray(values, dtype="float64").ravel(), buckets)
        rows = np.stack([edges[:-1], edges[1:], counts], axis=1)
        self._write_summary(tag, "histograms", _TENSOR, _tensor(_DOUBLE, rows.shape, rows.tobytes()), step)

    def images(self, tag, images, step):
        """Write pictures, `(n, height, width, channels)` with values from 0 to 1."""
        count, height, width, _ = images.shape
        strings = [str(width).encode(), str(height).encode(), *(png(image) for image in images)]
        self._write_summary(tag, "images", _BLOBS, _strings((count + 2,), strings), step)

    def model(self, tag, json, step):
        """Write a model's configuration, from which its graph is drawn."""
        self._write_summary(tag, "graph_keras_model", 0, _strings((), [json.encode()]), step, b"1")

    def flush(self):
        """Let readers see what was written."""
        if self._file is not None:
            self._file.flush()

    def close(self):
        """End the file; a later event begins another one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write_summary(self, tag, plugin, data_class, tensor, step, content=b""):
        metadata = _message(1, _bytes(1, plugin.encode()) + _bytes(2, content)) + _integer(4, data_class)
        value = _bytes(1, tag.encode()) + _message(8, tensor) + _message(9, metadata)
        self._write(_integer(2, int(step)) + _message(5, _message(1, value)))

    def _write(self, event):
        if self._file is None:
            self._file = self._open()
            self._write(_bytes(3, b"brain.Event:2"))
        self._file.write(record(_double(1, time.time()) + event))

    def _open(self):
        os.makedirs(self.directory, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}.v2"
        return open(os.path.join(self.directory, name), "wb")


def record(data):
    """Return the record of some bytes: their length and themselves, each with a checksum."""
    length = struct.pack("<Q", len(data))
    return length + _checksum(length) + data + _checksum(data)


def _checksum(data):
    """The masked form, so that checksums of data with checksums in them stay good."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def crc32c(data):
    """Return the cyclic redundancy check of some bytes with Castagnoli's polynomial.

    Source:   RFC 3720, appendix B.4, for the example.
    Example:
        >>> hex(crc32c(bytes(32)))
        '0x8a9136aa'
    """
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _table_entry(byte):
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_TABLE = [_table_entry(byte) for byte in range(256)]


# Fields of messages: the number of the field and its kind, then the value.


def _varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _integer(field, value):
    return _varint(field << 3) + _varint(value)


def _double(field, value):
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value


_message = _bytes


def _shape(sizes):
    return b"".join(_message(2, _integer(1, size)) for size in sizes)


def _tensor(dtype, shape, content):
    return _integer(1, dtype) + _message(2, _shape(shape)) + _bytes(4, content)


def _strings(shape, strings):
    return _integer(1, _STRING) + _message(2, _shape(shape)) + b"".join(_bytes(8, string) for string in strings)


def _histogram(values, buckets):
    """Return counts and edges; equal values lie in one bucket around them, and values that are no numbers in none."""
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros(buckets), np.zeros(buckets + 1)
    low, high = values.min(), values.max()
    if low == high:
        counts = np.zeros(buckets)
        counts[-1] = values.size
        return counts, np.concatenate([np.full(buckets, low - 0.5), [low + 0.5]])
    return np.histogram(values, bins=buckets, range=(low, high))


def png(image):
    """Return a picture, `(height, width, channels)` with values from 0 to 1, as a PNG file.

    Source:   W3C, Portable Network Graphics, second edition.
    Example:
        >>> png(np.zeros((2, 2, 1)))[:8]
        b'\\x89PNG\\r\\n\\x1a\\n'
    """
    height, width, channels = image.shape
    colour = {1: 0, 3: 2, 4: 6}[channels]
    rows = (np.clip(image, 0, 1) * 255).astype("uint8").reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (1, 0)))  # each row begins with the number of its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

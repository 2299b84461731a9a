"""A reader of event files that knows nothing of the writer: records, then messages by field number."""

import struct

import numpy as np

from lamina.training.events import crc32c


def records(data):
    """Yield the records of a file, their checksums verified."""
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert masked(crc32c(data[:8])) == struct.unpack("<I", data[8:12])[0]
        content = data[12 : 12 + length]
        assert masked(crc32c(content)) == struct.unpack("<I", data[12 + length : 16 + length])[0]
        yield content
        data = data[16 + length :]


def masked(crc):
    return (((crc >> 15) | (crc << 17) & 0xFFFFFFFF) + 0xA282EAD8) % 2**32


def message(data):
    """Return a dict from field numbers to lists of values."""
    fields, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack("<d", data[at : at + 8])[0], at + 8
        else:
            assert key & 7 == 2
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        fields.setdefault(key >> 3, []).append(value)
    return fields


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def tensor(data):
    """Return a tensor's value as an array, or a list of byte strings."""
    fields = message(data)
    shape = [message(size)[1][0] for size in message(fields[2][0]).get(2, [])]
    if fields[1] == [7]:
        return fields[8]
    return np.frombuffer(fields[4][0], {1: "<f4", 2: "<f8"}[fields[1][0]]).reshape(shape)


def summaries(folder):
    """Return what the one event file of a folder holds: dict from tags to lists of (plugin, step, value)."""
    (path,) = folder.glob("events.out.tfevents.*")
    first, *events = [message(content) for content in records(path.read_bytes())]
    assert first[3] == [b"brain.Event:2"]
    found = {}
    for event in events:
        assert event[1][0] > 1e9  # the time, in seconds
        (value,) = (message(v) for v in message(event[5][0])[1])
        plugin = message(message(value[9][0])[1][0])[1][0].decode()
        found.setdefault(value[1][0].decode(), []).append((plugin, event.get(2, [0])[0], tensor(value[8][0])))
    return found

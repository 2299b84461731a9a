"""How an HDF5 file is put together, below its groups and arrays."""

import contextlib
import functools
import math
import os
import struct
import zlib

import numpy as np

from lamina.core import errors
from lamina.saving import files

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NOWHERE = 0xFFFFFFFFFFFFFFFF
_DEEPEST = 32  # levels of a tree
_LONGEST_HEADER = 1 << 24  # bytes

DATASPACE, LINK_INFO, DATATYPE, LINK, EXTERNAL_FILES, LAYOUT = 0x01, 0x02, 0x03, 0x06, 0x07, 0x08
FILTERS, ATTRIBUTE, _CONTINUATION, SYMBOL_TABLE, ATTRIBUTE_INFO = 0x0B, 0x0C, 0x10, 0x11, 0x15
_DEFLATE, _SHUFFLE, _FLETCHER32 = 1, 2, 3


@contextlib.contextmanager
def parsing(name):
    """Whatever does not fit together in a file becomes one kind of error."""
    try:
        yield
    except errors.FileError:
        raise
    except OSError as error:
        raise broken(name, f"it cannot be read ({error})") from error
    except (struct.error, zlib.error, LookupError, ValueError, ArithmeticError, TypeError, MemoryError) as error:
        raise broken(name, f"it makes no sense ({error})") from error


def broken(name, what):
    """Return the error for a part of a file that cannot be used."""
    return errors.FileError(f"L401: the weights file is damaged, or written as Keras does not: '{name}': {what}.")


class Source:
    """The bytes of a file.

    Args:
        file: open binary file.
        start, size: which part of it is the HDF5 file [bytes]; all by default.
    """

    def __init__(self, file, start=0, size=None):
        self.file, self.start = file, start
        files.expect_in_order(file)
        self.size = file.seek(0, os.SEEK_END) - start if size is None else size
        self._given = 0

    def give(self, size):
        """Count bytes that are about to be given out: a file may name one place, or one array, any number of times.

        Raises:   ValueError (FileError L404) for far more of them than the file has.
        """
        self._given += size
        if not files.is_believable(self._given, self.size):
            raise errors.FileError(
                f"L404: refused: the weights file has {self.size:,} bytes, and would be read as {self._given:,}, as in "
                "a decompression bomb."
            )

    def bytes(self, place, size):
        """Return some bytes.

        Raises:   ValueError (FileError L401) if they lie outside.
        """
        self._require(place, size)
        self.file.seek(self.start + place)
        content = self.file.read(size)
        if len(content) < size:
            raise broken(place, "it is cut short")
        return content

    def array(self, place, dtype, shape):
        """Return an array that lies in one piece."""
        size = math.prod(shape) * dtype.itemsize
        self._require(place, size)
        self.file.seek(self.start + place)
        values = files.read_array(self.file, dtype, shape)
        if values is None:
            raise broken(place, "it is cut short")
        return values

    def _require(self, place, size):
        if place < 0 or size < 0 or place + size > self.size:
            raise broken(place, "it lies outside of the file: only a part of the file is there")
        self.give(size)

    def unpack(self, form, place):
        """Return numbers in the form of `struct`, little-endian."""
        return struct.unpack(f"<{form}", self.bytes(place, struct.calcsize(f"<{form}")))


class Link:
    """A name that leads to another place, which is never followed: its kind is "SoftLink" or "ExternalLink"."""

    def __init__(self, kind):
        self.kind = kind


def root(source):
    """Return where the root group lies. (II.A)"""
    if source.bytes(0, min(8, source.size)) != SIGNATURE:
        raise broken("/", "it does not begin as an HDF5 file")
    (version,) = source.unpack("B", 8)
    if version in (0, 1):
        sizes, first = source.unpack("BB", 13), 24 + 4 * version
        base, _, end, _, _, root = source.unpack("6Q", first)
    elif version in (2, 3):
        sizes = source.unpack("BB", 9)
        base, _, end, root = source.unpack("4Q", 12)
    else:
        raise broken("/", f"its version is {version}")
    if sizes != (8, 8) or base != 0:
        raise broken("/", "its addresses have another size or begin elsewhere")
    if end > source.size:
        raise broken("/", "only a part of the file is there")
    return root


def read_messages(source, address):
    """Return the messages of an object header as pairs of kind and content. (IV.A)"""
    first = source.bytes(address, 16)
    blocks, messages, total = [], [], 0
    if first[:4] == b"OHDR":
        flags = first[5]
        at = address + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        size = int.from_bytes(source.bytes(at, width), "little")
        blocks.append((at + width, size))
        read = functools.partial(_new_messages, tracked=bool(flags & 0x04))
    elif first[0] == 1:
        blocks.append((address + 16, struct.unpack_from("<I", first, 8)[0]))
        read = _old_messages
    else:
        raise broken(address, "there is no object here")
    for place, size in blocks:  # grows while it is read
        total += size
        if total > _LONGEST_HEADER or len(blocks) > 1000:
            raise broken(address, "its header has no end")
        content = source.bytes(place, size)
        if content[:4] == b"OCHK":
            content = content[4:-4]
        for kind, flags, body in read(content):
            if kind == _CONTINUATION:
                blocks.append(struct.unpack_from("<QQ", body))
            elif flags & 0x02:
                raise broken(address, "it shares a description with another object")
            else:
                messages.append((kind, body))
    return messages


def _old_messages(content):
    at = 0
    while at + 8 <= len(content):
        kind, size, flags = struct.unpack_from("<HHB", content, at)
        yield kind, flags, content[at + 8 : at + 8 + size]
        at += 8 + size


def _new_messages(content, tracked):
    at, start = 0, 6 if tracked else 4
    while at + start <= len(content):
        kind, size, flags = struct.unpack_from("<BHB", content, at)
        yield kind, flags, content[at + start : at + start + size]
        at += start + size


def is_elsewhere(info, width):
    """Tell whether links or attributes are kept in a heap and not beside each other. (IV.A.2.c and v)"""
    return struct.unpack_from("<Q", info, 2 + (width if info[1] & 1 else 0))[0] != NOWHERE


def symbols(source, tree, heap):
    """Yield names and places of the members of a group. (III.A.1, III.B to D)"""
    if source.bytes(heap, 4) != b"HEAP":
        raise broken(heap, "there are no names here")
    size, _, names = source.unpack("3Q", heap + 8)
    names = source.bytes(names, size)
    for node, _ in _leaves(source, tree, kind=0, key=8):
        head = source.bytes(node, 8)
        if head[:4] != b"SNOD":
            raise broken(node, "there are no members here")
        (count,) = struct.unpack_from("<H", head, 6)
        content = source.bytes(node + 8, 40 * count)
        for i in range(count):
            start, address, cached = struct.unpack_from("<QQI", content, 40 * i)
            name = names[start : names.index(b"\0", start)].decode()
            yield name, Link("SoftLink") if cached == 2 else address


def _leaves(source, root, kind, key):
    """Yield the children of the lowest nodes of a tree, each with the key before it. (III.A.1)"""
    seen = set()
    pending = [(root, _DEEPEST)]
    while pending:
        place, above = pending.pop()
        if place in seen:
            raise broken(place, "its tree runs in a circle")
        seen.add(place)
        head = source.bytes(place, 24)
        level, count = head[5], struct.unpack_from("<H", head, 6)[0]
        if head[:4] != b"TREE" or head[4] != kind or level >= above:
            raise broken(place, "there is no tree here")
        content = source.bytes(place + 24, count * (key + 8))
        entries = [content[i * (key + 8) : (i + 1) * (key + 8)] for i in range(count)]
        for entry in entries if level == 0 else reversed(entries):
            (child,) = struct.unpack_from("<Q", entry, key)
            if level == 0:
                yield child, entry[:key]
            else:
                pending.append((child, level))


def link(content):
    """Return name and place of a member. (IV.A.2.g)"""
    flags, at = content[1], 2
    kind = content[at] if flags & 0x08 else 0
    at += (1 if flags & 0x08 else 0) + (8 if flags & 0x04 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    length = int.from_bytes(content[at : at + width], "little")
    name = content[at + width : at + width + length].decode()
    if kind:
        return name, Link("SoftLink" if kind == 1 else "ExternalLink")
    return name, struct.unpack_from("<Q", content, at + width + length)[0]


def attribute(content):
    """Return the name of an attribute, and its datatype, dataspace and data as they are in the file. (IV.A.2.m)"""
    version, flags, *sizes = struct.unpack_from("<BB3H", content)
    if version not in (1, 2, 3) or (version > 1 and flags):
        raise broken("an attribute", "it shares its description")
    at, parts = 9 if version == 3 else 8, []
    for size in sizes:
        parts.append(content[at : at + size])
        at += -(-size // 8) * 8 if version == 1 else size
    return parts[0].partition(b"\0")[0].decode(), (parts[1], parts[2], content[at:])


def text(file, size, heap, index):
    """Return a text of any length. (III.E)"""
    if not size:
        return ""
    if heap not in file.heaps:
        file.heaps[heap] = dict(_heap_objects(file.source, heap))
    place, stored = file.heaps[heap][index]
    return file.source.bytes(place, min(size, stored)).decode("utf-8", "surrogateescape")


def _heap_objects(source, heap):
    if source.bytes(heap, 4) != b"GCOL":
        raise broken(heap, "there are no texts here")
    (total,) = source.unpack("Q", heap + 8)
    at, end = heap + 16, heap + total
    while at + 16 <= min(end, source.size):
        index, _, _, size = source.unpack("HHIQ", at)
        if index == 0:
            return
        yield index, (at + 16, size)
        at += 16 + -(-size // 8) * 8


def filters(content):
    """Return numbers of filters in the order in which they were applied. (IV.A.2.l)"""
    version, count = content[:2]
    at, found = 8 if version == 1 else 2, []
    for _ in range(count):
        (number,) = struct.unpack_from("<H", content, at)
        has_name = version == 1 or number >= 256
        length = struct.unpack_from("<H", content, at + 2)[0] if has_name else 0
        values = struct.unpack_from("<H", content, at + (6 if has_name else 4))[0]
        at += (8 if has_name else 6) + length + 4 * (values + (values % 2 if version == 1 else 0))
        found.append(number)
    return found


def stored_chunks(source, tree, rank):
    """Yield where each chunk belongs, its size, the filters it skips, and where it lies."""
    for address, key in _leaves(source, tree, kind=1, key=8 + 8 * (rank + 1)):
        size, skipped, *offsets = struct.unpack(f"<II{rank + 1}Q", key)
        yield offsets[:rank], size, skipped, address


def unfiltered(content, filters, skipped, size, itemsize):
    """Undo the filters of a chunk that has `size` bytes."""
    for i, number in reversed(list(enumerate(filters))):
        if skipped >> i & 1:
            continue
        if number == _DEFLATE:
            content = zlib.decompressobj().decompress(content, size + 4)
        elif number == _SHUFFLE:
            whole = len(content) // itemsize * itemsize
            turned = np.frombuffer(content[:whole], np.uint8).reshape(itemsize, -1).T.tobytes()
            content = turned + content[whole:]
        elif number == _FLETCHER32:
            content = content[:-4]
        else:
            raise broken("a chunk", f"it is packed with filter {number}, which Keras does not use")
    return content

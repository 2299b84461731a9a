"""Groups and arrays of an HDF5 file."""

import collections.abc
import functools
import math
import struct

import numpy as np

from lamina.core import errors
from lamina.saving.files import is_believable
from lamina.saving.hdf5.format import (
    ATTRIBUTE,
    ATTRIBUTE_INFO,
    DATASPACE,
    DATATYPE,
    EXTERNAL_FILES,
    FILTERS,
    LAYOUT,
    LINK,
    LINK_INFO,
    NOWHERE,
    SYMBOL_TABLE,
    Link,
    Source,
    attribute,
    broken,
    filters,
    is_elsewhere,
    link,
    parsing,
    read_messages,
    root,
    stored_chunks,
    symbols,
    text,
    unfiltered,
)
from lamina.saving.hdf5.types import array_of, read_datatype, read_shape


class _Object:
    """An object of the file: its messages, and the attributes among them."""

    def __init__(self, file, name, address, messages):
        self.file, self.name, self.address, self._messages = file, name, address, messages

    def _all(self, kind):
        return [content for message, content in self._messages if message == kind]

    @functools.cached_property
    def attrs(self):
        """The attributes, a mapping from names to numbers, texts or arrays."""
        with parsing(self.name):
            if any(is_elsewhere(content, 2) for content in self._all(ATTRIBUTE_INFO)):
                raise broken(self.name, "its attributes are kept in a form that Keras does not write")
            return Attributes(self.file, self.name, map(attribute, self._all(ATTRIBUTE)))


class Attributes(collections.abc.Mapping):
    """The attributes of an object, of which each is understood when it is asked for."""

    def __init__(self, file, owner, contents):
        self._file, self._owner, self._contents = file, owner, dict(contents)

    def __getitem__(self, name):
        dtype, shape, content = self._contents[name]
        with parsing(f"{self._owner}.{name}"):
            return _value(self._file, read_datatype(dtype)[0], read_shape(shape), content)

    def __iter__(self):
        return iter(self._contents)

    def __len__(self):
        return len(self._contents)


class Group(_Object, collections.abc.Mapping):
    """A group: a mapping from names to Groups, Datasets and Links."""

    @functools.cached_property
    def _places(self):
        with parsing(self.name):
            places = {}
            for content in self._all(SYMBOL_TABLE):
                places.update(symbols(self.file.source, *struct.unpack_from("<QQ", content)))
            if any(is_elsewhere(content, 8) for content in self._all(LINK_INFO)):
                raise broken(self.name, "its members are kept in a form that Keras does not write")
            places.update(link(content) for content in self._all(LINK))
            return dict(sorted(places.items()))

    def __getitem__(self, name):
        place = self._places[name]
        return place if isinstance(place, Link) else self.file.at(place, f"{self.name.rstrip('/')}/{name}")

    def __iter__(self):
        return iter(self._places)

    def __len__(self):
        return len(self._places)

    def __contains__(self, name):
        return name in self._places


class Dataset(_Object):
    """An array in the file; `shape` and `dtype` are known before it is read."""

    def __init__(self, file, name, address, messages):
        super().__init__(file, name, address, messages)
        with parsing(name):
            self.shape = read_shape(self._all(DATASPACE)[0])
            self.dtype = read_datatype(self._all(DATATYPE)[0])[0]
            self._layout = self._all(LAYOUT)[0]

    def check(self):
        """Refuse values that are elsewhere, or far fewer than they claim to be, before they are read.

        Raises:   ValueError (FileError L401, L404).
        """
        with parsing(self.name):
            version, kind = self._layout[:2]
            elsewhere = "external storage" if self._all(EXTERNAL_FILES) else "virtual dataset" if kind == 3 else None
            if elsewhere:
                raise errors.FileError(f"L404: refused: '{self.name}' takes its values from other files ({elsewhere}).")
            if version not in (3, 4) or (version == 4 and kind == 2):
                raise broken(self.name, f"its values lie in layout {version}, which Keras does not write")
            if self.dtype.hasobject:
                raise broken(self.name, "its values are no numbers")
            sizes, stored = self.shape, self._piece[1]
            if kind == 2:
                sizes = [max(pair) for pair in zip(self.shape, self._chunk, strict=True)]
                stored = min(sum(size for _, size, _, _ in self._chunks), self.file.source.size)
            claimed = math.prod(sizes) * self.dtype.itemsize
            if not is_believable(claimed, stored):
                raise errors.FileError(
                    f"L404: refused: '{self.name}' claims {claimed:,} bytes, but next to none are stored, as in a "
                    "decompression bomb."
                )

    def read(self):
        """Return the values.

        Raises:   ValueError (FileError L401, L404) as `check`, or if they are damaged.
        """
        self.check()
        with parsing(self.name):
            return (self._compact, self._in_one_piece, self._in_chunks)[self._layout[1]]()

    @functools.cached_property
    def _piece(self):
        """Where values that lie in one piece begin, and how many bytes are stored."""
        if self._layout[1] != 1:
            return None, len(self._layout)
        place, size = struct.unpack_from("<QQ", self._layout, 2)
        return (None, 0) if place == NOWHERE else (place, size)

    @functools.cached_property
    def _chunk(self):
        """The shape of the chunks that values lie in."""
        rank = self._layout[2] - 1
        chunk = struct.unpack_from(f"<{rank}I", self._layout, 11)
        if rank != len(self.shape) or not all(chunk):
            raise broken(self.name, "its chunks do not fit its shape")
        return chunk

    @functools.cached_property
    def _chunks(self):
        (place,) = struct.unpack_from("<Q", self._layout, 3)
        return [] if place == NOWHERE else list(stored_chunks(self.file.source, place, len(self._chunk)))

    def _compact(self):
        (size,) = struct.unpack_from("<H", self._layout, 2)
        return array_of(self._layout[4 : 4 + size], self.dtype, self.shape)

    def _in_one_piece(self):
        place, size = self._piece
        claimed = math.prod(self.shape) * self.dtype.itemsize
        if place is None:
            self.file.source.give(claimed)
            return np.zeros(self.shape, self.dtype)
        if claimed > size:
            raise broken(self.name, "it has fewer values than its shape says")
        return self.file.source.array(place, self.dtype, self.shape)

    def _in_chunks(self):
        chunk, itemsize = self._chunk, self.dtype.itemsize
        applied = [number for content in self._all(FILTERS) for number in filters(content)]
        self.file.source.give(math.prod(self.shape) * itemsize)
        values = np.zeros(self.shape, self.dtype)
        for offsets, size, skipped, address in self._chunks:
            content = self.file.source.bytes(address, size)
            content = unfiltered(content, applied, skipped, math.prod(chunk) * itemsize, itemsize)
            piece = array_of(content, self.dtype, chunk)
            inside = [min(length, full - at) for at, length, full in zip(offsets, chunk, self.shape, strict=True)]
            if min(inside, default=1) > 0:
                target = tuple(slice(at, at + length) for at, length in zip(offsets, inside, strict=True))
                values[target] = piece[tuple(slice(0, length) for length in inside)]
        return values


class File(Group):
    """An HDF5 file, open for reading.

    Args:
        source: path, or an open binary file.
        start, size: which part of it is the HDF5 file [bytes]; all by default.
    Raises:   ValueError (FileError L401) if it is no such file, or only a part of one.
    """

    def __init__(self, source, start=0, size=None):
        self._opened = None if hasattr(source, "read") else open(source, "rb")  # noqa: SIM115 - closed by `close`
        self.heaps = {}  # address -> places of texts by their index
        try:
            self.source = Source(self._opened or source, start, size)
            with parsing("/"):
                address = root(self.source)
                super().__init__(self, "/", address, read_messages(self.source, address))
        except BaseException:
            self.close()
            raise

    def at(self, address, name):
        """Return the Group or Dataset at a place of the file."""
        with parsing(name):
            messages = read_messages(self.source, address)
            kinds = {kind for kind, _ in messages}
            return (Dataset if LAYOUT in kinds else Group)(self, name, address, messages)

    def close(self):
        """Close the file, if it was opened here."""
        if self._opened is not None:
            self._opened.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _value(file, dtype, shape, content):
    """Return the value of an attribute."""
    count = math.prod(shape)
    if not dtype.hasobject:
        values = array_of(content, dtype, shape)
        return values if shape else values[()]
    if len(content) < 16 * count:
        raise broken("an attribute", "it is cut short")
    texts = [text(file, *struct.unpack_from("<IQI", content, 16 * i)) for i in range(count)]
    return np.array(texts, object).reshape(shape) if shape else texts[0]

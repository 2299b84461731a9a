"""Weights spread over several HDF5 files, and a JSON table that says what lies where.

Source: Keras 3 `save_weights(max_shard_size=...)`, same format; Keras opens the file numbered 0 in any case.
"""

import contextlib
import itertools
import json
import os

from lamina.core import errors
from lamina.saving.archive import damaged
from lamina.saving.files import replacing
from lamina.saving.weights import ReadGroup, open_weights, vars_of, write_group, writing_weights

_LARGEST_TABLE = 100_000_000  # bytes


def table_path(path):
    """Return the path of the table: `x.weights.json`, also where `x.weights.h5` was given."""
    return f"{path.removesuffix('.h5')}.json" if path.endswith("weights.h5") else path


def write_shards(path, groups, largest):
    """Write groups of arrays to files beside `path`, then the table that makes them valid, all at once.

    Args:
        path: of the table, `x.weights.json`.
        groups: iterable of `(path, name, arrays)`.
        largest: how many bytes of arrays a file may have.
    Raises:   ValueError if an array is larger than that.
    """
    before = _names_in_use(path)
    names = (name for name in _names(path) if name not in before)
    places, written, total = {}, [], 0
    try:
        for name, shard in zip(names, _shards(groups, largest), strict=False):
            with _new_file(path, name) as file:
                written.append(name)
                for group, title, arrays in shard:
                    write_group(file, group, title, arrays)
                    total += sum(array.nbytes for array in arrays.values())
                    if arrays:
                        places.setdefault(f"/{vars_of(group)}", []).append(name)
        _write_table(path, places, total)
    finally:
        _tidy(path, {*before, *written})


def _shards(groups, largest):
    """Yield lists of groups, whole or in parts, whose arrays have at most `largest` bytes together."""
    shard, size = [], 0
    for path, name, arrays in groups:
        part = {}
        shard.append((path, name, part))
        for key, array in arrays.items():
            if array.nbytes > largest:
                raise ValueError(
                    f"The size of '{path}/{key}' is {array.nbytes:,} bytes, which exceeds the maximum shard size of "
                    f"{int(largest):,} bytes. Increase `max_shard_size`, a number of gigabytes."
                )
            if size + array.nbytes > largest:
                yield shard
                part, size = {}, 0
                shard = [(path, name, part)]
            part[key] = array
            size += array.nbytes
    yield shard


class Shards:
    """The files behind a table, read part by part.

    Args:
        path: of the table.
    Raises:   ValueError (FileError L401, L404) for a table that is none, or that points to other folders.
    """

    def __init__(self, path):
        self.path = path
        self._table = _read_table(path)
        self._open = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._close()

    def group(self, path):
        """Return the arrays of the part at `path`, a `ReadGroup`; that of the part before can be read no more."""
        names = self._table.get(f"/{vars_of(path)}") or self._table.get(path) or []
        self._close(except_for=names)
        return ReadGroup([self._file(name) for name in names], path)

    def check(self):
        """There is nothing to check but what is read."""

    def paths(self):
        """Return the paths of the parts that have arrays."""
        return [path.removesuffix("vars").strip("/") for path in self._table]

    def _file(self, name):
        if name not in self._open:
            path = _beside(self.path, name)
            if not os.path.isfile(path) or os.path.islink(path):
                raise damaged(self.path, f"the file '{name}' that it is continued in is missing.")
            self._open[name] = open_weights(path)
        return self._open[name]

    def _close(self, except_for=()):
        for name in self._open.keys() - set(except_for):
            self._open.pop(name).close()


def _read_table(path):
    """Return a dict from the places of groups to lists of file names."""
    try:
        if os.path.getsize(path) > _LARGEST_TABLE:
            raise ValueError("it is too large")
        with open(path, "rb") as file:
            table = json.loads(file.read())["weight_map"]
        places = {place: [names] if isinstance(names, str) else list(names) for place, names in table.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(path, f"its table of weights makes no sense ({error}).") from error
    for name in itertools.chain.from_iterable(places.values()):
        if not isinstance(name, str) or not name.endswith(".h5") or set(name) & set("/\\:\0"):
            raise errors.FileError(f"L404: {path} is refused: {name!r} is no file beside it.")
    return places


def _write_table(path, places, total):
    with replacing(path) as temporary, open(temporary, "w") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": places}, file, indent=4)


def _names(path):
    stem = os.path.basename(path).removesuffix(".json").replace(".weights", "")
    return (f"{stem}_{number:05}.weights.h5" for number in itertools.count())


def _names_in_use(path):
    with contextlib.suppress(OSError, errors.FileError):
        return set(itertools.chain.from_iterable(_read_table(path).values()))
    return set()


@contextlib.contextmanager
def _new_file(path, name):
    with replacing(_beside(path, name)) as temporary, writing_weights(temporary) as file:
        yield file


def _tidy(path, names):
    """Remove the files that the table does not name (any more); the first one stays, if only empty."""
    used, first = _names_in_use(path), next(_names(path))
    for name in names - used - ({first} if used else set()):
        with contextlib.suppress(FileNotFoundError):
            os.remove(_beside(path, name))
    if used and first not in used:
        with _new_file(path, first):
            pass


def _beside(path, name):
    return os.path.join(os.path.dirname(path), name)

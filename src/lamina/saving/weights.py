"""Weights in HDF5: one group per part of a model, `<path>/vars`, with the arrays `0`, `1`, … in it."""

import collections.abc
import contextlib
import os

import ml_dtypes

from lamina.core import errors
from lamina.core.dtypes import as_array
from lamina.saving import hdf5
from lamina.saving.archive import damaged

_KERAS_2_12 = "_layer_checkpoint_dependencies"  # what the first `.keras` files called `layers`


def open_weights(file, start=0, size=None, path=None):
    """Open a path, a binary file, or a part of one, as HDF5, for reading; `path` is what errors call it.

    Raises:   ValueError (FileError L401) if it is no HDF5 file, or a damaged one.
    """
    try:
        return hdf5.File(file, start, size)
    except errors.FileError as error:
        raise damaged(path or file, "its weights are no HDF5 file, or only part of one.") from error


def new_weights(file):
    """Open a path or a binary file as HDF5, for writing."""
    import h5py

    return h5py.File(file, "w")


@contextlib.contextmanager
def writing_weights(path):
    """Open a new HDF5 file for writing; an error of the disk is raised when the block is left."""
    with open(path, "w+b", buffering=0) as raw, writing_into(raw) as file:
        yield file


@contextlib.contextmanager
def writing_into(raw, start=0):
    """Write an HDF5 file into an open binary file, from a place on to its end.

    The HDF5 library takes the process down when it cannot write what it still holds. So it is told that all went well.
    """
    import h5py

    output = _PatientFile(raw, start)
    with h5py.File(output, "w") as file:
        yield file
    if output.error is not None:
        raise output.error


class _PatientFile:
    """The end of a file, which keeps the first error of a write to itself, and writes nothing more."""

    def __init__(self, raw, start):
        self._raw, self._start = raw, start
        self.error = None
        self.read, self.readinto = raw.read, raw.readinto

    def seek(self, place, whence=os.SEEK_SET):
        return self._raw.seek(place + (self._start if whence == os.SEEK_SET else 0), whence) - self._start

    def tell(self):
        return self._raw.tell() - self._start

    def _tried(self, action, *arguments):
        try:
            return action(*arguments) if self.error is None else None
        except OSError as error:
            self.error = error
            return None

    def write(self, content):
        rest = memoryview(content).cast("B")
        size = len(rest)
        while rest and self.error is None:
            rest = rest[self._tried(self._raw.write, rest) or 0 :]
        return size

    def truncate(self, size=None):
        return self._tried(self._raw.truncate, None if size is None else size + self._start)

    def flush(self):
        return self._tried(self._raw.flush)


def write_group(file, path, name, arrays):
    """Write what `save_own_variables(store)` of one part put into its store.

    Args:
        file: the open HDF5 file.
        path: where the part stands in the model.
        name: the part's name, kept as an attribute of the group; without one, an empty group is not written.
        arrays: dict from keys to arrays.
    """
    if name is None and not arrays:
        return
    group = file.require_group(vars_of(path))
    if name is not None:
        group.attrs["name"] = name
    for key, array in arrays.items():
        dataset = group.create_dataset(key, data=array)
        if array.dtype == ml_dtypes.bfloat16:  # HDF5 knows it only as two bytes
            dataset.attrs["dtype"] = "bfloat16"


def vars_of(path):
    """Return where the arrays of a part at `path` lie."""
    return f"{path}/vars" if path else "vars"


class WeightsFile:
    """An open HDF5 file, read part by part.

    Args:
        file: the file.
        check: called when all is read, to raise an error if it was damaged after all.
    """

    def __init__(self, file, check=None):
        self.file = file
        self.check = check or (lambda: None)

    def group(self, path):
        """Return the arrays of the part at `path`, a `ReadGroup`."""
        return ReadGroup([self.file], path)

    def paths(self):
        """Return the paths of the parts that have arrays."""
        return stored_paths(self.file)


class ReadGroup(collections.abc.Mapping):
    """What `load_own_variables(store)` reads from: a dict of NumPy arrays, empty if the files have none at the path."""

    def __init__(self, files, path):
        groups = [find_group(file, vars_of(path)) for file in files]
        self._groups = {key: group for group in groups for key in group}

    def __getitem__(self, key):
        return read_array(self._groups[key.partition("/")[0]], key)

    def take(self, key):
        """Return an array for the engine, which nobody else will write to."""
        return as_array(self[key], fresh=True)

    def __iter__(self):
        return iter(self._groups)

    def __len__(self):
        return len(self._groups)

    def numbered(self):
        """Return the names `0`, `1`, … in the order of the numbers; HDF5 has them in that of the alphabet."""
        return sorted(self, key=lambda key: (len(key), key))

    def shapes(self):
        """Return the shapes of the arrays in the order of their numbers, without reading one."""
        return [_dataset(self._groups[key], key).shape for key in self.numbered()]


def stored_paths(file):
    """Return the paths below which arrays are stored, in the order of the file."""
    paths = {}
    for group, path in _groups(file):
        for name in group:
            if isinstance(group[name], hdf5.Dataset):
                paths[path.removesuffix("vars").rstrip("/")] = None
    return list(paths)


def _groups(file):
    """Yield the groups of a file with their paths."""
    seen, pending = set(), [(file, "")]
    while pending:
        group, path = pending.pop()
        if group.address in seen:
            raise errors.FileError(f"L404: refused: '{group.name}' is in the weights file twice.")
        seen.add(group.address)
        yield group, path
        members = [(group[name], f"{path}/{name}" if path else name) for name in group]
        pending += [(item, place) for item, place in reversed(members) if isinstance(item, hdf5.Group)]


def read_tree(file):
    """Return everything in a file as nested dicts of arrays, `vars` left out, and the attributes of groups by path.

    Raises:   ValueError (FileError L401, L404) as `read_array`, and for a group that is reached twice.
    """
    tree, attributes = {}, {}
    for group, path in _groups(file):
        steps = [step for step in path.split("/") if step]
        steps = steps[:-1] if steps[-1:] == ["vars"] else steps
        if len(group.attrs):
            attributes["/" + "/".join(steps)] = dict(group.attrs)
        arrays = {name: read_array(group, name) for name in group if not isinstance(group[name], hdf5.Group)}
        if arrays:
            node = tree
            for step in steps:
                node = node.setdefault(step, {})
            node.update(arrays)
    return tree, attributes


def find_group(file, path):
    """Return the group at a path of an HDF5 file, an empty dict if there is none.

    Raises:   ValueError (FileError L401, L404) if something else lies there, or a link.
    """
    group = file
    for name in filter(None, path.split("/")):
        if name == "layers" and member(group, _KERAS_2_12) is not None:
            name = _KERAS_2_12
        found = member(group, name)
        if found is None:
            return {}
        if not isinstance(found, hdf5.Group):
            raise errors.FileError(f"L401: the weights file is damaged: '{found.name}' should be a group of arrays.")
        group = found
    return group


def read_array(group, key):
    """Return the array that a group holds under a name, or under a path of names.

    Raises:   KeyError if there is none; ValueError (FileError L401, L404) if it is damaged, too large, or elsewhere.
    """
    path, _, key = key.rpartition("/")
    dataset = _dataset(find_group(group, path) if path else group, key)
    array = dataset.read()
    if dataset.attrs.get("dtype") == "bfloat16":
        return array.view(ml_dtypes.bfloat16) if array.dtype.kind == "V" else array.astype(ml_dtypes.bfloat16)
    return array


def _dataset(group, key):
    dataset = member(group, key)
    if dataset is None:
        raise KeyError(key)
    if not isinstance(dataset, hdf5.Dataset):
        raise errors.FileError(f"L401: the weights file is damaged: '{dataset.name}' should be an array.")
    dataset.check()
    return dataset


def member(group, name):
    """Return what a group holds under a name, None if that is nothing.

    Raises:   ValueError (FileError L404) for a link.
    """
    found = group.get(name)
    if isinstance(found, hdf5.Link):
        raise errors.FileError(
            f"L404: refused: '{group.name}/{name}' in the weights file is a link to another place ({found.kind})."
        )
    return found

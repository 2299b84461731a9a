"""Weights in HDF5: one group per part of a model, `<path>/vars`, with the arrays `0`, `1`, … in it."""

import collections.abc
import contextlib
import math

import ml_dtypes

from lamina.core import errors
from lamina.saving.archive import damaged

# A dataset may claim any size in a few bytes: above the floor, it must have been stored.
_UNSUSPICIOUS_BYTES = 1 << 26
_LARGEST_EXPANSION = 100

_KERAS_2_12 = "_layer_checkpoint_dependencies"  # what the first `.keras` files called `layers`


def open_weights(file, mode="r", path=None):
    """Open a path or a binary file as HDF5; `path` is what errors call it.

    Raises:   ValueError (FileError L401) if it is no HDF5 file, or a damaged one.
    """
    import h5py

    try:
        return h5py.File(file, mode)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise damaged(path or file, "its weights are no HDF5 file, or only part of one.") from error


@contextlib.contextmanager
def writing_weights(path):
    """Open a new HDF5 file for writing; an error of the disk is raised when the block is left.

    The HDF5 library takes the process down when it cannot write what it still holds. So it is told that all went well.
    """
    import h5py

    with open(path, "w+b", buffering=0) as raw:
        output = _PatientFile(raw)
        with h5py.File(output, "w") as file:
            yield file
        if output.error is not None:
            raise output.error


class _PatientFile:
    """A file that keeps the first error of a write to itself, and writes nothing more."""

    def __init__(self, raw):
        self._raw = raw
        self.error = None
        self.seek, self.tell, self.read, self.readinto = raw.seek, raw.tell, raw.read, raw.readinto

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
        return self._tried(self._raw.truncate, size)

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
    """An open HDF5 file, read part by part."""

    def __init__(self, file):
        self.file = file

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
    import h5py

    paths = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset):
            paths[name.rpartition("/")[0].removesuffix("vars").rstrip("/")] = None

    file.visititems(note)
    return list(paths)


def read_tree(file):
    """Return everything in a file as nested dicts of arrays, `vars` left out, and the attributes of groups by path.

    Raises:   ValueError (FileError L401, L404) as `read_array`, and for a group that is reached twice.
    """
    tree, attributes, seen = {}, {}, set()

    def read(group, path, node):
        import h5py

        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            raise errors.FileError(f"L404: refused: '{group.name}' is in the weights file twice.")
        seen.add(address)
        if len(group.attrs):
            attributes[path or "/"] = dict(group.attrs)
        for key in group:
            if not _has(group, key) or not isinstance(group[key], h5py.Group):
                node[key] = read_array(group, key)
            elif key == "vars":
                read(group[key], path, node)
            else:
                read(group[key], f"{path}/{key}", branch := {})
                if branch:
                    node[key] = branch

    read(file, "", tree)
    return tree, attributes


def find_group(file, path):
    """Return the group at a path of an HDF5 file, an empty dict if there is none.

    Raises:   ValueError (FileError L401, L404) if something else lies there, or a link.
    """
    import h5py

    group = file
    for name in filter(None, path.split("/")):
        if name == "layers" and _has(group, _KERAS_2_12):
            name = _KERAS_2_12
        if not _has(group, name):
            return {}
        group = group[name]
        if not isinstance(group, h5py.Group):
            raise errors.FileError(f"L401: the weights file is damaged: '{group.name}' should be a group of arrays.")
    return group


def read_array(group, key):
    """Return the array that a group holds under a name, or under a path of names.

    Raises:   KeyError if there is none; ValueError (FileError L401, L404) if it is damaged, too large, or elsewhere.
    """
    path, _, key = key.rpartition("/")
    group = find_group(group, path) if path else group
    dataset = _dataset(group, key)
    try:
        array = dataset[()]
    except OSError as error:
        raise errors.FileError(
            f"L401: the weights file is damaged: '{dataset.name}' cannot be read ({error})."
        ) from error
    if dataset.attrs.get("dtype") == "bfloat16":
        return array.view(ml_dtypes.bfloat16) if array.dtype.kind == "V" else array.astype(ml_dtypes.bfloat16)
    return array


def _dataset(group, key):
    import h5py

    if not _has(group, key):
        raise KeyError(key)
    dataset = group[key]
    if not isinstance(dataset, h5py.Dataset):
        raise errors.FileError(f"L401: the weights file is damaged: '{dataset.name}' should be an array.")
    if dataset.external or dataset.is_virtual:
        kind = "virtual dataset" if dataset.is_virtual else "external storage"
        raise errors.FileError(f"L404: refused: '{dataset.name}' takes its values from other files ({kind}).")
    shape = [max(sizes) for sizes in zip(dataset.shape or (), dataset.chunks or dataset.shape or (), strict=True)]
    claimed = math.prod(shape) * dataset.dtype.itemsize
    if claimed > _UNSUSPICIOUS_BYTES and claimed > _LARGEST_EXPANSION * dataset.id.get_storage_size():
        raise errors.FileError(
            f"L404: refused: '{dataset.name}' claims {claimed:,} bytes, but next to none are stored."
        )
    return dataset


def _has(group, name):
    """Tell whether a group has a member, without following a link: even to ask where it leads opens other files."""
    import h5py

    if not isinstance(group, h5py.Group) or not name or not group.id.links.exists(name.encode()):
        return False
    kind = group.id.links.get_info(name.encode()).type
    if kind != h5py.h5l.TYPE_HARD:
        kind = "SoftLink" if kind == h5py.h5l.TYPE_SOFT else "ExternalLink"
        raise errors.FileError(
            f"L404: refused: '{group.name}/{name}' in the weights file is a link to another place ({kind})."
        )
    return True

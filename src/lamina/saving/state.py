"""A model's state into a weights file and out of it: all of it, or nothing."""

import os

import numpy as np

from lamina.core import errors
from lamina.saving.walk import parts, walk
from lamina.saving.weights import write_group


def state_of(root, assets=None, skip=()):
    """Yield `(path, name, arrays)` of `root` and its parts; what they keep in files goes below the folder `assets`."""
    skipped = {id(obj) for obj in skip}
    for path, saveable in walk(root):
        if id(saveable) in skipped:
            continue
        if hasattr(saveable, "save_own_variables"):
            store = {}
            saveable.save_own_variables(store)
            name = getattr(saveable, "name", None)
            arrays = {key: np.asarray(value) for key, value in store.items()}
            yield path, name if isinstance(name, str) else None, arrays
        if assets is not None and hasattr(saveable, "save_assets"):
            folder = os.path.join(assets, path)
            os.makedirs(folder, exist_ok=True)
            saveable.save_assets(folder)


def save_state(root, file, assets=None, skip=()):
    """Write the variables of `root` and its parts to an HDF5 file, and their assets below a folder."""
    for path, name, arrays in state_of(root, assets, skip):
        write_group(file, path, name, arrays)


class StateLoader:
    """Load state part by part, note what does not fit, and put everything back if the whole does not.

    Source:   Keras 3 tries a part that did not load again under its other paths, so that files of other versions load.

    Args:
        weights: a `WeightsFile`, or the like.
        assets: folder with the saved assets, or `None`.
        skip: objects that are left as they are.
    """

    def __init__(self, weights, assets=None, skip=()):
        self.weights = weights
        self.assets = assets
        self.failures = {}  # id(saveable) -> a line that says what did not fit
        self._done = {id(obj) for obj in skip}
        self._loaded = set()
        self._open = set()
        self._previous = []
        self._paths = set()

    def load(self, root):
        """Load `root` and its parts; if the file turns out to be unusable, put everything back."""
        try:
            self._load(root, "")
            self.weights.check()
        except BaseException:
            self.undo()
            raise

    def _load(self, saveable, path):
        if id(saveable) in self._done or id(saveable) in self._open:
            return
        self._open.add(id(saveable))
        failures_before = len(self.failures)
        if id(saveable) not in self._loaded:
            self._try(saveable, path)
        for child_path, child in parts(saveable, path):
            self._load(child, child_path)
        self._open.remove(id(saveable))
        if len(self.failures) <= failures_before:
            self._done.add(id(saveable))

    def _try(self, saveable, path):
        previous = [(variable, variable._value) for variable in _own_variables(saveable)]
        store = self.weights.group(path)
        self._paths.add(path)
        try:
            if hasattr(saveable, "load_own_variables"):
                saveable.load_own_variables(store)
            if self.assets is not None and hasattr(saveable, "load_assets"):
                folder = os.path.join(self.assets, path)
                saveable.load_assets(folder if os.path.exists(folder) else None)
        except Exception as error:  # noqa: BLE001 - whatever a part raises is reported with all the others
            _restore(previous)
            self.failures.setdefault(id(saveable), _difference(saveable, path, store, error))
        else:
            self._loaded.add(id(saveable))
            self._previous += previous
            self.failures.pop(id(saveable), None)

    def undo(self):
        """Give all variables the values they had before."""
        _restore(self._previous)

    def unused(self):
        """Return the paths of the file that belong to no part of the model."""
        return [path for path in self.weights.paths() if path not in self._paths]


def _own_variables(saveable):
    if hasattr(saveable, "_non_trainable_variables"):
        return [*saveable._trainable_variables, *saveable._non_trainable_variables]
    return list(getattr(saveable, "variables", ()))


def _restore(previous):
    for variable, value in previous:
        variable._value = value


def _difference(saveable, path, store, error):
    """Say in one line what a part expected and what the file has."""
    place = f"{path or 'the model'} ({getattr(saveable, 'name', type(saveable).__name__)})"
    try:
        found = store.shapes()
    except errors.FileError as damage:
        return f"{place}: {damage}"
    expected = [(variable.name, tuple(variable.shape)) for variable in _own_variables(saveable)]
    if found and not expected:
        return f"{place}: it was never built, the file has {_shapes(found)}. {error}"
    if len(found) != len(expected):
        wanted = ", ".join(f"{name} {shape}" for name, shape in expected)
        return f"{place}: expected {wanted or 'nothing'}; the file has {_shapes(found)}."
    pairs = zip(expected, found, strict=True)
    misfits = [f"{name} {shape}, the file has {size}" for (name, shape), size in pairs if shape != size]
    return f"{place}: {'; '.join(misfits) or error}"


def _shapes(shapes):
    return ", ".join(map(str, shapes)) or "nothing"

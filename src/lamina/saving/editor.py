"""A weights file opened for changes: what is in it, how it differs from a model, and its groups under other names."""

import json

import numpy as np

from lamina.core import errors
from lamina.saving import archive
from lamina.saving.files import local_path, replacing
from lamina.saving.state import state_of
from lamina.saving.weights import open_weights, read_tree, write_group, writing_weights


class KerasFileEditor:
    """Look into a weights file, change it, and write it again: for models that were changed after they were saved.

    Args:
        filepath: path that ends in `.keras` or `.weights.h5`.
    Attributes:
        weights_dict: nested dicts by path, with arrays as leaves: `editor.weights_dict["layers"]["dense"]["0"]`.
        config, metadata: what a `.keras` file says of the model and of itself, or None.
        object_metadata: dict from paths to the attributes of their groups, such as layers' names.
    Raises:   ValueError for another ending, or a file that is damaged or unsafe.
    Source:   Keras 3 `KerasFileEditor`.
    """

    def __init__(self, filepath):
        from rich.console import Console

        self.filepath = local_path(filepath)
        self.config = self.metadata = self.model = None
        self.console = Console(highlight=False)
        if self.filepath.endswith(".keras"):
            with archive.Archive(self.filepath) as opened:
                self.config, self.metadata = opened.config(), json.loads(opened.read(archive.METADATA))
                with open_weights(*opened.place(archive.WEIGHTS), path=self.filepath) as file:
                    self.weights_dict, self.object_metadata = read_tree(file)
        elif self.filepath.endswith(".weights.h5"):
            with open_weights(self.filepath) as file:
                self.weights_dict, self.object_metadata = read_tree(file)
        else:
            raise errors.FileError(
                "L406: Invalid filename: expected a `.keras` or `.weights.h5` extension. "
                f"Received: filepath={self.filepath}"
            )
        self._say(f"Keras model file '{self.filepath}'")
        if self.metadata is not None:
            version, date = self.metadata.get("keras_version"), self.metadata.get("date_saved")
            self._say(f"Saved with Keras {version} - date: {date}")

    def summary(self):
        """Print the tree of objects with the shapes and dtypes of their weights."""
        from rich.tree import Tree

        tree = Tree("Weights structure")
        self._grow(tree, self.weights_dict, "")
        self.console.print(tree)

    def _grow(self, tree, objects, path):
        from rich.markup import escape

        for key, value in objects.items():
            if isinstance(value, dict):
                name = self._name(f"{path}/{key}")
                branch = tree.add(f"[bold]{escape(key)}[/]{escape(f' ({name!r})') if name else ''}")
                self._grow(branch, value, f"{path}/{key}")
            else:
                tree.add(f"[bold]{escape(key)}[/]: shape={np.shape(value)}, dtype={np.asarray(value).dtype}")

    def _name(self, path):
        name = self.object_metadata.get(path, {}).get("name")
        return name if isinstance(name, str) else None

    def compare(self, reference_model):
        """Print how the file differs from a model.

        Returns:  dict with `status` ("success" or "error"), `error_count` and `match_count`; an object that is on one
            side only counts as one error.
        """
        self._say("Running comparison")
        expected = _spec(reference_model)
        missing = _missing(expected, self.weights_dict)
        extra = _missing(self.weights_dict, expected)
        misfits, matches = _shapes(expected, self.weights_dict)
        for path, value in missing:
            self._say(f"...{_kind(value)} {path} present in reference model, missing from saved file")
        for path, value in extra:
            self._say(f"...{_kind(value)} {path} present in saved file, missing from reference model")
        for path, wanted, found in misfits:
            self._say(f"...Weight shape mismatch for {path}: reference model {wanted}, saved file {found}")
        wrong = len(missing) + len(extra) + len(misfits)
        if wrong:
            self._say(f"Found {wrong} errors: saved file is not compatible with the reference model")
        else:
            self._say(f"Comparison successful: saved file is compatible with the reference model ({matches} weights)")
        return {"status": "error" if wrong else "success", "error_count": wrong, "match_count": matches}

    def rename_object(self, object_name, new_name):
        """Give an object another name; `object_name` is its path, or its name if there is only one of it.

        Raises:   ValueError if there is none or more than one, or `new_name` is a path.
        """
        if "/" in new_name:
            raise ValueError(f"The new name should be a name, not a path. Received: new_name={new_name!r}")
        holder, key = self._find(object_name)
        holder[new_name] = holder.pop(key)

    def delete_object(self, object_name):
        """Remove an object, found as in `rename_object`."""
        holder, key = self._find(object_name)
        del holder[key]

    def add_object(self, object_path, weights):
        """Add an object, or replace it.

        Args:
            object_path: path whose parents exist, such as "layers/dense_2".
            weights: dict from names ("0", "1") to arrays.
        """
        parent, _, key = object_path.rpartition("/")
        holder = self.weights_dict
        for name in filter(None, parent.split("/")):
            if not isinstance(holder.get(name), dict):
                raise ValueError(f"Path '{parent}' not found in model.")
            holder = holder[name]
        holder[key] = dict(_checked(weights))

    def delete_weight(self, object_name, weight_name):
        """Remove one weight of an object, found as in `rename_object`."""
        weights = self._weights(object_name)
        if weight_name not in weights:
            raise ValueError(
                f"Weight {weight_name} not found in object {object_name}. Weights found: {list(weights.keys())}"
            )
        del weights[weight_name]

    def add_weights(self, object_name, weights):
        """Add weights to an object, or replace them; `weights` is a dict from names ("0", "1") to arrays."""
        self._weights(object_name).update(_checked(weights))

    def save(self, filepath):
        """Write what the file has become to a path that ends in `.weights.h5`."""
        path = local_path(filepath)
        if not path.endswith(".weights.h5"):
            raise errors.FileError(
                f"L406: Invalid `filepath` argument: expected a `.weights.h5` extension. Received: filepath={path}"
            )
        with replacing(path) as temporary, writing_weights(temporary) as file:
            self._write(file, self.weights_dict, "")

    def resave_weights(self, filepath):
        """Write what the file has become, as `save`."""
        self.save(filepath)

    def _write(self, file, objects, path):
        arrays = {key: np.asarray(value) for key, value in objects.items() if not isinstance(value, dict)}
        write_group(file, path, self._name(f"/{path}"), arrays)
        for key, value in objects.items():
            if isinstance(value, dict):
                self._write(file, value, f"{path}/{key}" if path else key)

    def _weights(self, object_name):
        holder, key = self._find(object_name)
        if not isinstance(holder[key], dict):
            raise ValueError(f"'{object_name}' is a weight, not an object.")
        return holder[key]

    def _find(self, name):
        """Return the dict that holds an object, and its key there."""
        path = tuple(name.split("/"))
        found = [place for place in _places(self.weights_dict) if place == path or place[-1:] == path]
        if len(found) > 1 and path not in found:
            raise ValueError(f"Name '{name}' occurs more than once in the model; try passing a complete path")
        if not found:
            raise ValueError(
                f"'{name}' not found in model: it has no such object. Use `editor.summary()` to list all objects."
            )
        holder = self.weights_dict
        *above, key = path if path in found else found[0]
        for step in above:
            holder = holder[step]
        return holder, key

    def _say(self, text):
        self.console.print(text, markup=False)


def _places(objects, above=()):
    """Yield the paths of all objects and weights, as tuples."""
    for key, value in objects.items():
        yield (*above, key)
        if isinstance(value, dict):
            yield from _places(value, (*above, key))


def _missing(wanted, found, path=""):
    """Return what `wanted` has and `found` has not, each whole object once."""
    gone = []
    for key, value in wanted.items():
        if key not in found or isinstance(value, dict) != isinstance(found[key], dict):
            gone.append((f"{path}/{key}", value))
        elif isinstance(value, dict):
            gone += _missing(value, found[key], f"{path}/{key}")
    return gone


def _shapes(wanted, found, path=""):
    """Return the weights of different shapes, and how many have the same."""
    misfits, matches = [], 0
    for key in wanted.keys() & found.keys():
        here, there = wanted[key], found[key]
        if isinstance(here, dict) and isinstance(there, dict):
            inner, count = _shapes(here, there, f"{path}/{key}")
            misfits += inner
            matches += count
        elif not isinstance(here, dict) and not isinstance(there, dict):
            if np.shape(here) == np.shape(there):
                matches += 1
            else:
                misfits.append((f"{path}/{key}", np.shape(here), np.shape(there)))
    return misfits, matches


def _spec(model):
    """Return the weights of a model as the file has them: nested dicts by path."""
    tree = {}
    for path, _, arrays in state_of(model):
        if arrays:
            node = tree
            for step in filter(None, path.split("/")):
                node = node.setdefault(step, {})
            node.update(arrays)
    return tree


def _kind(value):
    return "Object" if isinstance(value, dict) else "Weight"


def _checked(weights):
    if not isinstance(weights, dict):
        raise ValueError(
            "Argument `weights` should be a dict from names (usually '0', '1', etc.) to NumPy arrays. "
            f"Received: type(weights)={type(weights)}"
        )
    return weights

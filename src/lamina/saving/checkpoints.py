"""Folders that `OrbaxCheckpoint` wrote, as models and weights to load."""

import json
import math
import os
import pathlib

import jax.numpy as jnp
import numpy as np

from lamina.core import errors, tree
from lamina.core.serialization import deserialize_keras_object, sharing_objects
from lamina.saving.files import is_believable
from lamina.saving.sources import size_of

_SIGNS = ("_CHECKPOINT_METADATA", "checkpoint_metadata", "orbax.checkpoint", "pytree", "pytree.orbax-checkpoint")


def is_checkpoint(path):
    """Tell whether a path is the folder of one of Orbax's checkpoints, or of several that are numbered."""
    if not path or not os.path.isdir(path):
        return False
    return bool(_steps(path)) or any(os.path.exists(os.path.join(path, sign)) for sign in _SIGNS)


def read_model(path, custom_objects=None, compile=True, safe_mode=True):
    """Return the model of a checkpoint, the newest one in a folder of several.

    Raises:   FileError L407 (a ValueError) for a checkpoint that holds weights only.
    """
    root, step = _place(path)
    if not os.path.isdir(os.path.join(root, step, "model_config")):
        raise errors.FileError(
            errors.message(
                "L407",
                f"Checkpoint does not contain model configuration: {path}.",
                why="it may have been saved with save_weights_only=True.",
                fix="model.load_weights(path)    # into a model made by the same code",
            )
        )
    config = json.loads(_restore(root, step, "model_config")["config"])
    if not compile:
        config["compile_config"] = None
    with sharing_objects():
        model = deserialize_keras_object(config, custom_objects, safe_mode=safe_mode)
    _set(model, _restore(root, step, "pytree"), path)
    return model


def load_weights(model, path):
    """Set a model's variables from a checkpoint, the newest one in a folder of several."""
    _set(model, _restore(*_place(path), "pytree"), path)


def _set(model, state, path):
    """Give a model's variables their values; those of its metrics, and of an optimizer that was not saved, may stay.

    Paths of the same variables differ by the name of the model, which a model made from its config does not put there.
    """
    found, misfits = {}, []
    for group, variables in model.get_state_tree().items():
        saved = dict(_flat(state.get(group, {})))
        values = {}
        for place, value in _flat(variables):
            known = [other for other in _spellings(place, model.name) if other in saved]
            if known:
                values[place] = saved[known[0]]
                if np.shape(values[place]) != np.shape(value):
                    misfits.append(f"{place} has {np.shape(value)}, the checkpoint {np.shape(values[place])}")
            elif group in ("trainable_variables", "non_trainable_variables"):
                misfits.append(f"{place} is not there")
        found[group] = _nested(values)
    if misfits:
        more = f"; and {len(misfits) - 5} more" if len(misfits) > 5 else ""
        raise errors.FileError(
            errors.message(
                "L407",
                f"the checkpoint {path} does not fit '{model.name}': {'; '.join(misfits[:5])}{more}.",
                why="it was written by a model with other layers, or with other names.",
                fix="make the model by the code that wrote the checkpoint, with the same names of layers.",
            )
        )
    model.set_state_tree(found)


def _spellings(place, name):
    head, _, tail = place.partition("/")
    slots = f"{head}/{name}_{tail}", f"{head}/{tail.removeprefix(f'{name}_')}"
    return [place, f"{name}/{place}", place.removeprefix(f"{name}/"), *slots]


def _flat(tree, prefix=""):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value


def _nested(flat):
    tree = {}
    for place, value in flat.items():
        *scopes, name = place.split("/")
        node = tree
        for scope in scopes:
            node = node.setdefault(scope, {})
        node[name] = value
    return tree


def _steps(path):
    names = [name for name in os.listdir(path) if name.isdigit() and os.path.isdir(os.path.join(path, name))]
    return sorted(names, key=int)


def _place(path):
    """Return the folder of the checkpoints and the name of one in it."""
    path = os.path.abspath(path)
    steps = _steps(path)
    return (path, steps[-1]) if steps else os.path.split(path)


def _restore(root, step, part):
    try:
        import orbax.checkpoint as orbax
    except ImportError as error:
        raise ImportError(
            'Loading a checkpoint requires the `orbax-checkpoint` package: pip install "lamina[checkpoint]"'
        ) from error
    read = orbax.args.JsonRestore() if part == "model_config" else orbax.args.StandardRestore()
    if part == "pytree":
        _require_stored(orbax, os.path.join(root, step, part))
    with orbax.CheckpointManager(root) as manager:
        return manager.restore(int(step), args=orbax.args.Composite(**{part: read}))[part]


def _require_stored(orbax, folder):
    """Refuse arrays that are far larger than the files which hold them: chunks that are missing count as zeros."""
    leaves = tree.flatten(orbax.StandardCheckpointHandler().metadata(pathlib.Path(folder)).tree)
    claimed = sum(math.prod(leaf.shape) * jnp.dtype(leaf.dtype).itemsize for leaf in leaves if hasattr(leaf, "dtype"))
    stored = size_of(folder)
    if not is_believable(claimed, stored):
        raise errors.FileError(
            f"L404: {folder} is refused: its arrays claim {claimed:,} bytes, of which only {stored:,} are stored."
        )

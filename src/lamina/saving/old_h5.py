"""The HDF5 layout of Keras 1, 2 and `tf.keras`, which Keras 3 still reads and writes for files that end in `.h5`.

The model is JSON in attributes; `model_weights` has a group for each layer, whose attribute `weight_names` gives the
order; `optimizer_weights` is the same for the optimizer.
"""

import json
import warnings

import numpy as np

from lamina.core import errors
from lamina.core.dtypes import as_array
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.saving.archive import damaged
from lamina.saving.old_configs import upgrade, upgrade_compile_config, without_slashes
from lamina.saving.old_optimizers import restore_optimizer
from lamina.saving.old_weights import convert
from lamina.saving.weights import find_group, read_array

KERAS_VERSION = "3.15.1"
"""The Keras whose format is written."""

TOP_LEVEL = "top_level_model_weights"
LARGEST_ATTRIBUTE = 64512  # bytes; HDF5 keeps small attributes only
_HOMES = ("keras.layers", "keras.models", "keras.src.models.functional")
_MOST_NAMES = 1_000_000


def has_old_layout(file):
    """Tell whether an open HDF5 file has the layout of this module, with a model or with weights only."""
    return "model_weights" in file or "layer_names" in file.attrs or "layer_names0" in file.attrs


def read_model(file, path, custom_objects, compile, safe_mode):
    """Make the model of an open file.

    Raises:   ValueError for a file that is damaged, unsafe or holds no model; TypeError for a class that is not known.
    """
    config = _json_attribute(file, "model_config", path)
    if config is None:
        raise damaged(path, "it holds weights, but no model: make the model, then call `model.load_weights(path)`.")
    model = deserialize_keras_object(upgrade(config), custom_objects, safe_mode=safe_mode)
    if not hasattr(model, "layers"):
        raise damaged(path, "its `model_config` describes no model.")
    assign(in_order(model, _part(file, "model_weights")), path)
    training = _json_attribute(file, "training_config", path) if compile else None
    if training is not None:
        _compile(model, file, training, custom_objects, safe_mode)
    return model


def _compile(model, file, training, custom_objects, safe_mode):
    config = upgrade_compile_config(training)
    model.compile(**deserialize_keras_object(config, custom_objects, safe_mode=safe_mode))
    if "optimizer_weights" in file and model.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
        group = _part(file, "optimizer_weights")
        names = read_names(group, "weight_names")
        restore_optimizer(model.optimizer, {name: read_array(group, name) for name in names})


def load_weights(model, file, path, by_name=False, skip_mismatch=False):
    """Give the layers of a model the weights of an open file, by their order or by their names."""
    group = _part(file, "model_weights") if "layer_names" not in file.attrs and "model_weights" in file else file
    assign((by_names if by_name else in_order)(model, group), path, skip_mismatch)


def in_order(model, group):
    """Pair the layers that have weights with the groups that have weights, in their order.

    Returns:  list of `(what, variables, arrays)`.
    Raises:   ValueError if their numbers differ.
    """
    layers = [layer for layer in model.layers if _weights(layer)]
    saved = [name for name in read_names(group, "layer_names") if read_names(_part(group, name), "weight_names")]
    if len(layers) != len(saved):
        text = (
            f"layer count mismatch: the model has {len(layers)} layers with weights, the file {len(saved)} "
            f"({', '.join(saved[:20])})."
        )
        raise errors.FileError(
            errors.message("L407", text, fix="`by_name=True` loads the layers whose names are the same.")
        )
    pairs = [_pair(layer, name, group) for layer, name in zip(layers, saved, strict=True)]
    return pairs + _top_level(model, group)


def by_names(model, group):
    """Pair the layers with the groups of the same name, or what has become of it, where there are any."""
    saved = {without_slashes(name): name for name in read_names(group, "layer_names")}
    pairs = [_pair(layer, saved[layer.name], group) for layer in model.layers if layer.name in saved]
    return pairs + _top_level(model, group)


def _pair(layer, name, group):
    variables = _weights(layer)
    arrays = _arrays(_part(group, name))
    arrays = convert(layer, arrays, _text(group, "keras_version", "1"), _text(group, "backend", None))
    return f"{layer.name} (in the file: {name})", variables, arrays


def _top_level(model, group):
    if TOP_LEVEL not in group:
        return []
    return [("the model itself", _own_weights(model), _arrays(_part(group, TOP_LEVEL)))]


def _own_weights(model):
    """The weights that a model has beside its layers'."""
    own = [*model._trainable_variables, *model._non_trainable_variables]
    known = {id(variable) for variable in model.weights}
    return [variable for variable in own if id(variable) in known]


def _weights(layer):
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def assign(pairs, path, skip_mismatch=False):
    """Give all variables their arrays, which nobody else has, or none of them if one does not fit."""
    misfits = {what: told for what, variables, arrays in pairs if (told := _misfit(variables, arrays))}
    if misfits:
        lines = [f"L407: the weights in {path} do not fit the model:", *(f"  {k}: {v}" for k, v in misfits.items())]
        if not skip_mismatch:
            lines.append("  fix:   build the model as it was when saved; `skip_mismatch=True` loads what fits.")
            raise errors.FileError("\n".join(lines))
        warnings.warn("\n".join(lines), errors.LaminaWarning, stacklevel=4)
    for what, variables, arrays in pairs:
        if what not in misfits:
            for variable, array in zip(variables, arrays, strict=True):
                variable.assign(as_array(array, fresh=True))


def _misfit(variables, arrays):
    wanted = [f"{variable.name} {tuple(variable.shape)}" for variable in variables]
    if [tuple(variable.shape) for variable in variables] == [array.shape for array in arrays]:
        return None
    return f"expected {', '.join(wanted) or 'nothing'}; the file has {', '.join(str(a.shape) for a in arrays) or '-'}."


def write_model(model, file, include_optimizer=True):
    """Write a model, its weights and its optimizer's into an open file, in the form Keras 3 gives `.h5` files."""
    file.attrs["keras_version"] = KERAS_VERSION
    file.attrs["backend"] = "jax"
    file.attrs["model_config"] = json.dumps(_plain(serialize_keras_object(model))).encode()
    write_weights(model, file.create_group("model_weights"))
    if include_optimizer and getattr(model, "compiled", False) and model.optimizer is not None:
        training = dict(model.get_compile_config())
        optimizer = training.pop("optimizer")
        name = optimizer.get("registered_name") or optimizer["class_name"]
        training["optimizer_config"] = {"class_name": name, "config": optimizer["config"]}
        file.attrs["training_config"] = json.dumps(training).encode()
        _write_arrays(file.create_group("optimizer_weights"), model.optimizer.variables)


def write_weights(model, group):
    """Write the weights of a model's layers into an HDF5 group."""
    write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"] = "jax"
    group.attrs["keras_version"] = KERAS_VERSION
    for layer in sorted(model.layers, key=lambda layer: layer.name):
        _write_arrays(group.create_group(layer.name), _weights(layer))
    _write_arrays(group.create_group(TOP_LEVEL), _own_weights(model))


def _write_arrays(group, variables):
    write_names(group, "weight_names", [variable.path for variable in variables])
    for variable in variables:
        group.create_dataset(variable.path, data=np.asarray(variable.value))


def write_names(group, name, names):
    """Write a list of names as an attribute; as `name0`, `name1`, … if it is too large for one."""
    encoded = [text.encode() if isinstance(text, str) else text for text in names]
    pieces = -(-max(map(len, encoded), default=0) * len(encoded) // LARGEST_ATTRIBUTE)
    if pieces <= 1:
        group.attrs[name] = encoded
        return
    size = -(-len(encoded) // pieces)
    for i in range(pieces):
        group.attrs[f"{name}{i}"] = encoded[i * size : (i + 1) * size]


def _plain(config):
    """Leave out of a model's description what came with the `.keras` format: modules and shapes of layers."""
    if isinstance(config, list | tuple):
        return [_plain(item) for item in config]
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "__keras_tensor__" or not _is_model_or_layer(config):
        return {key: _plain(value) for key, value in config.items()}
    kept = {key: config[key] for key in ("name", "inbound_nodes") if key in config}
    name = config.get("registered_name") or config["class_name"]
    return {"class_name": name, "config": _plain(config["config"]), **kept}


def _is_model_or_layer(config):
    module = config.get("module") or ""
    if not {"class_name", "config"} <= set(config):
        return False
    return "inbound_nodes" in config or config["class_name"] == "Sequential" or module in _HOMES


def _json_attribute(file, name, path):
    text = _text(file, name, None)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"its `{name}` is no JSON ({error}).") from error
    if not isinstance(value, dict):
        raise damaged(path, f"its `{name}` is no description.")
    return value


def _text(group, name, default):
    """Return an attribute as text."""
    value = _attribute(group, name)
    if isinstance(value, bytes | np.bytes_):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else default


def _part(group, name):
    found = find_group(group, name)
    if isinstance(found, dict):
        raise errors.FileError(f"L401: the weights file is damaged: it has no group '{name}'.")
    return found


def read_names(group, name):
    """Return a list of names kept in an attribute, or in several of them."""
    value = _attribute(group, name)
    if value is None:
        pieces = []
        while (piece := _attribute(group, f"{name}{len(pieces)}")) is not None:
            pieces.append(piece)
    else:
        pieces = [value]
    names = [item for piece in pieces for item in np.atleast_1d(piece)]
    if len(names) > _MOST_NAMES or not all(isinstance(item, bytes | str) for item in names):
        raise errors.FileError(f"L401: the weights file is damaged: `{name}` is no list of names.")
    return [item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in names]


def _attribute(group, name):
    return group.attrs.get(name)


def _arrays(group):
    return [read_array(group, name) for name in read_names(group, "weight_names")]

"""Descriptions of models as Keras 1 and 2 wrote them, made into today's: data in, data out, nothing is built here."""

from lamina.core import errors, public_names
from lamina.core.registry import get_registered_object
from lamina.saving import migrations, old_functions, old_nodes

_MODELS = ("Model", "Functional", "Network")
_STACKS = ("Sequential",)
_PREFIXES = ("tensorflow.python.keras", "tensorflow.keras", "tf.keras", "tf_keras", "keras.api._v2.keras", "keras")
_ROOMS = ("layers", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers.schedules")
_POLICIES = ("Policy", "PolicyV1")
_RECURRENT = (*(f"ConvLSTM{axes}D" for axes in "123"), "LSTM", "GRU", "SimpleRNN", "RNN", "Bidirectional")
_TIME_MAJOR = ("LSTM", "GRU", "SimpleRNN", "RNN")
_DEEPEST = 200
_CONSTANT = "_CONSTANT_VALUE"  # stands where a tensor's address could stand


def is_old(version):
    """Tell whether files of this Keras version, a text such as "2.15.0" or nothing, need `upgrade`."""
    return not str(version or "1").startswith("3")


def upgrade(config, depth=0):
    """Return the description of an object, or of a structure of objects, in today's form.

    Raises:   ValueError (FileError L401, L408) for what has no form today.
    Source:   the formats of Keras 1.0 to 2.15.
    """
    if depth > _DEEPEST:
        raise errors.FileError("L401: the description of the model is nested too deep.")
    if depth == 0:
        config = _replace_slashes(config, {name for name in _names(config, 0) if "/" in name})
    if isinstance(config, list):
        return [upgrade(item, depth + 1) for item in config]
    if not isinstance(config, dict):
        return config
    if isinstance(config.get("class_name"), str) and isinstance(config.get("config"), dict | list):
        return _upgrade_object(config, depth + 1)
    return {key: upgrade(value, depth + 1) for key, value in config.items()}


def _names(config, depth):
    """Yield the names of all that is described."""
    if isinstance(config, dict) and isinstance(config.get("name"), str):
        yield config["name"]
    if depth <= 2 * _DEEPEST:
        for item in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
            yield from _names(item, depth + 1)


def _replace_slashes(config, names):
    """Names of layers could have slashes, which are for paths now; they, and what calls them, get hyphens."""
    if not names:
        return config
    if isinstance(config, dict):
        return {key: _replace_slashes(value, names) for key, value in config.items()}
    if isinstance(config, list):
        return [_replace_slashes(item, names) for item in config]
    return without_slashes(config) if isinstance(config, str) and config in names else config


def without_slashes(name):
    """Return what a layer is called today whose name had slashes."""
    return name.replace("/", "-")


def upgrade_model(class_name, inner):
    """Return the arguments of a model in today's form, whatever version of Keras wrote them.

    Args:
        class_name: "Functional" or "Sequential".
        inner: what `model.get_config()` returned; in Keras 1 a list of layers.
    """
    layers = inner if isinstance(inner, list) else inner.get("layers")
    if not isinstance(layers, list) or not any(isinstance(layer, dict) and _is_old_layer(layer) for layer in layers):
        return inner
    return _upgrade_object({"class_name": class_name, "config": inner}, 0)["config"]


def _is_old_layer(layer):
    calls = layer.get("inbound_nodes")
    in_lists = isinstance(calls, list) and any(isinstance(call, list) for call in calls)
    return "module" not in layer or "batch_input_shape" in _arguments(layer) or in_lists


def upgrade_optimizer(config):
    """Return the description of an optimizer in today's form."""
    changed = dict(upgrade(config["config"]))
    for _, change in migrations.OPTIMIZERS:
        change(changed)
    name = config["class_name"].rpartition(">")[2]
    return {**config, "module": "keras.optimizers", "class_name": name, "config": changed, "registered_name": None}


def upgrade_compile_config(config):
    """Return what a model was compiled with in today's form."""
    changed = {key: _upgrade_objective(value) for key, value in config.items() if key not in _OPTIMIZER_KEYS}
    optimizer = config.get("optimizer") or config.get("optimizer_config")
    changed["optimizer"] = upgrade_optimizer(optimizer) if isinstance(optimizer, dict) else optimizer
    for name in ("steps_per_execution", "jit_compile", "run_eagerly", "sample_weight_mode"):
        if changed.get(name) is None or name == "sample_weight_mode":
            changed.pop(name, None)
    return changed


_OPTIMIZER_KEYS = ("optimizer", "optimizer_config")


def _upgrade_objective(config):
    """Losses and metrics: names stay, functions in wrappers become their names."""
    if isinstance(config, list):
        return [_upgrade_objective(item) for item in config]
    if not isinstance(config, dict):
        return config
    if not isinstance(config.get("config"), dict):
        return {without_slashes(key): _upgrade_objective(value) for key, value in config.items()}
    if config.get("class_name") in ("MeanMetricWrapper", "LossFunctionWrapper"):
        return _name_of_wrapped(config["config"])
    changed = upgrade(config)
    for _, change in migrations.LOSSES:
        change(changed["config"])
    return changed


def _name_of_wrapped(config):
    name, function = config.get("name"), config.get("fn")
    return name if name in ("accuracy", "acc") or not isinstance(function, str) else function


def _upgrade_object(config, depth):
    name, inner = config["class_name"], config["config"]
    if get_registered_object(config.get("registered_name") or name) is not None:  # the user's own
        return {**config, "config": upgrade(inner, depth)}
    if name in _STACKS:
        return _with_module(config, name, _upgrade_stack(inner, config, depth))
    if not isinstance(inner, dict):
        raise errors.FileError(f"L401: the config of a {name} should be a dict, not {type(inner).__name__}.")
    if name in _MODELS and "layers" in inner:
        return _with_module(config, "Functional", _upgrade_graph(inner, depth))
    if name in _POLICIES:
        return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": inner.get("name")}}
    if inner.get("time_major") is True and name in _TIME_MAJOR:
        config = {**config, "module": "keras.time_major"}
    if _is_layer(name):
        name, inner = migrations.migrate(name, inner)
    return _with_module(config, name, {key: upgrade(value, depth) for key, value in inner.items()})


def _is_layer(name):
    return name in migrations.CLASSES or name == "Merge" or public_names.find_class("keras.layers", name) is not None


def _with_module(config, name, inner):
    """Put together an object of today; layers are built by the graph they stand in, not from shapes in the file."""
    kept = {key: value for key, value in config.items() if key not in ("registered_name", "build_config")}
    module = _module(config.get("module"), name)
    if config.get("compile_config"):
        kept["compile_config"] = upgrade_compile_config(config["compile_config"])
    if module is None or not public_names.is_keras_path(module):  # a class of the user
        kept = dict(config)
    return {**kept, **({"module": module} if module else {}), "class_name": name, "config": inner}


def _module(path, name):
    """Return the module that a class has today; a path that is not Keras's stays what it is."""
    if name == "Functional":
        return "keras.models"
    if name == "Sequential":
        return "keras"
    for prefix in _PREFIXES:
        if isinstance(path, str) and (path == prefix or path.startswith(f"{prefix}.")):
            return "keras" + path.removeprefix(prefix)
    if path is not None:
        return path
    rooms = (f"keras.{room}" for room in _ROOMS)
    return next((room for room in rooms if public_names.find_class(room, name) is not None), None)


def _upgrade_stack(inner, config, depth):
    """A Sequential was a list of layers, of which the first knew the shape of the input."""
    inner = dict(inner) if isinstance(inner, dict) else {"layers": inner}
    layers = inner.get("layers")
    if not isinstance(layers, list):
        raise errors.FileError("L401: the description of a Sequential model has no list of layers.")
    if layers and _needs_input(layers[0]):
        layers = [_input_of(layers[0]), *layers]
    shape = inner.get("build_input_shape") or (config.get("build_config") or {}).get("input_shape")
    changed = {"name": inner.get("name") or "sequential", "layers": upgrade(layers, depth)}
    return {**changed, "build_input_shape": shape} if shape else changed


def _needs_input(layer):
    return (
        isinstance(layer, dict)
        and layer.get("class_name") not in ("InputLayer", *_STACKS, *_MODELS)
        and "batch_input_shape" in _arguments(layer)
    )


def _input_of(layer):
    """Describe the input that a first layer implied."""
    arguments = _arguments(layer)
    dtype = arguments.get("input_dtype") or arguments.get("dtype")
    config = {
        "batch_shape": arguments["batch_input_shape"],
        "dtype": dtype if isinstance(dtype, str) else "float32",
        "name": f"{arguments.get('name', 'layer')}_input",
    }
    return {"module": "keras.layers", "class_name": "InputLayer", "config": config}


def _arguments(layer):
    return layer["config"] if isinstance(layer.get("config"), dict) else {}


def _upgrade_graph(inner, depth):
    """A call was a list of `[layer, call, output, arguments]`; now it is the arguments with tensors in them."""
    layers = inner["layers"]
    if not isinstance(layers, list) or not all(isinstance(layer, dict) and "name" in layer for layer in layers):
        raise errors.FileError("L401: the description of a model has no list of named layers.")
    inner = old_functions.spread(inner)
    layers, shifted = inner["layers"], _counted_from_one(inner["layers"], inner)
    names = {layer["name"] for layer in layers if isinstance(layer["name"], str)}
    upgraded = [_upgrade_node(layer, names, shifted, depth) for layer in layers]
    outputs = _shift_stacks(_single(inner["output_layers"]), layers, shifted)
    return {**inner, "layers": upgraded, "input_layers": _single(inner["input_layers"]), "output_layers": outputs}


def _upgrade_node(layer, names, shifted, depth):
    """One entry of a graph: what is called, and its calls."""
    calls = [_upgrade_call(node, names, shifted) for node in layer.get("inbound_nodes") or []]
    if layer.get("class_name") == "TensorFlowOpLayer" and calls:
        layer, calls[0] = old_nodes.as_function(layer, calls[0])
        layer["class_name"] = "TFOpLambda"
    if layer.get("class_name") in old_functions.CLASSES and calls:
        operation, arguments = old_functions.upgrade_function(layer, calls[0]["args"][0], calls[0]["kwargs"])
        return {**operation, "name": layer["name"], "inbound_nodes": [{"args": arguments, "kwargs": {}}]}
    if layer.get("class_name") in _RECURRENT:
        calls = [_with_initial_state(call) for call in calls]
    kept = {key: value for key, value in layer.items() if key not in ("name", "inbound_nodes")}
    return {**upgrade(kept, depth), "name": layer["name"], "inbound_nodes": calls}


def _with_initial_state(call):
    """States that are tensors stood beside the input."""
    (inputs,) = call["args"] if len(call["args"]) == 1 else (None,)
    if not isinstance(inputs, list) or len(inputs) < 2:
        return call
    return {"args": inputs[:1], "kwargs": {**call["kwargs"], "initial_state": inputs[1:]}}


def _single(addresses):
    """One input or output in a list was as good as without the list."""
    return addresses[0] if isinstance(addresses, list) and len(addresses) == 1 else addresses


def _upgrade_call(node, names, shifted):
    if isinstance(node, dict) and {"args", "kwargs"} <= set(node):
        return node

    names = names | {_CONSTANT}

    def tensors(value):
        if _is_address(value, {_CONSTANT}):
            return value[2]
        if _is_address(value, names):
            return _tensor(value, shifted)
        if isinstance(value, dict):
            return {key: tensors(item) for key, item in value.items()}
        return [tensors(item) for item in value] if isinstance(value, list) else value

    entries = node if isinstance(node, list) and not _is_address(node, names) else [node]
    keywords = entries[0][3] if _is_address(entries[0], names) and len(entries[0]) == 4 else {}
    inputs = tensors(entries)
    return {"args": inputs if len(inputs) == 1 else [inputs], "kwargs": tensors(keywords)}


def _is_address(value, names):
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and value[0] in names
        and isinstance(value[1], int)
        and (isinstance(value[2], int) or value[0] == _CONSTANT)
    )


def _tensor(address, shifted):
    name, call, output = address[:3]
    history = [name, call - (name in shifted), output]
    return {"class_name": "__keras_tensor__", "config": {"shape": None, "dtype": None, "keras_history": history}}


def _counted_from_one(layers, inner):
    """Return the names of the models in a model whose own making was counted as their first call."""
    inside = {layer["name"] for layer in layers if layer.get("class_name") in (*_MODELS, *_STACKS)}
    used = {}
    for value in [inner["output_layers"], *(layer.get("inbound_nodes") for layer in layers)]:
        for name, call in _calls(value, inside):
            used.setdefault(name, set()).add(call)
    return {name for name, calls in used.items() if 0 not in calls}


def _calls(value, names):
    if _is_address(value, names):
        yield value[0], value[1]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _calls(item, names)


def _shift_stacks(addresses, layers, shifted):
    """Outputs of functional models are counted from one to this day, those of stacks are not."""
    stacks = {layer["name"] for layer in layers if layer.get("class_name") in _STACKS}
    if _is_address(addresses, shifted & stacks):
        return [addresses[0], addresses[1] - 1, addresses[2]]
    if isinstance(addresses, dict):
        return {key: _shift_stacks(item, layers, shifted) for key, item in addresses.items()}
    if isinstance(addresses, list):
        return [_shift_stacks(item, layers, shifted) for item in addresses]
    return addresses

"""Read a functional model back from its config."""

import collections
import inspect

from lamina.core import serialization
from lamina.core.operation import Operation
from lamina.saving.old_configs import upgrade_model


def is_graph(config):
    """Tell whether a config is that of a functional model, and not of the arguments of a class of its own."""
    return {"layers", "input_layers", "output_layers"} <= set(config)


def functional_from_config(cls, config, custom_objects=None):
    """Make a model of class `cls` from the dict that `Functional.get_config` returned.

    Raises: ValueError if the graph has loops or calls on tensors that nothing makes.
    """
    config = dict(upgrade_model("Functional", config))
    layer_configs = config.pop("layers")
    input_layers, output_layers = config.pop("input_layers"), config.pop("output_layers")
    name, trainable = config.pop("name", None), config.pop("trainable", None)
    made = {}
    for layer_config in layer_configs:
        made[layer_config["name"]] = _Made(_make_operation(layer_config, custom_objects))
    _repeat_calls(layer_configs, made)
    inputs, outputs = _find_tensors(input_layers, made), _find_tensors(output_layers, made)
    return cls(inputs=inputs, outputs=outputs, name=name, trainable=trainable, **config)


class _Made:
    """The calls of an operation of the model being read, counted from here: another model may share it."""

    def __init__(self, operation):
        self.operation = operation
        self._earlier = sum(not node.is_input for node in operation._inbound_nodes)

    def __len__(self):
        return len(self.operation._inbound_nodes) - self._earlier

    def __getitem__(self, index):
        return self.operation._inbound_nodes[self._earlier + index]


def _make_operation(config, custom_objects):
    operation = serialization.deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(operation, Operation):
        raise ValueError(
            f"Expected a layer or operation in the model's config, got {operation} of type {type(operation)}."
        )
    return operation


def _repeat_calls(layer_configs, made):
    """Call each operation as its nodes say, as soon as the tensors that a call needs exist."""
    calls = {c["name"]: collections.deque(c["inbound_nodes"]) for c in layer_configs if c["inbound_nodes"]}
    ready, waiting = collections.deque(calls), collections.defaultdict(list)  # for a call of a name: who needs it
    while ready:
        name = ready.popleft()
        missing = None
        while calls[name] and (missing := _missing(calls[name][0], made)) is None:
            _call(made[name].operation, calls[name].popleft(), made)
            ready.extend(waiting.pop((name, len(made[name]) - 1), ()))
        if missing is not None:
            waiting[missing].append(name)
        else:
            del calls[name]
    if calls:
        raise ValueError(
            f"The graph of the functional model has loops or disconnected nodes: {sorted(calls)} cannot be called."
        )


def _missing(node, made):
    """Return the first call, `(name, number)`, that a node uses the output of and that was not made yet."""
    for name, number, _ in _histories((node["args"], node["kwargs"])):
        if name not in made:
            raise ValueError(f"The model's config uses the layer '{name}' but does not define it.")
        if number >= len(made[name]):
            return name, number
    return None


def _call(operation, node, made):
    """Call `operation` with the arguments of a serialized node, which makes no arrays: some of them are symbolic."""
    if next(_histories((node["args"], node["kwargs"])), None) is None:
        raise ValueError(f"The model's config calls '{operation.name}' without a tensor.")
    args, kwargs = (_with_tensors(x, made) for x in (node["args"], node["kwargs"]))
    operation(*args, **_without_default_training(operation, kwargs))


def _without_default_training(operation, kwargs):
    """Leave out a `training` that is the default: Keras always writes it down, and here it would hold for good."""
    if "training" in kwargs:
        default = inspect.signature(operation.call).parameters.get("training")
        if default is not None and kwargs["training"] is default.default:
            return {name: value for name, value in kwargs.items() if name != "training"}
    return kwargs


def _is_tensor_config(x):
    return isinstance(x, dict) and x.get("class_name") == "__keras_tensor__"


def _histories(x):
    if _is_tensor_config(x):
        yield x["config"]["keras_history"]
    elif isinstance(x, dict):
        for value in x.values():
            yield from _histories(value)
    elif isinstance(x, list | tuple):
        for value in x:
            yield from _histories(value)


def _with_tensors(x, made):
    if _is_tensor_config(x):
        return _tensor(x["config"]["keras_history"], made)
    if isinstance(x, dict) and "class_name" in x:
        return serialization.deserialize_keras_object(x)
    if isinstance(x, dict):
        return {key: _with_tensors(value, made) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return type(x)(_with_tensors(value, made) for value in x)
    return x


def _tensor(history, made):
    name, node_index, tensor_index = history
    return made[name][node_index].output_tensors[tensor_index]


def _find_tensors(addresses, made):
    """Replace each [layer name, call number, output number]; models as layers count their calls from 1."""
    if isinstance(addresses, list) and len(addresses) == 3 and isinstance(addresses[0], str):
        name, node_index, tensor_index = addresses
        first_call = 1 if made[name].operation._saveable_kind == "Functional" else 0
        return _tensor((name, node_index - first_call, tensor_index), made)
    if isinstance(addresses, dict):
        return {key: _find_tensors(value, made) for key, value in addresses.items()}
    return type(addresses)(_find_tensors(value, made) for value in addresses)

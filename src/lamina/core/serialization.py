"""Objects as dicts that JSON can hold, and back, in Keras's format.

`{"module": …, "class_name": …, "config": …, "registered_name": …}` describes an object, with `build_config` and
`compile_config` beside it for layers and models. A file names classes; it never makes anything be imported or run.
"""

import itertools
import types
import warnings

import jax
import numpy as np

from lamina.core import dtypes, errors, public_names
from lamina.core.context import entering, thread
from lamina.core.lambdas import describe_lambda, dump_lambda, is_lambda, load_lambda
from lamina.core.registry import (
    CustomObjectScope,
    get_registered_name,
    get_registered_object,
    is_registered,
    known_objects,
)
from lamina.core.tensor import KerasTensor


class DeserializationError(errors.LaminaError, TypeError):
    """A config names a class that is not known, or does not fit its class."""


class _SharedObjects:
    """What was met so far in one model, so that an object used twice is written, and made, once."""

    def __init__(self):
        self.written = {}  # id(object) -> (object, config); the object is kept so that its id is not given to another
        self.configs = {}  # id(config) -> config
        self.made = {}  # shared_object_id -> object
        self._numbers = itertools.count(1)

    def record(self, obj, config):
        _, first = self.written.setdefault(id(obj), (obj, config))
        if first is not config:
            if "shared_object_id" not in first:
                first["shared_object_id"] = next(self._numbers)
            config["shared_object_id"] = first["shared_object_id"]
        self.configs[id(config)] = config


def sharing_objects():
    """Open a block in which objects that occur twice in a model are recognised."""
    return entering(shared_objects=_SharedObjects())


def custom_objects_in(obj):
    """Return the user's classes and functions that the description of `obj` names, by name, unless registered."""
    with sharing_objects():
        serialize_keras_object(obj)
        return _users_objects()


def config_and_custom_objects(obj):
    """Return `obj.get_config()`, and the user's classes and functions that it takes to make `obj` again, by name."""
    with sharing_objects():
        config = serialize_keras_object(obj)["config"]
        return config, _users_objects()


def _users_objects():
    met = [item for item, _ in thread.shared_objects.written.values()]
    named = [item if hasattr(item, "__name__") else type(item) for item in met]
    users = [item for item in named if not item.__module__.startswith("lamina.") and not is_registered(item)]
    return {item.__name__: item for item in users}


def serialize_keras_object(obj):
    """Describe an object by values that JSON can hold.

    Args:
        obj: a layer, model, optimizer, …, any object with `get_config()`, a function, array, symbolic tensor, slice,
            or lists, tuples and dicts of these.
    Raises:   TypeError for an object without `get_config()`.
    Source:   Keras 3 `serialize_keras_object`.
    Example:
        >>> serialize_keras_object({"axis": (1, 2), "at": slice(3)})["at"]["class_name"]
        '__slice__'
    """
    if obj is None or isinstance(obj, str | int | float | bool):
        return obj
    if isinstance(obj, list | tuple):
        items = [serialize_keras_object(item) for item in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    if isinstance(obj, dict):
        return _serialize_dict(obj)
    if isinstance(obj, _VALUES) or is_lambda(obj):
        return _serialize_value(obj)
    return _serialize_instance(obj)


def _serialize_dict(values):
    shared = thread.shared_objects
    if shared and shared.configs.get(id(values)) is values:  # a `get_config` did it already
        return values
    return {key: serialize_keras_object(value) for key, value in values.items()}


_VALUES = (np.ndarray, np.generic, jax.Array, KerasTensor, bytes, slice, types.EllipsisType)


def _serialize_value(obj):
    if isinstance(obj, np.generic) or (isinstance(obj, np.ndarray) and obj.ndim == 0):
        return obj.item()
    if isinstance(obj, np.ndarray):
        return _special("numpy", value=obj.tolist(), dtype=dtypes.standardize_dtype(obj.dtype))
    if isinstance(obj, jax.Array):
        return _special("tensor", value=np.asarray(obj).tolist(), dtype=dtypes.standardize_dtype(obj.dtype))
    if isinstance(obj, KerasTensor):
        return _special("keras_tensor", shape=obj.shape, dtype=obj.dtype, keras_history=_history(obj))
    if isinstance(obj, bytes):
        return _special("bytes", value=obj.decode("utf-8"))
    if isinstance(obj, slice):
        return _special(
            "slice", **{part: serialize_keras_object(getattr(obj, part)) for part in ("start", "stop", "step")}
        )
    if obj is Ellipsis:
        return _special("ellipsis")
    warnings.warn(_lambda_warning(obj), stacklevel=4)
    return _special("lambda", value=dump_lambda(obj))


def _special(name, **config):
    return {"class_name": f"__{name}__", "config": config}


def _history(tensor):
    history = getattr(tensor, "_keras_history", None)
    return history and [history[0].name, *history[1:]]


def _serialize_instance(obj):
    if not hasattr(obj, "get_config") or isinstance(obj, type):
        config = _serialize_function(obj)
    else:
        config = _serialize_object(obj)
    if thread.shared_objects:
        thread.shared_objects.record(obj, config)
    return config


def _serialize_function(obj):
    if not hasattr(obj, "__name__"):
        raise TypeError(
            f"Cannot serialize {obj!r} of type {type(obj)}. A class whose instances are saved must define "
            "`get_config()`, which returns the constructor's arguments as a dict."
        )
    name = get_registered_name(obj)
    is_op = public_names.find_function("keras.ops", name) is obj  # activations of the same name may compute otherwise
    module = "keras.ops" if is_op else "builtins"
    return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}


def _serialize_object(obj):
    cls = type(obj)
    inner = obj.get_config()
    if not isinstance(inner, dict):
        raise TypeError(f"The `get_config()` of {obj!r} should return a dict. It returned: {inner!r}")
    module, registered_name = _path(cls)
    config = {
        "module": module,
        "class_name": vars(cls).get("_keras_name", cls.__name__),
        "config": _serialize_dict(inner),
        "registered_name": registered_name,
    }
    for part in ("build_config", "compile_config"):
        described = getattr(obj, f"get_{part}", lambda: None)()
        if described is not None:
            config[part] = _serialize_dict(described)
    return config


def _path(cls):
    """Return the module and the registered name that a class is written with."""
    public = public_names.public_path(cls)
    if public is None:
        return None if cls.__module__ == "__main__" else cls.__module__, get_registered_name(cls)
    return public, cls.__name__ if ".src." in public else None


def _lambda_warning(function):
    return (
        "A lambda is being saved. It can only be loaded again with `safe_mode=False`, by the same Python version; "
        f"a named function is better. The lambda: {describe_lambda(function)}"
    )


def made_again(thing):
    """Return an object made from the config of `thing`; a lambda in it is trusted, being here already."""
    with entering(safe_mode=False):
        return type(thing).from_config(thing.get_config())


def deserialize_keras_object(config, custom_objects=None, safe_mode=True, module_objects=None):
    """Make the object that `serialize_keras_object` described.

    Args:
        config: the description.
        custom_objects: dict from names in the file to the user's classes and functions.
        safe_mode: whether lambdas in the file are refused; a surrounding load decides for what is inside it.
        module_objects: dict of names to look in last, for configs that name no module.
    Raises:   TypeError for a class that is not known, ValueError for a lambda in safe mode.
    Source:   Keras 3 `deserialize_keras_object`; here no path in a file is ever imported.
    Example:
        >>> deserialize_keras_object(serialize_keras_object(slice(1, None)))
        slice(1, None, None)
    """
    safe_mode = safe_mode if thread.safe_mode is None else thread.safe_mode
    with CustomObjectScope(custom_objects), entering(safe_mode=safe_mode):
        return _deserialize(config, module_objects)


def _deserialize(config, module_objects=None):
    if isinstance(config, str):
        return _deserialize_name(config, module_objects)
    if config is None or isinstance(config, int | float | bool):
        return config
    if isinstance(config, list | tuple):
        return [_deserialize(item) for item in config]
    if not isinstance(config, dict):
        raise TypeError(f"Could not parse config: {config!r}")
    if "class_name" not in config or "config" not in config:
        return {key: _deserialize(value) for key, value in config.items()}
    if config["class_name"] in _SPECIAL:
        return _SPECIAL[config["class_name"]](config["config"])
    if config["class_name"] == "function":
        return _find_function(config)
    return _deserialize_instance(config, module_objects)


def _deserialize_name(name, module_objects):
    custom = known_objects().get(name)
    if custom is not None:
        return custom
    known = (module_objects or {}).get(name, name)
    return known.from_config({}) if isinstance(known, type) else known


def _make_symbolic(config):
    tensor = KerasTensor(config["shape"], dtype=config["dtype"])
    tensor._pre_serialization_keras_history = config["keras_history"]
    return tensor


_SPECIAL = {
    "__keras_tensor__": _make_symbolic,
    "__tensor__": lambda config: dtypes.as_array(config["value"], dtype=dtypes.standardize_dtype(config["dtype"])),
    "__numpy__": lambda config: np.array(config["value"], dtype=dtypes.standardize_dtype(config["dtype"])),
    "__bytes__": lambda config: config["value"].encode("utf-8"),
    "__ellipsis__": lambda config: Ellipsis,
    "__slice__": lambda config: slice(*(_deserialize(config[part]) for part in ("start", "stop", "step"))),
    "__lambda__": load_lambda,
}


def _find_function(config):
    name = config["config"]
    if not isinstance(name, str):
        raise TypeError(f"Expected 'config' to be a non-null str, the name of a function. Received: {config}")
    function = get_registered_object(name)
    if function is None and config.get("registered_name") in (None, "", "function", name):
        function = public_names.find_function(config.get("module"), name)
    if function is None and ">" not in name:  # Keras up to 3.6 wrote registered functions without their package
        function = next((obj for known, obj in known_objects().items() if known.endswith(f">{name}")), None)
    if function is None:
        raise _unknown("function", name, config)
    return function


def _deserialize_instance(config, module_objects):
    if config["config"] is not None and not isinstance(config["config"], dict):
        raise TypeError(f"Expected 'config' to be a dict for {config['class_name']}. Received: {config['config']!r}")
    shared = thread.shared_objects
    number = config.get("shared_object_id")
    if shared and number in shared.made:
        return shared.made[number]
    cls = _find_class(config, module_objects)
    if isinstance(cls, types.FunctionType):
        return cls
    instance = _make(cls, config)
    if shared and number is not None:
        shared.made[number] = instance
    return instance


def _find_class(config, module_objects):
    name, module = config["class_name"], config.get("module")
    registered_name = config.get("registered_name") or name
    cls = get_registered_object(registered_name)
    if cls is not None:
        return cls
    if public_names.is_keras_path(module):
        cls = public_names.find_class(module, name) if registered_name == name else None
    else:
        cls = get_registered_object(name, module_objects=None if module else module_objects)
    if cls is None:
        raise _unknown("class", name, config)
    return cls


def _make(cls, config):
    if not hasattr(cls, "from_config"):
        raise DeserializationError(f"Unable to reconstruct an instance of {cls.__name__}: it has no `from_config()`.")
    try:
        instance = cls.from_config({**(config["config"] or {})})
    except DeserializationError:
        raise
    except TypeError as error:
        raise DeserializationError(_misfit(cls, config, error)) from error
    if config.get("build_config") and not getattr(instance, "built", True):
        instance.build_from_config(config["build_config"])
        instance.built = True
    if config.get("compile_config"):
        instance.compile_from_config(config["compile_config"])
        instance.compiled = True
    return instance


def _misfit(cls, config, error):
    return errors.message(
        "L405",
        f"{cls.__name__} cannot be made from its config: {error}",
        where=_where(config),
        why="`__init__` takes other arguments than the file has, or wants objects where the file describes them.",
        fix="in `from_config(cls, config)`, call `deserialize_keras_object` on what is nested, so that objects are "
        "explicitly deserialized, then `cls(**config)`.",
    )


def _unknown(kind, name, config):
    written = f"{config['module']}.{name}" if config.get("module") else name
    key = name if kind == "function" else config.get("registered_name") or name
    text = errors.message(
        "L402",
        f"Could not locate {kind} '{name}', which the file calls \"{written}\".",
        where=_where(config),
        why="names in files are looked up among Lamina's own, the registered and the given ones; nothing is imported.",
        fix=f'load_model(path, custom_objects={{"{key}": {key.rpartition(">")[2]}}})    '
        "# or decorate it with @register_keras_serializable()",
    )
    return DeserializationError(text)


def _where(config):
    inner = config.get("config")
    name = inner.get("name") if isinstance(inner, dict) else None
    return f'the object named "{name}".' if name else None

"""Descriptions of objects as Keras 2 wrote them: a class name and a config, no module."""

import inspect

from lamina.core import serialization, tree
from lamina.core.registry import get_registered_name, known_objects


def serialize_keras_object(instance):
    """Return the description of an object, or the name of a function.

    Raises:   ValueError for what has no `get_config`.
    Source:   Keras 3 `keras.legacy.saving.serialize_keras_object`.
    Example:
        >>> from lamina.initializers import Zeros
        >>> serialize_keras_object(Zeros())
        {'class_name': 'Zeros', 'config': {}}
    """
    if instance is None:
        return None
    instance = inspect.unwrap(instance) if callable(instance) else instance
    if hasattr(instance, "get_config"):
        config = tree.map_structure(_plain, instance.get_config())
        return {"class_name": get_registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(f"Cannot serialize {instance} because it doesn't implement `get_config()`.")


def _plain(value):
    has_name = hasattr(value, "get_config") or inspect.isfunction(value)
    return serialize_keras_object(value) if has_name else value


def deserialize_keras_object(identifier, module_objects=None, custom_objects=None, printable_module_name="object"):
    """Make the object that `serialize_keras_object` described.

    Args:
        identifier: a description, the name of a class (an instance is made) or function, or a function.
        module_objects: dict of classes and functions by name.
        custom_objects: more of them, looked at first.
        printable_module_name: what the object is, for messages.
    Raises:   ValueError for an unknown name.
    Source:   Keras 3 `keras.legacy.saving.deserialize_keras_object`.
    """
    if identifier is None or inspect.isfunction(identifier):
        return identifier
    known = {**(module_objects or {}), **known_objects(custom_objects)}
    if isinstance(identifier, dict) and {"class_name", "config"} <= identifier.keys():
        if identifier["class_name"] not in known:
            raise ValueError(_unknown(printable_module_name, identifier["class_name"]))
        return serialization.deserialize_keras_object(identifier, custom_objects, module_objects=known)
    if not isinstance(identifier, str):
        raise ValueError(f"Could not interpret serialized {printable_module_name}: {identifier}")
    if identifier not in known:
        raise ValueError(_unknown(printable_module_name, identifier))
    found = known[identifier]
    return found() if inspect.isclass(found) else found


def _unknown(kind, name):
    return f"Unknown {kind}: '{name}'. Name it in `custom_objects`, or in a `keras.utils.custom_object_scope`."

"""The names under which users' own classes and functions are written to files and found again."""

import inspect

from lamina.core.context import entering, thread

_objects_by_name = {}
_names_by_object = {}


class CustomObjectScope(entering):
    """Make classes and functions known by name to everything that is loaded inside a `with` block.

    Args:
        custom_objects: dict from the name in the file to the class or function.
    Source:   Keras 3 `CustomObjectScope`; here a scope inside another one adds to it, where Keras hides the outer one.
    Example:
        >>> class Scaled: ...
        >>> with CustomObjectScope({"Scaled": Scaled}):
        ...     get_registered_object("Scaled") is Scaled
        True
    """

    def __init__(self, custom_objects):
        self.custom_objects = custom_objects or {}

    def __enter__(self):
        super().__init__(custom_objects={**_in_scope(), **self.custom_objects})
        return super().__enter__()


def _in_scope():
    return thread.custom_objects or {}


custom_object_scope = CustomObjectScope


def get_custom_objects():
    """Return the live dict of registered names and objects; what is put into it is found when loading.

    Source:   Keras 3 `get_custom_objects`. Objects of a `CustomObjectScope` are not in it.
    """
    return _objects_by_name


def register_keras_serializable(package="Custom", name=None):
    """Register the decorated class or function, so that files can name it and find it without `custom_objects`.

    Args:
        package: the first half of the name in files, `package>name`.
        name: the second half; the object's own name if `None`.
    Raises:   ValueError if a class has no `get_config`.
    Source:   Keras 3 `register_keras_serializable`.
    Example:
        >>> @register_keras_serializable("shop")
        ... def double(x):
        ...     return 2 * x
        >>> get_registered_name(double)
        'shop>double'
    """

    def register(obj):
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(
                f"Cannot register a class that does not have a get_config() method: nothing could be written about the "
                f"instances of {obj.__name__}. Define one that returns the constructor's arguments as a dict."
            )
        registered_name = f"{package}>{name if name is not None else obj.__name__}"
        _objects_by_name[registered_name] = obj
        _names_by_object[obj] = registered_name
        return obj

    return register


def get_registered_name(obj):
    """Return the name that files use for a class or function: `package>name` if registered, else its own name.

    Source:   Keras 3 `get_registered_name`.
    """
    if obj in _names_by_object:
        return _names_by_object[obj]
    return obj.__name__


def is_registered(obj):
    """Tell whether a class or function was given to `register_keras_serializable`."""
    return obj in _names_by_object


def get_registered_object(name, custom_objects=None, module_objects=None):
    """Return the class or function known by `name`, or `None`.

    Looks in the surrounding `CustomObjectScope`, the registrations, `custom_objects`, `module_objects`, in this order.

    Source:   Keras 3 `get_registered_object`.
    """
    for known in (_in_scope(), _objects_by_name, custom_objects or {}, module_objects or {}):
        if name in known:
            return known[name]
    return None


def known_objects(custom_objects=None):
    """Return `custom_objects` with the surrounding scope and the registrations added; these win over an equal name."""
    return {**(custom_objects or {}), **_in_scope(), **_objects_by_name}

"""What users may write in place of an object: its name, its config, its class, or the object itself."""

from lamina.core import errors
from lamina.core.names import to_snake_case
from lamina.core.registry import get_registered_object
from lamina.core.serialization import DeserializationError, deserialize_keras_object


def names_of(*classes):
    """Return a dict from the two names of each class, as it is written and in snake case, to the class.

    Example:
        >>> class MaxNorm: ...
        >>> sorted(names_of(MaxNorm))
        ['MaxNorm', 'max_norm']
    """
    return {name: cls for cls in classes for name in (cls.__name__, to_snake_case(cls.__name__))}


def resolve(identifier, kind, known, accepts=callable):
    """Return the object that a user means by `identifier`, None for None.

    Args:
        identifier: a name, a config dict, a class, an object or None.
        kind: what is looked for, for the error: "loss".
        known: dict from names to classes and functions of ours; registered names are found as well.
        accepts: tells whether an object is of the right kind.
    Raises:   ConfigurationError L210 (a ValueError) for anything else.
    Example:
        >>> resolve("absolute", "function", {"absolute": abs})(-1)
        1
    """
    if identifier is None:
        return None
    obj = identifier
    if isinstance(identifier, str):
        obj = get_registered_object(identifier, module_objects=known)
    elif isinstance(identifier, dict):
        obj = _from_config(identifier, known)
    if isinstance(obj, type):
        obj = obj()
    if accepts(obj):
        return obj
    raise errors.ConfigurationError(_message(identifier, kind, known))


def _from_config(config, known):
    try:
        return deserialize_keras_object(config, module_objects=known)
    except DeserializationError as error:
        name = config.get("class_name")
        if "class_name" in config and get_registered_object(name, module_objects=known) is None:
            return None
        raise error


def _message(identifier, kind, known):
    name = identifier.get("class_name", identifier) if isinstance(identifier, dict) else identifier
    examples = ", ".join(sorted(name for name in known if name.islower())[:6])
    return errors.message(
        "L210",
        f"Could not interpret {kind} identifier: {identifier}.{errors.nearest(name, known)}",
        why=f"known are a callable, a class, a config dict, and names such as {examples}.",
        fix="put @register_keras_serializable() above a class or function of your own to name it.",
    )

"""Keras's public paths and ours: under which path a class of ours is written, and which class a path in a file means.

A file is data: the only modules imported on its behalf are those of the two tables below.
"""

import importlib

_TOP_LEVEL = {
    "DTypePolicy": "core.policies",
    "FloatDTypePolicy": "core.policies",
    "Initializer": "initializers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Quantizer": "quantizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
}
"""Names that Keras keeps in `keras` itself, and the room of each."""

_ROOMS = {
    "activations": ("activations",),
    "applications": ("applications.convnext", "applications.inception_resnet_v2"),
    "constraints": ("constraints",),
    "distillation": ("distillation",),
    "dtype_policies": ("core.policies", "core.policy_map"),
    "engine": ("models", "models.functional", "layers"),
    "initializers": ("initializers",),
    "layers": ("layers", "layers.old", "utils.feature_space"),
    "losses": ("losses",),
    "metrics": ("metrics",),
    "models": ("models", "models.functional"),
    "optimizers": ("optimizers", "optimizers.schedules"),
    "quantizers": ("quantizers",),
    "random": ("random",),
    "regularizers": ("regularizers",),
    "time_major": ("layers.time_major",),
    "utils": ("utils",),
}
"""The word after `keras.` or `keras.src.` in a path, and our modules that are searched for the name."""

_FUNCTION_ROOMS = ("activations", "losses", "metrics", "initializers", "regularizers", "constraints", "ops")
_LOOKUPS = ("get", "serialize", "deserialize")

_WRITTEN_AS = (
    ("lamina.core.policies", "keras.dtype_policies"),
    ("lamina.core.policy_map", "keras.dtype_policies"),
    ("lamina.core.random", "keras.random"),
    ("lamina.layers.time_major", "keras.time_major"),
    ("lamina.models", "keras.models"),
    ("lamina.optimizers.schedules", "keras.optimizers.schedules"),
    *((f"lamina.{home}", f"keras.{home}") for home in _ROOMS if home not in ("engine", "models")),
)
_FUNCTIONAL = "keras.src.models.functional"


def public_path(cls):
    """Return the Keras module that a class of ours is written under, `None` for a user's class.

    Example:
        >>> from lamina.core.policies import DTypePolicy
        >>> public_path(DTypePolicy)
        'keras'
    """
    if "_keras_module" in vars(cls):
        return cls._keras_module
    module = cls.__module__
    if not module.startswith("lamina."):
        return None
    if cls.__name__ == "Functional":
        return _FUNCTIONAL
    home = _TOP_LEVEL.get(cls.__name__)
    if home and _inside(module, f"lamina.{home}"):
        return "keras"
    return next((public for ours, public in _WRITTEN_AS if _inside(module, ours)), None)


def is_keras_path(module):
    """Tell whether a module path in a file claims to be Keras's own."""
    return isinstance(module, str) and _inside(module, "keras")


def find_class(module, name):
    """Return our class for a module path and a class name of Keras, or `None`.

    Example:
        >>> find_class("keras", "DTypePolicy").__name__, find_class("os", "system")
        ('DTypePolicy', None)
    """
    if not is_keras_path(module):
        return None
    words = [word for word in module.split(".") if word not in ("keras", "src")]
    if not words:
        homes = (_TOP_LEVEL[name],) if name in _TOP_LEVEL else ()
    elif words[0] == "ops":
        return _operation(name)
    else:
        homes = _ROOMS.get(words[0], ())
    found = (_public(home, name) for home in homes)
    return next((obj for obj in found if isinstance(obj, type) and hasattr(obj, "from_config")), None)


def find_function(module, name):
    """Return our function for a module path and a name of Keras, or `None`; `builtins` means any room."""
    if module == "builtins":
        homes = _FUNCTION_ROOMS
    elif is_keras_path(module):
        homes = [word for word in module.split(".") if word in _FUNCTION_ROOMS][:1]
    else:
        return None
    found = (_public(home, name) for home in homes if name not in _LOOKUPS)
    return next((obj for obj in found if callable(obj) and not isinstance(obj, type)), None)


def _operation(name):
    room("ops")
    from lamina.core.op import OPERATIONS  # filled by the import above

    return OPERATIONS.get(name)


def _public(home, name):
    """Return the public object `name` of our module `home`, or `None`."""
    if name.startswith("_"):
        return None
    try:
        module = room(home)
    except ModuleNotFoundError as error:
        if error.name.startswith("lamina."):
            return None
        raise
    obj = getattr(module, name, None)
    return obj if name in getattr(module, "__all__", (name,)) else None


def room(name):
    """Return one of our modules, such as "initializers", imported on first use: core stands below all of them."""
    return importlib.import_module(f"lamina.{name}")


def _inside(module, package):
    return module == package or module.startswith(package + ".")

"""Which of our rooms a Keras path means, and how a name is found in them."""

import importlib

NOTHING = object()

_ALIASES = (
    "tensorflow.python.keras",
    "tensorflow.keras",
    "tensorflow.contrib.keras",
    "keras._tf_keras.keras",
    "tf_keras",
)
"""Packages that were, in their time, the same as `keras`."""

_OF_TENSORFLOW = ("losses", "metrics", "optimizers", "initializers")
"""Rooms of Keras that TensorFlow also has without the `keras` in between."""

OLD_WORDS = {
    "backend_config": ("config", "backend"),
    "engine": ("layers", "models", "core.tensor", "core.operation", "dialects.old_names.saving", "utils"),
    "initializations": ("initializers",),
    "legacy": ("layers", "models"),
    "objectives": ("losses",),
    "preprocessing": (
        "dialects.old_names.utils",
        "preprocessing",
        "preprocessing.image",
        "preprocessing.sequence",
        "utils",
    ),
    "testing": ("dialects.testing",),
    "trainers": ("training.trainer", "training.objective", "training.scores", "training.data"),
}
"""The word after `keras` in paths of other times or of Keras's inside, and the rooms that have the names today."""

_INSIDE = {
    "callbacks": ("training.callbacks.monitor",),
    "losses": ("losses.wrapper",),
    "backend": ("backend", "distribution", "random", "tree", "core.variable", "core.state", "ops", "core.policies"),
    "initializers": ("initializers.scaling",),
    "layers": ("layers.boxes", "utils.feature_space"),
    "ops": ("dialects.internals.operations",),
    "utils": ("core.random", "core.names", "core.session", "saving", "layers", "dialects.internals.packages"),
}
_IN_TENSORFLOW = (
    *(f"dialects.tensorflow{room}" for room in ("", ".inside", ".math", ".nn", ".linalg", ".image", ".random")),
    *(f"dialects.tensorflow.{room}" for room in ("config", "lookup", "errors", "strings", "logging", "sparse", "nest")),
    "initializers",
)
"""Rooms that are searched for the names of `tensorflow.python.…`."""

_LOOKUPS = ("get", "serialize", "deserialize")

_INSIDE_ANY = (
    *(f"dialects.internals.{room}" for room in ("backend", "utilities", "files", "operation_shapes", "classes")),
    "config",
    "",
)
"""Rooms that are searched too for a path under `keras.src`; "" is the package itself."""

_DEEPER = {
    ("backend", "numpy"): "ops.numpy",
    ("backend", "nn"): "ops.nn",
    ("backend", "linalg"): "ops.linalg",
    ("backend", "math"): "ops.math",
    ("backend", "image"): "ops.image",
    ("backend", "random"): "random",
    ("ops", "numpy"): "ops.numpy",
    ("ops", "nn"): "ops.nn",
    ("ops", "linalg"): "ops.linalg",
    ("ops", "image"): "ops.image",
    ("ops", "random"): "random",
    ("optimizers", "schedules"): "optimizers.schedules",
    ("legacy", "saving"): "legacy.saving",
    ("utils", "legacy"): "legacy.saving",
    ("datasets",): None,
    ("applications",): None,
}
"""Second words that have a room of their own; `None` where every second word has one."""


def canonical(fullname):
    """Return a path as Keras 3 would write it.

    Example:
        >>> canonical("tensorflow.keras.layers"), canonical("tensorflow.nn")
        ('keras.layers', 'tensorflow.nn')
    """
    for version in ("tensorflow.compat.v1", "tensorflow.compat.v2"):
        if fullname == version or fullname.startswith(version + "."):
            return canonical("tensorflow" + fullname[len(version) :])
    package, _, room = fullname.partition(".")
    if package == "tensorflow" and room.partition(".")[0] in _OF_TENSORFLOW:
        return f"keras.{room}"
    for alias in _ALIASES:
        if fullname == alias or fullname.startswith(alias + "."):
            return "keras" + fullname[len(alias) :]
    return fullname


def look_up(module, name):
    """Return what `module.name` means here, or `NOTHING`.

    Example:
        >>> look_up("keras.src.layers.core.dense", "Dense").__name__
        'Dense'
    """
    if name.startswith("_") and not module.startswith("tensorflow.python"):
        return NOTHING
    if name in ("ALL_OBJECTS", "ALL_OBJECTS_DICT"):
        return _all_objects(module, name)
    for room in rooms(module):
        found = public(room, name)
        if found is not NOTHING:
            return found
    return NOTHING


def _all_objects(module, name):
    """Return what a room offers by name, as Keras keeps it beside `get`: a set, or a dict by name."""
    home = _open(canonical(module).split(".")[-1])
    if home is None or not hasattr(home, "get"):
        return NOTHING
    known = {word: getattr(home, word) for word in _public_names(home) if word not in _LOOKUPS}
    known = {word: found for word, found in known.items() if callable(found)}
    return known if name == "ALL_OBJECTS_DICT" else set(known.values())


def names(module):
    """Return the names that a module gives out."""
    found = set()
    for room in rooms(module):
        opened = _open(room)
        found.update(_public_names(opened) if opened else ())
    return found


def rooms(module):
    """Return the rooms to search, best first; "" is the package `lamina` itself."""
    path = canonical(module).split(".")
    if path[:2] == ["tensorflow", "python"]:
        return [*_IN_TENSORFLOW]
    if path[0] == "tensorflow":
        return [".".join(["dialects", *path])]
    words = path[1:]
    inside = words[:1] == ["src"]
    words = words[1:] if inside else words
    inside = inside or module.startswith("tensorflow.python.keras")
    deeper = _deeper(words) if words else None
    words = words[1:] if words[:1] == ["legacy"] and words[1:] else words  # `keras.src.legacy.backend` is `K`
    if not words:
        return ["dialects.old_names", ""]
    rooms = [deeper or _deeper(words), f"dialects.old_names.{words[0]}", *OLD_WORDS.get(words[0], (words[0],))]
    if inside:
        rooms += [*_INSIDE.get(words[0], ()), *_INSIDE_ANY]
    return [room for room in rooms if room is not None]


def _deeper(words):
    inner = [word for word in words if word not in ("jax", "tensorflow", "common", "core")]
    for length in (2, 1):
        key = tuple(inner[:length])
        if key in _DEEPER:
            return _DEEPER[key] or ".".join(inner[:2])
    return None


def public(room, name):
    """Return what a room gives out under a name, or `NOTHING`."""
    opened = _open(room)
    if opened is None or name not in _public_names(opened):
        return NOTHING
    found = getattr(opened, name, NOTHING)
    is_room = (
        isinstance(found, type(importlib)) and found.__name__.startswith("lamina.") and "dialects" not in found.__name__
    )
    return NOTHING if is_room else found


def _public_names(module):
    found = getattr(module, "__all__", None)
    return found if found is not None else [name for name in dir(module) if not name.startswith("_")]


def _open(room):
    """Return a module of ours, `None` if there is none."""
    full = f"lamina.{room}" if room else "lamina"
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("lamina."):
            return None
        raise

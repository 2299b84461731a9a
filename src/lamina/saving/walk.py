"""The walk through a model's parts, which gives every part its place in a weights file.

Source: Keras 3 names places by attributes (`optimizer`, `forward_layer/cell`), and the members of lists, tuples and
dicts by their class in snake case, numbered (`layers/dense`, `layers/dense_1`), as names given by users may change.
"""

import types

from lamina.core.names import to_snake_case
from lamina.core.saveable import KerasSaveable

_STACKS = ("Functional", "Sequential")
_LAYERS = (*_STACKS, "Model", "Layer")
_FUNCTIONS = (types.FunctionType, staticmethod, classmethod)

# Where a family keeps its own accounts of saveables that are reached by other names, or not saved at all.
_INTERNAL = frozenset(
    {"_given", "_inbound_nodes", "_layers", "_metrics", "_outbound_nodes", "_seed_generators", "metrics"}
)
_INTERNAL_BY_KIND = {"Functional": {"operations", "_operations"}, "Sequential": {"_functional", "_stack"}}


def walk(root):
    """Yield `(path, saveable)` for `root` and everything in it, each once, in Keras's order."""
    return _walk(root, "", set())


def _walk(saveable, path, visited):
    if id(saveable) in visited:
        return
    visited.add(id(saveable))
    yield path, saveable
    for child_path, child in parts(saveable, path):
        yield from _walk(child, child_path, visited)


def parts(saveable, path=""):
    """Yield `(path, part)` for what `saveable` directly holds, some perhaps more than once."""
    for name, value in _attributes(saveable):
        yield from _saveables(join(path, name), value)


def join(path, name):
    """Put a name below a path."""
    return f"{path}/{name}" if path else name


def _saveables(path, value):
    if isinstance(value, KerasSaveable):
        yield path, value
    elif isinstance(value, list | tuple | dict):
        yield from _members(path, value, set())


def _members(path, container, seen):
    if id(container) in seen:
        return
    seen.add(id(container))
    counts = {}
    for member in container.values() if isinstance(container, dict) else container:
        if isinstance(member, KerasSaveable):
            yield join(path, _numbered(to_snake_case(type(member).__name__), counts)), member
        elif isinstance(member, list | tuple | dict):
            yield from _members(join(path, _numbered("container", counts)), member, seen)


def _numbered(name, counts):
    count = counts[name] = counts.get(name, -1) + 1
    return f"{name}_{count}" if count else name


def _attributes(saveable):
    """Yield `(name, value)` of the attributes that may hold saveables, private ones last."""
    kind = saveable._saveable_kind
    if kind in _STACKS:  # first, whatever else a subclass keeps its layers in
        yield "layers", saveable.layers
    internal = _INTERNAL | saveable._internal_attributes | _INTERNAL_BY_KIND.get(kind, set())
    names = (vars(saveable).keys() | _class_attributes(type(saveable), kind)) - internal
    for name in sorted(names, key=_private_last):
        if not name.startswith("__"):
            try:
                value = getattr(saveable, name)
            except Exception:  # noqa: BLE001 - a property that cannot be read now holds nothing to save
                continue
            yield name, value


def _class_attributes(cls, kind):
    """Return the names that classes below the base of the family define, methods left out."""
    base = "Layer" if kind in _LAYERS else kind
    names = set()
    for parent in cls.__mro__:
        if vars(parent).get("_saveable_kind") == base:
            break
        names |= {name for name, value in vars(parent).items() if not isinstance(value, _FUNCTIONS)}
    return names


def _private_last(name):
    return f"~{name}" if name.startswith("_") else name

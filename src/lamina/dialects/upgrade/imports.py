"""Imports from modules that are no more, as imports from those that have the names today."""

import libcst as cst

from lamina.dialects import modules, paths
from lamina.dialects.old_names import layers as old_layers
from lamina.dialects.upgrade.calls import BY_HAND
from lamina.dialects.upgrade.names import dotted

_STILL = (
    "applications",
    "datasets",
    "legacy",
    "mixed_precision",
    "preprocessing",
    "utils",
    "optimizers.schedules",
    "wrappers",
)
"""Rooms of Keras whose inner modules can still be imported."""

_GONE = ("keras.initializations", "keras.legacy.interfaces", "keras.objectives")
"""Modules that nothing stands for."""

_REPLACED = (old_layers.merge, old_layers.TimeDistributedDense)
"""Functions whose calls are written in another way."""


class Imports:
    """Rewrites `from keras.layers.core import Dense`."""

    def __init__(self, names):
        self.names = names

    def statement(self, original, updated, note):
        """Return the statements in place of one."""
        if len(updated.body) == 1 and isinstance(updated.body[0], cst.Import):
            return _import(updated, note)
        if len(updated.body) != 1 or not isinstance(updated.body[0], cst.ImportFrom):
            return updated
        found = updated.body[0]
        module = dotted(found.module) if found.module is not None else ""
        if module == "tensorflow" and not isinstance(found.names, cst.ImportStar):
            return _keras_itself(found, updated, note)
        if isinstance(found.names, cst.ImportStar) or paths.canonical(module).split(".")[0] != "keras":
            return updated
        homes = {}
        for alias in found.names:
            home, name = _home(module, alias.evaluated_name)
            if name is not None and _is_gone(home, name):
                note(f"from {home} import {name}", "no more: lamina run still has it", done=False)
            if name is not None:
                homes.setdefault(home, []).append(_as(alias, name))
        if set(homes) == {module} and homes[module] == list(found.names):
            return updated
        lines = []
        for home, aliases in homes.items():
            aliases = [alias.with_changes(comma=cst.MaybeSentinel.DEFAULT) for alias in aliases]
            statement = found.with_changes(module=cst.parse_expression(home), names=aliases, lpar=None, rpar=None)
            lines.append(cst.SimpleStatementLine([statement], trailing_whitespace=updated.trailing_whitespace))
            names = ", ".join(alias.evaluated_name for alias in aliases)
            if home != module:
                note(f"from {module} import …", f"from {home} import {names}")
        if not lines:
            return cst.RemoveFromParent()
        lines[0] = lines[0].with_changes(leading_lines=updated.leading_lines)
        return cst.FlattenSentinel(lines)


def _import(updated, note):
    """Return `import keras` for `import tensorflow.keras as keras`."""
    alias, *others = updated.body[0].names
    path = dotted(alias.name)
    if others or alias.asname is None or not _is_public(path):
        return updated
    modern = path.removeprefix("tensorflow.")
    note(f"import {path}", f"import {modern}")
    name = None if alias.evaluated_alias == modern else alias.asname
    return updated.with_changes(body=[cst.Import([cst.ImportAlias(cst.parse_expression(modern), name)])])


def _keras_itself(found, updated, note):
    """Return `import keras` for `from tensorflow import keras`."""
    if [alias.evaluated_name for alias in found.names] != ["keras"]:
        return updated
    note("from tensorflow import keras", "import keras")
    alias = found.names[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return updated.with_changes(body=[cst.Import([alias])])


def _as(alias, name):
    """Return the entry of an import under its name today, bound to the name the program uses."""
    if name == alias.evaluated_name:
        return alias
    bound = alias.asname or cst.AsName(cst.Name(alias.evaluated_name))
    return alias.with_changes(name=cst.Name(name), asname=bound)


def _is_old(module):
    words = paths.canonical(module).split(".")
    if words[0] != "keras" or len(words) < 2:
        return False
    if module.startswith(("tensorflow.python", "tensorflow.contrib")):
        return True
    rest = ".".join(words[1:])
    return (
        words[1] in (*paths.OLD_WORDS, "src")
        or (len(words) > 2 and not rest.startswith(_STILL))
        or rest.startswith("utils.")
    )


def _is_gone(module, name):
    """Tell whether today's Keras has nothing under a name; what calls of it become is told there."""
    if name in BY_HAND:
        return False
    if paths.canonical(f"{module}.{name}") in _GONE:
        return True
    rooms = [room for room in paths.rooms(module) if paths.public(room, name) is not paths.NOTHING]
    return bool(rooms) and rooms[0].startswith(("dialects.", "preprocessing")) and not _is_ours_too(module, name)


def _is_ours_too(module, name):
    """Tell whether a stand-in has the name of something that is public today."""
    return any(
        paths.public(room, name) is not paths.NOTHING
        for room in paths.rooms(module)
        if not room.startswith(("dialects.", "preprocessing"))
    )


def _home(module, name):
    """Return the module that has a name today, and the name there; no name if the rewriting leaves no use of it."""
    if paths.look_up(module, name) in _REPLACED:
        return module, None
    if paths.canonical(f"{module}.{name}") in _GONE:
        return module, name
    if modules.module_exists(f"{module}.{name}") and _is_old(f"{module}.{name}"):
        return "keras", paths.canonical(f"{module}.{name}").split(".")[1]
    if _is_old(module):
        for room in paths.rooms(module):
            if room and "." not in room and paths.public(room, name) is not paths.NOTHING:
                return f"keras.{room}", name
    return _renamed(module, name) or (module.removeprefix("tensorflow.") if _is_public(module) else module, name)


def _is_public(module):
    return f"{module}.".startswith("tensorflow.keras.")


def _renamed(module, name):
    """Return the module and the name today of what only was called otherwise, such as `mse` and `CuDNNLSTM`."""
    found = paths.look_up(module, name)
    modern = getattr(found, "__name__", name)
    for room in paths.rooms(module):
        if modern != name and room and "." not in room and paths.public(room, modern) is found:
            return f"keras.{room}", modern
    return None

"""Every public name of Keras, and what its functions and methods are called with.

What Lamina leaves out stands in `docs/compatibility.md` with the reason; the tables there are read here.
"""

import importlib
import inspect
import re
import types
from pathlib import Path

import keras
import numpy as np
import pytest

import lamina

DOCS = (Path(__file__).parents[1] / "docs" / "compatibility.md").read_text(encoding="utf-8")
ABSENT = object()
# Keras has two names for an argument, that of the base class and another one in subclasses; ours is the base class's.
NAMED_DIFFERENTLY = [f"optimizers.{name}.build" for name in vars(keras.optimizers)] + [
    *("mixed_precision.LossScaleOptimizer.build", "optimizers.Adadelta.update_step"),
    "quantizers.serialize",
    "layers.RandomGrayscale.get_random_transformation",
    *(f"layers.RandomGrayscale.transform_{part}" for part in ("labels", "segmentation_masks")),
]


def listed(heading):
    """Return the names in backticks of the first column of the table below a heading of the docs."""
    section = DOCS.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


LEFT_OUT = listed("Public names of Keras that are not here")
COMING = listed("Public names of Keras that are coming")


def walk(module, path=""):
    """Yield the path and value of every public function and class below a module of Keras, and of their members."""
    for name in sorted(vars(module)):
        value, here = getattr(module, name), f"{path}{name}"
        if name.startswith("_") or name == "src":
            continue
        if isinstance(value, types.ModuleType):
            if value.__name__ == f"keras.{here}":
                yield from walk(value, f"{here}.")
            continue
        yield here, value
        if inspect.isclass(value):
            for member in sorted(dir(value)):
                if not member.startswith("_"):
                    yield f"{here}.{member}", inspect.getattr_static(value, member)


NAMES = dict(walk(keras))


def ours(path):
    """Return what Lamina has under a dotted name of Keras, or ABSENT."""
    value = lamina
    for name in path.split("."):
        if hasattr(value, name):
            value = inspect.getattr_static(value, name) if inspect.isclass(value) else getattr(value, name)
        elif isinstance(value, types.ModuleType):
            try:
                value = importlib.import_module(f"{value.__name__}.{name}")
            except ModuleNotFoundError:
                return ABSENT
        else:
            return ABSENT
    return value


def under(path, names):
    """Tell whether a name, or what it belongs to, is among some names; `.method` stands for that of any class."""
    member = f".{path.rpartition('.')[2]}"
    return any(path == name or path.startswith(f"{name}.") or name == member for name in names)


EXPECTED = {name: value for name, value in NAMES.items() if not under(name, LEFT_OUT + COMING)}


def same_default(ours, theirs):
    """Tell whether two defaults mean the same: 2 is (2, 2). What Keras needs may have a default here."""
    return (
        theirs is inspect.Parameter.empty
        or ours == theirs
        or (isinstance(theirs, tuple) and set(np.ravel(theirs).tolist()) == {ours})
    )


def misfit(ours, theirs):
    """Return the first parameter of Keras's that ours does not take at its place with its default, or None."""
    parameters = list(ours.parameters.values())
    kinds = {parameter.kind for parameter in parameters}
    named = {p.name: p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}
    places = [p.name for p in named.values() if p.kind is not p.KEYWORD_ONLY]
    for place, wanted in enumerate(theirs.parameters.values()):
        if wanted.kind in (wanted.VAR_POSITIONAL, wanted.VAR_KEYWORD):
            continue
        if wanted.name not in named:
            by_place = wanted.kind is wanted.KEYWORD_ONLY or wanted.VAR_POSITIONAL in kinds
            if wanted.VAR_KEYWORD in kinds and by_place:
                continue
            return wanted.name
        if wanted.kind is wanted.POSITIONAL_OR_KEYWORD and places[place : place + 1] != [wanted.name]:
            return f"{wanted.name} at place {place}"
        if not same_default(named[wanted.name].default, wanted.default):
            return str(wanted)
    return None


def signature(value):
    """Return the signature of a function, a class or a method of a class, or None."""
    value = getattr(value, "__func__", value)
    try:
        return inspect.signature(value) if callable(value) else None
    except ValueError:  # classes written in C
        return None


def test_every_public_name_of_keras_is_here():
    missing = {name for name in EXPECTED if ours(name) is ABSENT and not is_set_by_the_constructor(name)}
    assert sorted(name for name in missing if name.rpartition(".")[0] not in missing) == []


def is_set_by_the_constructor(name):
    """Tell whether a property of Keras is a plain attribute of our objects."""
    owner, _, attribute = name.rpartition(".")
    if not isinstance(EXPECTED[name], property) or not inspect.isclass(ours(owner)):
        return False
    return any(f"self.{attribute} = " in inspect.getsource(cls) for cls in ours(owner).__mro__[:-1])


def test_functions_and_methods_take_the_arguments_of_keras():
    wrong = {}
    for name, value in EXPECTED.items():
        mine, theirs = signature(ours(name)), signature(value)
        if mine and theirs and not under(name, NAMED_DIFFERENTLY):
            wrong[name] = misfit(mine, theirs)
    assert {name: parameter for name, parameter in wrong.items() if parameter} == {}


def test_what_is_left_out_is_a_name_of_keras_and_not_here():
    members = {f".{name.rpartition('.')[2]}" for name in NAMES}
    assert [name for name in LEFT_OUT if name not in NAMES and name not in members] == []
    assert [name for name in LEFT_OUT if not name.startswith(".") and ours(name) is not ABSENT] == []


def is_here(name):
    """Tell whether a name of Keras is here, and takes its arguments."""
    mine, theirs = signature(ours(name)), signature(NAMES[name])
    return ours(name) is not ABSENT and not (mine and theirs and misfit(mine, theirs))


def test_what_is_coming_has_not_arrived():
    for name in COMING:
        below = [each for each in NAMES if each == name or each.startswith(f"{name}.")]
        assert below, f"{name} is no name of Keras"
        assert not all(map(is_here, below)), f"{name} is here: take it off the list of names that are coming"


@pytest.mark.parametrize(
    ("mine", "wrong"),
    [
        (lambda x, axis=-1: x, None),
        (lambda x, axis=-1, more=1: x, None),
        (lambda *args, **kwargs: 0, None),
        (lambda x, axis=0: x, "axis=-1"),
        (lambda axis=-1, x=0: x, "x at place 0"),
        (lambda y, axis=-1: y, "x"),
    ],
)
def test_the_test_sees_what_does_not_fit(mine, wrong):
    assert misfit(inspect.signature(mine), inspect.signature(lambda x, axis=-1: x)) == wrong

"""Turn what goes wrong inside a layer or an op into an error that says where, once, where it happened."""

import os
import re

from lamina.core import tree
from lamina.core.errors import FileError, LaminaError, ShapeError, describe, message, parts_of
from lamina.core.failures import failure_of, note_failure, origin_of
from lamina.core.texts import NAME

_UNPLACED = "_lamina_unplaced"
_ENGINE = ("/jax/", "/jaxlib/", "/numpy/", "/opt_einsum/")
_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep


class CallTypeError(ShapeError, TypeError):
    """Arrays that cannot be combined, where the engine raises TypeError."""


def with_context(error, layer, args, kwargs):
    """Return the error to raise in place of `error`, which came out of a call of `layer`.

    The engine's own messages are explained; errors of the user's code keep their type and text and gain a note. The
    calls around it are noted, from the inside out.
    """
    if isinstance(error, FileError):  # what a file asks for is not tried again to explain it
        return error
    failure = failure_of(error)
    if failure is None:
        arguments = ", ".join(describe(x) for x in tree.flatten((args, kwargs)) if hasattr(x, "shape"))
        if _comes_from_engine(error) and type(error) in (TypeError, ValueError, IndexError):
            kind = CallTypeError if isinstance(error, TypeError) else ShapeError
            told = str(error).strip().splitlines()[0]
            told = "texts are no numbers: nothing can be computed with them." if NAME in told else told
            error = kind(
                message("L103", f"{layer.name} cannot compute on ({arguments}).", where=_place(layer), why=told)
            )
        elif not isinstance(error, LaminaError) and not (
            _comes_from_us(error) and locate(error, f"layer {_place(layer)}, called with ({arguments})", layer)
        ):
            error.add_note(f"  while calling layer {_place(layer)} with ({arguments})")
        failure = note_failure(error)
    failure.add(layer, args, kwargs)
    return error


def locate(error, where, layer):
    """Let the text of one of our errors say where it came up, unless it names the layer or its class already.

    Of several places, as of a cell and of the layer that makes it, the last one is told.
    Returns: whether the text says it now.
    """
    if not error.args or failure_of(error) is not None:
        return False
    text = error.__dict__.setdefault(_UNPLACED, str(error.args[0]))
    names = (type(layer).__name__, getattr(layer, "name", None))
    if any(name and re.search(rf"\b{re.escape(name)}\b", text) for name in names):
        return False
    if isinstance(error, LaminaError):
        parts = parts_of(text)
        parts["where"] = "\n".join(filter(None, (parts.get("where"), where)))
        text = message(parts.pop("code"), parts.pop("what"), **parts)
    else:
        text = f"{text}\n  where: {where}"
    error.args = (text, *error.args[1:])
    return True


def _place(layer):
    return f"'{getattr(layer, 'path', None) or layer.name}' (of type {type(layer).__name__})"


def _comes_from_engine(error):
    return not _comes_from_us(error) and any(part in origin_of(error) for part in _ENGINE)


def _comes_from_us(error):
    return origin_of(error).startswith(_OURS)

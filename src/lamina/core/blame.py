"""Turn what goes wrong inside a layer or an op into an error that says where, once, where it happened."""

import re
import traceback

from lamina.core import tree
from lamina.core.errors import LaminaError, ShapeError, describe, message
from lamina.core.failures import failure_of, note_failure
from lamina.core.shapes import PROBES


class CallTypeError(LaminaError, TypeError):
    """Arrays that cannot be combined, where the engine raises TypeError."""


def with_context(error, layer, args, kwargs):
    """Return the error to raise in place of `error`, which came out of a call of `layer`.

    The engine's own messages are explained; errors of the user's code keep their type and text and gain a note. The
    calls around it are noted, from the inside out.
    """
    failure = failure_of(error)
    if failure is None:
        arguments = ", ".join(describe(x) for x in tree.flatten((args, kwargs)) if hasattr(x, "shape"))
        if _comes_from_engine(error) and type(error) in (TypeError, ValueError):
            kind = CallTypeError if isinstance(error, TypeError) else ShapeError
            told = _without_probes(str(error).strip().splitlines()[0])
            error = kind(
                message("L103", f"{layer.name} cannot compute on ({arguments}).", where=_place(layer), why=told)
            )
        elif not isinstance(error, LaminaError):
            error.add_note(f"  while calling layer {_place(layer)} with ({arguments})")
        failure = note_failure(error)
    failure.add(layer, args, kwargs)
    return error


def _place(layer):
    return f"'{getattr(layer, 'path', None) or layer.name}' (of type {type(layer).__name__})"


def _without_probes(text):
    """The sizes that stood for unknown ones mean nothing to the user."""
    return re.sub(rf"\b({'|'.join(map(str, PROBES))})\b", "?", text)


def _comes_from_engine(error):
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and any(part in frames[-1].filename for part in ("/jax/", "/jaxlib/", "/numpy/"))

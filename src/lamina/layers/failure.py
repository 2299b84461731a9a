"""Turn what goes wrong inside a layer into an error that says where, once, at the layer where it happened."""

import traceback

from lamina.core import tree
from lamina.core.errors import LaminaError, ShapeError, describe, message

_SEEN = "_lamina_context"


class CallTypeError(LaminaError, TypeError):
    """Arrays that cannot be combined, where the engine raises TypeError."""


def with_context(error, layer, args, kwargs):
    """Return the error to raise in place of `error`, which came out of the `call` of `layer`.

    The engine's own messages are explained; errors of the user's code keep their type and text and gain a note.
    """
    if getattr(error, _SEEN, False):
        return error
    arguments = ", ".join(describe(x) for x in tree.flatten((args, kwargs)) if hasattr(x, "shape"))
    if _comes_from_engine(error) and type(error) in (TypeError, ValueError):
        kind = CallTypeError if isinstance(error, TypeError) else ShapeError
        told = str(error).strip().splitlines()[0]
        error = kind(message("L103", f"{layer.name} cannot compute on ({arguments}).", where=_place(layer), why=told))
    else:
        error.add_note(f"  while calling layer {_place(layer)} with ({arguments})")
    setattr(error, _SEEN, True)
    return error


def _place(layer):
    return f"'{layer.path or layer.name}' (of type {type(layer).__name__})"


def _comes_from_engine(error):
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and any(part in frames[-1].filename for part in ("/jax/", "/jaxlib/", "/numpy/"))

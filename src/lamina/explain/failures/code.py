"""Layers as the code that makes them, and what things are called in the user's program."""

from pathlib import Path

from lamina import layers
from lamina.core.operation import parameters
from lamina.core.tensor import KerasTensor
from lamina.layers import Layer

_OWN = str(Path(layers.__file__).parents[1])
_PLAIN = (str, int, float, bool, type(None))


def code_of(layer, **changes):
    """Write the call that makes a layer, as the user wrote it but for the changes.

    Example:
        >>> code_of(layers.LSTM(8, name="first"), return_sequences=True)
        "layers.LSTM(8, name='first', return_sequences=True)"
    """
    args, kwargs = layer._given
    args, kwargs = list(args), {**kwargs}
    names = list(parameters(type(layer)))
    for name, value in changes.items():
        if name in names[: len(args)]:
            args[names.index(name)] = value
        else:
            kwargs[name] = value
    written = [*map(_written, args), *(f"{name}={_written(value)}" for name, value in kwargs.items())]
    kind = type(layer).__name__
    return f"{'layers.' * hasattr(layers, kind)}{kind}({', '.join(written)})"


def _written(value):
    if isinstance(value, Layer):
        return code_of(value)
    if isinstance(value, list | tuple) and all(isinstance(item, (*_PLAIN, list, tuple)) for item in value):
        return repr(value)
    return repr(value) if isinstance(value, _PLAIN) else "..."


def changed(layer, **changes):
    """Return a layer like another one but for some arguments; inside wrappers, the one inside that has them."""
    inner = wrapped(layer)
    if inner is not None and not set(changes) <= set(parameters(type(layer))):
        return _made_like(layer, layer=changed(inner, **changes))
    return _made_like(layer, **changes)


def wrapped(layer):
    """Return the layer that a wrapper was given, None for a layer that wraps none."""
    given = (*layer._given[0], *layer._given[1].values())
    return next((value for value in given if isinstance(value, Layer)), None)


def _made_like(made, /, **changes):
    """Make the layer as the user did, so that its code can be written."""
    args, kwargs = made._given
    names = list(parameters(type(made)))
    given = {**dict(zip(names, args, strict=False)), **kwargs, **changes}
    positional = [given.pop(name) for name in names[: len(args)]]
    return type(made)(*positional, **given)


def name_in_program(error, x, default="x"):
    """Return what the user calls a tensor, or the array that it stands for, in the program that failed."""
    frame = error.__traceback__ if error is not None else None
    while frame is not None:
        path = frame.tb_frame.f_code.co_filename
        if not path.startswith(_OWN) and "/jax/" not in path:
            for name, value in frame.tb_frame.f_locals.items():
                if value is x or _stands_for(x, value):
                    return name
        frame = frame.tb_next
    return default


def _stands_for(x, value):
    if hasattr(x, "_keras_history") or isinstance(value, KerasTensor) or not hasattr(value, "dtype"):
        return False
    return getattr(value, "shape", None) == tuple(x.shape)

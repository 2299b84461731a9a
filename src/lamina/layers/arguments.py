"""The constructor arguments of layers: which of them a config has, and how they are written."""

import functools
import inspect
import reprlib

from lamina import activations
from lamina.core import serialization
from lamina.core.operation import parameters


def is_ours(cls):
    """Tell whether a class is one of the library's."""
    return cls.__module__.startswith("lamina.")


@functools.cache
def declared_arguments(cls):
    """Return the constructor arguments of the nearest class of the library that are part of its config."""
    own = next(c for c in cls.__mro__ if is_ours(c))
    if "_saveable_kind" in vars(own):  # Layer itself
        return ()
    skipped = {"self", "name", "dtype", "trainable", *own._config_skips}
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return tuple(
        n for n, p in inspect.signature(own.__init__).parameters.items() if n not in skipped and p.kind not in variadic
    )


def constructor_call(layer):
    """Return how a layer was made: "Conv2D(filters=8, kernel_size=3)"."""
    args, kwargs = layer._given
    given = {**dict(zip(parameters(type(layer)), args, strict=False)), **kwargs}
    return f"{type(layer).__name__}({', '.join(f'{name}={reprlib.repr(value)}' for name, value in given.items())})"


def serialize_argument(name, value):
    """Return a constructor argument as Keras writes it: activations by name, the rest in Keras's object format."""
    if name.endswith("activation") and callable(value):
        return activations.serialize(value)
    return serialization.serialize_keras_object(value)


def old_input_shape(kwargs):
    """Take `input_shape`/`input_dim`, which old code gives to the first layer of a stack, out of `kwargs`."""
    shape = kwargs.pop("input_shape", None)
    dim = kwargs.pop("input_dim", None)
    return (dim,) if dim is not None else shape

"""What layers of the library return on symbolic tensors, remembered: the next equal layer is not traced again.

A deep network repeats few layers many times. Two layers are equal here if nothing that a shape, a dtype or a mask can
follow from differs: class, arguments, policy, the shapes they were built for, and what the call is given.
"""

import functools
import types

import jax

from lamina.core import shapes, tree
from lamina.core.context import get_mask, set_mask, thread
from lamina.core.operation import Operation, parameters
from lamina.core.tensor import KerasTensor
from lamina.layers.arguments import declared_arguments

_MOST = 1000  # remembered results; each is a few hundred bytes
_PLAIN = (str, int, float, bool, type(None))
_known = {}


class _NoKeyError(Exception):
    """Something among the arguments is more than a plain value: the result may follow from what cannot be seen."""


def infer(layer, args, kwargs):
    """Return what `layer(*args, **kwargs)` would return, as symbolic tensors."""
    key = _key(layer, args, kwargs)
    if key is None:
        return shapes.infer(layer, *args, **kwargs)
    if key not in _known:
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = shapes.infer(layer, *args, **kwargs)
    return tree.map_structure(_copy, _known[key])


def _key(layer, args, kwargs):
    """Return all that the result follows from; None if that cannot be said."""
    leaves, treedef = jax.tree_util.tree_flatten((args, kwargs), is_leaf=lambda x: x is None)
    if not layer._supports_masking and any(get_mask(x) is not None for x in leaves if isinstance(x, KerasTensor)):
        return None  # it is told once that such a layer loses the mask
    try:
        given = tuple([_spec(x) if isinstance(x, KerasTensor) else _plain(x) for x in leaves])
        return _of_layer(layer), thread.training, treedef, given
    except _NoKeyError:
        return None


def _of_layer(layer):
    """Return what a layer's results follow from, with what it is made of."""
    cls = type(layer)
    if not cls.__module__.startswith("lamina.layers.") or hasattr(cls, "adapt") or "call" in layer.__dict__:
        raise _NoKeyError
    if layer._policy is not layer._dtype_policy:
        raise _NoKeyError  # sublayers may have other policies
    kept, skipped = _argument_names(cls)
    given = {**dict(zip(parameters(cls), layer._given[0], strict=False)), **layer._given[1]}
    return (
        cls,
        cls.call,
        tuple([_plain(getattr(layer, name)) for name in kept]),
        tuple([_plain(given.get(name)) for name in skipped]),
        layer._policy,
        layer.autocast,
        layer._supports_masking,
        _plain(layer._build_shapes),
    )


@functools.cache
def _argument_names(cls):
    """Return the arguments that a shape can follow from: those that are attributes too, and those that are not."""
    declared = declared_arguments(cls)
    values = [name for name in parameters(cls) if not name.endswith(("initializer", "regularizer", "constraint"))]
    skipped = [name for name in values if name in cls._config_skips and name not in declared]
    return [name for name in values if name in declared], skipped


def _plain(value):
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple):
        return tuple([_plain(item) for item in value])
    if isinstance(value, dict):
        return tuple([(name, _plain(item)) for name, item in value.items()])
    if isinstance(value, types.FunctionType) and value.__module__.startswith("lamina."):
        return value
    if isinstance(value, Operation) and value.built:  # otherwise it is the call that builds it
        return _of_layer(value)
    raise _NoKeyError


def _spec(x):
    mask = get_mask(x)
    return x.shape, x.dtype, None if mask is None else (mask.shape, mask.dtype)


def _copy(x):
    if not isinstance(x, KerasTensor):
        return x
    tensor = KerasTensor(x.shape, x.dtype, symbolic_shape=x.symbolic_shape)
    if get_mask(x) is not None:
        set_mask(tensor, _copy(get_mask(x)))
    return tensor

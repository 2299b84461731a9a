"""How the arguments of a layer call are read: which of them are tensors, and which shapes `build` is told."""

import functools
import inspect

import jax

from lamina.core import dtypes, tree
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor, standardize_shape
from lamina.layers.input_spec import InputSpec

_NUMBERS = (bool, int, float)


@functools.cache
def call_parameters(cls):
    """Return the parameters of a layer class's `call`, without `self`."""
    return dict(list(inspect.signature(cls.call).parameters.items())[1:])


@functools.cache
def call_signature(cls):
    """Return the signature of a layer class's `call`, without `self`."""
    return inspect.Signature(list(call_parameters(cls).values()))


@functools.cache
def mask_parameters(cls):
    """Return the names of the mask arguments of a layer class's `call`."""
    return tuple(name for name in call_parameters(cls) if name == "mask" or name.endswith("_mask"))


def is_tensor(x):
    """Tell whether `x` is an array or a symbolic tensor."""
    return isinstance(x, jax.Array | KerasTensor)


def bind(layer, args, kwargs):
    """Return the arguments of a call by name, without defaults; `training` and the like may come to any layer.

    Raises: TypeError if they do not fit the signature of `call`.
    """
    foreign = layer._call_context_args.intersection(kwargs).difference(call_parameters(type(layer)))
    if foreign:
        kwargs = {name: value for name, value in kwargs.items() if name not in foreign}
    signature = call_signature(type(layer))
    try:
        return signature.bind(*args, **kwargs).arguments
    except TypeError as error:
        takes_one = isinstance(layer.input_spec, InputSpec) or "too many" not in str(error)
        several = "" if takes_one else f" Several tensors go into one list: {layer.name}([a, b])."
        raise TypeError(f"{layer.name} takes {signature}; in this call: {error}.{several}") from None


def first_argument(layer, args, kwargs):
    """Return the first argument of a call, positional or by name.

    Raises: TypeError if the call has none and needs it.
    """
    if args:
        return args[0]
    name = next(iter(call_parameters(type(layer))), None)
    if name not in kwargs:
        bind(layer, args, kwargs)
    return kwargs.get(name)


def tensor_arguments(layer, args, kwargs):
    """Return those arguments of a call, by name, that are tensors or structures of tensors.

    Raises: ValueError for a structure that mixes tensors and other things.
    """
    found = {}
    for name, value in bind(layer, args, kwargs).items():
        if is_tensor(value):
            found[name] = value
        elif isinstance(value, list | tuple | dict) and value:
            leaves = tree.flatten(value)
            if all(leaf is None or is_tensor(leaf) for leaf in leaves):
                found[name] = value
            elif any(is_tensor(leaf) for leaf in leaves):
                raise ValueError(
                    f"In a nested call() argument, tensors and non-tensors cannot be mixed. Received: {name}={value}"
                )
    return found


def shapes_of(layer, args, kwargs):
    """Return `{"x_shape": shape}` for each tensor argument `x`; masks and catch-alls left out."""
    signature = call_parameters(type(layer))
    shapes = {}
    for name, value in tensor_arguments(layer, args, kwargs).items():
        parameter = signature.get(name)
        plain = parameter is None or parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if name != "mask" and plain:
            shapes[f"{name}_shape"] = _shape(value)
        elif name == next(iter(signature)) and parameter.kind is parameter.VAR_POSITIONAL:
            shapes["inputs_shape"] = _shape(value[0])  # call(self, *args): the first is the input
    return shapes


def _shape(value):
    if is_tensor(value):
        return standardize_shape(value.shape)
    return tree.map_structure(lambda x: None if x is None else standardize_shape(x.shape), value)


def shapes_for(method, shapes, call_names, class_name):
    """Pick from `shapes` what `method` (`build` or `compute_output_shape`) wants.

    One parameter takes the first shape whatever its name; several must be called after the arguments of `call`.
    Raises: ValueError for a parameter that matches no argument.
    """
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    names = [name for name, p in inspect.signature(method).parameters.items() if p.kind not in kinds]
    if len(names) == 1:
        return {names[0]: next(iter(shapes.values()), None)}
    for name in names:
        argument = name.removesuffix("_shape")
        if argument == name or argument not in call_names:
            wrong = f"but `call()` does not have argument `{argument}`"
            wrong = "which does not end in `_shape`" if argument == name else wrong
            raise ValueError(
                f"`{method.__name__}()` of {class_name} has the argument `{name}`, {wrong}. With several arguments "
                f"each must be named after an argument of `call()`: one of {[f'{n}_shape' for n in call_names]}."
            )
    return {name: shapes[name] for name in names if name in shapes}


def to_tensors(layer, args, kwargs):
    """Return the arguments with arrays made JAX arrays and, under autocast, floats cast to the compute dtype.

    Raises: ValueError for a positional argument that is no tensor, TypeError for a tensor in the place of `training`.
    """
    dtype = layer.input_dtype if layer.autocast and layer.input_dtype != "string" else None
    args = tuple(_convert(x, dtype) for x in args)
    kwargs = {name: _convert(x, dtype) for name, x in kwargs.items()}
    if not layer._allow_non_tensor_positional_args:
        for leaf in tree.flatten(args):
            if leaf is not None and not is_tensor(leaf):
                raise ValueError(
                    "Only input tensors may be passed as positional arguments. The following argument value should "
                    f"be passed as a keyword argument: {leaf} (of type {type(leaf)})"
                )
        names = list(call_parameters(type(layer)))[: len(args)]
        at = names.index("training") if "training" in names else 0
        if at and args[at] is None:  # as if it were not there: it is filled in by name
            args, kwargs = args[:at], {**dict(zip(names[at:], args[at:], strict=False)), **kwargs}
            del kwargs["training"]
        elif at:
            raise TypeError(
                f"{layer.name} takes {call_signature(type(layer))}; in this call a tensor stands in the place of "
                f"`training`. Several tensors go into one list: {layer.name}([a, b])."
            )
    return args, kwargs


def _convert(x, dtype):
    if isinstance(x, list | tuple) and x and all(isinstance(leaf, _NUMBERS) for leaf in tree.flatten(x)):
        x = dtypes.as_array(x)
    if isinstance(x, list | tuple | dict):
        return tree.map_structure(lambda leaf: _convert_leaf(leaf, dtype), x)
    return _convert_leaf(x, dtype)


def _convert_leaf(x, dtype):
    if isinstance(x, KerasTensor) or not (hasattr(x, "__array__") or hasattr(x, "__jax_array__")):
        return x
    array = dtypes.as_array(x)
    if dtype is not None and array.dtype != dtype and dtypes.is_float(array.dtype):
        array = array.astype(dtype)
    return _with_mask(array, x)


def _with_mask(array, x):
    mask = get_mask(x) if array is not x else None
    if mask is not None:
        set_mask(array, mask)
    return array

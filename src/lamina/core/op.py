"""The one op decorator: a plain function over arrays learns to take lists, Variables and symbolic tensors."""

import functools
import inspect
import sys

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import config as settings
from lamina.core import dtypes, serialization, tree
from lamina.core.operation import Operation
from lamina.core.tensor import KerasTensor, any_symbolic

# Keras's class name -> the operation that a symbolic call of an op records; what saved graphs are read by.
OPERATIONS = {}

_ARRAY_LIKE = (np.ndarray, np.generic, list, tuple)

# What a saved graph says must not depend on the settings of the program that reads it, nor on how the user wrote it.
_WRITTEN_FORMS = {
    "data_format": settings.standardize_data_format,
    "dtype": lambda dtype: None if dtype is None else dtypes.standardize_dtype(dtype),
    "padding": lambda padding: padding.lower() if isinstance(padding, str) else padding,
    "newshape": lambda shape: (shape,) if isinstance(shape, int) else tuple(shape),
}


def op(*tensors, lists=(), class_name=None, module=None):
    """Make a function over arrays usable on NumPy arrays, nested lists, Variables and symbolic tensors.

    On a symbolic tensor the function does not run: a node is recorded whose arguments are the tensors and whose config
    holds everything else, so that graphs are saved under Keras's own class names.

    Args:
        *tensors: names of the parameters that hold tensors; the first parameter, if none is named.
        lists: names of those among them that hold a list or tuple of tensors, each of which is converted by itself.
        class_name: Keras's name for the operation; by default the function's name in camel case.
        module: Keras's module of the operation; by default the one of the same name as the function's room.

    Example:
        >>> @op("x")
        ... def double(x):
        ...     return 2 * x
        >>> from lamina.core.tensor import KerasTensor
        >>> double([1, 2]).tolist(), double(KerasTensor((None, 3))).shape
        ([2, 4], (None, 3))
    """
    if len(tensors) == 1 and callable(tensors[0]):
        return op()(tensors[0])

    def decorate(function):
        signature = inspect.signature(function)
        names = frozenset(tensors or (next(iter(signature.parameters)),))
        positions = _positions(signature, names)
        list_positions = _positions(signature, frozenset(lists))
        operation = _operation_class(function, signature, names, class_name, module)
        draws = "seed" in signature.parameters  # random numbers hang on the program, whatever the arguments are

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            if len(args) == 1 and not kwargs and isinstance(args[0], jax.Array):  # the usual case in one look
                return function(args[0])
            if any_symbolic(args, kwargs):
                return operation.record(args, kwargs)
            # What is computed with sizes stays known while a program is traced: other ops take it as sizes.
            if not draws and _takes_sizes_only(args, kwargs, positions, names):
                with jax.ensure_compile_time_eval():
                    return on_arrays(args, kwargs)
            return on_arrays(args, kwargs)

        def on_arrays(args, kwargs):
            # No binding of the signature here: it would cost more than many an operation.
            args = [
                _to_sizes(x) if i not in positions else _to_arrays(x) if i in list_positions else _to_array(x)
                for i, x in enumerate(args)
            ]
            for name, x in kwargs.items():
                kwargs[name] = _to_sizes(x) if name not in names else _to_arrays(x) if name in lists else _to_array(x)
            return function(*args, **kwargs)

        wrapper.operation = operation
        operation.function = staticmethod(wrapper)
        return wrapper

    return decorate


def _positions(signature, names):
    """Where the named parameters stand in a call; `*operands` stands everywhere behind its place."""
    parameters = enumerate(signature.parameters.values())
    places = {i: p.kind for i, p in parameters if p.name in names}
    spread = [i for i, kind in places.items() if kind is inspect.Parameter.VAR_POSITIONAL]
    return range(spread[0], sys.maxsize) if spread else frozenset(places)


def _takes_sizes_only(args, kwargs, positions, names):
    for i, x in enumerate(args):
        if i in positions and not _are_known_sizes(x):
            return False
    return all(_are_known_sizes(x) for name, x in kwargs.items() if name in names)


def _are_known_sizes(x):
    """Tell whether `x` is whole numbers, few enough to be sizes, that are there while a program is traced."""
    kind = getattr(getattr(x, "dtype", None), "kind", None)
    if kind is not None:
        is_there = isinstance(x, jax.Array | np.ndarray | np.generic) and not isinstance(x, jax.core.Tracer)
        return kind in "iub" and is_there and x.ndim <= 1 and x.size <= _MOST_SIZES
    if isinstance(x, list | tuple):
        return all(map(_are_known_sizes, x))
    return x is None or isinstance(x, int)


_MOST_SIZES = 64


def _to_array(x):
    """Lists, NumPy arrays and Variables as arrays; Python numbers stay, because they take the other operand's dtype."""
    if isinstance(x, jax.Array):
        return x
    if hasattr(x, "_keras_variable"):
        return x.value
    if isinstance(x, np.ndarray) and x.dtype.kind in "OSU":
        return dtypes.as_array(x)
    if isinstance(x, _ARRAY_LIKE) or hasattr(x, "__array__"):
        return jnp.asarray(x)
    return x


def _to_arrays(x):
    return type(x)(_to_array(item) for item in x) if type(x) in (list, tuple) else _to_array(x)


def _to_sizes(x):
    """Lists as tuples (JSON knows no others), arrays of whole numbers that are known as integers; the rest as it is."""
    if x is None or type(x) in (int, bool, str):
        return x
    if type(x) in (list, tuple):
        return tuple(map(_to_sizes, x))
    return np.asarray(x).tolist() if isinstance(x, jax.Array) and _are_known_sizes(x) else x


class FunctionOperation(Operation):
    """A symbolic call of an op: the function, with its non-tensor arguments as config.

    Args:
        *args, **config: the function's non-tensor arguments.
        name: by default the class name in snake case, numbered.
    """

    function = None
    signature = None
    tensors = frozenset()
    defaults = {}  # noqa: RUF012 - of each subclass; the non-tensor arguments in their order

    def __init__(self, *args, name=None, **config):
        super().__init__(name=name)
        self.config = {**self.defaults, **dict(zip(self.defaults, args, strict=False)), **config}
        self.config.update(
            (name, form(self.config[name])) for name, form in _WRITTEN_FORMS.items() if name in self.config
        )

    @classmethod
    def record(cls, args, kwargs):
        """Split a call into tensors and config, and call the operation that has this config on the tensors."""
        bound = cls.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        positional, keywords, config = [], {}, {}
        for name, value in bound.arguments.items():
            kind = cls.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_POSITIONAL:
                positional += value
            elif kind is inspect.Parameter.VAR_KEYWORD:
                keywords.update(value)
            elif name in cls.tensors:
                positional.append(value)
            elif any_symbolic((value,)):
                raise ValueError(
                    f"`{name}` of {cls.__name__} must be known while a functional model is written. Received: {value}"
                )
            else:
                config[name] = value
        return cls(**config).symbolic_call(*positional, **keywords)

    def call(self, *args, **kwargs):
        """Compute on arrays: put tensors and config together again to a call of the function."""
        remaining = list(args)
        arguments = {**self.config, **kwargs}
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                arguments[name], remaining = remaining, []
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                arguments[name] = kwargs
            elif name in self.tensors and remaining:
                arguments[name] = remaining.pop(0)
        bound = inspect.BoundArguments(self.signature, arguments)
        return self.function(*bound.args, **bound.kwargs)

    def compute_output_spec(self, *args, **kwargs):
        """Return what a call would return, as KerasTensors: also numbers that follow from a shape, such as a size."""
        outputs = super().compute_output_spec(*args, **kwargs)
        return tree.map_structure(lambda x: x if isinstance(x, KerasTensor) else KerasTensor((), "int32"), outputs)

    def __getattr__(self, name):
        if name != "config" and name in self.__dict__.get("config", ()):
            return self.config[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def get_config(self):
        """Return the name and the non-tensor arguments."""
        return {"name": self.name, **self.config}

    @classmethod
    def from_config(cls, config):
        """Make the operation that `config` describes; functions in it are looked up by name."""
        is_described = {name: isinstance(value, dict) and "class_name" in value for name, value in config.items()}
        return cls(
            **{
                name: serialization.deserialize_keras_object(value) if is_described[name] else value
                for name, value in config.items()
            }
        )


def _operation_class(function, signature, tensors, class_name, module):
    class_name = class_name or "".join(part.capitalize() for part in function.__name__.split("_"))
    attributes = {
        "signature": signature,
        "tensors": tensors,
        "defaults": _defaults(signature, tensors),
        "__doc__": function.__doc__,
        "__module__": function.__module__,
        "_keras_module": module or _keras_module(function.__module__),
    }
    OPERATIONS[class_name] = type(class_name, (FunctionOperation,), attributes)
    return OPERATIONS[class_name]


def _defaults(signature, tensors):
    """Return the arguments that are no tensors with their defaults, None for those that have none."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    own = [p for p in signature.parameters.values() if p.name not in tensors and p.kind not in kinds]
    return {p.name: None if p.default is p.empty else p.default for p in own}


def _keras_module(module):
    """Keras keeps all operations of a room in one file: `lamina.ops.numpy.reduction` is its `keras.src.ops.numpy`."""
    parts = module.split(".")
    return f"keras.src.ops.{parts[2] if parts[:2] == ['lamina', 'ops'] else parts[-1]}"

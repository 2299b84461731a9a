"""KerasTensor: a tensor of which only shape and dtype are known, the stuff of functional models."""

import operator

import numpy as np

from lamina.core import dtypes
from lamina.core.names import auto_name
from lamina.core.public_names import room


def _fixed(name, doc):
    """Return an attribute that stays as the tensor was made with it."""

    def refuse(self, value):
        raise AttributeError(f"The `{name}` attribute of KerasTensor is immutable: make a new KerasTensor.")

    return property(operator.attrgetter(f"_{name}"), refuse, doc=doc)


class KerasTensor:
    """A tensor without values: what flows through layers while a functional model is written.

    Args:
        shape: tuple of sizes, None where unknown.
        dtype: name of the dtype.
        record_history: whether layers called on it remember the call.
        name: by default "keras_tensor", numbered.
        sparse, ragged, ragged_rank, row_splits_dtype: kept for Keras's sake.
        symbolic_shape: the sizes as formulas of the layer's input, such as `(b, 3*h*w)`.
    Raises:   ValueError if it is to be both sparse and ragged.

    Example:
        >>> KerasTensor((None, 3)).shape
        (None, 3)
    """

    _is_same = None  # in what `==` and `!=` return: whether these were one and the same tensor

    def __init__(
        self,
        shape,
        dtype="float32",
        sparse=False,
        ragged=False,
        record_history=True,
        name=None,
        *,
        ragged_rank=None,
        row_splits_dtype=None,
        symbolic_shape=None,
    ):
        if sparse and ragged:
            raise ValueError("KerasTensor cannot have `sparse=True` and `ragged=True` at the same time.")
        self._shape = standardize_shape(shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self._sparse = bool(sparse)
        self._ragged = bool(ragged)
        self.ragged_rank = ragged_rank
        self.row_splits_dtype = row_splits_dtype
        self.record_history = record_history
        self.name = name or auto_name(type(self).__name__)
        self.symbolic_shape = symbolic_shape or self._shape

    shape = _fixed("shape", "Tuple of sizes, None where unknown.")
    dtype = _fixed("dtype", "Name of the dtype.")
    sparse = _fixed("sparse", "Kept for Keras's sake.")
    ragged = _fixed("ragged", "Kept for Keras's sake.")

    @property
    def ndim(self):
        """Number of axes."""
        return len(self._shape)

    def reshape(self, newshape):
        """Return the tensor in another shape."""
        return room("ops").reshape(self, newshape)

    def squeeze(self, axis=None):
        """Return the tensor without its axes of size 1."""
        return room("ops").squeeze(self, axis=axis)

    def __getitem__(self, key):
        return room("ops").get_item(self, np.asarray(key) if isinstance(key, list) else key)

    def __round__(self, ndigits=None):
        return room("ops").round(self, decimals=ndigits or 0)

    def __len__(self):
        raise TypeError(_no_value("measured by `len()`"))

    def __iter__(self):
        raise NotImplementedError(_no_value("iterated over"))

    def __bool__(self):
        if self._is_same is None:
            raise TypeError(_no_value("used as a boolean"))
        return self._is_same  # so that tensors can be looked for in lists

    def __int__(self):
        raise ValueError(_no_value("made an `int`"))

    def __float__(self):
        raise ValueError(_no_value("made a `float`"))

    def __array__(self, dtype=None, copy=None):
        raise ValueError(_no_value("converted to a NumPy array"))

    def __jax_array__(self):
        raise ValueError(_no_value("used as input to a JAX function"))

    def __repr__(self):
        return f"<KerasTensor shape={self._shape}, dtype={self._dtype}, name={self.name}>"

    __hash__ = object.__hash__


def _no_value(what):
    return (
        f"A KerasTensor has a shape and a dtype, but it doesn't have any actual numerical value: it cannot be {what}. "
        "It stands for future data while a functional model is written: use layers and `ops` functions on it, or wrap "
        "your code in a Layer's `call`."
    )


def _operator(function, swapped=False):
    def method(self, other):
        compute = getattr(room("ops"), function)
        return compute(other, self) if swapped else compute(self, other)

    return method


def _sameness(compare, same):
    """Let the comparison of two tensors, which itself has no values, have the truth value of their being one."""

    def method(self, other):
        if not isinstance(other, KerasTensor):
            return compare(self, other)
        is_same = (self is other) == same
        try:
            compared = compare(self, other)
        except (TypeError, ValueError):  # shapes that do not go together
            return is_same
        compared._is_same = is_same
        return compared

    return method


_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "div": "divide",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
_COMPARISONS = {
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}

for _name, _function in _BINARY.items():
    setattr(KerasTensor, f"__{_name}__", _operator(_function))
    setattr(KerasTensor, f"__r{_name}__", _operator(_function, swapped=True))
for _name, _function in _COMPARISONS.items():
    setattr(KerasTensor, f"__{_name}__", _operator(_function))
for _name in ("eq", "ne"):
    setattr(KerasTensor, f"__{_name}__", _sameness(getattr(KerasTensor, f"__{_name}__"), _name == "eq"))
for _name, _function in _UNARY.items():
    setattr(KerasTensor, f"__{_name}__", lambda self, function=_function: getattr(room("ops"), function)(self))


def is_keras_tensor(x):
    """Tell whether `x` is a symbolic tensor."""
    return isinstance(x, KerasTensor)


def any_symbolic(args, kwargs=None):
    """Tell whether a KerasTensor stands anywhere in the arguments of a call."""
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, KerasTensor):
            return True
        if isinstance(value, list | tuple) and any_symbolic(value):
            return True
        if isinstance(value, dict) and any_symbolic(value.values()):
            return True
    return False


def standardize_shape(shape):
    """Return `shape` as a tuple of ints, with None for unknown and symbolic sizes.

    Raises: ValueError for a size that is negative or no number.
    """
    if shape is None:
        raise ValueError("Undefined shapes are not supported. Expected a tuple of sizes, such as (None, 28, 28).")
    if not hasattr(shape, "__iter__"):
        raise ValueError(f"Cannot convert '{shape}' to a shape. Expected a tuple of sizes, such as (None, 28, 28).")
    return tuple(_standardize_size(size, shape) for size in shape)


def _standardize_size(size, shape):
    if size is None or type(size).__name__ == "_DimExpr":
        return None
    if isinstance(size, str | float | list | tuple):
        raise ValueError(
            f"Cannot convert '{shape}' to a shape. Found invalid dimension '{size}' of type '{type(size)}'."
        )
    try:
        size = int(size)
    except Exception as error:
        raise ValueError(
            f"Cannot convert '{shape}' to a shape. Found invalid dimension '{size}' of type '{type(size)}'."
        ) from error
    if size < 0:
        raise ValueError(f"Cannot convert '{shape}' to a shape. Negative dimensions are not allowed.")
    return size

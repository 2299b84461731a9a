"""Variable: a named array that changes."""

import contextlib

import jax.numpy as jnp
import numpy as np

from lamina.core import allowance, dtypes
from lamina.core.context import entering, thread
from lamina.core.names import auto_name, current_path
from lamina.core.placement import place_variable

AGGREGATIONS = ("none", "mean", "sum", "only_first_replica")
SYNCHRONIZATIONS = ("none", "on_read", "on_write", "auto")


class Variable:
    """An array with a name that is read like an array and changed by `assign`.

    Args:
        initializer: the first value (array, number, list), or a callable `(shape, dtype) -> array`, or its name.
        shape: tuple of sizes, needed with a callable.
        dtype: kept dtype; by default that of the value, or the default float.
        trainable: whether optimizers change it.
        autocast: whether a float value is read in the compute dtype of the running layer.
        aggregation, synchronization: how replicas are combined, kept for Keras's sake.
        name: one level of the path.
        layout: how it is spread over devices.
    Raises: ValueError for a name with "/", a missing or unknown shape, a plain value inside a stateless scope.

    Example:
        >>> v = Variable([1.0, 2.0], name="v")
        >>> v.assign_add([1.0, 1.0]).tolist(), v.shape
        ([2.0, 3.0], (2,))
    """

    _keras_variable = True
    __array_priority__ = 1000  # NumPy arrays on the left leave operators to us
    _value = None

    def __init__(
        self,
        initializer,
        shape=None,
        dtype=None,
        trainable=True,
        autocast=True,
        aggregation="none",
        synchronization="auto",
        name=None,
        layout=None,
        **kwargs,
    ):
        name = name or auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
            )
        self._name = name
        self._path = "/".join(filter(None, (current_path(), name)))
        self._trainable = self.born_trainable = bool(trainable)
        self._autocast = bool(autocast)
        self._aggregation = _one_of("aggregation", aggregation, AGGREGATIONS)
        self._synchronization = _one_of("synchronization", synchronization, SYNCHRONIZATIONS)
        self._layout = layout
        self._regularizer = None
        self._constraint = None
        self.overwrite_with_gradient = False
        self._initializer = None
        if isinstance(initializer, str):
            initializer = _named_initializer(initializer)
        if callable(initializer):
            self._start_from_initializer(initializer, shape, dtype)
        else:
            self._start_from_value(initializer, dtype)

    def _start_from_initializer(self, initializer, shape, dtype):
        if shape is None:
            raise ValueError(
                "When creating a Variable from an initializer, the `shape` argument should be specified. "
                f"Received: initializer={initializer} and shape=None"
            )
        self._shape = _known_shape(shape, self._path)
        self._dtype = dtypes.standardize_dtype(dtype)
        allowance.take(self._path, self._shape, self._dtype)
        self._initializer = initializer
        if thread.scope is not None:
            thread.scope.born(self)
        elif thread.postponed is not None:
            thread.postponed.append(self)
        else:
            self.initialize_now()

    def _start_from_value(self, value, dtype):
        if thread.scope is not None:
            raise ValueError(
                "A variable cannot be made from a value while a layer's call is being traced. "
                "Make it in `build()` (or `__init__()`) with `self.add_weight(shape=…, initializer=…)`."
            )
        value = dtypes.as_array(value, dtype=None if dtype is None else dtypes.standardize_dtype(dtype))
        self._dtype = dtypes.standardize_dtype(value.dtype if dtype is None else dtype)
        self._shape = tuple(value.shape)
        self._value = place_variable(self, value)

    def initialize_now(self):
        """Draw the first value, if that was put off."""
        if self._value is None:
            value = dtypes.as_array(self._initializer(self._shape, dtype=self._dtype), dtype=self._dtype)
            self._value = place_variable(self, value)
            self._initializer = None

    @property
    def value(self):
        """The current array, in the compute dtype of the running layer if that is narrower."""
        value = self._value
        if thread.scope is not None:
            value = thread.scope.read(self, value)
        if value is None:
            value = self._placeholder()
        if (
            thread.autocast is not None
            and self._autocast
            and value.dtype != thread.autocast
            and dtypes.is_float(value.dtype)
        ):
            return value.astype(thread.autocast)
        return value

    def _placeholder(self):
        """What a variable shows whose first value is put off: zeros where only shapes matter."""
        initializer = jnp.zeros if thread.shape_trace else self._initializer
        return dtypes.as_array(initializer(self._shape, dtype=self._dtype), dtype=self._dtype)

    def assign(self, value):
        """Replace the value and return it.

        Raises: ValueError if the shape differs.
        """
        value = dtypes.as_array(value, dtype=self._dtype)
        if tuple(value.shape) != self._shape:
            raise ValueError(
                "The shape of the target variable and the shape of the target value in `variable.assign(value)` must "
                f"match. Variable '{self.path}' has shape {self._shape}. Received: value.shape={tuple(value.shape)}."
            )
        if thread.scope is None:
            self._value = place_variable(self, value)
        else:
            thread.scope.add_update((self, value))
        return value

    def assign_add(self, value):
        """Add `value` and return the sum."""
        return self.assign(_kept(self) + dtypes.as_array(value, dtype=self._dtype))

    def assign_sub(self, value):
        """Subtract `value` and return the difference."""
        return self.assign(_kept(self) - dtypes.as_array(value, dtype=self._dtype))

    def numpy(self):
        """Return the value as a NumPy array."""
        return np.array(self.value)

    @property
    def stored_dtype(self):
        """The dtype the value is kept in, whatever the running layer computes in."""
        return self._dtype

    @property
    def dtype(self):
        """The dtype the value is read in."""
        if thread.autocast is not None and self._autocast and dtypes.is_float(self._dtype):
            return thread.autocast
        return self._dtype

    @property
    def shape(self):
        """Tuple of sizes."""
        return self._shape

    @property
    def ndim(self):
        """Number of axes."""
        return len(self._shape)

    @property
    def size(self):
        """Number of elements."""
        return int(np.prod(self._shape, dtype=np.int64))

    @property
    def name(self):
        """The last level of the path."""
        return self._name

    @property
    def path(self):
        """Where the variable was made: the names of models and layers around it, joined by "/"."""
        return self._path

    @property
    def trainable(self):
        """Whether optimizers change it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        self._trainable = bool(value)

    @property
    def regularizer(self):
        """Callable that makes a loss of the value, or None."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value):
        self._regularizer = _callable_or_none("regularizer", value)

    @property
    def constraint(self):
        """Callable applied to the value after each update, or None."""
        return self._constraint

    @constraint.setter
    def constraint(self, value):
        self._constraint = _callable_or_none("constraint", value)

    @property
    def aggregation(self):
        """How replicas are combined."""
        return self._aggregation

    @property
    def synchronization(self):
        """When replicas are combined."""
        return self._synchronization

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.value, dtype=dtype)

    def __jax_array__(self):
        return self.value

    def __getitem__(self, index):
        return self.value[index]

    def __int__(self):
        return int(self.value)

    def __float__(self):
        return float(self.value)

    def __index__(self):
        return int(self.value)

    def __bool__(self):
        raise TypeError("A Keras Variable cannot be used as a boolean; compare its `.value`.")

    def __len__(self):
        return len(self.value)

    def __repr__(self):
        shown = "" if self._value is None or thread.scope is not None else f", value={self._value}"
        return f"<Variable path={self.path}, shape={self._shape}, dtype={self._dtype}{shown}>"

    __hash__ = object.__hash__

    def __neg__(self):
        return -self.value

    def __pos__(self):
        return self.value

    def __abs__(self):
        return abs(self.value)

    def __invert__(self):
        return jnp.logical_not(self.value)

    def __round__(self, ndigits=None):
        return round(self.value, ndigits or 0)


@contextlib.contextmanager
def postponing():
    """Put off the first values of variables to the end of the block: those of a model that is read get others."""
    with entering(postponed=[]):
        yield
        waiting = thread.postponed
    for variable in waiting:
        variable.initialize_now()


def _binary(name):
    def operator(self, other):
        return getattr(self.value, name)(_operand(other))

    operator.__name__ = name
    return operator


def _operand(x):
    if isinstance(x, list | tuple | np.ndarray):
        return dtypes.as_array(x)
    return x.value if isinstance(x, Variable) else x


def _logical(function):
    return lambda self, other: function(self.value, _operand(other))


for _name in ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul"]:
    setattr(Variable, f"__{_name}__", _binary(f"__{_name}__"))
    setattr(Variable, f"__r{_name}__", _binary(f"__r{_name}__"))
for _name, _function in {"and": jnp.logical_and, "or": jnp.logical_or, "xor": jnp.logical_xor}.items():
    setattr(Variable, f"__{_name}__", _logical(_function))
    setattr(Variable, f"__r{_name}__", _logical(_function))
for _name in ["eq", "ne", "lt", "le", "gt", "ge"]:
    setattr(Variable, f"__{_name}__", _binary(f"__{_name}__"))


def _kept(variable):
    """The current value in the kept dtype, also while a layer computes in a narrower one."""
    with entering(autocast=None):
        return variable.value


def _one_of(argument, value, allowed):
    value = "none" if value is None else value
    if value not in allowed:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected one of {(None, *allowed)}. Received: {argument}={value}"
        )
    return value


def _callable_or_none(argument, value):
    if value is not None and not callable(value):
        raise ValueError(f"Invalid value for attribute `{argument}`. Expected a callable or None. Received: {value}")
    return value


def _known_shape(shape, path):
    sizes = tuple(shape)
    if not all(isinstance(size, int | np.integer) and size >= 0 for size in sizes):
        raise ValueError(
            f"The shape of a variable must be fully defined. Received: shape={shape} for variable path='{path}'"
        )
    return tuple(int(size) for size in sizes)


def _named_initializer(name):
    from lamina.core.public_names import room

    return room("initializers").get(name)


class AutocastScope(entering):
    """Read float variables in `dtype` inside a `with` block; None turns that off."""

    def __init__(self, dtype):
        super().__init__(autocast=None if dtype is None else dtypes.standardize_dtype(dtype))

"""The base class of metrics: numbers that are collected over batches."""

import numpy as np

from lamina import initializers
from lamina.core import config, policies
from lamina.core.names import auto_name, name_scope
from lamina.core.saveable import KerasSaveable
from lamina.core.state import StatelessScope
from lamina.core.variable import Variable


class Metric(KerasSaveable):
    """Collect a number over batches; a subclass makes variables and defines `update_state` and `result`.

    Args:
        dtype: dtype, or policy, that the metric is computed in; by default the default float.
        name: by default the class name, numbered.
    Source:   Keras 3 `Metric`.
    Example:
        >>> class Count(Metric):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.count = self.add_variable((), "zeros", name="count")
        ...
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.count.assign_add(len(y_true))
        ...
        ...     def result(self):
        ...         return self.count.value
        >>> count = Count()
        >>> count.update_state([1, 2], [1, 2])
        >>> float(count([1, 2, 3], [1, 2, 3]))
        5.0
    """

    _saveable_kind = "Metric"
    _internal_attributes = frozenset({"_metrics", "_variables"})

    _direction = None
    """"up" if larger is better, "down" if smaller is; None if nobody has said."""

    def __init__(self, dtype=None, name=None):
        self.name = name or auto_name(type(self).__name__)
        self._dtype_policy = policies.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype
        self._metrics = []
        self._variables = []

    def __setattr__(self, name, value):
        if name not in self._internal_attributes and "_variables" in self.__dict__:
            self._track(value)
        super().__setattr__(name, value)

    def _track(self, value):
        """Own a variable or metric that is assigned to an attribute, alone or in a list, tuple or dict."""
        if isinstance(value, Variable | Metric):
            owned = self._variables if isinstance(value, Variable) else self._metrics
            if not any(item is value for item in owned):
                owned.append(value)
        elif isinstance(value, list | tuple | dict):
            for item in value.values() if isinstance(value, dict) else value:
                self._track(item)

    @property
    def dtype(self):
        """The dtype that the metric is computed in."""
        return self._dtype

    @property
    def variables(self):
        """The metric's variables, those of metrics inside it last."""
        return [*self._variables, *(v for metric in self._metrics for v in metric.variables)]

    def add_variable(self, shape, initializer, dtype=None, aggregation="sum", name=None):
        """Return a new variable of the metric.

        Args:
            shape: tuple of sizes.
            initializer: its first value: an initializer or its name.
            dtype: by default the default float.
            aggregation: how replicas are combined.
            name: one level of its path.
        """
        self._check_super_called()
        with name_scope(self.name.replace("/", ">"), caller=self):
            variable = Variable(
                initializers.get(initializer),
                shape=tuple(shape),
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                synchronization="on_read",
                name=name,
            )
        self._track(variable)
        return variable

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None):
        """Return a new variable of the metric, a scalar by default."""
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def update_state(self, *args, **kwargs):
        """Take in one batch."""
        raise NotImplementedError(f"{type(self).__name__} must define `update_state`.")

    def result(self):
        """Return the number for all batches so far: a scalar, or a dict of scalars."""
        raise NotImplementedError(f"{type(self).__name__} must define `result`.")

    def reset_state(self):
        """Forget all batches."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, dtype=bool))

    def merge_state(self, metrics):
        """Take in what other metrics of the same kind have collected."""
        for metric in metrics:
            for variable, other in zip(self.variables, metric.variables, strict=True):
                variable.assign_add(other.value)

    def __call__(self, *args, **kwargs):
        """Take in one batch and return the result."""
        self._check_super_called()
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """Return the values of the variables after a batch, given those before it."""
        with self._bind(metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return self._values(scope)

    def stateless_result(self, metric_variables):
        """Return the result for given values of the variables."""
        with self._bind(metric_variables):
            return self.result()

    def stateless_reset_state(self):
        """Return the values of the variables before any batch."""
        with StatelessScope() as scope:
            self.reset_state()
        return self._values(scope)

    def _bind(self, values):
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"Argument `metric_variables` must be a list of tensors corresponding 1:1 to {type(self).__name__}()"
                f".variables. Received list with length {len(values)}, but expected {len(variables)} variables."
            )
        return StatelessScope(zip(variables, values, strict=True))

    def _values(self, scope):
        bound = [(variable, scope.get_current_value(variable)) for variable in self.variables]
        return [variable.value if value is None else value for variable, value in bound]

    def get_config(self):
        """Return the constructor's arguments as a dict."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """Make the metric that `config` describes."""
        return cls(**config)

    def _check_super_called(self):
        if "_variables" not in self.__dict__:
            raise RuntimeError("You forgot to call `super().__init__()` in the `__init__()` method. Go add it!")

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"

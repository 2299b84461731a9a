"""Sums and means over all batches, and metrics that are the mean of a function."""

import jax.numpy as jnp

from lamina.core import dtypes, serialization
from lamina.core.context import get_mask
from lamina.losses import is_loss
from lamina.losses.alignment import align
from lamina.losses.loss import apply_mask, divide_no_nan
from lamina.metrics.metric import Metric


def reduce_to_samples(values, sample_weight, reduce, dtype):
    """Reduce values and weights to one number for each sample, the values weighted.

    Args:
        values: array (batch, …).
        sample_weight: weights with as many axes as `values`, or fewer, or None.
        reduce: `jnp.sum` or `jnp.mean`.
        dtype: dtype of the results.
    Returns:  values (batch,) and weights (batch,), or None.
    Source:   Keras 3 `reduce_to_samplewise_values`.
    """
    mask = get_mask(values)
    values = dtypes.as_array(values).astype(dtype)
    if sample_weight is not None:
        weight = apply_mask(dtypes.as_array(sample_weight, dtype=dtype), mask, dtype, "sum")
        values, weight = align(values, weight)
        values = _reduce_from(weight.ndim, values, reduce)
        sample_weight = jnp.broadcast_to(weight, values.shape)
        values = values * sample_weight
        sample_weight = _reduce_from(1, sample_weight, reduce)
    return _reduce_from(1, values, reduce), sample_weight


def _reduce_from(axis, x, reduce):
    return reduce(x, axis=tuple(range(axis, x.ndim))) if x.ndim > axis else x


class Sum(Metric):
    """Sum values over batches.

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `Sum`.
    Example:
        >>> metric = Sum()
        >>> metric.update_state([1.0, 2.0])
        >>> float(metric([3.0], sample_weight=[2.0]))
        9.0
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")

    def update_state(self, values, sample_weight=None):
        """Add values, weighted if there are weights."""
        values, _ = reduce_to_samples(values, sample_weight, jnp.sum, self.dtype)
        self.total.assign_add(jnp.sum(values))

    def result(self):
        """Return the sum."""
        return self.total.value


class Mean(Metric):
    """Average values over batches.

    Maths:    sum_i w_i v_i / sum_i w_i over samples i; v_i is the mean of a sample's values
    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `Mean`.
    Example:
        >>> metric = Mean()
        >>> metric.update_state([1.0, 3.0])
        >>> float(metric([8.0]))
        4.0
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", dtype=self.dtype, name="total")
        self.count = self.add_variable((), "zeros", dtype=self.dtype, name="count")

    def update_state(self, values, sample_weight=None):
        """Take in values, weighted if there are weights."""
        values, weights = reduce_to_samples(values, sample_weight, jnp.mean, self.dtype)
        self.total.assign_add(jnp.sum(values))
        self.count.assign_add(values.size if weights is None else jnp.sum(weights))

    def result(self):
        """Return the mean, 0 before the first value."""
        return divide_no_nan(self.total.value, self.count.value)


class MeanMetricWrapper(Mean):
    """Average a function `(y_true, y_pred, **arguments)` of labels and predictions.

    A subclass with a constructor of its own says which function that is, so that its config holds the arguments only.

    Args:
        fn: the function; it returns a value for each sample, or for each element of each sample.
        name, dtype: see `Metric`.
        **kwargs: further arguments of the function.
    Mask:     one attached to the predictions leaves elements out.
    Source:   Keras 3 `MeanMetricWrapper`.
    Example:
        >>> float(MeanMetricWrapper(lambda y_true, y_pred: abs(y_true - y_pred))(jnp.ones(2), jnp.zeros(2)))
        1.0
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        if self._direction is None and is_loss(fn):
            self._direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in the function's values for a batch."""
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        super().update_state(values, apply_mask(sample_weight, get_mask(y_pred), self.dtype, "sum"))

    def get_config(self):
        """Return the constructor's arguments."""
        config = {**super().get_config(), **serialization.serialize_keras_object(self._fn_kwargs)}
        if type(self).__init__ is MeanMetricWrapper.__init__:
            config["fn"] = serialization.serialize_keras_object(self._fn)
        return config

    @classmethod
    def from_config(cls, config):
        """Make the metric that `config` describes."""
        if "fn" in config:
            config = serialization.deserialize_keras_object(config)
        return cls(**config)

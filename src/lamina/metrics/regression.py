"""How far numbers are from their labels, collected over batches."""

import jax.numpy as jnp

from lamina import losses
from lamina.core import dtypes
from lamina.losses.alignment import align, elementwise
from lamina.losses.wrapper import without_default
from lamina.metrics.reduction import Mean, MeanMetricWrapper


class MeanSquaredError(MeanMetricWrapper):
    """Average the squared differences.

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `MeanSquaredError`.
    Example:
        >>> float(MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
        2.0
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """Average the absolute differences.

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `MeanAbsoluteError`.
    Example:
        >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]]))
        1.0
    """

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Average the absolute differences in percent of the labels.

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `MeanAbsolutePercentageError`.
    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0, 1.0]], [[1.0, 1.0]]))
        25.0
    """

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Average the squared differences of log(1 + y).

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `MeanSquaredLogarithmicError`.
    Example:
        >>> float(MeanSquaredLogarithmicError()([[1.0]], [[1.0]]))
        0.0
    """

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class RootMeanSquaredError(Mean):
    """Take the root of the mean of the squared differences over all batches.

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `RootMeanSquaredError`.
    Example:
        >>> float(RootMeanSquaredError()([[0.0, 0.0]], [[3.0, 3.0]]))
        3.0
    """

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        y_true, y_pred = align(dtypes.as_array(y_true, dtype=self.dtype), dtypes.as_array(y_pred, dtype=self.dtype))
        super().update_state(jnp.square(y_pred - y_true), sample_weight)

    def result(self):
        """Return the root of the mean."""
        return jnp.sqrt(super().result())


@elementwise
def cosine_similarity(y_true, y_pred, axis=-1):
    """Return the cosine of the angle between the vectors along `axis`: 1 for the same direction.

    Example:
        >>> cosine_similarity([[0.0, 1.0]], [[0.0, 2.0]]).tolist()
        [1.0]
    """
    return -losses.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(MeanMetricWrapper):
    """Average the cosine of the angle between labels and predictions.

    Args:
        name, dtype: see `Metric`.
        axis: axis that a vector runs along.
    Source:   Keras 3 `CosineSimilarity`, which forgets `axis` in its config; here it is kept if it is not the last.
    Example:
        >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 2.0]]))
        1.0
    """

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(cosine_similarity, name, dtype, axis=axis)

    def get_config(self):
        """Return the constructor's arguments."""
        return without_default(super().get_config(), axis=-1)


class LogCoshError(MeanMetricWrapper):
    """Average log(cosh(difference)).

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `LogCoshError`.
    Example:
        >>> float(LogCoshError()([[1.0]], [[1.0]]))
        0.0
    """

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(losses.log_cosh, name, dtype)

"""Losses on numbers: how far each prediction is from its label."""

import jax
import jax.numpy as jnp

from lamina.core import config
from lamina.losses.alignment import elementwise
from lamina.losses.wrapper import LossFunctionWrapper, without_default


@elementwise
def mean_squared_error(y_true, y_pred):
    """Return the mean of the squared differences over the last axis.

    Shapes:   (batch, …, n), (batch, …, n) -> (batch, …)
    Example:
        >>> mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]]).tolist()
        [2.0]
    """
    return jnp.mean(jnp.square(y_true - y_pred), axis=-1)


@elementwise
def mean_absolute_error(y_true, y_pred):
    """Return the mean of the absolute differences over the last axis.

    Example:
        >>> mean_absolute_error([[0.0, 1.0]], [[2.0, 1.0]]).tolist()
        [1.0]
    """
    return jnp.mean(jnp.abs(y_true - y_pred), axis=-1)


@elementwise
def mean_absolute_percentage_error(y_true, y_pred):
    """Return the mean of the absolute differences, in percent of the labels, over the last axis.

    Example:
        >>> mean_absolute_percentage_error([[2.0, 1.0]], [[1.0, 1.0]]).tolist()
        [25.0]
    """
    scale = jnp.maximum(jnp.abs(y_true), config.epsilon())
    return 100.0 * jnp.mean(jnp.abs((y_true - y_pred) / scale), axis=-1)


@elementwise
def mean_squared_logarithmic_error(y_true, y_pred):
    """Return the mean of the squared differences of log(1 + y) over the last axis; negative values count as 0.

    Example:
        >>> mean_squared_logarithmic_error([[1.0]], [[1.0]]).tolist()
        [0.0]
    """
    return jnp.mean(jnp.square(_log_of_next(y_pred) - _log_of_next(y_true)), axis=-1)


def _log_of_next(y):
    return jnp.log(jnp.maximum(y, config.epsilon()) + 1.0)


@elementwise
def cosine_similarity(y_true, y_pred, axis=-1):
    """Return minus the cosine of the angle between the vectors along `axis`: -1 for the same direction.

    Example:
        >>> cosine_similarity([[0.0, 1.0]], [[0.0, 2.0]]).tolist()
        [-1.0]
    """
    return -jnp.sum(normalize(y_true, axis) * normalize(y_pred, axis), axis=axis)


def normalize(x, axis=-1):
    """Give the vectors along `axis` the length 1; zeros stay zeros, with a finite gradient.

    Example:
        >>> normalize(jnp.array([0.0, 5.0])).tolist()
        [0.0, 1.0]
    """
    squares = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(squares, config.epsilon() ** 2))


@elementwise
def huber(y_true, y_pred, delta=1.0):
    """Return the mean over the last axis of a penalty that is quadratic up to `delta` and linear beyond.

    Maths:    e^2 / 2 if |e| <= delta, else delta |e| - delta^2 / 2;  e = y_pred - y_true
    Example:
        >>> huber([[0.0, 0.0]], [[1.0, 3.0]]).tolist()
        [1.5]
    """
    error = jnp.abs(y_pred - y_true)
    return jnp.mean(jnp.where(error <= delta, 0.5 * error**2, delta * error - 0.5 * delta**2), axis=-1)


@elementwise
def log_cosh(y_true, y_pred):
    """Return the mean of log(cosh(y_pred - y_true)) over the last axis: x^2 / 2 for small x, |x| - log 2 for large.

    Example:
        >>> log_cosh([[1.0]], [[1.0]]).tolist()
        [0.0]
    """
    error = y_pred - y_true
    return jnp.mean(error + jax.nn.softplus(-2.0 * error) - jnp.log(2.0).astype(error.dtype), axis=-1)


class MeanSquaredError(LossFunctionWrapper):
    """Average the squared differences.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `MeanSquaredError`.
    Example:
        >>> float(MeanSquaredError()([[0.0, 1.0]], [[2.0, 1.0]]))
        2.0
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """Average the absolute differences.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `MeanAbsoluteError`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Average the absolute differences in percent of the labels.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `MeanAbsolutePercentageError`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Average the squared differences of log(1 + y).

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `MeanSquaredLogarithmicError`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """Average minus the cosine of the angle between labels and predictions.

    Args:
        axis: axis that a vector runs along.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `CosineSimilarity`, which forgets `axis` in its config; here it is kept if it is not the last.
    """

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)

    def get_config(self):
        """Return the constructor's arguments."""
        return without_default(super().get_config(), axis=-1)


class Huber(LossFunctionWrapper):
    """Average a penalty that is quadratic up to `delta` and linear beyond, so that outliers pull less.

    Args:
        delta: where the penalty becomes linear.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `Huber`, which forgets `delta` in its config; here it is kept if it is not 1.
    """

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)

    def get_config(self):
        """Return the constructor's arguments."""
        return without_default(super().get_config(), delta=1.0)


class LogCosh(LossFunctionWrapper):
    """Average log(cosh(difference)).

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `LogCosh`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)

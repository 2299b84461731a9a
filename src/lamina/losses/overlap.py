"""Losses on regions: how much of the predicted region lies on the true one."""

import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.losses.alignment import comparison
from lamina.losses.wrapper import LossFunctionWrapper


@comparison
def dice(y_true, y_pred, axis=None):
    """Return 1 minus the Dice coefficient.

    Maths:    1 - 2 sum(y p) / (sum y + sum p + epsilon)
    Args:
        y_true: labels 0 or 1, shaped like `y_pred`.
        y_pred: probabilities.
        axis: axes of one region; all by default.
    Source:   Keras 3 `dice`.
    Example:
        >>> round(float(dice([[0.0, 1.0]], [[1.0, 1.0]])), 3)
        0.333
    """
    y_true, y_pred = _same_dtype(y_true, y_pred)
    common = jnp.sum(y_true * y_pred, axis=axis)
    return 1.0 - 2.0 * common / (jnp.sum(y_true, axis=axis) + jnp.sum(y_pred, axis=axis) + config.epsilon())


@comparison
def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """Return 1 minus the Tversky index, a Dice coefficient with two weights.

    Maths:    1 - c / (c + alpha sum(y (1 - p)) + beta sum((1 - y) p) + epsilon);  c = sum(y p)
    Args:
        y_true: labels 0 or 1, shaped like `y_pred`.
        y_pred: probabilities.
        alpha: weight of what is true and not predicted.
        beta: weight of what is predicted and not true.
        axis: axes of one region; all by default.
    Source:   Keras 3 `tversky`; Salehi et al. 2017.
    Example:
        >>> round(float(tversky([[0.0, 1.0]], [[1.0, 1.0]])), 3)
        0.333
    """
    y_true, y_pred = _same_dtype(y_true, y_pred)
    common = jnp.sum(y_true * y_pred, axis=axis)
    missed = jnp.sum(y_true * (1.0 - y_pred), axis=axis)
    invented = jnp.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - common / (common + alpha * missed + beta * invented + config.epsilon())


def _same_dtype(y_true, y_pred):
    y_pred = dtypes.as_array(y_pred)
    return dtypes.as_array(y_true, dtype=y_pred.dtype), y_pred


class Dice(LossFunctionWrapper):
    """Compute 1 minus the Dice coefficient.

    Args:
        axis: see `dice`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `Dice`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)
        self.axis = axis


class Tversky(LossFunctionWrapper):
    """Compute 1 minus the Tversky index.

    Args:
        alpha, beta, axis: see `tversky`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `Tversky`.
    """

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
        self.alpha = alpha
        self.beta = beta
        self.axis = axis

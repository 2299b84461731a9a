"""Losses that ask for a margin between classes."""

import jax.numpy as jnp

from lamina.losses.alignment import elementwise
from lamina.losses.wrapper import LossFunctionWrapper


def _signs(y_true):
    """Turn labels 0 and 1 into -1 and 1; labels that are not all 0 or 1 stay."""
    is_binary = jnp.all((y_true == 0) | (y_true == 1))
    return jnp.where(is_binary, 2.0 * y_true - 1.0, y_true)


@elementwise
def hinge(y_true, y_pred):
    """Return the mean of max(1 - y_true * y_pred, 0) over the last axis; labels are -1 and 1, or 0 and 1.

    Example:
        >>> hinge([[-1.0, 1.0]], [[-2.0, 0.5]]).tolist()
        [0.25]
    """
    return jnp.mean(jnp.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


@elementwise
def squared_hinge(y_true, y_pred):
    """Return the mean of max(1 - y_true * y_pred, 0)^2 over the last axis; labels are -1 and 1, or 0 and 1.

    Example:
        >>> squared_hinge([[-1.0, 1.0]], [[-2.0, 0.5]]).tolist()
        [0.125]
    """
    return jnp.mean(jnp.square(jnp.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


@elementwise
def categorical_hinge(y_true, y_pred):
    """Return how much the best wrong class falls short of being 1 below the right one, over the last axis.

    Maths:    max(max_wrong - right + 1, 0)
    Example:
        >>> categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]]).tolist()
        [0.5]
    """
    right = jnp.sum(y_true * y_pred, axis=-1)
    wrong = jnp.max((1.0 - y_true) * y_pred, axis=-1)
    return jnp.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper):
    """Average max(1 - y_true * y_pred, 0).

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `Hinge`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """Average max(1 - y_true * y_pred, 0)^2.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `SquaredHinge`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """Average how much the best wrong class falls short of being 1 below the right one.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `CategoricalHinge`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)

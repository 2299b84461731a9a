"""Margins between classes, collected over batches."""

from lamina import losses
from lamina.metrics.reduction import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """Average max(1 - y_true * y_pred, 0).

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `Hinge`.
    Example:
        >>> float(Hinge()([[-1.0, 1.0]], [[-2.0, 0.5]]))
        0.25
    """

    def __init__(self, name="hinge", dtype=None):
        super().__init__(losses.hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """Average max(1 - y_true * y_pred, 0)^2.

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `SquaredHinge`.
    Example:
        >>> float(SquaredHinge()([[-1.0, 1.0]], [[-2.0, 0.5]]))
        0.125
    """

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Average how much the best wrong class falls short of being 1 below the right one.

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `CategoricalHinge`.
    Example:
        >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
        0.5
    """

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name, dtype)

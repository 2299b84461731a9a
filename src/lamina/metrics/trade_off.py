"""The best of one quality that can be had while another one is good enough, over all thresholds."""

import jax.numpy as jnp

from lamina.metrics.confusion import CountingMetric
from lamina.metrics.counting import thresholds_between


class TradeOff(CountingMetric):
    """Base of these metrics; a subclass defines `qualities`.

    Args:
        given: least value of the first quality [fraction 0-1].
        num_thresholds: how many thresholds are tried [count].
        class_id: the only class that counts.
        name, dtype: see `Metric`.
    """

    _direction = "up"
    _given = None
    """Name of the constructor's argument that says how good the first quality must be."""
    _counts = ("true_positives", "false_positives", "true_negatives", "false_negatives")

    def __init__(self, given, num_thresholds=200, class_id=None, name=None, dtype=None):
        if not 0 <= given <= 1:
            raise ValueError(f"Argument `{self._given}` must be in the range [0, 1]. Received: {self._given}={given}")
        if num_thresholds <= 0:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 0. Received: num_thresholds={num_thresholds}"
            )
        super().__init__(name=name, dtype=dtype)
        self.value = given
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self._add_counts(_spread(num_thresholds))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        self._count(y_true, y_pred, sample_weight, class_id=self.class_id)

    def qualities(self):
        """Return the quality that must be good enough, and the one that is to be large, for each threshold."""
        raise NotImplementedError

    def result(self):
        """Return the best value of the second quality, 0 if the first is never good enough."""
        first, second = self.qualities()
        return jnp.max(jnp.where(first >= self.value, second, 0), initial=0)

    def get_config(self):
        """Return the constructor's arguments."""
        config = {"class_id": self.class_id, "num_thresholds": self.num_thresholds, self._given: self.value}
        return {**super().get_config(), **config}

    def _recall(self):
        return self._ratio("true_positives", "false_negatives")

    def _specificity(self):
        return self._ratio("true_negatives", "false_positives")

    def _precision(self):
        return self._ratio("true_positives", "false_positives")


def _spread(count):
    """Return `count` thresholds from 0 to 1; 0.5 if it is one only."""
    if count == 1:
        return [0.5]
    return [0.0, *thresholds_between(count), 1.0]


class SensitivityAtSpecificity(TradeOff):
    """Tell the best sensitivity (recall) at a threshold where the specificity is good enough [fraction 0-1].

    Args:
        specificity: least part of the labels of no that must be found [fraction 0-1].
        num_thresholds: how many thresholds are tried [count].
        class_id: the only class that counts.
        name, dtype: see `Metric`.
    Raises:   ValueError for a specificity outside 0 to 1, or no thresholds.
    Source:   Keras 3 `SensitivityAtSpecificity`.
    Example:
        >>> float(SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    _given = "specificity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def qualities(self):
        """Return specificities and sensitivities."""
        return self._specificity(), self._recall()


class SpecificityAtSensitivity(TradeOff):
    """Tell the best specificity at a threshold where the sensitivity (recall) is good enough [fraction 0-1].

    Args:
        sensitivity: least part of the labels of yes that must be found [fraction 0-1].
        num_thresholds: how many thresholds are tried [count].
        class_id: the only class that counts.
        name, dtype: see `Metric`.
    Raises:   ValueError for a sensitivity outside 0 to 1, or no thresholds.
    Source:   Keras 3 `SpecificityAtSensitivity`.
    Example:
        >>> round(float(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])), 3)
        0.667
    """

    _given = "sensitivity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def qualities(self):
        """Return sensitivities and specificities."""
        return self._recall(), self._specificity()


class PrecisionAtRecall(TradeOff):
    """Tell the best precision at a threshold where the recall is good enough [fraction 0-1].

    Args:
        recall: least part of the labels of yes that must be found [fraction 0-1].
        num_thresholds: how many thresholds are tried [count].
        class_id: the only class that counts.
        name, dtype: see `Metric`.
    Raises:   ValueError for a recall outside 0 to 1, or no thresholds.
    Source:   Keras 3 `PrecisionAtRecall`.
    Example:
        >>> float(PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    _given = "recall"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def qualities(self):
        """Return recalls and precisions."""
        return self._recall(), self._precision()


class RecallAtPrecision(TradeOff):
    """Tell the best recall at a threshold where the precision is good enough [fraction 0-1].

    Args:
        precision: least part of the predictions of yes that must be right [fraction 0-1].
        num_thresholds: how many thresholds are tried [count].
        class_id: the only class that counts.
        name, dtype: see `Metric`.
    Raises:   ValueError for a precision outside 0 to 1, or no thresholds.
    Source:   Keras 3 `RecallAtPrecision`.
    Example:
        >>> float(RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
        0.5
    """

    _given = "precision"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def qualities(self):
        """Return precisions and recalls."""
        return self._precision(), self._recall()

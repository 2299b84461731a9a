"""Right and wrong yes-or-no predictions, collected over batches: counts, precision, recall."""

from lamina.losses.loss import divide_no_nan
from lamina.metrics.counting import LOWEST, as_thresholds, count
from lamina.metrics.metric import Metric


class CountingMetric(Metric):
    """Base of metrics on counts at thresholds; a subclass says in `_counts` which counts its variables keep."""

    _counts = ()
    """Names of counts, which are those of the variables."""

    def _add_counts(self, thresholds):
        self.thresholds = thresholds
        for name in self._counts:
            setattr(self, name, self.add_variable((len(thresholds),), "zeros", name=name))

    def _count(self, y_true, y_pred, sample_weight, **how):
        dtype = self.variables[0].dtype
        counts = count(y_true, y_pred, self.thresholds, sample_weight, dtype, **how)
        for name in self._counts:
            getattr(self, name).assign_add(getattr(counts, name))

    def _ratio(self, right, wrong):
        """Return right / (right + wrong) of two counts."""
        right, wrong = getattr(self, right).value, getattr(self, wrong).value
        return divide_no_nan(right, right + wrong)


class _Count(Metric):
    """Base of metrics that are one count; a subclass says in `_kind` which."""

    _kind = None

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = as_thresholds(thresholds)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        counts = count(y_true, y_pred, self.thresholds, sample_weight, self.accumulator.dtype)
        self.accumulator.assign_add(getattr(counts, self._kind))

    def result(self):
        """Return the count, an array if there are several thresholds."""
        return _one_or_all(self.accumulator.value)

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


def _one_or_all(values):
    return values[0] if len(values) == 1 else values


class FalsePositives(_Count):
    """Count predictions of yes where the label is no.

    Args:
        thresholds: a prediction above it means yes; one number, by default 0.5, or a list [fraction 0-1].
        name, dtype: see `Metric`.
    Source:   Keras 3 `FalsePositives`.
    Example:
        >>> float(FalsePositives()([0, 1, 0, 0], [0, 0, 1, 1]))
        2.0
    """

    _kind = "false_positives"


class FalseNegatives(_Count):
    """Count predictions of no where the label is yes.

    Args:
        thresholds: a prediction above it means yes; one number, by default 0.5, or a list [fraction 0-1].
        name, dtype: see `Metric`.
    Source:   Keras 3 `FalseNegatives`.
    Example:
        >>> float(FalseNegatives()([0, 1, 1, 1], [0, 1, 0, 0]))
        2.0
    """

    _kind = "false_negatives"


class TrueNegatives(_Count):
    """Count predictions of no where the label is no.

    Args:
        thresholds: a prediction above it means yes; one number, by default 0.5, or a list [fraction 0-1].
        name, dtype: see `Metric`.
    Source:   Keras 3 `TrueNegatives`.
    Example:
        >>> float(TrueNegatives()([0, 1, 0, 0], [1, 1, 0, 0]))
        2.0
    """

    _kind = "true_negatives"


class TruePositives(_Count):
    """Count predictions of yes where the label is yes.

    Args:
        thresholds: a prediction above it means yes; one number, by default 0.5, or a list [fraction 0-1].
        name, dtype: see `Metric`.
    Source:   Keras 3 `TruePositives`.
    Example:
        >>> float(TruePositives()([0, 1, 1, 1], [1, 0, 1, 1]))
        2.0
    """

    _kind = "true_positives"


class _Quality(CountingMetric):
    """Base of precision and recall."""

    _direction = "up"

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self._add_counts(as_thresholds(thresholds, default=0.5 if top_k is None else LOWEST))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        self._count(y_true, y_pred, sample_weight, top_k=self.top_k, class_id=self.class_id)

    def result(self):
        """Return the fraction, an array if there are several thresholds; 0 where there is nothing to divide by."""
        return _one_or_all(self._ratio(*self._counts))

    def get_config(self):
        """Return the constructor's arguments."""
        config = {"thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}
        return {**super().get_config(), **config}


class Precision(_Quality):
    """Tell which part of the predictions of yes is right [fraction 0-1].

    Maths:    true positives / (true positives + false positives)
    Args:
        thresholds: a prediction above it means yes; one number, by default 0.5, or a list [fraction 0-1].
        top_k: how many predictions of a sample, the largest ones, may mean yes; then there is no threshold by default.
        class_id: the only class that counts.
        name, dtype: see `Metric`.
    Source:   Keras 3 `Precision`.
    Example:
        >>> round(float(Precision()([0, 1, 1, 1], [1, 0, 1, 1])), 3)
        0.667
    """

    _counts = ("true_positives", "false_positives")


class Recall(_Quality):
    """Tell which part of the labels of yes is found [fraction 0-1].

    Maths:    true positives / (true positives + false negatives)
    Args:
        thresholds: a prediction above it means yes; one number, by default 0.5, or a list [fraction 0-1].
        top_k: how many predictions of a sample, the largest ones, may mean yes; then there is no threshold by default.
        class_id: the only class that counts.
        name, dtype: see `Metric`.
    Source:   Keras 3 `Recall`.
    Example:
        >>> round(float(Recall()([0, 1, 1, 1], [1, 0, 1, 1])), 3)
        0.667
    """

    _counts = ("true_positives", "false_negatives")

"""The area under a curve that all thresholds draw."""

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.losses.loss import divide_no_nan
from lamina.metrics.counting import count, thresholds_between
from lamina.metrics.metric import Metric

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "majoring", "minoring")
_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class AUC(Metric):
    """Measure the area under the curve of two qualities, drawn by the thresholds from 0 to 1 [fraction 0-1].

    Maths:    ROC: recall over false positives / all no;  PR: precision over recall;
              PRGAIN: precision gain over recall gain, 1 - (all yes / all no) * false / true positives
    Args:
        num_thresholds: how many thresholds there are; more come closer to the true area [count, > 1].
        curve: "ROC", "PR" or "PRGAIN".
        summation_method: height between two thresholds: "interpolation" (the mean; for "PR" that of Davis and
            Goadrich), "minoring" (the smaller) or "majoring" (the larger).
        name, dtype: see `Metric`.
        thresholds: list of them, in place of `num_thresholds` even ones.
        multi_label: whether each column has a curve for itself, and the areas are averaged.
        num_labels: number of columns, if there are curves for each and they shall be made at once [count].
        label_weights: weights of the columns.
        from_logits: whether predictions are logits.
    Raises:   ValueError for an unknown curve or summation, too few thresholds, or `num_labels` without `multi_label`.
    Source:   Keras 3 `AUC`; Davis and Goadrich 2006; Flach and Kull 2015.
    Example:
        >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]))
        0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        super().__init__(name=name, dtype=dtype)
        self.curve = _one_of("curve", curve, CURVES, str.upper)
        self.summation_method = _one_of("summation method", summation_method, SUMMATIONS, str.lower)
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={num_thresholds}"
            )
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        self._init_thresholds = thresholds
        self._thresholds = _with_ends(thresholds, num_thresholds)
        self.num_thresholds = len(self._thresholds)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else dtypes.as_array(label_weights, dtype=self.dtype)
        self._from_logits = from_logits
        if not multi_label:
            self._build(())
        elif num_labels:
            self._build((num_labels,))

    @property
    def thresholds(self):
        """The thresholds, one below 0 and one above 1 among them."""
        return list(self._thresholds)

    def _build(self, labels):
        for name in _COUNTS:
            setattr(self, name, self.add_variable((self.num_thresholds, *labels), "zeros", name=name))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        y_pred = dtypes.as_array(y_pred)
        if not self.variables:
            self._build(_labels(y_pred))
        counts = count(
            y_true,
            jax.nn.sigmoid(y_pred) if self._from_logits else y_pred,
            self._thresholds,
            sample_weight,
            self.true_positives.dtype,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )
        for name in _COUNTS:
            getattr(self, name).assign_add(getattr(counts, name))

    def result(self):
        """Return the area."""
        counts = [getattr(self, name).value for name in _COUNTS]
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated_areas(*counts)
        else:
            x, y = _CURVES[self.curve](*counts)
            areas = (x[:-1] - x[1:]) * _HEIGHTS[self.summation_method](y[:-1], y[1:])
        area = jnp.sum(areas, axis=0)  # () or (labels,)
        if not self.multi_label:
            return area
        if self.label_weights is None:
            return jnp.mean(area)
        return divide_no_nan(jnp.sum(area * self.label_weights), jnp.sum(self.label_weights))

    def get_config(self):
        """Return the constructor's arguments."""
        settings = {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self._from_logits,
        }
        if self._init_thresholds is not None:
            settings["thresholds"] = self.thresholds[1:-1]
        return {**super().get_config(), **settings}


def _one_of(argument, value, known, spell):
    if spell(value) not in known:
        raise ValueError(f'Invalid AUC {argument} value: "{value}". Expected values are {list(known)}')
    return spell(value)


def _with_ends(thresholds, count):
    """Return thresholds with one that all predictions pass in front, and one that none passes behind."""
    inner = thresholds_between(count) if thresholds is None else sorted(thresholds)
    return [-config.epsilon(), *inner, 1.0 + config.epsilon()]


def _labels(y_pred):
    if y_pred.ndim != 2:
        raise ValueError(
            f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {y_pred.ndim}. "
            f"Full shape received for `y_pred`: {y_pred.shape}"
        )
    return y_pred.shape[1:]


def _roc(tp, fp, tn, fn):
    return divide_no_nan(fp, fp + tn), divide_no_nan(tp, tp + fn)


def _precision_recall(tp, fp, tn, fn):
    return divide_no_nan(tp, tp + fn), divide_no_nan(tp, tp + fp)


def _gains(tp, fp, tn, fn):
    odds = divide_no_nan(tp + fn, tn + fp)
    recall_gain = jnp.where(tp == 0, 0.0, 1.0 - odds * divide_no_nan(fn, tp))
    precision_gain = jnp.where(tp == 0, 1.0, 1.0 - odds * divide_no_nan(fp, tp))
    return jnp.maximum(recall_gain, 0.0), precision_gain


_CURVES = {"ROC": _roc, "PR": _precision_recall, "PRGAIN": _gains}
_HEIGHTS = {"interpolation": lambda a, b: (a + b) / 2, "minoring": jnp.minimum, "majoring": jnp.maximum}


def _interpolated_areas(tp, fp, tn, fn):
    """Return the areas under the precision-recall curve if true positives grow linearly between thresholds.

    With P = tp + fp, precision is (slope * P + intercept) / P there, whose integral has a logarithm.
    """
    passed = tp + fp
    gained = tp[:-1] - tp[1:]
    slope = divide_no_nan(gained, jnp.maximum(passed[:-1] - passed[1:], 0))
    intercept = tp[1:] - slope * passed[1:]
    both = (passed[:-1] > 0) & (passed[1:] > 0)
    ratio = jnp.where(both, divide_no_nan(passed[:-1], passed[1:]), 1.0)
    return divide_no_nan(slope * (gained + intercept * jnp.log(ratio)), jnp.maximum(tp[1:] + fn[1:], 0))

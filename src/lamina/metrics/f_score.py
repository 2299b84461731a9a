"""Precision and recall in one number."""

import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.metrics.metric import Metric

_AVERAGES = (None, "micro", "macro", "weighted")
_COUNTS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")


class FBetaScore(Metric):
    """Take a mean of precision and recall in which recall counts `beta` times as much [fraction 0-1].

    Maths:    (1 + beta^2) precision * recall / (beta^2 precision + recall)
    Args:
        average: None (a score for each class), "micro" (all classes counted as one), "macro" (the mean of the scores)
            or "weighted" (that weighted by how often a class is labelled).
        beta: weight of recall, a float above 0.
        threshold: predictions above it mean yes [fraction 0-1]; None: only the largest of a sample does.
        name, dtype: see `Metric`.
    Raises:   ValueError for an argument that is none, or inputs that are no matrices.
    Source:   Keras 3 `FBetaScore`.
    Example:
        >>> metric = FBetaScore(beta=2.0, threshold=0.5)
        >>> score = metric([[1.0, 0.0], [1.0, 1.0]], [[0.9, 0.8], [0.1, 0.6]])
        >>> [round(x, 3) for x in score.tolist()]
        [0.556, 0.833]
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ValueError(
                "Invalid `average` argument value. Expected one of: {None, 'micro', 'macro', 'weighted'}. "
                f"Received: average={average}"
            )
        _require_float("beta", beta)
        if beta <= 0.0:
            raise ValueError(f"Invalid `beta` argument value. It should be > 0. Received: beta={beta}")
        if threshold is not None:
            _require_float("threshold", threshold)
            if not 0.0 < threshold <= 1.0:
                raise ValueError(
                    "Invalid `threshold` argument value. It should verify 0 < threshold <= 1. "
                    f"Received: threshold={threshold}"
                )
        self.average = average
        self.beta = beta
        self.threshold = threshold

    def _build(self, y_true_shape, y_pred_shape):
        received = f"Received input shapes: y_pred.shape={y_pred_shape} and y_true.shape={y_true_shape}."
        wanted = f"{type(self).__name__} expects 2D inputs with shape (batch_size, output_dim)"
        if len(y_true_shape) != 2 or len(y_pred_shape) != 2:
            raise ValueError(f"{wanted}. {received}")
        if y_true_shape[-1] is None or y_pred_shape[-1] is None:
            raise ValueError(f"{wanted}, with output_dim fully defined (not None). {received}")
        shape = () if self.average == "micro" else y_pred_shape[1:]
        for name in _COUNTS:
            setattr(self, name, self.add_variable(shape, "zeros", dtype=self.dtype, name=name))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        y_true, y_pred = dtypes.as_array(y_true, dtype=self.dtype), dtypes.as_array(y_pred, dtype=self.dtype)
        if not self.variables:
            self._build(y_true.shape, y_pred.shape)
        weight = 1 if sample_weight is None else dtypes.as_array(sample_weight, dtype=self.dtype)[:, None]
        axis = None if self.average == "micro" else 0
        is_yes = self._decide(y_pred).astype(self.dtype)
        counts = (is_yes * y_true, is_yes * (1 - y_true), (1 - is_yes) * y_true, y_true)
        for name, elements in zip(_COUNTS, counts, strict=True):
            getattr(self, name).assign_add(jnp.sum(elements * weight, axis=axis))

    def _decide(self, y_pred):
        if self.threshold is not None:
            return y_pred > self.threshold
        return (y_pred >= jnp.max(y_pred, axis=-1, keepdims=True)) & (jnp.abs(y_pred) > 1e-9)

    def result(self):
        """Return the score, one for each class if they are not averaged."""
        true, invented, missed, labelled = (getattr(self, name).value for name in _COUNTS)
        precision = true / (true + invented + config.epsilon())
        recall = true / (true + missed + config.epsilon())
        score = (1 + self.beta**2) * precision * recall / (self.beta**2 * precision + recall + config.epsilon())
        if self.average == "weighted":
            return jnp.sum(score * labelled / (jnp.sum(labelled) + config.epsilon()))
        return score if self.average is None else jnp.mean(score)

    def get_config(self):
        """Return the constructor's arguments."""
        settings = {"average": self.average, "beta": self.beta, "threshold": self.threshold}
        return {**super().get_config(), **settings}


def _require_float(name, value):
    if not isinstance(value, float):
        raise ValueError(
            f"Invalid `{name}` argument value. It should be a Python float. Received: {name}={value} of type "
            f"'{type(value)}'"
        )


class F1Score(FBetaScore):
    """Take the harmonic mean of precision and recall [fraction 0-1].

    Args:
        average, threshold: see `FBetaScore`.
        name, dtype: see `Metric`.
    Source:   Keras 3 `F1Score`.
    Example:
        >>> [
        ...     round(score, 3)
        ...     for score in F1Score(threshold=0.5)([[1.0, 0.0], [1.0, 1.0]], [[0.9, 0.8], [0.1, 0.6]]).tolist()
        ... ]
        [0.667, 0.667]
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self):
        """Return the constructor's arguments."""
        return {name: value for name, value in super().get_config().items() if name != "beta"}

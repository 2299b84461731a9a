"""How much predictions rise and fall with their labels."""

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes, errors
from lamina.losses.alignment import align, elementwise
from lamina.metrics.metric import Metric
from lamina.metrics.reduction import MeanMetricWrapper


@elementwise
def pearson_correlation(y_true, y_pred, axis=-1):
    """Return Pearson's correlation along `axis`: 1 if one is a rising straight line of the other.

    Example:
        >>> print(pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 2.0, 3.0]]).round(3))
        [1.]
    """
    return jnp.mean(_standardize(y_true, axis) * _standardize(y_pred, axis), axis=axis)


def _standardize(x, axis):
    return (x - jnp.mean(x, axis=axis, keepdims=True)) / jnp.std(x, axis=axis, keepdims=True)


@elementwise
def concordance_correlation(y_true, y_pred, axis=-1):
    """Return the concordance correlation along `axis`: 1 if both are equal; other means or spreads count as errors.

    Maths:    2 cov(y, p) / (var y + var p + (mean y - mean p)^2 + epsilon)
    Example:
        >>> print(concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).round(3))
        [1.]
    """
    mean_true, mean_pred = jnp.mean(y_true, axis=axis, keepdims=True), jnp.mean(y_pred, axis=axis, keepdims=True)
    spread = jnp.var(y_true, axis=axis, keepdims=True) + jnp.var(y_pred, axis=axis, keepdims=True)
    covariance = (y_true - mean_pred) * (y_pred - mean_pred)  # any constant may be taken from `y_true`
    distance = jnp.square(mean_true - mean_pred)
    return jnp.mean(2 * covariance / (spread + distance + config.epsilon()), axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """Average Pearson's correlation.

    Args:
        name, dtype: see `Metric`.
        axis: axis that a series runs along.
    Source:   Keras 3 `PearsonCorrelation`.
    """

    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """Average the concordance correlation.

    Args:
        name, dtype: see `Metric`.
        axis: axis that a series runs along.
    Source:   Keras 3 `ConcordanceCorrelation`; Lin 1989.
    """

    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis


class R2Score(Metric):
    """Tell which part of the labels' variance the predictions explain: 1 is all, 0 no more than their mean does.

    Maths:    1 - sum w (y - p)^2 / sum w (y - mean y)^2, for each column
    Args:
        class_aggregation: "uniform_average" (the mean over columns), "variance_weighted_average", or None (each).
        num_regressors: number of inputs of the model, to adjust for; 0 does not [count].
        name, dtype: see `Metric`.
    Raises:   ValueError for an argument that is none, or inputs that are no matrices.
    Source:   Keras 3 `R2Score`.
    Example:
        >>> round(float(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])), 3)
        0.571
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        known = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in known:
            raise ValueError(
                f"Invalid value for argument `class_aggregation`. Expected one of {known}. "
                f"Received: class_aggregation={class_aggregation}"
            )
        if num_regressors < 0:
            raise ValueError(
                "Invalid value for argument `num_regressors`. Expected a value >= 0. "
                f"Received: num_regressors={num_regressors}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, y_true, y_pred):
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                "R2Score expects 2D inputs with shape (batch_size, output_dim). "
                f"Received input shapes: y_pred.shape={y_pred.shape} and y_true.shape={y_true.shape}."
            )
        columns = y_pred.shape[1:]
        self.squared_sum = self.add_variable(columns, "zeros", name="squared_sum")
        self.sum = self.add_variable(columns, "zeros", name="sum")
        self.total_mse = self.add_variable(columns, "zeros", name="residual")
        self.count = self.add_variable(columns, "zeros", name="count")
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        y_true, y_pred = align(dtypes.as_array(y_true, dtype=self.dtype), dtypes.as_array(y_pred, dtype=self.dtype))
        if not self._built:
            self._build(y_true, y_pred)
        weight = dtypes.as_array(1 if sample_weight is None else sample_weight, dtype=self.dtype)
        weight = jnp.broadcast_to(weight[:, None] if weight.ndim == 1 else weight, y_true.shape)
        self.sum.assign_add(jnp.sum(weight * y_true, axis=0))
        self.squared_sum.assign_add(jnp.sum(weight * y_true**2, axis=0))
        self.total_mse.assign_add(jnp.sum(weight * (y_true - y_pred) ** 2, axis=0))
        self.count.assign_add(jnp.sum(weight, axis=0))
        self.num_samples.assign_add(y_true.size)

    def result(self):
        """Return the score, one for each column if they are not averaged."""
        total = self.squared_sum.value - self.sum.value * (self.sum.value / self.count.value)
        scores = 1 - self.total_mse.value / total
        scores = jnp.where(jnp.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = jnp.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = jnp.sum(total * scores) / jnp.sum(total)
        return self._adjust(scores) if self.num_regressors else scores

    def _adjust(self, score):
        freedom = self.num_samples.value - self.num_regressors - 1
        if not isinstance(freedom, jax.core.Tracer) and freedom <= 0:
            errors.warn(
                "L332",
                f"{self.name} is not adjusted: {int(self.num_samples)} values are too few "
                f"for {self.num_regressors} regressors.",
            )
        adjusted = 1 - (1 - score) * (self.num_samples.value - 1) / jnp.where(freedom > 0, freedom, 1)
        return jnp.where(freedom > 0, adjusted, score)

    def get_config(self):
        """Return the constructor's arguments."""
        settings = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return {**super().get_config(), **settings}

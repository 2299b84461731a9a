"""How often the prediction is the label."""

import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.core.errors import LossError, describe, message
from lamina.losses.alignment import align, comparison
from lamina.losses.wrapper import without_default
from lamina.metrics.reduction import MeanMetricWrapper


@comparison
def accuracy(y_true, y_pred):
    """Return 1 where prediction and label are equal, else 0.

    Example:
        >>> accuracy([1, 2], [1, 3]).tolist()
        [1.0, 0.0]
    """
    y_pred = dtypes.as_array(y_pred)
    y_true, y_pred = align(dtypes.as_array(y_true, dtype=y_pred.dtype), y_pred)
    return _as_numbers(y_true == y_pred)


@comparison
def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Return 1 where the prediction is above `threshold` and the label is 1, or neither, else 0.

    Example:
        >>> binary_accuracy([1.0, 1.0], [0.6, 0.4]).tolist()
        [1.0, 0.0]
    """
    y_true, y_pred = align(dtypes.as_array(y_true), dtypes.as_array(y_pred))
    return _as_numbers(y_true == (y_pred > threshold).astype(y_true.dtype))


@comparison
def categorical_accuracy(y_true, y_pred):
    """Return 1 where the largest prediction stands where the largest label stands, else 0.

    Shapes:   (batch, …, classes), (batch, …, classes) -> (batch, …)
    Example:
        >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    return _class_accuracy(jnp.argmax(dtypes.as_array(y_true), axis=-1), dtypes.as_array(y_pred))


@comparison
def sparse_categorical_accuracy(y_true, y_pred):
    """Return 1 where the largest prediction stands at the number of the class, else 0.

    Shapes:   (batch, …) or (batch, …, 1), (batch, …, classes) -> (batch, …)
    Raises:   LossError L334 (a ValueError) for one-hot labels: they would be compared with class numbers.
    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    matches = _class_accuracy(dtypes.as_array(y_true), dtypes.as_array(y_pred))
    return jnp.squeeze(matches, axis=-1) if matches.ndim > 1 and matches.shape[-1] == 1 else matches


def _class_accuracy(labels, y_pred):
    predicted = jnp.argmax(y_pred, axis=-1)
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        predicted = predicted[..., None]
    elif labels.ndim == y_pred.ndim > 1 and labels.shape[-1] == y_pred.shape[-1]:
        raise LossError(
            message(
                "L334",
                f"sparse_categorical_accuracy wants class numbers; it got labels {describe(labels)}.",
                why="the labels look one-hot: one column for each class.",
                fix='metrics=["accuracy"]    # it takes the form that suits the labels',
            )
        )
    return _as_numbers(labels == predicted.astype(labels.dtype))


@comparison
def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Return 1 where fewer than `k` predictions are larger than that of the largest label, else 0.

    Shapes:   (batch, …, classes), (batch, …, classes) -> (batch, …)
    Example:
        >>> top_k_categorical_accuracy([[1, 0, 0], [0, 1, 0]], [[0.1, 0.3, 0.6], [0.1, 0.3, 0.6]], k=2).tolist()
        [0.0, 1.0]
    """
    return _in_top_k(jnp.argmax(dtypes.as_array(y_true), axis=-1), dtypes.as_array(y_pred), k)


@comparison
def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """Return 1 where fewer than `k` predictions are larger than that of the class, else 0.

    Shapes:   (batch, …) or (batch, …, 1), (batch, …, classes) -> like the labels
    Args:
        y_true: class numbers.
        y_pred: a score for each class; or class numbers, the best one first.
        k: how many guesses are allowed [count].
        from_sorted_ids: whether `y_pred` are class numbers.
    Example:
        >>> sparse_top_k_categorical_accuracy([0, 1], [[0.1, 0.3, 0.6], [0.1, 0.3, 0.6]], k=2).tolist()
        [0.0, 1.0]
    """
    labels, y_pred = dtypes.as_array(y_true), dtypes.as_array(y_pred)
    if from_sorted_ids:
        rows = y_pred.reshape(-1, y_pred.shape[-1])[:, :k]
        matches = jnp.any(labels.reshape(-1, 1).astype(rows.dtype) == rows, axis=-1)
        return _as_numbers(matches.reshape(labels.shape))
    return _in_top_k(labels.astype("int32"), y_pred, k)


def _in_top_k(labels, y_pred, k):
    rows = y_pred.reshape(-1, y_pred.shape[-1])  # (elements, classes)
    of_label = jnp.take_along_axis(rows, labels.reshape(-1, 1), axis=-1)
    of_label = jnp.where(jnp.isnan(of_label), -jnp.inf, of_label)  # also where there is no such class
    larger = jnp.sum(rows > of_label, axis=-1)
    return _as_numbers((larger < k).reshape(labels.shape))


def _as_numbers(matches):
    return matches.astype(config.floatx())


class Accuracy(MeanMetricWrapper):
    """Count how often prediction and label are equal [fraction 0-1].

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `Accuracy`. For probabilities there are `BinaryAccuracy`, `CategoricalAccuracy`, ….
    Example:
        >>> float(Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]))
        0.75
    """

    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """Count how often a yes-or-no prediction is right [fraction 0-1].

    Args:
        name, dtype: see `Metric`.
        threshold: predictions above it mean yes. For logits that is 0.
    Source:   Keras 3 `BinaryAccuracy`.
    Example:
        >>> float(BinaryAccuracy()([1, 1, 0, 0], [0.98, 1, 0, 0.6]))
        0.75
    """

    _direction = "up"

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """Count how often the likeliest class is that of the one-hot label [fraction 0-1].

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `CategoricalAccuracy`.
    Example:
        >>> float(CategoricalAccuracy()([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
        0.5
    """

    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """Count how often the likeliest class is the labelled one [fraction 0-1].

    Args:
        name, dtype: see `Metric`.
    Source:   Keras 3 `SparseCategoricalAccuracy`.
    Example:
        >>> float(SparseCategoricalAccuracy()([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0]]))
        0.5
    """

    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """Count how often the class of the one-hot label is among the `k` likeliest [fraction 0-1].

    Args:
        k: how many guesses are allowed [count].
        name, dtype: see `Metric`.
    Source:   Keras 3 `TopKCategoricalAccuracy`.
    Example:
        >>> float(TopKCategoricalAccuracy(k=1)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
        0.5
    """

    _direction = "up"

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """Count how often the labelled class is among the `k` likeliest [fraction 0-1].

    Args:
        k: how many guesses are allowed [count].
        name, dtype: see `Metric`.
        from_sorted_ids: whether the predictions are class numbers, the best one first, instead of scores.
    Source:   Keras 3 `SparseTopKCategoricalAccuracy`.
    Example:
        >>> float(SparseTopKCategoricalAccuracy(k=1)([2, 1], [[0.1, 0.9, 0.8], [0.05, 0.95, 0]]))
        0.5
    """

    _direction = "up"

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
        self.k = k
        self.from_sorted_ids = from_sorted_ids

    def get_config(self):
        """Return the constructor's arguments."""
        return without_default(super().get_config(), from_sorted_ids=False)

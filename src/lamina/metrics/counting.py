"""Right and wrong yes-or-no predictions, counted at many thresholds at once."""

import collections

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import allowance, config, dtypes
from lamina.losses.alignment import align

Counts = collections.namedtuple("Counts", "true_positives false_positives true_negatives false_negatives")
Counts.__doc__ = "Weights of the elements of each kind, (thresholds,), with several labels (thresholds, labels)."

# Lower than every prediction: what is not among the `top_k`, and the threshold that all of those pass.
LOWEST = -1e10


def count(
    y_true,
    y_pred,
    thresholds,
    sample_weight=None,
    dtype="float32",
    top_k=None,
    class_id=None,
    multi_label=False,
    label_weights=None,
):
    """Count elements by label and prediction; a prediction above a threshold means yes.

    Args:
        y_true: labels, 0 for no.
        y_pred: predictions, shaped like the labels.
        thresholds: list of numbers, in rising order.
        sample_weight: weights of the samples or elements.
        dtype: dtype of the counts.
        top_k: how many predictions of a sample, the largest ones, may mean yes.
        class_id: the only column that counts.
        multi_label: whether each column is counted for itself.
        label_weights: weights of the columns, if they are counted together.
    Returns:  `Counts`.
    Source:   Keras 3 `update_confusion_matrix_variables`.
    Example:
        >>> [x.tolist() for x in count([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], [0.5])]
        [[1.0], [1.0], [1.0], [1.0]]
    """
    y_true, y_pred = align(dtypes.as_array(y_true), dtypes.as_array(y_pred).astype(dtype))
    if top_k is not None:
        y_pred = _keep_largest(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = _column(y_true, class_id), _column(y_pred, class_id)
    weights = _weights(y_pred, sample_weight, label_weights)
    positives = jnp.where(y_true != 0, weights, 0)
    negatives = jnp.where(y_true != 0, 0, weights)
    if not multi_label:
        y_pred, positives, negatives = (x.reshape(-1, 1) for x in (y_pred, positives, negatives))
    true_positives = _sums_above(y_pred, thresholds, positives)  # (thresholds, labels)
    false_positives = _sums_above(y_pred, thresholds, negatives)
    true_negatives = jnp.sum(negatives, axis=0) - false_positives
    false_negatives = jnp.sum(positives, axis=0) - true_positives
    counts = Counts(true_positives, false_positives, true_negatives, false_negatives)
    return counts if multi_label else Counts(*(x[:, 0] for x in counts))


def _weights(y_pred, sample_weight, label_weights):
    weights = jnp.ones(y_pred.shape, dtype=y_pred.dtype)
    if sample_weight is not None:
        sample_weight = dtypes.as_array(sample_weight).astype(y_pred.dtype)[..., None]
        weights *= align(y_pred, sample_weight, expand_rank_1=False)[1]
    if label_weights is not None:
        weights *= dtypes.as_array(label_weights, dtype=y_pred.dtype)
    return weights


def _sums_above(y_pred, thresholds, values):
    """Sum, for each threshold and column, the values whose prediction is above."""
    if is_even(thresholds):
        return _sums_above_even(y_pred, len(thresholds), thresholds[0] < 0, values)
    above = y_pred > jnp.asarray(thresholds, dtype=y_pred.dtype)[:, None, None]  # (thresholds, elements, labels)
    return jnp.sum(jnp.where(above, values, 0), axis=1)


def _sums_above_even(y_pred, count, counts_zero, values):
    """Sort predictions from 0 to 1 into the gaps between thresholds 0, 1 / (count - 1), …, 1, and sum from the top.

    That takes one look at each prediction instead of one for each threshold.
    """
    gaps = jnp.ceil(jnp.clip(y_pred, 0, 1) * (count - 1)) - 1
    gaps = (jnp.maximum(gaps, 0) if counts_zero else gaps).astype("int32")

    def sum_gaps(values, gaps):
        return jax.ops.segment_sum(values, gaps, num_segments=count)

    sums = jax.vmap(sum_gaps, in_axes=1, out_axes=1)(values, gaps)
    return jnp.cumsum(sums[::-1], axis=0)[::-1]


def is_even(thresholds):
    """Tell whether thresholds divide 0 to 1 evenly, but for an epsilon at the ends.

    Example:
        >>> is_even([0.0, 0.5, 1.0]), is_even([0.5])
        (True, False)
    """
    if len(thresholds) < 3:
        return False
    even = np.linspace(0, 1, len(thresholds), dtype="float32")
    return bool(np.allclose(np.clip(thresholds, 0, 1), even, atol=config.epsilon()))


def _keep_largest(y_pred, k):
    """Lower all but the `k` largest predictions of each sample; of equal ones the first count as larger."""
    _, indices = jax.lax.top_k(y_pred, k)
    is_largest = jnp.any(jax.nn.one_hot(indices, y_pred.shape[-1], dtype=bool), axis=-2)
    return jnp.where(is_largest, y_pred, LOWEST)


def _column(x, class_id):
    if x.ndim == 1:
        raise ValueError(
            "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), "
            f"found shape: {x.shape}"
        )
    return x[..., class_id, None]


def thresholds_between(count):
    """Return `count` - 2 thresholds, spread evenly between 0 and 1.

    Raises:   ValueError (FileError L404) for more than a file that is being read justifies.
    """
    allowance.take("thresholds", (count, 8), "float64")  # about what a number in a list takes, and its work
    return [(i + 1) / (count - 1) for i in range(count - 2)]


def as_thresholds(thresholds, default=0.5):
    """Return thresholds, one or many, as a list; `default` for None.

    Raises:   ValueError for a threshold outside 0 to 1.
    """
    if thresholds is None:
        return [default]
    thresholds = list(thresholds) if isinstance(thresholds, list | tuple | np.ndarray) else [thresholds]
    bad = [t for t in thresholds if t is None or not 0 <= t <= 1]
    if bad:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {bad}")
    return thresholds

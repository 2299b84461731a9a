"""Losses between distributions, and one that bears wrong labels."""

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.losses.alignment import comparison, elementwise
from lamina.losses.wrapper import LossFunctionWrapper


@elementwise
def kl_divergence(y_true, y_pred):
    """Return how far the distribution `y_pred` is from `y_true`, over the last axis.

    Maths:    sum_c y_c log(y_c / p_c), both clipped to [epsilon, 1]
    Example:
        >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]]).tolist()
        [0.0]
    """
    y_true = jnp.clip(y_true, config.epsilon(), 1.0)
    y_pred = jnp.clip(y_pred, config.epsilon(), 1.0)
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


@elementwise
def poisson(y_true, y_pred):
    """Return the mean over the last axis of the Poisson loss: labels are counts, predictions their expected values.

    Maths:    p - y log(p + epsilon)
    Example:
        >>> print(poisson([[3.0]], [[1.0]]).round(3))
        [1.]
    """
    return jnp.mean(y_pred - y_true * jnp.log(y_pred + config.epsilon()), axis=-1)


@comparison
def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """Return a loss on class numbers that lies between the cross-entropy (q -> 0) and 1 - p (q -> 1).

    Maths:    (1 - p_y^q) / q
    Args:
        y_true: class numbers, `(batch,)`.
        y_pred: probabilities, `(batch, classes)`.
        q: the smaller, the less wrong labels are borne [fraction 0-1].
    Source:   Keras 3 `categorical_generalized_cross_entropy`; Zhang and Sabuncu 2018.
    Example:
        >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], 0.5).tolist()
        [1.0]
    """
    y_pred = dtypes.as_array(y_pred)
    labels = dtypes.as_array(y_true).astype("int32")
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = jnp.squeeze(labels, axis=-1)
    is_label = jax.nn.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype)
    probability = jnp.sum(y_pred * is_label, axis=-1)
    return (1.0 - probability**q) / q


class KLDivergence(LossFunctionWrapper):
    """Average how far the predicted distributions are from the true ones.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `KLDivergence`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """Average the Poisson loss of counts.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `Poisson`.
    """

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """Average a loss on class numbers that bears wrong labels.

    Args:
        q: see `categorical_generalized_cross_entropy`.
        reduction, name, dtype: see `Loss`.
    Raises:   ValueError unless 0 < q < 1.
    Source:   Keras 3 `CategoricalGeneralizedCrossEntropy`.
    """

    def __init__(
        self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None
    ):
        if not 0 < q < 1:
            raise ValueError(f"q must be in the interval (0, 1). Received: q={q}")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
        self.q = q

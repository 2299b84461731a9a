"""A loss on embeddings: those of one class together, those of different classes apart."""

import jax
import jax.numpy as jnp

from lamina.core import dtypes
from lamina.core.context import set_mask
from lamina.losses.alignment import comparison
from lamina.losses.wrapper import LossFunctionWrapper

_NOTHING = -1e30  # a finite minus infinity: its gradient is 0, not NaN


@comparison
def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4):
    """Return the circle loss of each sample; samples with a loss of 0 are masked.

    Maths:    log(1 + sum_p exp(gamma [m + d_p]+ (d_p - m)) * sum_n exp(gamma [1 + m - d_n]+ (1 - m - d_n)))
              d = 1 - cosine, m = margin; p over samples of the same class, n over the others
    Shapes:   (batch,), (batch, features) -> (batch,)
    Args:
        y_true: class numbers.
        y_pred: embeddings of length 1.
        ref_labels, ref_embeddings: what the samples are compared with; by default each other.
        remove_diagonal: whether a sample is not compared with itself.
        gamma: scale.
        margin: radius of the circle [fraction 0-1].
    Source:   Keras 3 `circle`; Sun et al. 2020.
    Example:
        >>> print(circle([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).round(3))
        [0. 0. 0.]
    """
    y_pred = dtypes.as_array(y_pred)
    labels = dtypes.as_array(y_true).astype("int32").reshape(-1)
    others = labels if ref_labels is None else dtypes.as_array(ref_labels).astype("int32").reshape(-1)
    embeddings = y_pred if ref_embeddings is None else dtypes.as_array(ref_embeddings)

    distance = jnp.maximum(1.0 - y_pred @ embeddings.T, 0.0)  # (batch, references)
    is_same = labels[:, None] == others[None, :]
    is_other = ~is_same
    if remove_diagonal:
        is_same &= ~jnp.eye(*is_same.shape, dtype=bool)
    pull = -gamma * jnp.maximum(margin + distance, 0.0) * (margin - distance)
    push = gamma * jnp.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    losses = jax.nn.softplus(_log_sum_exp(pull, is_same) + _log_sum_exp(push, is_other))
    set_mask(losses, losses > 0)
    return losses


def _log_sum_exp(x, where):
    return jax.nn.logsumexp(jnp.where(where, x, jnp.asarray(_NOTHING, x.dtype)), axis=1)


class Circle(LossFunctionWrapper):
    """Average the circle loss over the samples that have one.

    Args:
        gamma, margin, remove_diagonal: see `circle`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `Circle`.
    """

    def __init__(
        self,
        gamma=80.0,
        margin=0.4,
        remove_diagonal=True,
        reduction="sum_over_batch_size",
        name="circle",
        dtype=None,
    ):
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
        self.gamma = gamma
        self.margin = margin
        self.remove_diagonal = remove_diagonal

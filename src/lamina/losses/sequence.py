"""A loss on sequences whose alignment with the input is not known: speech, handwriting."""

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.kernels.ctc import ctc_loss
from lamina.losses.alignment import comparison
from lamina.losses.wrapper import LossFunctionWrapper


@comparison
def ctc(y_true, y_pred):
    """Return the connectionist-temporal-classification loss of each sequence.

    Shapes:   (batch, labels), (batch, steps, classes) -> (batch,)
    Args:
        y_true: class numbers from 1, padded with 0, which is the blank.
        y_pred: logits.
    Raises:   ValueError for other ranks.
    Source:   Keras 3 `ctc`.
    Example:
        >>> print(ctc([[1]], [[[0.0, 0.0]]]).round(3))
        [0.693]
    """
    y_true, y_pred = dtypes.as_array(y_true), dtypes.as_array(y_pred)
    if y_true.ndim != 2:
        raise ValueError(
            "Targets `y_true` are expected to be a tensor of shape `(batch_size, max_length)` in integer format. "
            f"Received: y_true.shape={y_true.shape}"
        )
    if y_pred.ndim != 3:
        raise ValueError(
            "Logits `y_pred` are expected to be a tensor of shape `(batch_size, max_length, num_classes)`. "
            f"Received: y_pred.shape={y_pred.shape}"
        )
    labels = y_true.astype("int32")
    label_lengths = jnp.sum(labels != 0, axis=-1)
    steps = jnp.full((y_pred.shape[0],), y_pred.shape[1])
    return ctc_loss(labels, y_pred, label_lengths, steps)


class CTC(LossFunctionWrapper):
    """Average the connectionist-temporal-classification loss.

    Args:
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `CTC`; Graves et al. 2006.
    """

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(ctc, reduction, name, dtype)

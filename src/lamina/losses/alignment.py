"""How labels and predictions are brought together: rank, dtype, the logits behind them, and what must not broadcast."""

import functools

import jax.numpy as jnp

from lamina.core import dtypes, errors
from lamina.core.context import note, noted
from lamina.core.op import op

# What the last activation attaches to its output: its input, and its own name, "softmax" or "sigmoid".
LOGITS = "_keras_logits"
LOGITS_OF = "_keras_logits_of"


def logits_behind(y_pred, activation):
    """Return what `activation` made `y_pred` from, None if that is not known."""
    logits = noted(y_pred, LOGITS)
    if logits is None or logits.shape != y_pred.shape or noted(y_pred, LOGITS_OF) not in (None, activation):
        return None
    return logits


def carrying_logits(function, x, *args, **kwargs):
    """Apply `function` to predictions, and to the logits that travel with them."""
    result = function(x, *args, **kwargs)
    logits = noted(x, LOGITS)
    if logits is not None and result is not x:
        note(result, LOGITS, function(logits, *args, **kwargs))
        note(result, LOGITS_OF, noted(x, LOGITS_OF))
    return result


def align(first, second, expand_rank_1=True):
    """Give two arrays the same rank, if a trailing axis of size 1 is all that stands between them.

    Args:
        first, second: arrays.
        expand_rank_1: whether a `(batch,)` array becomes `(batch, 1)`, instead of the other one being squeezed.
    Source:   Keras 3 `squeeze_or_expand_to_same_rank`.
    Example:
        >>> [x.shape for x in align(jnp.ones((4,)), jnp.ones((4, 1)))]
        [(4, 1), (4, 1)]
        >>> [x.shape for x in align(jnp.ones((4, 2, 1)), jnp.ones((4, 2)))]
        [(4, 2), (4, 2)]
    """
    if first.ndim == second.ndim + 1 and first.shape[-1] == 1:
        return _match(first, second, expand_rank_1)
    if second.ndim == first.ndim + 1 and second.shape[-1] == 1:
        return _match(second, first, expand_rank_1)[::-1]
    return first, second


def _match(larger, smaller, expand_rank_1):
    if smaller.ndim == 1 and expand_rank_1:
        return larger, carrying_logits(jnp.expand_dims, smaller, axis=-1)
    return carrying_logits(jnp.squeeze, larger, axis=-1), smaller


def comparison(function):
    """Let a function `(y_true, y_pred, …)` over arrays take lists, NumPy arrays, Variables and symbolic tensors."""
    name = "".join(part.capitalize() for part in function.__name__.split("_"))
    return op("y_true", "y_pred", class_name=f"Compare{name}")(function)


def elementwise(function):
    """Make a loss function that compares each element of the predictions with its label.

    `function` gets `y_true` in the dtype of `y_pred`, and both in the same rank.
    """

    @functools.wraps(function)
    def aligned(y_true, y_pred, *args, **kwargs):
        y_pred = dtypes.as_array(y_pred)
        y_true = dtypes.as_array(y_true, dtype=y_pred.dtype)
        return function(*align(y_true, y_pred), *args, **kwargs)

    wrapped = comparison(aligned)
    wrapped.elementwise = True
    return wrapped


def check_elementwise(function, y_true, y_pred):
    """Refuse labels that an elementwise `function` would silently broadcast over the predictions.

    One label for all samples, or one number for all elements, is meant; anything else is a mistake.

    Raises:   LossError L320 (a ValueError).
    """
    if not getattr(function, "elementwise", False) or 0 in (y_true.ndim, y_pred.ndim):
        return
    if y_true.ndim == y_pred.ndim:
        same_samples = 1 in (y_true.shape[0], y_pred.shape[0]) or y_true.shape[0] == y_pred.shape[0]
        if same_samples and y_true.shape[1:] == y_pred.shape[1:]:
            return
    raise errors.LossError(_broadcast_message(function.__name__, y_true, y_pred))


def _broadcast_message(name, y_true, y_pred):
    labels, predictions = errors.describe(y_true), errors.describe(y_pred)
    if y_true.ndim == y_pred.ndim:
        why = "labels and predictions differ in size; NumPy's rules would repeat the smaller ones."
        fix = f"Dense({y_true.shape[-1]}) as the last layer, or labels with {y_pred.shape[-1]} columns."
    elif y_true.ndim > y_pred.ndim:
        why = "the model has lost an axis that the labels have; NumPy's rules would repeat the predictions."
        fix = "keep the axis: no Flatten, and return_sequences=True in a recurrent layer."
    else:
        why = "the model has kept an axis that the labels do not have; NumPy's rules would repeat the labels."
        fix = "Flatten() or a pooling layer before the last Dense, return_sequences=False in a recurrent layer."
    what = f"{name} wants labels shaped like the predictions; labels {labels}, predictions {predictions}."
    return errors.message("L320", what, why=why, fix=fix)

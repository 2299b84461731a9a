"""The base class of losses: cast, compute per element, weight, reduce."""

import jax.numpy as jnp

from lamina.core import config, dtypes, policies, shapes, tree
from lamina.core.context import get_mask
from lamina.core.names import auto_name
from lamina.core.saveable import KerasSaveable
from lamina.core.tensor import any_symbolic
from lamina.losses.alignment import align, carrying_logits

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(KerasSaveable):
    """Turn labels and predictions into one number; a subclass defines `call(y_true, y_pred)`.

    Args:
        name: by default the class name, numbered.
        reduction: how the values of all elements become one: "sum_over_batch_size" and "mean" (their mean),
            "mean_with_sample_weight" (their sum over the sum of the weights), "sum", or "none" (they stay).
        dtype: dtype, or policy, that labels and predictions are cast to; by default the default float.
    Mask:     one attached to the predictions, or to the values, leaves elements out; the mean is over the others.
    Raises:   ValueError for an unknown reduction.
    Source:   Keras 3 `Loss`.
    Example:
        >>> class Distance(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return jnp.abs(y_true - y_pred)
        >>> float(Distance()([1.0, 2.0], [1.0, 4.0]))
        1.0
    """

    _saveable_kind = "Loss"

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        self.name = name or auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype_policy = policies.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype

    @property
    def dtype(self):
        """The dtype that the loss is computed in."""
        return self._dtype

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the loss.

        Args:
            y_true: labels.
            y_pred: predictions.
            sample_weight: one weight for each sample, or for each value of `call`.
        """
        if any_symbolic((y_true, y_pred, sample_weight)):
            return shapes.infer(self.__call__, y_true, y_pred, sample_weight)
        mask = get_mask(y_pred)
        values = self.call(as_arrays(y_true, self._dtype), as_arrays(y_pred, self._dtype))
        mask = _both(mask, get_mask(values))
        return reduce_weighted_values(values, sample_weight, mask, self.reduction, self._dtype)

    def call(self, y_true, y_pred):
        """Return the loss of each sample, or of each element of each sample."""
        raise NotImplementedError(f"{type(self).__name__} must define `call(y_true, y_pred)`.")

    def get_config(self):
        """Return the constructor's arguments as a dict."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        """Make the loss that `config` describes."""
        return cls(**config)


def as_arrays(structure, dtype):
    """Cast what a user gave for labels or predictions: an array, a nested list of numbers, or a structure of arrays."""
    if tree.is_nested(structure) and all(isinstance(leaf, int | float) for leaf in tree.flatten(structure)):
        return dtypes.as_array(structure, dtype=dtype)
    return tree.map_structure(lambda x: carrying_logits(dtypes.as_array, x, dtype), structure)


def _both(first, second):
    if first is None or second is None:
        return second if first is None else first
    return jnp.logical_and(first, second)


def standardize_reduction(reduction):
    """Return `reduction` if it is one.

    Raises:   ValueError otherwise.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. Received: reduction={reduction}"
        )
    return reduction


def reduce_weighted_values(values, sample_weight=None, mask=None, reduction="sum_over_batch_size", dtype=None):
    """Multiply values by weights and mask, and reduce them.

    Source:   Keras 3: a mean is over all elements, whatever their weights; masked elements do not count.
    Example:
        >>> (
        ...     float(reduce_weighted_values(jnp.array([1.0, 3.0]), [1.0, 0.0])),
        ...     float(reduce_weighted_values(jnp.array([1.0, 3.0]), mask=jnp.array([True, False]))),
        ... )
        (0.5, 1.0)
    """
    standardize_reduction(reduction)
    values = dtypes.as_array(values, dtype=dtype)
    weight = None if sample_weight is None else dtypes.as_array(sample_weight, dtype=values.dtype)
    weight = apply_mask(weight, mask, values.dtype, reduction)
    if weight is not None:
        values, weight = align(values, weight)
        values = values * weight
    return _reduce(values, weight, reduction)


def _reduce(values, weight, reduction):
    if reduction in (None, "none") or values.shape in ((), (0,)):
        return values
    if reduction == "sum":
        return jnp.sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        return divide_no_nan(jnp.sum(values), jnp.sum(weight))
    return jnp.mean(values) if values.size else jnp.zeros((), dtype=values.dtype)


def apply_mask(weight, mask, dtype, reduction):
    """Return the weights, or ones, with zeros where `mask` is false, None if there is neither.

    For means the others grow by total / valid, so that the mean is over the valid elements alone.
    """
    if mask is None:
        return weight
    mask = dtypes.as_array(mask).astype(bool)
    kept = mask.astype(dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        kept = kept * divide_no_nan(jnp.asarray(mask.size, dtype=dtype), jnp.sum(kept))
    if weight is None:
        return kept
    kept, weight = align(kept, dtypes.as_array(weight, dtype=dtype))
    return weight * kept


def divide_no_nan(numerator, denominator):
    """Return the quotient, 0 where the denominator is 0, with a finite gradient there.

    Example:
        >>> divide_no_nan(jnp.array([1.0, 1.0]), jnp.array([2.0, 0.0])).tolist()
        [0.5, 0.0]
    """
    is_zero = denominator == 0
    return jnp.where(is_zero, 0, numerator / jnp.where(is_zero, 1, denominator))

"""`tf.math`: what `tf` itself has, and more."""

import numpy as np

from lamina import ops
from lamina.dialects.tensorflow import shared
from lamina.dialects.tensorflow.shared import *  # noqa: F403 -- the same functions
from lamina.dialects.tensorflow.signatures import anonymous

angle = anonymous(ops.angle)
acosh = anonymous(ops.arccosh)
asinh = anonymous(ops.arcsinh)
atanh = anonymous(ops.arctanh)
bincount = anonymous(ops.bincount)
conj = anonymous(ops.conj)
divide_no_nan = anonymous(ops.divide_no_nan)
erf = anonymous(ops.erf)
erfinv = anonymous(ops.erfinv)
expm1 = anonymous(ops.expm1)
imag = anonymous(ops.imag)
in_top_k = anonymous(ops.in_top_k)
is_finite = anonymous(ops.isfinite)
is_inf = anonymous(ops.isinf)
is_nan = anonymous(ops.isnan)
log1p = anonymous(ops.log1p)
log_sigmoid = anonymous(ops.log_sigmoid)
logical_xor = anonymous(ops.logical_xor)
mod = anonymous(ops.mod)
real = anonymous(ops.real)
reciprocal = anonymous(ops.reciprocal)
reduce_variance = anonymous(ops.var)
rsqrt = anonymous(ops.rsqrt)
softplus = anonymous(ops.softplus)
top_k = anonymous(ops.top_k)


def segment_sum(data, segment_ids, name=None):
    """Add up the entries of each segment."""
    return ops.segment_sum(data, segment_ids, num_segments=int(np.max(np.asarray(segment_ids))) + 1)


def segment_max(data, segment_ids, name=None):
    """Return the largest entry of each segment."""
    return ops.segment_max(data, segment_ids, num_segments=int(np.max(np.asarray(segment_ids))) + 1)


def squared_difference(x, y, name=None):
    """Return the square of the difference."""
    return ops.square(ops.subtract(x, y))


def l2_normalize(x, axis=None, epsilon=1e-12, name=None):
    """Scale vectors to length one."""
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, epsilon)))


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32", name=None):
    """Count how often each class was taken for each other."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    size = int(num_classes or max(labels.max(), predictions.max()) + 1)
    counts = np.zeros((size, size), str(dtype))
    np.add.at(counts, (labels, predictions), 1 if weights is None else np.asarray(weights))
    return ops.convert_to_tensor(counts)


def count_nonzero(input, axis=None, keepdims=None, dtype="int64", name=None):
    """Count the entries that are not zero."""
    return ops.count_nonzero(input, axis=axis)


def scalar_mul(scalar, x, name=None):
    """Return a multiple."""
    return ops.multiply(scalar, x)


def polyval(coeffs, x, name=None):
    """Return the value of a polynomial; its first coefficient is that of the highest power."""
    total = ops.zeros_like(x)
    for coefficient in coeffs:
        total = total * x + coefficient
    return total


def segment_mean(data, segment_ids, name=None):
    """Return the mean of each segment."""
    return unsorted_segment_mean(data, segment_ids, int(np.max(np.asarray(segment_ids))) + 1)


def unsorted_segment_sum(data, segment_ids, num_segments, name=None):
    """Return the sum of the entries with each number."""
    return ops.segment_sum(data, segment_ids, num_segments=int(num_segments))


def unsorted_segment_max(data, segment_ids, num_segments, name=None):
    """Return the largest of the entries with each number."""
    return ops.segment_max(data, segment_ids, num_segments=int(num_segments))


def unsorted_segment_min(data, segment_ids, num_segments, name=None):
    """Return the smallest of the entries with each number."""
    return -unsorted_segment_max(-data, segment_ids, num_segments)


def unsorted_segment_mean(data, segment_ids, num_segments, name=None):
    """Return the mean of the entries with each number; zero where there are none."""
    counts = unsorted_segment_sum(ops.ones_like(data), segment_ids, num_segments)
    return unsorted_segment_sum(data, segment_ids, num_segments) / ops.maximum(counts, 1)


__all__ = [
    *shared.__all__,
    "acosh",
    "angle",
    "asinh",
    "atanh",
    "bincount",
    "confusion_matrix",
    "conj",
    "count_nonzero",
    "divide_no_nan",
    "erf",
    "erfinv",
    "expm1",
    "imag",
    "in_top_k",
    "is_finite",
    "is_inf",
    "is_nan",
    "l2_normalize",
    "log1p",
    "log_sigmoid",
    "logical_xor",
    "mod",
    "polyval",
    "real",
    "reciprocal",
    "reduce_variance",
    "rsqrt",
    "scalar_mul",
    "segment_max",
    "segment_mean",
    "segment_sum",
    "softplus",
    "squared_difference",
    "top_k",
    "unsorted_segment_max",
    "unsorted_segment_mean",
    "unsorted_segment_min",
    "unsorted_segment_sum",
]

"""`tf.math`: what `tf` itself has, and more."""

import functools
import typing

import jax
import numpy as np

from lamina import ops
from lamina.core.dtypes import standardize_dtype
from lamina.dialects.tensorflow import dtypes, shared
from lamina.dialects.tensorflow.shared import *  # noqa: F403 -- the same functions
from lamina.dialects.tensorflow.signatures import anonymous

angle = anonymous(ops.angle)
acosh = anonymous(ops.arccosh)
asinh = anonymous(ops.arcsinh)
atanh = anonymous(ops.arctanh)
conj = anonymous(ops.conj)
divide_no_nan = anonymous(ops.divide_no_nan, y="x2")
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
logical_xor = anonymous(ops.logical_xor, y="x2")
mod = anonymous(ops.mod, y="x2")
real = anonymous(ops.real)
reciprocal = anonymous(ops.reciprocal)
reduce_variance = anonymous(ops.var)
rsqrt = anonymous(ops.rsqrt)
softplus = anonymous(ops.softplus)
floormod = mod
rint = shared.round


def segment_sum(data, segment_ids, name=None):
    """Add up the entries of each segment."""
    return ops.segment_sum(data, segment_ids, num_segments=int(np.max(np.asarray(segment_ids))) + 1)


def segment_max(data, segment_ids, name=None):
    """Return the largest entry of each segment; zero for one without entries."""
    return _zero_where_empty(unsorted_segment_max, data, segment_ids)


class TopK(typing.NamedTuple):
    """The largest entries, and where they are."""

    values: typing.Any
    indices: typing.Any


def top_k(input, k=1, sorted=True, name=None):
    """Return the largest entries of the last axis, and where they are."""
    return TopK(*ops.top_k(input, int(k), sorted))


def segment_min(data, segment_ids, name=None):
    """Return the smallest entry of each segment; zero for one without entries."""
    return _zero_where_empty(unsorted_segment_min, data, segment_ids)


def _zero_where_empty(function, data, segment_ids):
    count = int(np.max(np.asarray(segment_ids))) + 1
    entries = unsorted_segment_sum(ops.ones_like(data, dtype="int32"), segment_ids, count)
    found = function(data, segment_ids, count)
    return ops.where(entries == 0, ops.zeros_like(found), found)


def segment_prod(data, segment_ids, name=None):
    """Return the product of the entries of each segment."""
    return ops.segment_prod(data, segment_ids, num_segments=int(np.max(np.asarray(segment_ids))) + 1)


def cumulative_logsumexp(x, axis=0, exclusive=False, reverse=False, name=None):
    """Return the logarithms of the sums of the exponentials of what comes before."""
    sums = functools.partial(ops.associative_scan, ops.logaddexp)
    return shared.cumulative(sums, -np.inf, x, axis, exclusive, reverse)


def erfc(x, name=None):
    """Return one minus the error function."""
    return ops.erfc(x)


def lgamma(x, name=None):
    """Return the logarithm of the gamma function's size."""
    return jax.scipy.special.gammaln(ops.convert_to_tensor(x))


def digamma(x, name=None):
    """Return the derivative of the gamma function's logarithm."""
    return jax.scipy.special.digamma(ops.convert_to_tensor(x))


def multiply_no_nan(x, y, name=None):
    """Return the product; zero where `y` is zero, whatever `x` is."""
    return ops.where(ops.equal(y, 0), 0.0, ops.multiply(x, y))


def xdivy(x, y, name=None):
    """Return the quotient; zero where `x` is zero."""
    return ops.where(ops.equal(x, 0), 0.0, ops.divide(x, ops.where(ops.equal(x, 0), 1.0, y)))


def xlogy(x, y, name=None):
    """Return `x * log(y)`; zero where `x` is zero."""
    return ops.multiply(x, ops.log(ops.where(ops.equal(x, 0), 1.0, y)))


def reduce_euclidean_norm(input_tensor, axis=None, keepdims=False, name=None):
    """Return the length of vectors."""
    return ops.sqrt(ops.sum(ops.square(input_tensor), axis=axis, keepdims=keepdims))


def zero_fraction(value, name=None):
    """Return the share of entries that are zero."""
    return ops.mean(ops.cast(ops.equal(value, 0), "float32"))


def invert_permutation(x, name=None):
    """Return where each number stands."""
    return ops.argsort(x)


def is_non_decreasing(x, name=None):
    """Tell whether no entry is smaller than the one before."""
    x = ops.reshape(x, (-1,))
    return ops.all(x[1:] >= x[:-1])


def is_strictly_increasing(x, name=None):
    """Tell whether each entry is larger than the one before."""
    x = ops.reshape(x, (-1,))
    return ops.all(x[1:] > x[:-1])


def squared_difference(x, y, name=None):
    """Return the square of the difference."""
    return ops.square(ops.subtract(x, y))


def l2_normalize(x, axis=None, epsilon=1e-12, name=None):
    """Scale vectors to length one."""
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, epsilon)))


def bincount(arr, weights=None, minlength=None, maxlength=None, dtype="int32", name=None, axis=None):
    """Count how often each of 0, 1, 2, … occurs: in the whole array, or along the last axis in each row."""
    arr = ops.convert_to_tensor(arr)
    if axis in (None, 0):
        arr = ops.reshape(arr, (-1,))
        weights = None if weights is None else ops.reshape(weights, (-1,))
    counts = ops.bincount(arr, weights, int(minlength or 0))[..., : None if maxlength is None else int(maxlength)]
    return counts if weights is not None else ops.cast(counts, standardize_dtype(dtype))


def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32", name=None):
    """Count how often each class was taken for each other."""
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    size = int(num_classes or max(labels.max(), predictions.max()) + 1)
    counts = np.zeros((size, size), standardize_dtype(dtype))
    np.add.at(counts, (labels, predictions), 1 if weights is None else np.asarray(weights))
    return ops.convert_to_tensor(counts)


def count_nonzero(input, axis=None, keepdims=None, dtype="int64", name=None):
    """Count the entries that are not zero."""
    return ops.sum(ops.cast(ops.not_equal(input, 0), standardize_dtype(dtype)), axis=axis, keepdims=bool(keepdims))


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
    """Return the largest of the entries with each number; where there are none, the lowest number of the dtype."""
    found = ops.segment_max(data, segment_ids, num_segments=int(num_segments))
    return ops.maximum(found, dtypes.DType(found.dtype).min)


def unsorted_segment_min(data, segment_ids, num_segments, name=None):
    """Return the smallest of the entries with each number; where there are none, the highest number of the dtype."""
    found = ops.segment_min(data, segment_ids, num_segments=int(num_segments))
    return ops.minimum(found, dtypes.DType(found.dtype).max)


def unsorted_segment_mean(data, segment_ids, num_segments, name=None):
    """Return the mean of the entries with each number; zero where there are none."""
    counts = unsorted_segment_sum(ops.ones_like(data), segment_ids, num_segments)
    return unsorted_segment_sum(data, segment_ids, num_segments) / ops.maximum(counts, 1)


__all__ = [
    *shared.__all__,
    "zero_fraction",
    "xlogy",
    "xdivy",
    "segment_prod",
    "segment_min",
    "rint",
    "reduce_euclidean_norm",
    "multiply_no_nan",
    "lgamma",
    "is_strictly_increasing",
    "is_non_decreasing",
    "invert_permutation",
    "floormod",
    "erfc",
    "digamma",
    "cumulative_logsumexp",
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

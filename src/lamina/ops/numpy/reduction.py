"""Many numbers made one: sums, means, extremes, quantiles; and sums that keep every step."""

import builtins

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.core.allowance import take_steps
from lamina.core.context import thread
from lamina.core.op import op
from lamina.core.shapes import unknown_size
from lamina.ops.casting import as_common_float, as_float

# `axis` is an integer, a tuple of them, or None for all axes; `keepdims` keeps the reduced axes with size 1.


@op
def sum(x, axis=None, keepdims=False):
    """Add up over `axis`."""
    return jnp.sum(x, axis, keepdims=keepdims)


@op
def prod(x, axis=None, keepdims=False, dtype=None):
    """Multiply up over `axis`."""
    return jnp.prod(x, axis, dtype, keepdims=keepdims)


@op
def mean(x, axis=None, keepdims=False):
    """Average over `axis`, summed in float32 at least."""
    return jnp.mean(as_float(x), axis, keepdims=keepdims)


@op
def var(x, axis=None, keepdims=False):
    """Average the squared distances from the mean over `axis`, in float32 at least."""
    return jnp.var(as_float(x), axis, keepdims=keepdims)


@op
def std(x, axis=None, keepdims=False):
    """Return the square root of the variance over `axis`."""
    return jnp.std(as_float(x), axis, keepdims=keepdims)


@op("x", "weights")
def average(x, axis=None, weights=None):
    """Average over `axis`, each element counted with its weight."""
    if weights is None:
        return jnp.average(*as_common_float(x), axis=axis)
    x, weights = as_common_float(x, weights)
    return jnp.average(x, axis=axis, weights=weights)


@op
def max(x, axis=None, keepdims=False, initial=None):
    """Return the largest element over `axis`, not below `initial`."""
    return jnp.max(x, axis, keepdims=keepdims, initial=initial)


@op
def min(x, axis=None, keepdims=False, initial=None):
    """Return the smallest element over `axis`, not above `initial`."""
    return jnp.min(x, axis, keepdims=keepdims, initial=initial)


@op
def amax(x, axis=None, keepdims=False):
    """Return the largest element over `axis`; another name for `max`."""
    return jnp.max(x, axis, keepdims=keepdims)


@op
def amin(x, axis=None, keepdims=False):
    """Return the smallest element over `axis`; another name for `min`."""
    return jnp.min(x, axis, keepdims=keepdims)


@op
def ptp(x, axis=None, keepdims=False):
    """Return the distance from the smallest to the largest element over `axis`."""
    return jnp.ptp(x, axis, keepdims=keepdims)


@op
def all(x, axis=None, keepdims=False):
    """Tell whether every element over `axis` is true."""
    return jnp.all(x, axis, keepdims=keepdims)


@op
def any(x, axis=None, keepdims=False):
    """Tell whether some element over `axis` is true."""
    return jnp.any(x, axis, keepdims=keepdims)


@op
def argmax(x, axis=None, keepdims=False):
    """Return the place of the largest element along one axis, the first of equals; None means in the flat array."""
    return jnp.argmax(x, axis, keepdims=keepdims)


@op
def argmin(x, axis=None, keepdims=False):
    """Return the place of the smallest element along one axis, the first of equals; None means in the flat array."""
    return jnp.argmin(x, axis, keepdims=keepdims)


@op
def count_nonzero(x, axis=None):
    """Count the elements over `axis` that are not 0."""
    return jnp.count_nonzero(x, axis).astype("int32")


@op
def median(x, axis=None, keepdims=False):
    """Return the middle element over `axis`, the mean of both middle ones for an even number."""
    return jnp.median(as_float(x), axis, keepdims=keepdims)


@op("x", "q")
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """Return the value that the fraction `q` of the elements over `axis` lies below.

    Args:
        q: fraction or array of fractions, whose axes come first in the result [fraction 0-1].
        method: "linear", "lower", "higher", "midpoint" or "nearest", if it falls between two elements.
    """
    return jnp.quantile(as_float(x), _number(q), axis, method=method, keepdims=keepdims)


@op("x", "q")
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """Return the value that `q` percent of the elements over `axis` lie below; see `quantile`."""
    return jnp.percentile(as_float(x), _number(q), axis, method=method, keepdims=keepdims)


@op
def nansum(x, axis=None, keepdims=False):
    """Add up over `axis`, NaN left out."""
    return jnp.nansum(x, axis, keepdims=keepdims)


@op
def nanprod(x, axis=None, keepdims=False):
    """Multiply up over `axis`, NaN left out."""
    return jnp.nanprod(x, axis, keepdims=keepdims)


@op
def nanmean(x, axis=None, keepdims=False):
    """Average over `axis`, NaN left out."""
    return jnp.nanmean(x, axis, keepdims=keepdims)


@op
def nanvar(x, axis=None, keepdims=False):
    """Return the variance over `axis`, NaN left out."""
    return jnp.nanvar(x, axis, keepdims=keepdims)


@op
def nanstd(x, axis=None, keepdims=False):
    """Return the standard deviation over `axis`, NaN left out."""
    return jnp.nanstd(x, axis, keepdims=keepdims)


@op
def nanmax(x, axis=None, keepdims=False):
    """Return the largest element over `axis`, NaN left out."""
    return jnp.nanmax(x, axis, keepdims=keepdims)


@op
def nanmin(x, axis=None, keepdims=False):
    """Return the smallest element over `axis`, NaN left out."""
    return jnp.nanmin(x, axis, keepdims=keepdims)


@op
def nanargmax(x, axis=None, keepdims=False):
    """Return the place of the largest element along one axis, NaN left out; -1 if all are NaN."""
    return jnp.nanargmax(x, axis, keepdims=keepdims)


@op
def nanargmin(x, axis=None, keepdims=False):
    """Return the place of the smallest element along one axis, NaN left out; -1 if all are NaN."""
    return jnp.nanargmin(x, axis, keepdims=keepdims)


@op
def nanmedian(x, axis=None, keepdims=False):
    """Return the middle element over `axis`, NaN left out."""
    return jnp.nanmedian(as_float(x), axis, keepdims=keepdims)


@op("x", "q")
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """Return a quantile over `axis`, NaN left out; see `quantile`."""
    return jnp.nanquantile(as_float(x), _number(q), axis, method=method, keepdims=keepdims)


@op("x", "q")
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """Return a percentile over `axis`, NaN left out; see `quantile`."""
    return jnp.nanpercentile(as_float(x), _number(q), axis, method=method, keepdims=keepdims)


def _number(q):
    return jnp.asarray(q) if hasattr(q, "dtype") else jnp.asarray(q, dtypes.standardize_dtype(type(q)))


@op
def cumsum(x, axis=None, dtype=None):
    """Return the sums of all elements up to each one along `axis`, of the flat array if None."""
    return jnp.cumsum(x, axis, dtype)


@op
def cumprod(x, axis=None, dtype=None):
    """Return the products of all elements up to each one along `axis`, of the flat array if None."""
    return jnp.cumprod(x, axis, dtype)


@op
def nancumsum(x, axis=None, dtype=None):
    """Return the cumulative sums, NaN counted as 0."""
    return jnp.nancumsum(x, axis, dtype)


@op
def nancumprod(x, axis=None, dtype=None):
    """Return the cumulative products, NaN counted as 1."""
    return jnp.nancumprod(x, axis, dtype)


@op("a")
def diff(a, n=1, axis=-1):
    """Return the differences of neighbours along `axis`, taken `n` times."""
    take_steps(n, "`diff`")
    return jnp.diff(a, n, axis)


@op("y")
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """Return the area under the lines through the points `y` along `axis`, at the places `x` or `dx` apart."""
    return jnp.trapezoid(y, None if x is None else jnp.asarray(x), dx, axis)


@op
def corrcoef(x):
    """Return the correlation coefficients of the rows of a matrix with each other."""
    return jnp.corrcoef(x)


@op
def bincount(x, weights=None, minlength=0, sparse=False):
    """Count how often each of 0, 1, 2, … occurs, in each row of a matrix.

    Args:
        weights: what each element counts, by default 1.
        minlength: smallest length of the result [count].
        sparse: not supported.
    Shapes:   (elements,) -> (largest + 1,); (batch, elements) -> (batch, largest + 1)
    """
    if sparse:
        raise ValueError("Sparse results are not supported. Received: sparse=True")
    weights = None if weights is None else jnp.asarray(weights)
    length = unknown_size() if thread.shape_trace else None
    if x.ndim == 1:
        return jnp.bincount(x, weights, minlength, length=length)
    length = length or builtins.max(int(x.max()) + 1, minlength)
    one_hot = (x[..., None] == jnp.arange(length)).astype("int32" if weights is None else weights.dtype)
    return jnp.sum(one_hot if weights is None else one_hot * weights[..., None], axis=1)


@op
def histogram(x, bins=10, range=None):
    """Count the elements in `bins` equal intervals from the smallest to the largest, or over `range`.

    Returns:  the counts, and the edges of the intervals, one more.
    Raises:   ValueError unless `bins` is a positive number and `range` two.
    """
    if not isinstance(bins, int) or bins < 0:
        raise ValueError(f"Argument `bins` should be a non-negative integer. Received: bins={bins}")
    if range and (len(range) != 2):
        raise ValueError(f"Argument `range` must be a tuple of two elements. Received: range={range}")
    if range and range[1] < range[0]:
        raise ValueError(f"The second element of `range` must be greater than the first. Received: range={range}")
    return jnp.histogram(x, bins, range)

"""keras.ops.numpy: NumPy's functions."""

# ruff: noqa: F401, I001 - a list of public names
# fmt: off
from lamina.ops.numpy.arithmetic import (
    add, allclose, arctan2, bitwise_and, bitwise_left_shift, bitwise_or, bitwise_right_shift, bitwise_xor, divide,
    divide_no_nan, equal, floor_divide, fmax, fmin, fmod, gcd, greater, greater_equal, heaviside, hypot, isclose,
    lcm, ldexp, left_shift, less, less_equal, logaddexp, logaddexp2, logical_and, logical_or, logical_xor, maximum,
    minimum, mod, multiply, nextafter, not_equal, power, right_shift, subtract, true_divide,
)
from lamina.ops.numpy.creation import (
    arange, bartlett, blackman, empty, empty_like, eye, full, full_like, geomspace, hamming, hanning, identity,
    kaiser, linspace, logspace, ones, ones_like, tri, vander, zeros, zeros_like,
)
from lamina.ops.numpy.functions import (
    abs, absolute, angle, arccos, arccosh, arcsin, arcsinh, arctan, arctanh, bitwise_invert, bitwise_not, cbrt,
    ceil, clip, conj, conjugate, copy, cos, cosh, deg2rad, exp, exp2, expm1, fabs, floor, i0, imag, isfinite, isinf,
    isnan, isneginf, isposinf, isreal, log, log10, log1p, log2, logical_not, nan_to_num, negative, rad2deg, real,
    reciprocal, round, sign, signbit, sin, sinc, sinh, sqrt, square, tan, tanh, trunc, view,
)
from lamina.ops.numpy.indexing import (
    argpartition, argsort, digitize, get_item, isin, nonzero, searchsorted, select, sort, take, take_along_axis,
    unique, unravel_index, vectorize, where,
)
from lamina.ops.numpy.products import (
    correlate, cross, dot, einsum, inner, kron, matmul, outer, slogdet, tensordot, vdot,
)
from lamina.ops.numpy.reduction import (
    all, amax, amin, any, argmax, argmin, average, bincount, corrcoef, count_nonzero, cumprod, cumsum, diff,
    histogram, max, mean, median, min, nanargmax, nanargmin, nancumprod, nancumsum, nanmax, nanmean, nanmedian,
    nanmin, nanpercentile, nanprod, nanquantile, nanstd, nansum, nanvar, percentile, prod, ptp, quantile, std, sum,
    trapezoid, var,
)
from lamina.ops.numpy.shaping import (
    append, array, array_split, broadcast_to, concatenate, diag, diagflat, diagonal, dsplit, dstack, expand_dims,
    flip, fliplr, flipud, hsplit, hstack, meshgrid, moveaxis, ndim, pad, ravel, repeat, reshape, roll, rot90, size,
    split, squeeze, stack, swapaxes, tile, trace, transpose, tril, triu, vsplit, vstack,
)

__all__ = [name for name, value in globals().items() if callable(value)]  # not the files

"""keras.ops: functions over arrays, lists, Variables and symbolic tensors.

The files beneath say what each does; this one is the list of public names.
"""

# ruff: noqa: F401, I001 - a list of public names
# fmt: off
from lamina.ops import image, linalg, nn, numpy
from lamina.ops.core.control import (
    associative_scan, cond, fori_loop, map, scan, switch, vectorized_map, while_loop,
)
from lamina.ops.core.slicing import (
    scatter, scatter_update, slice, slice_update,
)
from lamina.ops.core.tensors import (
    cast, convert_to_numpy, convert_to_tensor, custom_gradient, dtype, is_tensor, saturate_cast, shape,
    stop_gradient, unstack,
)
from lamina.ops.einops import (
    rearrange,
)
from lamina.ops.linalg import (
    cholesky, cholesky_inverse, det, eig, eigh, inv, jvp, lstsq, lu_factor, matrix_rank, norm, pinv, qr, solve,
    solve_triangular, svd,
)
from lamina.ops.math.segments import (
    segment_max, segment_min, segment_prod, segment_sum,
)
from lamina.ops.math.signal import (
    extract_sequences, fft, fft2, ifft2, irfft, istft, rfft, stft,
)
from lamina.ops.math.special import (
    cdist, erf, erfc, erfinv, in_top_k, logdet, logsumexp, rsqrt, top_k, view_as_complex, view_as_real,
)
from lamina.ops.nn.activation import (
    celu, elu, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_swish, hard_tanh, leaky_relu, log_sigmoid,
    log_softmax, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, sparse_plus,
    sparse_sigmoid, sparsemax, squareplus, swish, tanh_shrink, threshold,
)
from lamina.ops.nn.attention import (
    dot_product_attention,
)
from lamina.ops.nn.convolution import (
    conv, conv_transpose, depth_to_space, depthwise_conv, fold, separable_conv, space_to_depth, unfold,
)
from lamina.ops.nn.crossentropy import (
    binary_crossentropy, categorical_crossentropy, ctc_decode, ctc_loss, psnr, sparse_categorical_crossentropy,
)
from lamina.ops.nn.encoding import (
    multi_hot, one_hot, polar,
)
from lamina.ops.nn.normalization import (
    batch_normalization, layer_normalization, moments, normalize, rms_normalization,
)
from lamina.ops.nn.pooling import (
    adaptive_average_pool, adaptive_max_pool, average_pool, max_pool,
)
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

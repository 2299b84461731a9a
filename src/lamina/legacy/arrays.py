"""The functions of the old `K` that compute entry by entry, along axes and on shapes, with their old arguments."""

import builtins

from lamina import activations, ops
from lamina.core import config

abs, exp, log, round, sign, sin, square = ops.abs, ops.exp, ops.log, ops.round, ops.sign, ops.sin, ops.square
cos, tanh, sigmoid, softplus, softsign, identity = (
    ops.cos, ops.tanh, ops.sigmoid, ops.softplus, ops.softsign, activations.linear,
)  # fmt: skip
equal, not_equal, greater, greater_equal = ops.equal, ops.not_equal, ops.greater, ops.greater_equal
less, less_equal, maximum, minimum = ops.less, ops.less_equal, ops.maximum, ops.minimum
shape, ndim, slice = ops.shape, ops.ndim, ops.slice


def reshape(x, shape):
    """Return the entries in an array of other sizes."""
    return ops.reshape(x, shape)


def all(x, axis=None, keepdims=False):
    """Tell whether no entry is zero."""
    return ops.all(x, axis, keepdims)


def any(x, axis=None, keepdims=False):
    """Tell whether an entry is not zero."""
    return ops.any(x, axis, keepdims)


def max(x, axis=None, keepdims=False):
    """Return the largest value."""
    return ops.max(x, axis, keepdims)


def min(x, axis=None, keepdims=False):
    """Return the smallest value."""
    return ops.min(x, axis, keepdims)


def sum(x, axis=None, keepdims=False):
    """Add values up."""
    return ops.sum(x, axis, keepdims)


def prod(x, axis=None, keepdims=False):
    """Multiply values."""
    return ops.prod(x, axis, keepdims)


def mean(x, axis=None, keepdims=False):
    """Return the mean; of truth values, the fraction that is true."""
    return ops.mean(x, axis, keepdims)


def var(x, axis=None, keepdims=False):
    """Return the mean squared distance from the mean."""
    return ops.var(x, axis, keepdims)


def std(x, axis=None, keepdims=False):
    """Return the square root of the variance."""
    return ops.std(x, axis, keepdims)


def logsumexp(x, axis=None, keepdims=False):
    """Return the logarithm of the sum of exponentials."""
    return ops.logsumexp(x, axis, keepdims)


def argmax(x, axis=-1):
    """Return where the largest value is."""
    return ops.argmax(x, axis)


def argmin(x, axis=-1):
    """Return where the smallest value is."""
    return ops.argmin(x, axis)


def cumsum(x, axis=0):
    """Return the sums of the values so far."""
    return ops.cumsum(x, axis)


def cumprod(x, axis=0):
    """Return the products of the values so far."""
    return ops.cumprod(x, axis)


def pow(x, a):
    """Raise to a power."""
    return ops.power(x, a)


def sqrt(x):
    """Return the square root, 0 for negative numbers."""
    return ops.sqrt(ops.maximum(x, 0.0))


def clip(x, min_value, max_value):
    """Bound values; a bound of None is none, and a `max_value` below `min_value` counts as that."""
    if min_value is not None and max_value is not None and _is_below(max_value, min_value):
        max_value = min_value
    lowest = float("-inf") if min_value is None else min_value
    return ops.clip(x, lowest, float("inf") if max_value is None else max_value)


def _is_below(a, b):
    return isinstance(a, int | float) and isinstance(b, int | float) and a < b


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """Zero what is negative, or scale it by `alpha`."""
    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


def elu(x, alpha=1.0):
    """Return x, and alpha * (exp(x) - 1) where it is negative."""
    return ops.elu(x, alpha)


def hard_sigmoid(x):
    """Return clip(0.2 x + 0.5, 0, 1), the hard sigmoid of Keras 1 and 2."""
    return ops.clip(0.2 * ops.convert_to_tensor(x) + 0.5, 0.0, 1.0)


def softmax(x, axis=-1):
    """Return probabilities in proportion to exp(x)."""
    return activations.softmax(x, axis)


def l2_normalize(x, axis=None):
    """Scale to length one."""
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis, keepdims=True), 1e-12))


def cast(x, dtype):
    """Return the values in another dtype."""
    return ops.cast(x, dtype)


def cast_to_floatx(x):
    """Return the values in the default float dtype."""
    return ops.cast(ops.convert_to_tensor(x), config.floatx())


def dtype(x):
    """Return the name of the dtype."""
    return ops.dtype(x)


def int_shape(x):
    """Return the shape as a tuple, None where a size is unknown."""
    return tuple(x.shape)


def count_params(x):
    """Return the number of entries."""
    count = 1
    for size in x.shape:
        count *= size
    return count


def concatenate(tensors, axis=-1):
    """Put arrays side by side."""
    return ops.concatenate(tensors, axis)


def stack(x, axis=0):
    """Put arrays of one shape along a new axis."""
    return ops.stack(x, axis)


def expand_dims(x, axis=-1):
    """Add an axis of size one."""
    return ops.expand_dims(x, axis)


def squeeze(x, axis):
    """Drop an axis of size one."""
    return ops.squeeze(x, axis)


def flatten(x):
    """Return all values in one row."""
    return ops.reshape(x, (-1,))


def batch_flatten(x):
    """Return the values of each sample in one row."""
    sizes = tuple(x.shape)[1:]
    known = builtins.all(size is not None for size in sizes)
    return ops.reshape(x, (-1, count_params(x[0])) if known else (ops.shape(x)[0], -1))


def transpose(x):
    """Reverse the order of the axes."""
    return ops.transpose(x)


def permute_dimensions(x, pattern):
    """Put the axes in another order."""
    return ops.transpose(x, tuple(pattern))


def reverse(x, axes):
    """Reverse the order along some axes."""
    return ops.flip(x, axes)


def tile(x, n):
    """Repeat the whole array along each axis."""
    return ops.tile(x, n)


def repeat(x, n):
    """Repeat each vector of a batch `n` times: (batch, features) -> (batch, n, features).

    Raises:   ValueError for another rank.
    """
    if len(x.shape) != 2:
        raise ValueError(f"Expected input `x` to have rank 2. Received: rank(x)={len(x.shape)}")
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x, rep, axis):
    """Repeat each entry `rep` times along an axis."""
    return ops.repeat(x, rep, axis=axis)


def gather(reference, indices):
    """Return the rows with some numbers."""
    return ops.take(reference, indices, axis=0)


def one_hot(indices, num_classes):
    """Return vectors with a 1 at the place of each number."""
    return ops.one_hot(indices, num_classes, dtype=config.floatx())


def arange(start, stop=None, step=1, dtype="int32"):
    """Return equally spaced numbers, those below `start` if it is the only one."""
    if stop is None:
        start, stop = 0, builtins.max(start, 0)
    return ops.arange(start, stop, step, dtype=dtype)


def ones_like(x, dtype=None, name=None):
    """Return ones in the shape of an array."""
    return ops.ones_like(x, dtype=dtype)


def zeros_like(x, dtype=None, name=None):
    """Return zeros in the shape of an array."""
    return ops.zeros_like(x, dtype=dtype)


def dot(x, y):
    """Multiply matrices; of more axes, the last of `x` with the last but one of `y`: (2, 3), (4, 3, 5) -> (2, 4, 5)."""
    if len(y.shape) == 1:
        return ops.dot(x, y)
    return ops.tensordot(x, y, axes=((len(x.shape) - 1,), (len(y.shape) - 2,)))


def batch_dot(x, y, axes=None):
    """Multiply along one axis of each array, sample by sample.

    Args:
        axes: an axis of each, or one for both; by default the last of `x` and the last but one of `y`.
    Raises:   ValueError for the batch axis, arrays of one axis, or sizes that differ.
    Example:
        >>> batch_dot(ops.ones((32, 1, 20)), ops.ones((32, 30, 20)), axes=(2, 2)).shape
        (32, 1, 30)
    """
    ranks = len(x.shape), len(y.shape)
    if builtins.min(ranks) < 2:
        raise ValueError(f"`batch_dot` wants at least two axes. Received: shapes {tuple(x.shape)}, {tuple(y.shape)}")
    if axes is None:
        axes = (ranks[0] - 1, ranks[1] - 2 if ranks[1] > 2 else 1)
    axes = (axes, axes) if isinstance(axes, int) else tuple(axes)
    first, second = (axis % rank for axis, rank in zip(axes, ranks, strict=True))
    if 0 in (first, second):
        raise ValueError(f"`batch_dot` cannot sum over the batch axis. Received: axes={axes}")
    sizes = x.shape[first], y.shape[second]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ValueError(f"`batch_dot`: the axes {axes} have sizes {sizes[0]} and {sizes[1]}.")
    letters = iter("abcdefghijklmnopqrstuvw")
    left = ["z", *(next(letters) for _ in range(ranks[0] - 1))]
    right = ["z", *(next(letters) for _ in range(ranks[1] - 1))]
    left[first] = right[second] = "y"
    result = [letter for letter in left + right[1:] if letter != "y"]
    product = ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(result)}", x, y)
    return ops.expand_dims(product, -1) if ranks == (2, 2) else product


def map_fn(fn, elems, name=None, dtype=None):
    """Return the results of a function for each entry of the first axis."""
    return ops.map(fn, elems)


def foldl(fn, elems, initializer=None, name=None):
    """Combine the entries of the first axis from the left: fn(fn(fn(start, e0), e1), …)."""
    if initializer is None:
        initializer, elems = elems[0], elems[1:]
    return ops.scan(lambda sofar, x: (fn(sofar, x), None), initializer, elems)[0]


def foldr(fn, elems, initializer=None, name=None):
    """Combine the entries of the first axis from the right."""
    return foldl(fn, ops.flip(elems, 0), initializer)


def in_top_k(predictions, targets, k):
    """Tell for each row whether the right class is among the `k` best."""
    return ops.in_top_k(targets, predictions, k)


def is_sparse(tensor):
    """Tell whether an array keeps only what is not zero."""
    return bool(getattr(tensor, "sparse", False))


def to_dense(tensor):
    """Return an array that keeps everything."""
    return ops.convert_to_tensor(tensor)


def stop_gradient(variables):
    """Return the values as constants for gradients."""
    if isinstance(variables, list | tuple):
        return [ops.stop_gradient(x) for x in variables]
    return ops.stop_gradient(variables)

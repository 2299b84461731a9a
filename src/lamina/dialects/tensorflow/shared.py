"""Functions that `tf` and `tf.math` both have: element by element, and reductions."""

import functools

from lamina import ops
from lamina.dialects.tensorflow import dtypes
from lamina.dialects.tensorflow.signatures import anonymous

_of_two = functools.partial(anonymous, y="x2")
abs = anonymous(ops.abs)
acos = anonymous(ops.arccos)
add = _of_two(ops.add)
asin = anonymous(ops.arcsin)
atan = anonymous(ops.arctan)
atan2 = anonymous(ops.arctan2, y="x1", x="x2")
ceil = anonymous(ops.ceil)
cos = anonymous(ops.cos)
cosh = anonymous(ops.cosh)
divide = _of_two(ops.true_divide)
equal = _of_two(ops.equal)
exp = anonymous(ops.exp)
floor = anonymous(ops.floor)
floordiv = _of_two(ops.floor_divide)
greater = _of_two(ops.greater)
greater_equal = _of_two(ops.greater_equal)
less = _of_two(ops.less)
less_equal = _of_two(ops.less_equal)
log = anonymous(ops.log)
logical_and = _of_two(ops.logical_and)
logical_not = anonymous(ops.logical_not)
logical_or = _of_two(ops.logical_or)
maximum = _of_two(ops.maximum)
minimum = _of_two(ops.minimum)
multiply = _of_two(ops.multiply)
negative = anonymous(ops.negative)
not_equal = _of_two(ops.not_equal)
pow = _of_two(ops.power)
reduce_all = anonymous(ops.all, keep_dims="keepdims", reduction_indices="axis")
reduce_any = anonymous(ops.any, keep_dims="keepdims", reduction_indices="axis")
reduce_logsumexp = anonymous(ops.logsumexp, keep_dims="keepdims", reduction_indices="axis")
reduce_max = anonymous(ops.max, keep_dims="keepdims", reduction_indices="axis")
_mean = anonymous(ops.mean, keep_dims="keepdims", reduction_indices="axis")
reduce_min = anonymous(ops.min, keep_dims="keepdims", reduction_indices="axis")
reduce_prod = anonymous(ops.prod, keep_dims="keepdims", reduction_indices="axis")
reduce_sum = anonymous(ops.sum, keep_dims="keepdims", reduction_indices="axis")
round = anonymous(ops.round)
sigmoid = anonymous(ops.sigmoid)
sign = anonymous(ops.sign)
sin = anonymous(ops.sin)
sinh = anonymous(ops.sinh)
sqrt = anonymous(ops.sqrt)
square = anonymous(ops.square)
subtract = _of_two(ops.subtract)
tan = anonymous(ops.tan)
tanh = anonymous(ops.tanh)
truediv = _of_two(ops.true_divide)


def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """Return the sums of what comes before, along an axis; each entry is counted in, unless `exclusive`."""
    return cumulative(ops.cumsum, 0, x, axis, exclusive, reverse)


def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """Return the products of what comes before, along an axis; each entry is counted in, unless `exclusive`."""
    return cumulative(ops.cumprod, 1, x, axis, exclusive, reverse)


def cumulative(op, start, x, axis, exclusive, reverse):
    """Return what an op makes of all that comes before; `start` stands before the first entry."""
    axis = int(axis)
    x = ops.flip(x, axis=axis) if reverse else ops.convert_to_tensor(x)
    if exclusive:
        margins = [(0, 0)] * len(x.shape)
        margins[axis] = (1, 0)
        x = ops.pad(ops.split(x, [x.shape[axis] - 1], axis=axis)[0], margins, constant_values=start)
    total = op(x, axis=axis)
    return ops.flip(total, axis=axis) if reverse else total


def argmax(input, axis=None, output_type=dtypes.int64, name=None):
    """Return where the largest value is; along the first axis by default."""
    return ops.argmax(input, axis=0 if axis is None else axis)


def argmin(input, axis=None, output_type=dtypes.int64, name=None):
    """Return where the smallest value is; along the first axis by default."""
    return ops.argmin(input, axis=0 if axis is None else axis)


def reduce_mean(input_tensor, axis=None, keepdims=False, name=None, **words):
    """Return the mean; of whole numbers, a whole number, what is behind the point cut off."""
    x = ops.convert_to_tensor(input_tensor)
    words = {"axis": axis, "keepdims": keepdims, **words}
    if "int" not in str(x.dtype):
        return _mean(x, **words)
    total, count = reduce_sum(x, **words), reduce_sum(ops.ones_like(x), **words)
    return ops.cast(ops.sign(total) * ops.floor_divide(ops.abs(total), count), x.dtype)


def reduce_std(input_tensor, axis=None, keepdims=False, name=None):
    """Return the standard deviation."""
    return ops.std(input_tensor, axis, keepdims)


__all__ = [
    "abs",
    "acos",
    "add",
    "argmax",
    "argmin",
    "asin",
    "atan",
    "atan2",
    "ceil",
    "cos",
    "cosh",
    "cumprod",
    "cumsum",
    "divide",
    "equal",
    "exp",
    "floor",
    "floordiv",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "log",
    "logical_and",
    "logical_not",
    "logical_or",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "pow",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "round",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "truediv",
]

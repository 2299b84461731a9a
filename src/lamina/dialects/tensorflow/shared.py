"""Functions that `tf` and `tf.math` both have: element by element, and reductions."""

from lamina import ops
from lamina.dialects.tensorflow import dtypes
from lamina.dialects.tensorflow.signatures import anonymous

abs = anonymous(ops.abs)
acos = anonymous(ops.arccos)
add = anonymous(ops.add)
asin = anonymous(ops.arcsin)
atan = anonymous(ops.arctan)
atan2 = anonymous(ops.arctan2)
ceil = anonymous(ops.ceil)
cos = anonymous(ops.cos)
cosh = anonymous(ops.cosh)
divide = anonymous(ops.true_divide)
equal = anonymous(ops.equal)
exp = anonymous(ops.exp)
floor = anonymous(ops.floor)
floordiv = anonymous(ops.floor_divide)
greater = anonymous(ops.greater)
greater_equal = anonymous(ops.greater_equal)
less = anonymous(ops.less)
less_equal = anonymous(ops.less_equal)
log = anonymous(ops.log)
logical_and = anonymous(ops.logical_and)
logical_not = anonymous(ops.logical_not)
logical_or = anonymous(ops.logical_or)
maximum = anonymous(ops.maximum)
minimum = anonymous(ops.minimum)
multiply = anonymous(ops.multiply)
negative = anonymous(ops.negative)
not_equal = anonymous(ops.not_equal)
pow = anonymous(ops.power)
reduce_all = anonymous(ops.all, keep_dims="keepdims", reduction_indices="axis")
reduce_any = anonymous(ops.any, keep_dims="keepdims", reduction_indices="axis")
reduce_logsumexp = anonymous(ops.logsumexp, keep_dims="keepdims", reduction_indices="axis")
reduce_max = anonymous(ops.max, keep_dims="keepdims", reduction_indices="axis")
reduce_mean = anonymous(ops.mean, keep_dims="keepdims", reduction_indices="axis")
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
subtract = anonymous(ops.subtract)
tan = anonymous(ops.tan)
tanh = anonymous(ops.tanh)
truediv = anonymous(ops.true_divide)


def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """Return the sums of what comes before, along an axis; each entry is counted in, unless `exclusive`."""
    return _cumulative(ops.cumsum, 0, x, axis, exclusive, reverse)


def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """Return the products of what comes before, along an axis; each entry is counted in, unless `exclusive`."""
    return _cumulative(ops.cumprod, 1, x, axis, exclusive, reverse)


def _cumulative(op, start, x, axis, exclusive, reverse):
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

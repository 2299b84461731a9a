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
cumprod = anonymous(ops.cumprod)
cumsum = anonymous(ops.cumsum)
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
reduce_all = anonymous(ops.all)
reduce_any = anonymous(ops.any)
reduce_logsumexp = anonymous(ops.logsumexp)
reduce_max = anonymous(ops.max)
reduce_mean = anonymous(ops.mean)
reduce_min = anonymous(ops.min)
reduce_prod = anonymous(ops.prod)
reduce_sum = anonymous(ops.sum)
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

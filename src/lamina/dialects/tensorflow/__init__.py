"""The part of TensorFlow that programs use around Keras, on arrays of JAX; anything else raises an error."""

import contextlib

import jax
import numpy as np

from lamina import ops
from lamina.core.variable import Variable as _Variable
from lamina.dialects.internals import device
from lamina.dialects.tensorflow import dtypes
from lamina.dialects.tensorflow.dtypes import *  # noqa: F403 -- tf.float32 and its siblings
from lamina.dialects.tensorflow.shapes import TensorShape, TensorSpec
from lamina.dialects.tensorflow.signatures import anonymous
from lamina.dialects.tensorflow.tape import GradientTape

Tensor = jax.Array
newaxis = None

abs = anonymous(ops.abs)
acos = anonymous(ops.arccos)
add = anonymous(ops.add)
asin = anonymous(ops.arcsin)
atan = anonymous(ops.arctan)
broadcast_to = anonymous(ops.broadcast_to)
cast = anonymous(ops.cast)
ceil = anonymous(ops.ceil)
cos = anonymous(ops.cos)
cosh = anonymous(ops.cosh)
cumprod = anonymous(ops.cumprod)
cumsum = anonymous(ops.cumsum)
divide = anonymous(ops.true_divide)
einsum = anonymous(ops.einsum)
equal = anonymous(ops.equal)
exp = anonymous(ops.exp)
expand_dims = anonymous(ops.expand_dims)
eye = anonymous(ops.eye)
floor = anonymous(ops.floor)
floordiv = anonymous(ops.floor_divide)
greater = anonymous(ops.greater)
greater_equal = anonymous(ops.greater_equal)
identity = anonymous(ops.convert_to_tensor)
less = anonymous(ops.less)
less_equal = anonymous(ops.less_equal)
linspace = anonymous(ops.linspace)
log = anonymous(ops.log)
logical_and = anonymous(ops.logical_and)
logical_not = anonymous(ops.logical_not)
logical_or = anonymous(ops.logical_or)
maximum = anonymous(ops.maximum)
minimum = anonymous(ops.minimum)
multiply = anonymous(ops.multiply)
negative = anonymous(ops.negative)
not_equal = anonymous(ops.not_equal)
ones_like = anonymous(ops.ones_like)
pow = anonymous(ops.power)
rank = anonymous(ops.ndim)
reduce_all = anonymous(ops.all)
reduce_any = anonymous(ops.any)
reduce_logsumexp = anonymous(ops.logsumexp)
reduce_max = anonymous(ops.max)
reduce_mean = anonymous(ops.mean)
reduce_min = anonymous(ops.min)
reduce_prod = anonymous(ops.prod)
reduce_sum = anonymous(ops.sum)
repeat = anonymous(ops.repeat)
reshape = anonymous(ops.reshape)
roll = anonymous(ops.roll)
round = anonymous(ops.round)
searchsorted = anonymous(ops.searchsorted)
sigmoid = anonymous(ops.sigmoid)
sign = anonymous(ops.sign)
sin = anonymous(ops.sin)
sinh = anonymous(ops.sinh)
size = anonymous(ops.size)
sqrt = anonymous(ops.sqrt)
square = anonymous(ops.square)
squeeze = anonymous(ops.squeeze)
stack = anonymous(ops.stack)
stop_gradient = anonymous(ops.stop_gradient)
subtract = anonymous(ops.subtract)
tan = anonymous(ops.tan)
tanh = anonymous(ops.tanh)
tensordot = anonymous(ops.tensordot)
tile = anonymous(ops.tile)
truediv = anonymous(ops.true_divide)
unstack = anonymous(ops.unstack)
zeros_like = anonymous(ops.zeros_like)

atan2 = anonymous(ops.arctan2)


class Variable(_Variable):
    """A named array that changes by `assign`; without `dtype` it keeps that of its first value."""

    def __init__(self, initial_value, trainable=True, name=None, dtype=None, shape=None, **options):
        value = initial_value() if callable(initial_value) else initial_value
        array = constant(value, dtype)
        super().__init__(array, trainable=trainable, name=name, dtype=str(array.dtype))


def constant(value, dtype=None, shape=None, name=None):
    """Return an array; Python floats become float32, integers int32, as in TensorFlow."""
    array = np.asarray(value)
    if dtype is None and not isinstance(value, (np.ndarray, np.generic, jax.Array)):
        dtype = {"float64": "float32", "int64": "int32"}.get(str(array.dtype))
    array = ops.convert_to_tensor(value if array.dtype != object else array, None if dtype is None else str(dtype))
    return array if shape is None else ops.broadcast_to(array, shape)


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """Return `value` as an array."""
    return constant(value.value if isinstance(value, _Variable) else value, dtype)


def is_tensor(x):
    """Tell whether `x` is an array or a symbolic tensor."""
    return ops.is_tensor(x) or isinstance(x, _Variable)


def shape(input, out_type=dtypes.int32, name=None):
    """Return the sizes as an array; where one is unknown, as a tuple."""
    sizes = ops.shape(input)
    return sizes if any(not isinstance(size, int) for size in sizes) else ops.array(sizes, str(out_type))


def zeros(shape, dtype=dtypes.float32, name=None):
    """Return an array of zeros."""
    return ops.zeros(_sizes(shape), str(dtype))


def ones(shape, dtype=dtypes.float32, name=None):
    """Return an array of ones."""
    return ops.ones(_sizes(shape), str(dtype))


def fill(dims, value, name=None):
    """Return an array of one value."""
    return ops.full(_sizes(dims), value)


def range(start, limit=None, delta=1, dtype=None, name=None):
    """Return evenly spaced numbers."""
    return ops.arange(start, limit, delta, None if dtype is None else str(dtype))


def concat(values, axis, name=None):
    """Join arrays along an axis."""
    return ops.concatenate(values, axis=int(axis))


def transpose(a, perm=None, conjugate=False, name=None):
    """Reorder the axes."""
    return ops.transpose(a, perm)


def matmul(a, b, transpose_a=False, transpose_b=False, name=None):
    """Multiply matrices."""
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(a, ops.swapaxes(b, -1, -2) if transpose_b else b)


def argmax(input, axis=None, output_type=dtypes.int64, name=None):
    """Return where the largest value is; along the first axis by default."""
    return ops.argmax(input, axis=0 if axis is None else axis)


def argmin(input, axis=None, output_type=dtypes.int64, name=None):
    """Return where the smallest value is; along the first axis by default."""
    return ops.argmin(input, axis=0 if axis is None else axis)


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """Return the order that sorts."""
    return ops.argsort(values if direction == "ASCENDING" else ops.negative(values), axis=axis)


def sort(values, axis=-1, direction="ASCENDING", name=None):
    """Return the values in order."""
    ascending = ops.sort(values, axis=axis)
    return ascending if direction == "ASCENDING" else ops.flip(ascending, axis=axis)


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """Return the entries at `indices`."""
    if batch_dims:
        _refuse("tf.gather(batch_dims=…)", "ops.take_along_axis")
    return ops.take(params, indices, axis=0 if axis is None else axis)


def gather_nd(params, indices, batch_dims=0, name=None):
    """Return the entries at points."""
    if batch_dims:
        _refuse("tf.gather_nd(batch_dims=…)", "ops.take_along_axis")
    indices = ops.convert_to_tensor(indices)
    return params[tuple(ops.moveaxis(indices, -1, 0))]


def where(condition, x=None, y=None, name=None):
    """Return `x` where the condition holds and `y` elsewhere; with the condition alone, the points where it holds."""
    if x is None and y is None:
        return ops.stack(ops.nonzero(condition), axis=-1)
    return ops.where(condition, x, y)


def boolean_mask(tensor, mask, axis=0, name=None):
    """Return the entries where the mask holds."""
    return ops.convert_to_tensor(np.compress(np.asarray(mask), np.asarray(tensor), axis=axis))


def one_hot(indices, depth, on_value=1, off_value=0, axis=-1, dtype=dtypes.float32, name=None):
    """Return a one at each index."""
    hot = ops.one_hot(indices, int(depth), axis=axis, dtype=str(dtype))
    return hot if (on_value, off_value) == (1, 0) else ops.where(hot == 1, on_value, off_value)


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """Keep values inside bounds."""
    return ops.clip(t, clip_value_min, clip_value_max)


def clip_by_norm(t, clip_norm, axes=None, name=None):
    """Scale down to a norm."""
    norm = ops.sqrt(ops.sum(ops.square(t), axis=axes, keepdims=axes is not None))
    return t * (clip_norm / ops.maximum(norm, clip_norm))


def norm(tensor, ord="euclidean", axis=None, keepdims=False, name=None):
    """Return the length of vectors."""
    if ord == "euclidean":
        return ops.sqrt(ops.sum(ops.square(tensor), axis=axis, keepdims=keepdims))
    return ops.norm(tensor, ord, axis, keepdims)


def split(value, num_or_size_splits, axis=0, num=None, name=None):
    """Cut into equal parts, or into parts of given sizes."""
    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis=axis)
    return ops.split(value, list(np.cumsum(num_or_size_splits)[:-1]), axis=axis)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    """Add a margin."""
    paddings = tuple(map(tuple, np.asarray(paddings).tolist()))
    if mode.upper() == "CONSTANT":
        return ops.pad(tensor, paddings, "constant", constant_values)
    return ops.pad(tensor, paddings, mode.lower())


def reverse(tensor, axis, name=None):
    """Turn axes around."""
    return ops.flip(tensor, axis=axis)


def reduce_std(input_tensor, axis=None, keepdims=False, name=None):
    """Return the standard deviation."""
    return ops.std(input_tensor, axis, keepdims)


def unique(x, out_idx=dtypes.int32, name=None):
    """Return the different values, and for each entry which one it is."""
    values, positions = np.unique(np.asarray(x), return_inverse=True)
    return ops.convert_to_tensor(values), ops.convert_to_tensor(positions.astype(str(out_idx)))


def cond(pred, true_fn=None, false_fn=None, name=None):
    """Call one of two functions."""
    return ops.cond(pred, true_fn, false_fn)


def map_fn(fn, elems, dtype=None, fn_output_signature=None, **options):
    """Apply a function to each entry of the first axis."""
    return ops.map(fn, elems)


def function(func=None, input_signature=None, autograph=True, jit_compile=None, **options):
    """Return the function as it is: models, losses and optimizers compile what they do themselves."""
    return func if func is not None else lambda decorated: decorated


def executing_eagerly():
    """Tell that values are at hand."""
    return True


def name_scope(name):
    """Accept a name for a block."""
    return contextlib.nullcontext(name)


def print(*values, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    """Print values as NumPy does."""
    import builtins

    builtins.print(*(np.asarray(value) if is_tensor(value) else value for value in values), sep=sep, end=end)


def group(*inputs, name=None):
    """Accept operations that are already done."""


def _sizes(shape):
    return tuple(int(size) for size in np.atleast_1d(np.asarray(shape)))


def _refuse(what, instead):
    raise NotImplementedError(f"{what} is not covered; the nearest here is {instead}.")


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Scale arrays down together; return them and their norm."""
    total = ops.sqrt(sum(ops.sum(ops.square(t)) for t in t_list)) if use_norm is None else use_norm
    scale = clip_norm / ops.maximum(total, clip_norm)
    return [t * scale for t in t_list], total


__all__ = [
    *dtypes.__all__,
    "GradientTape",
    "Tensor",
    "TensorShape",
    "TensorSpec",
    "Variable",
    "abs",
    "acos",
    "add",
    "argmax",
    "argmin",
    "argsort",
    "asin",
    "atan",
    "atan2",
    "boolean_mask",
    "broadcast_to",
    "cast",
    "ceil",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "concat",
    "cond",
    "constant",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumprod",
    "cumsum",
    "device",
    "divide",
    "einsum",
    "equal",
    "executing_eagerly",
    "exp",
    "expand_dims",
    "eye",
    "fill",
    "floor",
    "floordiv",
    "function",
    "gather",
    "gather_nd",
    "greater",
    "greater_equal",
    "group",
    "identity",
    "is_tensor",
    "less",
    "less_equal",
    "linspace",
    "log",
    "logical_and",
    "logical_not",
    "logical_or",
    "map_fn",
    "matmul",
    "maximum",
    "minimum",
    "multiply",
    "name_scope",
    "negative",
    "newaxis",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "pow",
    "print",
    "range",
    "rank",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_std",
    "reduce_sum",
    "repeat",
    "reshape",
    "reverse",
    "roll",
    "round",
    "searchsorted",
    "shape",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "size",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "subtract",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "transpose",
    "truediv",
    "unique",
    "unstack",
    "where",
    "zeros",
    "zeros_like",
]

"""Arrays as `tf` makes, cuts and joins them."""

import functools

import jax
import numpy as np

from lamina import ops
from lamina.core.dtypes import standardize_dtype
from lamina.core.tensor import KerasTensor
from lamina.core.texts import are_texts, to_numpy
from lamina.core.variable import Variable
from lamina.dialects.tensorflow import dtypes
from lamina.dialects.tensorflow.shapes import HostTensor, TensorShape, is_text
from lamina.dialects.tensorflow.signatures import anonymous

broadcast_to = anonymous(ops.broadcast_to)
cast = anonymous(ops.cast)
expand_dims = anonymous(ops.expand_dims)
identity = anonymous(ops.convert_to_tensor)
linspace = anonymous(ops.linspace)
ones_like = anonymous(ops.ones_like)
rank = anonymous(ops.ndim)
repeat = anonymous(ops.repeat)
reshape = anonymous(ops.reshape, shape="newshape")
roll = anonymous(ops.roll)
size = anonymous(ops.size)
squeeze = anonymous(ops.squeeze)
stack = anonymous(ops.stack)
stop_gradient = anonymous(ops.stop_gradient)
tensordot = anonymous(ops.tensordot)
tile = anonymous(ops.tile, multiples="repeats")
unstack = anonymous(ops.unstack)
_concatenate = anonymous(ops.concatenate)
zeros_like = anonymous(ops.zeros_like)


def constant(value, dtype=None, shape=None, name=None):
    """Return an array; Python floats become float32, integers int32, as in TensorFlow; texts stay with NumPy."""
    if not isinstance(value, jax.Array) or are_texts(value):
        array = to_numpy(value)
        if is_text(array):
            return (array if shape is None else np.broadcast_to(array, shape)).view(HostTensor)
        if dtype is None and not isinstance(value, (np.ndarray, np.generic)):
            dtype = {"float64": "float32", "int64": "int32"}.get(str(array.dtype))
    array = ops.convert_to_tensor(value, None if dtype is None else standardize_dtype(dtype))
    return array if shape is None else ops.broadcast_to(array, shape)


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """Return `value` as an array."""
    return constant(value.value if isinstance(value, Variable) else value, dtype)


def is_tensor(x):
    """Tell whether `x` is an array or a symbolic tensor."""
    return ops.is_tensor(x) or isinstance(x, (Variable, HostTensor))


def is_symbolic_tensor(tensor):
    """Tell whether an array has no values yet: it stands for what a model or a program will be given."""
    return isinstance(tensor, (KerasTensor, jax.core.Tracer))


def add_n(inputs, name=None):
    """Return the sum of several arrays."""
    return functools.reduce(ops.add, inputs)


def as_string(input, precision=-1, name=None, **options):
    """Return numbers as texts; floats with `precision` digits behind the point, six by default."""
    array = np.asarray(input)
    if options:
        raise NotImplementedError(
            f"tf.strings.as_string({', '.join(options)}) is not covered; write format() in Python."
        )
    kind = f".{6 if precision < 0 else precision}f" if array.dtype.kind == "f" else ""
    words = {True: "true", False: "false"} if array.dtype.kind == "b" else {}
    texts = np.array([words.get(value) or format(value, kind) for value in array.reshape(-1).tolist()])
    return texts.reshape(array.shape).view(HostTensor)


def histogram_fixed_width(values, value_range, nbins=100, dtype="int32", name=None):
    """Count values in bins of one width; those outside the range are counted in the first and the last."""
    low, high = (float(np.asarray(limit)) for limit in value_range)
    bins = ops.floor((ops.cast(ops.reshape(values, (-1,)), "float32") - low) / (high - low) * nbins)
    places = ops.cast(ops.clip(bins, 0, nbins - 1), "int32")
    return ops.cast(ops.segment_sum(ops.ones_like(places), places, num_segments=nbins), standardize_dtype(dtype))


def einsum(equation, *inputs, name=None, optimize=None):
    """Return products of arrays, summed as an equation says."""
    return ops.einsum(equation, *inputs)


def shape(input, out_type=dtypes.int32, name=None):
    """Return the sizes as an array, also while a program is compiled; where one is unknown, as a tuple."""
    sizes = ops.shape(input)
    known = all(isinstance(size, int) for size in sizes)
    return np.array(sizes, str(out_type)).view(HostTensor) if known else sizes


def zeros(shape, dtype=dtypes.float32, name=None):
    """Return an array of zeros."""
    return ops.zeros(_sizes(shape), standardize_dtype(dtype))


def ones(shape, dtype=dtypes.float32, name=None):
    """Return an array of ones."""
    return ops.ones(_sizes(shape), standardize_dtype(dtype))


def fill(dims, value, name=None):
    """Return an array of one value, whose dtype it keeps."""
    return ops.broadcast_to(convert_to_tensor(value), _sizes(dims))


def range(start, limit=None, delta=1, dtype=None, name=None):
    """Return evenly spaced numbers; whole ones also while a program is compiled, so that loops can run over them."""
    dtype = None if dtype is None else standardize_dtype(dtype)
    start, limit = (0, start) if limit is None else (start, limit)
    if dtype in (None, "int32", "int64") and all(map(_is_whole, (start, limit, delta))):
        return np.arange(int(start), int(limit), int(delta), dtype=dtype or "int32").view(HostTensor)
    return ops.arange(start, limit, delta, dtype)


def concat(values, axis, name=None):
    """Join arrays along an axis, or rows of different lengths."""
    if hasattr(values[0], "joined_with"):
        return values[0].joined_with(values[1:], int(axis))
    return _concatenate(values, axis=int(axis))


def transpose(a, perm=None, conjugate=False, name=None):
    """Reorder the axes; of complex numbers, take conjugates if wanted."""
    return ops.transpose(ops.conj(a) if conjugate else a, perm)


def matmul(a, b, transpose_a=False, transpose_b=False, name=None):
    """Multiply matrices."""
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    return ops.matmul(a, ops.swapaxes(b, -1, -2) if transpose_b else b)


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    """Return the order that sorts."""
    if direction != "ASCENDING":
        values = ops.convert_to_tensor(values)  # whole numbers may have no negative; ~x turns their order too
        values = ops.negative(values) if "float" in str(values.dtype) else ops.bitwise_not(values)
    return ops.argsort(values, axis=axis)


def sort(values, axis=-1, direction="ASCENDING", name=None):
    """Return the values in order."""
    ascending = ops.sort(values, axis=axis)
    return ascending if direction == "ASCENDING" else ops.flip(ascending, axis=axis)


def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    """Return a one at each index, or `on_value` there and `off_value` elsewhere."""
    hot = ops.one_hot(indices, int(depth), axis=-1 if axis is None else axis, dtype=str(dtype or dtypes.float32))
    if on_value is None and off_value is None:
        return hot
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    chosen = ops.where(hot == 1, on, off)
    return chosen if dtype is None else ops.cast(chosen, standardize_dtype(dtype))


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """Keep values inside bounds."""
    return ops.clip(t, clip_value_min, clip_value_max)


def clip_by_norm(t, clip_norm, axes=None, name=None):
    """Scale down to a norm."""
    norm = ops.sqrt(ops.sum(ops.square(t), axis=axes, keepdims=axes is not None))
    return t * (clip_norm / ops.maximum(norm, clip_norm))


def global_norm(t_list, name=None):
    """Return the length of all arrays taken together; None is passed over."""
    return ops.sqrt(sum(ops.sum(ops.square(t)) for t in t_list if t is not None))


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Scale arrays down together; return them and their norm. None stays; if the norm is not finite, all are NaN."""
    total = global_norm(t_list) if use_norm is None else use_norm
    scale = ops.where(ops.isfinite(total), clip_norm / ops.maximum(total, clip_norm), np.nan)
    return [None if t is None else t * scale for t in t_list], total


def norm(tensor, ord="euclidean", axis=None, keepdims=False, name=None):
    """Return the length of vectors."""
    if ord == "euclidean":
        return ops.sqrt(ops.sum(ops.square(tensor), axis=axis, keepdims=keepdims))
    if axis is None:  # all entries are one vector, also those of a matrix
        flat = ops.norm(ops.reshape(tensor, (-1,)), None if ord == "fro" else ord)
        return ops.reshape(flat, (1,) * len(tensor.shape)) if keepdims else flat
    return ops.norm(tensor, ord, axis, keepdims)


def eye(num_rows, num_columns=None, batch_shape=None, dtype=dtypes.float32, name=None):
    """Return a matrix with ones on its diagonal, or an array of them."""
    one = ops.eye(int(num_rows), None if num_columns is None else int(num_columns), dtype=standardize_dtype(dtype))
    return one if batch_shape is None else ops.broadcast_to(one, (*_sizes(batch_shape), *one.shape))


def searchsorted(sorted_sequence, values, side="left", out_type=dtypes.int32, name=None):
    """Return where in a sorted vector values would have to be inserted."""
    return ops.cast(ops.searchsorted(sorted_sequence, values, side), str(out_type))


def split(value, num_or_size_splits, axis=0, num=None, name=None):
    """Cut into equal parts, or into parts of given sizes."""
    sizes = np.asarray(num_or_size_splits)
    if sizes.ndim == 0:
        return ops.split(value, int(sizes), axis=axis)
    rest = value.shape[axis] - sizes.sum() - 1 if -1 in sizes else 0
    return ops.split(value, np.where(sizes == -1, rest, sizes).cumsum()[:-1].tolist(), axis=axis)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    """Add a margin."""
    paddings = tuple(map(tuple, np.asarray(paddings).tolist()))
    if mode.upper() == "CONSTANT":
        return ops.pad(tensor, paddings, "constant", constant_values)
    return ops.pad(tensor, paddings, mode.lower())


def reverse(tensor, axis, name=None):
    """Turn axes around."""
    return ops.flip(tensor, axis=axis)


def slice(input_, begin, size, name=None):
    """Return a block; -1 reaches to the end."""
    sizes = [full - start if n == -1 else n for full, start, n in zip(input_.shape, begin, size, strict=True)]
    return ops.slice(input_, [int(start) for start in begin], [int(n) for n in sizes])


def meshgrid(*args, indexing="xy", name=None):
    """Return the coordinates of every point of a grid."""
    return ops.meshgrid(*args, indexing=indexing)


def complex(real, imag, name=None):
    """Return complex numbers."""
    return ops.add(real, ops.multiply(1j, imag))


def sequence_mask(lengths, maxlen=None, dtype=dtypes.bool, name=None):
    """Return True for the first so many steps of each sequence."""
    longest = int(np.max(np.asarray(lengths))) if maxlen is None else int(maxlen)
    return ops.cast(ops.arange(longest) < ops.expand_dims(lengths, -1), standardize_dtype(dtype))


def ensure_shape(x, shape, name=None):
    """Return `x`; raise ValueError if it has another shape."""
    known = [None if size in (None, -1) else int(size) for size in shape]
    if len(known) != len(x.shape) or any(w not in (None, size) for size, w in zip(x.shape, known, strict=True)):
        raise ValueError(f"Shape {tuple(x.shape)} is not {tuple(known)}")
    return x


def broadcast_static_shape(shape_x, shape_y):
    """Return the shape that two shapes have together."""
    return TensorShape(np.broadcast_shapes(tuple(shape_x), tuple(shape_y)))


def broadcast_dynamic_shape(shape_x, shape_y):
    """Return the shape that two shapes have together, as an array."""
    return np.array(broadcast_static_shape(shape_x, shape_y), "int32").view(HostTensor)


def get_static_value(tensor, partial=False):
    """Return the value as an array of NumPy; None if it is not at hand."""
    return None if is_symbolic_tensor(tensor) else np.asarray(tensor)


def saturate_cast(value, dtype, name=None):
    """Return another dtype; numbers that do not fit become its limits."""
    return ops.saturate_cast(value, standardize_dtype(dtype))


def _is_whole(x):
    return (
        x is None
        or (isinstance(x, (int, np.integer, np.ndarray)) and np.asarray(x).dtype.kind in "iu")
        or (isinstance(x, jax.Array) and not isinstance(x, jax.core.Tracer) and x.dtype.kind in "iu")
    )


def _sizes(shape):
    return tuple(int(size) for size in np.atleast_1d(np.asarray(shape)))


__all__ = [
    "add_n",
    "argsort",
    "as_string",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "cast",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "complex",
    "concat",
    "constant",
    "convert_to_tensor",
    "einsum",
    "ensure_shape",
    "expand_dims",
    "eye",
    "fill",
    "get_static_value",
    "histogram_fixed_width",
    "identity",
    "is_symbolic_tensor",
    "is_tensor",
    "linspace",
    "matmul",
    "meshgrid",
    "norm",
    "one_hot",
    "ones",
    "ones_like",
    "pad",
    "range",
    "rank",
    "repeat",
    "reshape",
    "reverse",
    "roll",
    "saturate_cast",
    "searchsorted",
    "sequence_mask",
    "shape",
    "size",
    "slice",
    "sort",
    "split",
    "squeeze",
    "stack",
    "stop_gradient",
    "tensordot",
    "tile",
    "transpose",
    "unstack",
    "zeros",
    "zeros_like",
]

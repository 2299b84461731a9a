"""Arrays as `tf` makes, cuts and joins them."""

import functools

import jax
import numpy as np

from lamina import ops
from lamina.core.tensor import KerasTensor
from lamina.core.texts import are_texts, to_numpy
from lamina.core.variable import Variable
from lamina.dialects.tensorflow import dtypes
from lamina.dialects.tensorflow.shapes import HostTensor
from lamina.dialects.tensorflow.signatures import anonymous

broadcast_to = anonymous(ops.broadcast_to)
cast = anonymous(ops.cast)
einsum = anonymous(ops.einsum)
expand_dims = anonymous(ops.expand_dims)
eye = anonymous(ops.eye)
identity = anonymous(ops.convert_to_tensor)
linspace = anonymous(ops.linspace)
ones_like = anonymous(ops.ones_like)
rank = anonymous(ops.ndim)
repeat = anonymous(ops.repeat)
reshape = anonymous(ops.reshape)
roll = anonymous(ops.roll)
searchsorted = anonymous(ops.searchsorted)
size = anonymous(ops.size)
squeeze = anonymous(ops.squeeze)
stack = anonymous(ops.stack)
stop_gradient = anonymous(ops.stop_gradient)
tensordot = anonymous(ops.tensordot)
tile = anonymous(ops.tile)
unstack = anonymous(ops.unstack)
zeros_like = anonymous(ops.zeros_like)


def constant(value, dtype=None, shape=None, name=None):
    """Return an array; Python floats become float32, integers int32, as in TensorFlow."""
    array = to_numpy(value)
    if are_texts(array):
        return (array if shape is None else np.broadcast_to(array, shape)).view(HostTensor)
    if dtype is None and not isinstance(value, (np.ndarray, np.generic, jax.Array)):
        dtype = {"float64": "float32", "int64": "int32"}.get(str(array.dtype))
    array = ops.convert_to_tensor(value if array.dtype != object else array, None if dtype is None else str(dtype))
    return array if shape is None else ops.broadcast_to(array, shape)


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """Return `value` as an array."""
    return constant(value.value if isinstance(value, Variable) else value, dtype)


def is_tensor(x):
    """Tell whether `x` is an array or a symbolic tensor."""
    return ops.is_tensor(x) or isinstance(x, Variable)


def is_symbolic_tensor(tensor):
    """Tell whether an array has no values yet: it stands for what a model or a program will be given."""
    return isinstance(tensor, (KerasTensor, jax.core.Tracer))


def add_n(inputs, name=None):
    """Return the sum of several arrays."""
    return functools.reduce(ops.add, inputs)


def as_string(input, precision=-1, name=None, **options):
    """Return numbers as texts; floats with `precision` digits behind the point, six by default."""
    array = np.asarray(input)
    kind = f".{6 if precision < 0 else precision}f" if array.dtype.kind == "f" else ""
    texts = np.array([format(value, kind) for value in array.reshape(-1).tolist()])
    return texts.reshape(array.shape) if array.ndim else texts[0]


def histogram_fixed_width(values, value_range, nbins=100, dtype="int32", name=None):
    """Count values in bins of one width; those outside the range are counted in the first and the last."""
    low, high = (float(np.asarray(limit)) for limit in value_range)
    bins = ops.floor((ops.cast(ops.reshape(values, (-1,)), "float32") - low) / (high - low) * nbins)
    places = ops.cast(ops.clip(bins, 0, nbins - 1), "int32")
    return ops.cast(ops.segment_sum(ops.ones_like(places), places, num_segments=nbins), str(dtype))


def shape(input, out_type=dtypes.int32, name=None):
    """Return the sizes as an array, also while a program is compiled; where one is unknown, as a tuple."""
    sizes = ops.shape(input)
    known = all(isinstance(size, int) for size in sizes)
    return np.array(sizes, str(out_type)).view(HostTensor) if known else sizes


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


def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    """Return a one at each index, or `on_value` there and `off_value` elsewhere."""
    hot = ops.one_hot(indices, int(depth), axis=-1 if axis is None else axis, dtype=str(dtype or dtypes.float32))
    if on_value is None and off_value is None:
        return hot
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    return ops.where(hot == 1, on, off)


def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    """Keep values inside bounds."""
    return ops.clip(t, clip_value_min, clip_value_max)


def clip_by_norm(t, clip_norm, axes=None, name=None):
    """Scale down to a norm."""
    norm = ops.sqrt(ops.sum(ops.square(t), axis=axes, keepdims=axes is not None))
    return t * (clip_norm / ops.maximum(norm, clip_norm))


def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """Scale arrays down together; return them and their norm."""
    total = ops.sqrt(sum(ops.sum(ops.square(t)) for t in t_list)) if use_norm is None else use_norm
    scale = clip_norm / ops.maximum(total, clip_norm)
    return [t * scale for t in t_list], total


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


def unique(x, out_idx=dtypes.int32, name=None):
    """Return the different values, and for each entry which one it is."""
    values, positions = np.unique(np.asarray(x), return_inverse=True)
    return ops.convert_to_tensor(values), ops.convert_to_tensor(positions.astype(str(out_idx)))


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
    return ops.cast(ops.arange(longest) < ops.expand_dims(lengths, -1), str(dtype))


def ensure_shape(x, shape, name=None):
    """Return `x`; raise ValueError if it has another shape."""
    known = [None if size in (None, -1) else int(size) for size in shape]
    if len(known) != len(x.shape) or any(w not in (None, size) for size, w in zip(x.shape, known, strict=True)):
        raise ValueError(f"Shape {tuple(x.shape)} is not {tuple(known)}")
    return x


def scatter_nd(indices, updates, shape, name=None):
    """Return zeros with values added at points."""
    return ops.scatter(indices, updates, _sizes(shape))


def tensor_scatter_nd_update(tensor, indices, updates, name=None):
    """Return the array with other values at points."""
    return ops.scatter_update(tensor, indices, updates)


def tensor_scatter_nd_add(tensor, indices, updates, name=None):
    """Return the array with values added at points."""
    return ops.scatter_update(tensor, indices, updates, reduction="add")


def _sizes(shape):
    return tuple(int(size) for size in np.atleast_1d(np.asarray(shape)))


def _refuse(what, instead):
    raise NotImplementedError(f"{what} is not covered; the nearest here is {instead}.")


__all__ = [
    "add_n",
    "argsort",
    "as_string",
    "boolean_mask",
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
    "gather",
    "gather_nd",
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
    "scatter_nd",
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
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_update",
    "tensordot",
    "tile",
    "transpose",
    "unique",
    "unstack",
    "where",
    "zeros",
    "zeros_like",
]

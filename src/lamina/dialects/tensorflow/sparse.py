"""`tf.sparse`: arrays given by the entries that are not zero; here they become ordinary arrays."""

import numpy as np

from lamina import ops
from lamina.dialects.tensorflow.arrays import convert_to_tensor
from lamina.dialects.tensorflow.places import scatter_nd
from lamina.dialects.tensorflow.shapes import HostTensor, TensorShape, is_text

__all__ = ["SparseTensor", "from_dense", "reorder", "sparse_dense_matmul", "to_dense"]


class SparseTensor:
    """Entries and where they stand.

    Args:
        indices: a row for each entry, (entries, axes).
        values: the entries.
        dense_shape: the sizes of the array.
    """

    def __init__(self, indices, values, dense_shape):
        self.indices = convert_to_tensor(indices)
        self.values = values if isinstance(values, HostTensor) else convert_to_tensor(values)
        self.dense_shape = convert_to_tensor([int(size) for size in dense_shape])

    @property
    def shape(self):
        """The sizes."""
        return TensorShape(np.asarray(self.dense_shape).tolist())

    @property
    def dtype(self):
        """The dtype of the entries."""
        return self.values.dtype


def from_dense(tensor, name=None):
    """Return an array's entries that are not zero."""
    array = np.asarray(tensor)
    places = np.argwhere(array != ("" if is_text(array) else 0))
    return SparseTensor(places, array[tuple(places.T)], array.shape)


def to_dense(sp_input, default_value=None, validate_indices=True, name=None):
    """Return the whole array, with a default value between the entries."""
    values = sp_input.values
    if not isinstance(values, HostTensor) and not default_value:
        return scatter_nd(sp_input.indices, sp_input.values, sp_input.shape)
    whole = np.full(sp_input.shape, default_value or ("" if is_text(values) else 0), dtype=np.asarray(values).dtype)
    whole[tuple(np.asarray(sp_input.indices).T)] = values
    return whole.view(HostTensor) if isinstance(values, HostTensor) else convert_to_tensor(whole)


def reorder(sp_input, name=None):
    """Return the entries row by row."""
    order = np.lexsort(np.asarray(sp_input.indices).T[::-1])
    return SparseTensor(np.asarray(sp_input.indices)[order], np.asarray(sp_input.values)[order], sp_input.shape)


def sparse_dense_matmul(sp_a, b, adjoint_a=False, adjoint_b=False, name=None):
    """Multiply matrices, the first given by its entries."""
    a, b = to_dense(sp_a), convert_to_tensor(b)
    return ops.matmul(ops.transpose(a) if adjoint_a else a, ops.transpose(b) if adjoint_b else b)

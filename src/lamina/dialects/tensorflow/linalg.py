"""`tf.linalg`."""

from lamina import ops
from lamina.dialects.tensorflow.arrays import einsum, eye, matmul, norm, tensordot
from lamina.dialects.tensorflow.math import l2_normalize
from lamina.dialects.tensorflow.signatures import anonymous

cholesky = anonymous(ops.cholesky)
det = anonymous(ops.det)
diag_part = anonymous(ops.diagonal)
inv = anonymous(ops.inv)
logdet = anonymous(ops.logdet)
qr = anonymous(ops.qr)
solve = anonymous(ops.solve)
trace = anonymous(ops.trace)


def matrix_transpose(a, name=None):
    """Exchange the last two axes."""
    return ops.swapaxes(a, -1, -2)


def set_diag(input, diagonal, name=None):
    """Return matrices with other values on their diagonals."""
    on = ops.eye(*input.shape[-2:], dtype="bool")
    return ops.where(on, ops.expand_dims(ops.cast(diagonal, str(input.dtype)), -1), input)


def matvec(a, b, name=None):
    """Multiply a matrix by a vector."""
    return ops.einsum("...ij,...j->...i", a, b)


def band_part(input, num_lower, num_upper, name=None):
    """Keep a band around the diagonal; a negative width keeps everything on that side."""
    rows, columns = input.shape[-2:]
    distance = ops.expand_dims(ops.arange(rows), 1) - ops.arange(columns)
    below = distance <= (rows if num_lower < 0 else num_lower)
    above = -distance <= (columns if num_upper < 0 else num_upper)
    return ops.where(ops.logical_and(below, above), input, ops.zeros_like(input))


def diag(diagonal, name=None):
    """Return a matrix with these values on its diagonal."""
    return ops.multiply(ops.expand_dims(diagonal, -1), ops.eye(diagonal.shape[-1], dtype=str(diagonal.dtype)))


__all__ = [
    "band_part",
    "cholesky",
    "det",
    "diag",
    "diag_part",
    "einsum",
    "eye",
    "inv",
    "l2_normalize",
    "logdet",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "qr",
    "set_diag",
    "solve",
    "tensordot",
    "trace",
]

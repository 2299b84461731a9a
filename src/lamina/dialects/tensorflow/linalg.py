"""`tf.linalg`."""

import jax

from lamina import ops
from lamina.dialects.tensorflow.arrays import einsum, eye, global_norm, matmul, norm, tensordot
from lamina.dialects.tensorflow.math import l2_normalize
from lamina.dialects.tensorflow.signatures import anonymous

cholesky = anonymous(ops.cholesky)
det = anonymous(ops.det)
inv = anonymous(ops.inv)
logdet = anonymous(ops.logdet)
qr = anonymous(ops.qr)
solve = anonymous(ops.solve)
cross = anonymous(ops.cross)
eigh = anonymous(ops.eigh)
pinv = anonymous(ops.pinv)
slogdet = anonymous(ops.slogdet)
matrix_rank = anonymous(ops.matrix_rank)


def diag_part(input, k=0, name=None):
    """Return the diagonals of the last two axes."""
    return ops.diagonal(input, k, -2, -1)


def trace(x, name=None):
    """Return the sums of the diagonals of the last two axes."""
    return ops.trace(x, 0, -2, -1)


def eigvalsh(tensor, name=None):
    """Return the eigenvalues of symmetric matrices, the smallest first."""
    return ops.eigh(tensor)[0]


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """Return singular values, left and right vectors: `u @ diag(s) @ transpose(v)` is the matrix."""
    if not compute_uv:
        return ops.svd(tensor, full_matrices, False)
    u, s, transposed = ops.svd(tensor, full_matrices, True)
    return s, u, ops.swapaxes(transposed, -1, -2)


def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True, name=None):
    """Return what comes closest to solving the equations."""
    if not l2_regularizer:
        return ops.matmul(ops.pinv(matrix), rhs)
    turned = ops.swapaxes(matrix, -1, -2)
    return ops.solve(turned @ matrix + l2_regularizer * ops.eye(matrix.shape[-1]), turned @ rhs)


def expm(input, name=None):
    """Return the exponential of a matrix."""
    return jax.scipy.linalg.expm(ops.convert_to_tensor(input))


def triangular_solve(matrix, rhs, lower=True, adjoint=False, name=None):
    """Solve equations of triangular matrices."""
    matrix, rhs = ops.convert_to_tensor(matrix), ops.convert_to_tensor(rhs)
    return jax.lax.linalg.triangular_solve(
        matrix, rhs, left_side=True, lower=lower, transpose_a=adjoint, conjugate_a=adjoint
    )


def cholesky_solve(chol, rhs, name=None):
    """Solve equations, given the Cholesky factor of their matrix."""
    return triangular_solve(chol, triangular_solve(chol, rhs), adjoint=True)


def normalize(tensor, ord="euclidean", axis=None, name=None):
    """Return vectors of length one, and their lengths before."""
    length = norm(tensor, ord, axis, keepdims=True)
    return tensor / length, length


def adjoint(matrix, name=None):
    """Exchange the last two axes, and take conjugates."""
    return ops.conj(ops.swapaxes(matrix, -1, -2))


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
    diagonal = ops.convert_to_tensor(diagonal)
    return ops.where(
        ops.eye(diagonal.shape[-1], dtype="bool"), ops.expand_dims(diagonal, -1), ops.zeros((), diagonal.dtype)
    )


__all__ = [
    "adjoint",
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eigh",
    "eigvalsh",
    "einsum",
    "expm",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "lstsq",
    "matmul",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "pinv",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "svd",
    "tensordot",
    "trace",
    "triangular_solve",
]

"""`tf.linalg`."""

from lamina import ops
from lamina.dialects.tensorflow import einsum, eye, matmul, norm, tensordot
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


def matvec(a, b, name=None):
    """Multiply a matrix by a vector."""
    return ops.einsum("...ij,...j->...i", a, b)


__all__ = [
    "cholesky",
    "det",
    "diag_part",
    "einsum",
    "eye",
    "inv",
    "l2_normalize",
    "logdet",
    "matmul",
    "matvec",
    "norm",
    "qr",
    "solve",
    "tensordot",
    "trace",
]

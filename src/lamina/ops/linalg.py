"""Linear algebra over the last two axes; axes in front of them are batches."""

import jax
import jax.numpy as jnp

from lamina.core.op import op
from lamina.ops.casting import as_float


def _check_matrix(x):
    if x.ndim < 2:
        raise ValueError(f"Input should have rank >= 2. Received input with shape {x.shape}.")


def _check_square(x):
    _check_matrix(x)
    if x.shape[-2] != x.shape[-1]:
        raise ValueError(f"Expected a square matrix. Received non-square input with shape {x.shape}")


def _check_system(a, b):
    _check_square(a)
    if b.ndim < 1:
        raise ValueError(f"Expected input to have rank >= 1. Received scalar input {b}.")
    rows = -2 if a.ndim == b.ndim else -1
    if b.ndim in (a.ndim, a.ndim - 1) and a.shape[-2] != b.shape[rows]:
        raise ValueError(f"`a` and `b` need the same number of rows. Received: a.shape={a.shape}, b.shape={b.shape}")


@op
def cholesky(x, upper=False):
    """Return the lower triangular L with L L^T = x, or the upper one with U^T U = x.

    Raises: ValueError if the matrix is not positive definite (compiled code gives NaN).
    """
    _check_square(x)
    factor = jnp.linalg.cholesky(x, upper=upper)
    if not isinstance(factor, jax.core.Tracer) and bool(jnp.isnan(factor).any()):
        raise ValueError("Cholesky decomposition failed: the matrix is not positive definite.")
    return factor


@op
def cholesky_inverse(x, upper=False):
    """Return the inverse of the matrix that `x` is the Cholesky factor of."""
    _check_square(x)
    identity = jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape)
    inverse = jax.scipy.linalg.solve_triangular(x, identity, lower=not upper)
    return inverse @ inverse.mT if upper else inverse.mT @ inverse


@op
def det(x):
    """Return the determinant."""
    _check_square(x)
    return jnp.linalg.det(x)


@op
def eig(x):
    """Return the eigenvalues and, as columns, the eigenvectors, both complex (on the CPU only)."""
    _check_square(x)
    return tuple(jnp.linalg.eig(x))


@op
def eigh(x):
    """Return the eigenvalues, rising, and, as columns, the eigenvectors of a symmetric matrix."""
    _check_square(x)
    return tuple(jnp.linalg.eigh(x))


@op
def inv(x):
    """Return the inverse."""
    _check_square(x)
    return jnp.linalg.inv(x)


@op
def pinv(x, rcond=None):
    """Return the pseudo-inverse; singular values below `rcond` times the largest count as 0."""
    _check_matrix(x)
    return jnp.linalg.pinv(x, rcond)


@op
def matrix_rank(x, tol=None):
    """Return the number of singular values above `tol`."""
    _check_matrix(x)
    return jnp.linalg.matrix_rank(x, tol).astype("int32")


@op
def lu_factor(x):
    """Return L and U of a decomposition with row exchanges in one matrix, and which row each one was exchanged with."""
    _check_matrix(x)
    return tuple(jax.scipy.linalg.lu_factor(x))


@op
def qr(x, mode="reduced"):
    """Return Q with orthonormal columns and the upper triangular R with Q R = x.

    Args:
        mode: "reduced": Q has the smaller side's number of columns; "complete": Q is square.
    Raises: ValueError for another mode, and for a vector.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"Expected one of {{'reduced', 'complete'}}. Received: mode={mode}")
    _check_matrix(x)
    return tuple(jnp.linalg.qr(x, mode))


@op(class_name="SVD")
def svd(x, full_matrices=True, compute_uv=True):
    """Return U, the falling singular values s, and V^H, with U diag(s) V^H = x; only s if not `compute_uv`."""
    _check_matrix(x)
    result = jnp.linalg.svd(x, full_matrices, compute_uv)
    return tuple(result) if compute_uv else result


@op("a", "b")
def solve(a, b):
    """Return the x with a x = b; b is a matrix, or a vector with one axis less than a."""
    _check_system(a, b)
    return jnp.linalg.solve(a, b[..., None])[..., 0] if b.ndim == a.ndim - 1 else jnp.linalg.solve(a, b)


@op("a", "b")
def solve_triangular(a, b, lower=False):
    """Return the x with a x = b, for a triangular matrix a."""
    _check_system(a, b)
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


@op("a", "b")
def lstsq(a, b, rcond=None):
    """Return the x for which |a x - b| is smallest."""
    return jnp.linalg.lstsq(a, b, rcond)[0]


@op
def norm(x, ord=None, axis=None, keepdims=False):
    """Return the length of vectors (one axis) or the norm of matrices (two axes).

    Args:
        ord: a number, "fro", "nuc" or infinity; by default the root of the sum of the squares.
        axis: one axis or a pair; None means the flat array, or the matrix if `ord` is given.
    """
    return jnp.linalg.norm(as_float(x), ord, axis, keepdims)


@op("fun", "primals", "tangents", class_name="JVP", lists=("primals", "tangents"))
def jvp(fun, primals, tangents, has_aux=False):
    """Return `fun(*primals)` and its derivative in the direction `tangents`.

    Args:
        has_aux: whether `fun` returns a pair whose second part is passed on as it is.

    Example:
        >>> [float(x) for x in jvp(lambda x: x**2, (3.0,), (1.0,))]
        [9.0, 6.0]
    """
    return jax.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)

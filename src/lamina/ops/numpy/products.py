"""Sums of products: matrices, vectors and tensors multiplied."""

import jax.numpy as jnp

from lamina.core.op import op
from lamina.ops.casting import accumulator


@op("x1", "x2")
def matmul(x1, x2):
    """Multiply matrices; axes in front of the last two are batches and broadcast. int8 products are summed in int32.

    Shapes:   (…, rows, inner), (…, inner, columns) -> (…, rows, columns)
    """
    return jnp.matmul(x1, x2, preferred_element_type=accumulator(x1, x2))


@op("x1", "x2")
def dot(x1, x2):
    """Sum the products over the last axis of x1 and the second last of x2 (the only one of a vector)."""
    return jnp.dot(x1, x2)


@op("x1", "x2")
def vdot(x1, x2):
    """Flatten both, conjugate x1, and sum the products."""
    return jnp.vdot(x1, x2)


@op("x1", "x2")
def inner(x1, x2):
    """Sum the products over the last axis of both."""
    return jnp.inner(x1, x2)


@op("x1", "x2")
def outer(x1, x2):
    """Flatten both and multiply each element of x1 with each of x2."""
    return jnp.outer(x1, x2)


@op("x1", "x2")
def kron(x1, x2):
    """Replace each element of x1 by its product with the whole of x2."""
    return jnp.kron(x1, x2)


@op("x1", "x2")
def tensordot(x1, x2, axes=2):
    """Sum the products over `axes`: the last ones of x1 and the first ones of x2, or a pair of lists of axes."""
    return jnp.tensordot(x1, x2, axes)


@op("x1", "x2")
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """Return the vector at right angles to two vectors of two or three components."""
    return jnp.cross(x1, x2, axisa, axisb, axisc, axis)


@op("operands")
def einsum(subscripts, *operands, **kwargs):
    """Sum products over named axes: "bij,bjk->bik" is a batch of matrix products. int8 products are summed in int32.

    Example:
        >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0]).tolist()
        [21.0, 43.0]
    """
    return jnp.einsum(subscripts, *operands, preferred_element_type=accumulator(*operands), **kwargs)


@op("x1", "x2")
def correlate(x1, x2, mode="valid"):
    """Slide the vector x2 along x1 and sum the products; `mode` is "valid", "same" or "full"."""
    return jnp.correlate(x1, x2, mode)


@op
def slogdet(x):
    """Return the sign of the determinant and the logarithm of its magnitude."""
    return tuple(jnp.linalg.slogdet(x))

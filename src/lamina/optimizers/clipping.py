"""Three ways to keep gradients from being too large."""

import jax.numpy as jnp


def clip(grads, clipnorm=None, global_clipnorm=None, clipvalue=None):
    """Shorten the gradients in the way whose limit is given; at most one is.

    Args:
        grads: list of arrays.
        clipnorm: longest 2-norm of each gradient.
        global_clipnorm: longest 2-norm of all gradients together.
        clipvalue: largest absolute value of an element.

    Example:
        >>> clip([jnp.array([3.0, 4.0])], clipnorm=1.0)[0].tolist()
        [0.6000000238418579, 0.800000011920929]
    """
    if clipnorm and clipnorm > 0:
        return [clip_by_norm(g, clipnorm) for g in grads]
    if global_clipnorm and global_clipnorm > 0:
        return clip_by_global_norm(grads, global_clipnorm)
    if clipvalue and clipvalue > 0:
        return [jnp.clip(g, -clipvalue, clipvalue) for g in grads]
    return grads


def clip_by_norm(gradient, limit):
    """Scale a gradient down to the 2-norm `limit` if it is longer.

    Maths:    g * limit / max(|g|, limit)
    """
    return gradient * limit / jnp.maximum(jnp.linalg.norm(gradient.ravel()), limit)


def clip_by_global_norm(grads, limit):
    """Scale all gradients by one factor, so that together they have at most the 2-norm `limit`.

    A norm that is not finite makes every gradient NaN, so that the failure shows.

    Maths:    g_i * min(1, limit / n),  n = sqrt(sum_i |g_i|^2)
    Source:   Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", algorithm 1.
    """
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in grads))
    scale = jnp.minimum(1.0, limit / norm) + (norm - norm)
    return [g * scale.astype(g.dtype) for g in grads]

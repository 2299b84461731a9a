"""When a formulation of our own may take the place of XLA's."""

import functools

import jax
import jax.numpy as jnp

from lamina.engine.devices import tuned_for_cpu


def tunable(*arrays) -> bool:
    """Say whether the arrays are known in size, not empty, of one floating dtype, and bound for the CPU.

    Example:
        >>> tunable(jnp.ones(3, "int32"))
        False
    """
    first, *others = arrays
    return (
        tuned_for_cpu()
        and jnp.issubdtype(first.dtype, jnp.floating)
        and all(array.dtype == first.dtype for array in others)
        and all(isinstance(size, int) and size > 0 for array in arrays for size in array.shape)
    )


def compiled(static=()):
    """Compile a kernel that is called by itself, and let it dissolve in a program that is compiled around it.

    Args:
        static: names of the arguments that are no arrays.
    """
    return functools.partial(jax.jit, static_argnames=static, inline=True)

"""What a compiled program asks NumPy for: hashes and vocabularies of texts, for which XLA has no instructions."""

import jax
import jax.numpy as jnp


def on_host(function, inputs, shape):
    """Return `function(*inputs)`, int32 of `shape`; where the values are known only later, the program calls back.

    Args:
        function: of NumPy arrays, returns one of int32.
        inputs: arrays, lists or numbers.
        shape: of the result.
    """
    if not any(isinstance(x, jax.core.Tracer) for x in inputs):
        return jnp.asarray(function(*inputs))
    return jax.pure_callback(function, jax.ShapeDtypeStruct(shape, "int32"), *inputs, vmap_method="sequential")

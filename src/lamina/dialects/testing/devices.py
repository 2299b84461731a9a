"""What a test asks about the machine before it chooses a tolerance."""

import jax


def uses_gpu():
    """Tell whether arrays live on a GPU."""
    return jax.default_backend() in ("gpu", "cuda", "rocm")


def uses_tpu():
    """Tell whether arrays live on a TPU."""
    return jax.default_backend() == "tpu"


def _never():
    """Return False: JAX is the engine."""
    return False


jax_uses_gpu, jax_uses_tpu = uses_gpu, uses_tpu
tensorflow_uses_gpu = tensorflow_uses_tpu = torch_uses_gpu = _never

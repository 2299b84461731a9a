"""SpectralNormalization: bound how much a layer can stretch its input."""

import jax.numpy as jnp
from jax import lax

from lamina.core import dtypes
from lamina.initializers import TruncatedNormal
from lamina.layers.input_spec import InputSpec
from lamina.layers.wrappers import Wrapper


class SpectralNormalization(Wrapper):
    """Divide the kernel of a layer by its largest singular value, in each training call.

    Maths:    W = kernel as (everything else, filters); v = unit(u @ W.T), u = unit(v @ W), `power_iterations` times
              kernel <- kernel / (v @ W @ u.T)
    Shapes:   as the layer inside
    Weights:  those of the layer, and vector_u (1, filters), not trained
    Args:
        layer: a layer with a `kernel` or `embeddings`.
        power_iterations: rounds towards the singular vectors at each call [count, >= 1].
    Training: the kernel and vector_u change only in training; u and v are constants for the gradient.
    Raises:   ValueError for a layer without kernel, or for no iteration.
    Source:   Keras 3 `SpectralNormalization`; Miyato et al. 2018, algorithm 1.
    Example:
        >>> from lamina.layers import Dense
        >>> layer = SpectralNormalization(Dense(2, kernel_initializer="ones"), power_iterations=3)
        >>> _ = layer([[1.0, 2.0]], training=True)
        >>> layer.kernel.numpy().round(3).tolist()
        [[0.5, 0.5], [0.5, 0.5]]
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        if power_iterations <= 0:
            raise ValueError(
                "`power_iterations` should be greater than zero. SpectralNormalization "
                f"Received: power_iterations={power_iterations}"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape):
        """Build the layer inside and make the singular vector."""
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        self.kernel = getattr(self.layer, "kernel", None)
        if self.kernel is None:
            self.kernel = getattr(self.layer, "embeddings", None)
        if self.kernel is None:
            raise ValueError(f"{type(self.layer).__name__} object has no attribute 'kernel' nor 'embeddings'")
        self.vector_u = self.add_weight(
            name="vector_u",
            shape=(1, self.kernel.shape[-1]),
            initializer=TruncatedNormal(stddev=0.02),
            trainable=False,
            dtype=self.kernel.dtype,
        )

    def call(self, inputs, training=False):
        """Compute on arrays."""
        if training:
            u, kernel = self.normalized_weights()
            self.vector_u.assign(u)
            self.kernel.assign(kernel)
        outputs = self.layer(inputs)
        return outputs.astype(inputs.dtype) if dtypes.is_float(inputs.dtype) else outputs

    def normalized_weights(self):
        """Return the next singular vector and the kernel divided by its singular value; a kernel of zeros stays."""
        kernel, u = self.kernel.value, self.vector_u.value
        flat = kernel.reshape(-1, kernel.shape[-1])
        for _ in range(self.power_iterations):
            v = _unit(u @ flat.T)
            u = _unit(v @ flat)
        u, v = lax.stop_gradient(u), lax.stop_gradient(v)
        empty = jnp.all(kernel == 0)
        sigma = jnp.where(empty, 1, (v @ flat @ u.T).reshape(()))
        return jnp.where(empty, self.vector_u.value, u), kernel / sigma


def _unit(x):
    return x / jnp.maximum(jnp.linalg.norm(x), 1e-12)

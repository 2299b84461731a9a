"""Rescaling: bring values, such as pixels of 0 to 255, into the range a model likes."""

import jax.numpy as jnp

from lamina.core import config
from lamina.core.serialization import deserialize_keras_object
from lamina.layers.layer import Layer


class Rescaling(Layer):
    """Multiply by `scale` and add `offset`.

    Maths:    y = x * scale + offset
    Shapes:   x (batch, ...) -> the same, of the compute dtype also for integers
    Args:
        scale: factor, a number or one for each channel.
        offset: summand, a number or one for each channel.
    Mask:     passed on
    Source:   Keras 3 `Rescaling`.
    Example:
        >>> Rescaling(1 / 127.5, offset=-1)([[0, 255]]).tolist()
        [[-1.0, 1.0]]
    """

    _allow_non_tensor_positional_args = True

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs):
        """Compute on arrays."""
        dtype = self.compute_dtype
        scale = jnp.asarray(self.scale, dtype)
        if scale.ndim and config.image_data_format() == "channels_first":
            scale = scale.reshape(scale.shape + (1,) * (3 - scale.ndim))
        return jnp.asarray(inputs, dtype) * scale + jnp.asarray(self.offset, dtype)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the layer that `config` describes, whose scale and offset may be arrays."""
        values = {name: deserialize_keras_object(config[name], custom_objects) for name in ("scale", "offset")}
        return super().from_config({**config, **values})

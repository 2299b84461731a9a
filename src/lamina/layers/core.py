"""Dense, Activation, Identity and Masking."""

import jax.numpy as jnp

from lamina import activations, ops
from lamina.core import serialization
from lamina.core.context import set_mask
from lamina.core.errors import ShapeError, message
from lamina.layers.demands import positive_integer
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.narrow_products import accumulator
from lamina.layers.quantization import QuantizableKernel
from lamina.layers.stored_weight import Weight
from lamina.layers.weights import add_weight, keep_options


class Dense(QuantizableKernel, Layer):
    """Multiply the last axis by a matrix and add a bias: each of the `units` outputs sees all features.

    Maths:    y[..., u] = activation(bias[u] + sum_f x[..., f] * kernel[f, u])
    Shapes:   x (batch, ..., features) -> (batch, ..., units); axes between batch and features stay as they are
    Weights:  kernel (features, units), bias (units,)
    Args:
        units: size of the output's last axis [count, >= 1].
        activation: name or function applied to the result.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint:
            names or objects.
        activity_regularizer: callable that makes a loss of the output.
        lora_rank, lora_alpha: size and weight of additions to the kernel that are trained in its place; None for none.
        quantization_config: how the kernel is kept in few bits, if the dtype policy says so.
    Mask:     passed on
    Raises:   ShapeError L101 if the last axis differs from the one it was built with.
    Source:   Keras 3 `Dense` (same defaults).
    Example:
        >>> Dense(16)([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).shape
        (3, 16)
    """

    _config_skips = ("activity_regularizer", "lora_rank", "lora_alpha")

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive_integer(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        keep_options(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self._keep_lora(lora_rank, lora_alpha)
        self._keep_quantization(quantization_config)
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        """Make the kernel and the bias."""
        features = input_shape[-1]
        if features is None:
            raise ShapeError(
                message(
                    "L107",
                    f"Dense '{self.name}' needs a known last axis to make its kernel; the input has shape "
                    f"{tuple(input_shape)}.",
                    why="the kernel has a row for each feature, so their number must be known.",
                    fix="Input(shape=(10,))   # with the number of features in place of 10",
                )
            )
        self._build_weight((features, self.units))
        self.bias = add_weight(self, "bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})
        self._start_lora()

    @property
    def kernel(self):
        """The kernel, as a Variable; with low-rank adaptation what it and its additions make together, as an array."""
        return self._weight_or_sum()

    def call(self, inputs, training=None):
        """Compute on arrays."""
        if self._is_quantized:
            return self._finished(self._multiplied(inputs))
        x = jnp.matmul(inputs, self._adapted_value())  # (batch, ..., features) @ (features, units)
        return self._finished(x)

    def _product(self, x, weight):
        return jnp.matmul(x, weight, preferred_element_type=accumulator(x, weight))

    def _weights_to_store(self):
        return [Weight("kernel", self._weight_shape, scale_axes=(1,), attribute="_kernel")]


class Activation(Layer):
    """Apply a function to each element (or, as softmax, along the last axis).

    Shapes:   x (batch, ...) -> the same
    Args:
        activation: name or function.
    Mask:     passed on
    Source:   Keras 3 `Activation`.
    Example:
        >>> Activation("relu")([[-1.0, 2.0]]).tolist()
        [[0.0, 2.0]]
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs):
        """Compute on arrays."""
        return self.activation(inputs)


class Identity(Layer):
    """Return the input as it is.

    Shapes:   x (batch, ...) -> the same
    Mask:     passed on
    Source:   Keras 3 `Identity`.
    Example:
        >>> Identity()([[1.0]]).tolist()
        [[1.0]]
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs):
        """Compute on arrays."""
        return inputs


class Masking(Layer):
    """Mark the time steps whose features all equal `mask_value`, and set them to zero.

    Maths:    mask[b, t] = any_f(x[b, t, f] != mask_value); y = x where the mask is True, else 0
    Shapes:   x (batch, steps, features) -> the same, with mask (batch, steps)
    Args:
        mask_value: the value that stands for "no data".
    Mask:     produced
    Source:   Keras 3 `Masking`.
    Example:
        >>> Masking()([[[0.0, 0.0], [1.0, 0.0]]])._keras_mask.tolist()
        [[False, True]]
    """

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        is_config = isinstance(mask_value, dict)
        self.mask_value = serialization.deserialize_keras_object(mask_value) if is_config else mask_value
        self.supports_masking = True
        self.built = not self._has_own_build()

    def compute_mask(self, inputs, mask=None):
        """Return where any feature differs from the mask value, bool `(batch, steps)`."""
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        """Compute on arrays."""
        mask = self.compute_mask(inputs)
        outputs = jnp.where(mask[..., None], inputs, 0)
        set_mask(outputs, mask)
        return outputs

"""Layers of Keras 1 and 2 that are no longer public, for the files and the programs that have them."""

from lamina import activations, ops
from lamina.layers.layer import Layer

__all__ = ["Highway", "MaxoutDense", "ThresholdedReLU"]


class ThresholdedReLU(Layer):
    """Keep what is above a threshold, zero the rest. Keras 2 `ThresholdedReLU`."""

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = theta

    def call(self, inputs):
        """Compute the output."""
        return ops.where(inputs > self.theta, inputs, 0.0)


class Highway(Layer):
    """Mix the input with a transformation of itself, by a gate. Keras 1 `Highway`.

    Maths: y = g * f(x W + b) + (1 - g) * x,   g = sigmoid(x W_gate + b_gate)
    """

    def __init__(self, activation=None, transform_bias=-2, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)
        self.transform_bias = transform_bias

    def build(self, input_shape):
        """Make the weights."""
        size = input_shape[-1]
        self.kernel = self.add_weight((size, size), name="kernel")
        self.gate_kernel = self.add_weight((size, size), name="gate_kernel")
        self.bias = self.add_weight((size,), initializer="zeros", name="bias")
        self.gate_bias = self.add_weight((size,), initializer=self._gate_start, name="gate_bias")

    def _gate_start(self, shape, dtype=None):
        return ops.full(shape, self.transform_bias, dtype)

    def call(self, inputs):
        """Compute the output."""
        gate = ops.sigmoid(ops.matmul(inputs, self.gate_kernel) + self.gate_bias)
        return gate * self.activation(ops.matmul(inputs, self.kernel) + self.bias) + (1 - gate) * inputs


class MaxoutDense(Layer):
    """Take the largest of several linear maps. Keras 1 `MaxoutDense`.

    Maths: y[b, j] = max_k (x W_k + b_k)[b, j]
    """

    def __init__(self, output_dim, nb_feature=4, **kwargs):
        super().__init__(**kwargs)
        self.output_dim = output_dim
        self.nb_feature = nb_feature

    def build(self, input_shape):
        """Make the weights."""
        self.kernel = self.add_weight((self.nb_feature, input_shape[-1], self.output_dim), name="kernel")
        self.bias = self.add_weight((self.nb_feature, self.output_dim), initializer="zeros", name="bias")

    def call(self, inputs):
        """Compute the output."""
        return ops.max(ops.einsum("bi,kio->bko", inputs, self.kernel) + self.bias, axis=1)

"""Layers that Keras 1 and 2 had: those that were only renamed, and three with maths of their own."""

from lamina import activations, layers, ops
from lamina.dialects.spelling import tell

__all__ = [
    "AtrousConvolution1D",
    "AtrousConvolution2D",
    "CuDNNGRU",
    "CuDNNLSTM",
    "Deconvolution2D",
    "Highway",
    "MaxoutDense",
    "Merge",
    "SeparableConvolution2D",
    "ThresholdedReLU",
    "TimeDistributedDense",
    "merge",
]

_MERGES = {
    "sum": layers.Add,
    "mul": layers.Multiply,
    "ave": layers.Average,
    "max": layers.Maximum,
}
CuDNNGRU = layers.GRU
CuDNNLSTM = layers.LSTM
Deconvolution2D = layers.Conv2DTranspose
SeparableConvolution2D = layers.SeparableConv2D
AtrousConvolution1D = layers.Conv1D
AtrousConvolution2D = layers.Conv2D


def merge(inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, name=None, **options):
    """Join tensors; `mode` says how. Keras 1 `merge`."""
    layer = _merging(mode, concat_axis, dot_axes, name)
    tell(f"merge(mode={mode!r})", f"{type(layer).__name__}()", "1.2")
    return layer(list(inputs))


def Merge(branches, mode="sum", concat_axis=-1, dot_axes=-1, name=None, **options):  # noqa: N802 -- Keras's name
    """Return a model that joins the outputs of models. Keras 1 `Merge`, the first entry of a Sequential."""
    from lamina.models import Model

    layer = _merging(mode, concat_axis, dot_axes, name)
    tell(f"Merge(mode={mode!r})", f"{type(layer).__name__}() in a functional model", "1.2")
    return Model([branch.input for branch in branches], layer([branch.output for branch in branches]))


def TimeDistributedDense(units, **options):  # noqa: N802 -- Keras's name
    """Apply a Dense to every step. Keras 0.3 `TimeDistributedDense`."""
    tell("TimeDistributedDense(n)", "TimeDistributed(Dense(n))", "0.3")
    return layers.TimeDistributed(layers.Dense(units, **options))


def _merging(mode, concat_axis, dot_axes, name):
    if callable(mode):
        return layers.Lambda(mode, name=name)
    if mode == "concat":
        return layers.Concatenate(axis=concat_axis, name=name)
    if mode in ("dot", "cos"):
        return layers.Dot(axes=dot_axes, normalize=mode == "cos", name=name)
    if mode not in _MERGES:
        raise ValueError(f"Unknown merge mode {mode!r}; there are {sorted({*_MERGES, 'concat', 'dot', 'cos'})}.")
    return _MERGES[mode](name=name)


class ThresholdedReLU(layers.Layer):
    """Keep what is above a threshold, zero the rest. Keras 2 `ThresholdedReLU`."""

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = theta

    def call(self, inputs):
        """Compute the output."""
        return ops.where(inputs > self.theta, inputs, 0.0)


class Highway(layers.Layer):
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


class MaxoutDense(layers.Layer):
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

"""Layers of Keras 1 and 2 that are no longer public, for the files and the programs that have them."""

import functools
import math

import numpy as np

from lamina import activations, ops, random
from lamina.core import allowance
from lamina.core.config import standardize_data_format
from lamina.core.context import is_tracing
from lamina.core.random import SeedGenerator
from lamina.core.shapes import in_symbolic_scope
from lamina.layers.layer import Layer
from lamina.layers.weights import add_weight, keep_options

__all__ = [
    "Highway",
    "LocallyConnected1D",
    "LocallyConnected2D",
    "MaxoutDense",
    "RandomHeight",
    "RandomWidth",
    "ThresholdedReLU",
]


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


class LocallyConnected(Layer):
    """Slide over one or two axes with other weights at each place. Keras 2 `LocallyConnected1D`, `LocallyConnected2D`.

    Weights:  bias (*places, filters), and the kernel, as the implementation has it:
              1: (places, window * channels, filters);
              2: (*sizes, channels, *places, filters), with "channels_first" (channels, *sizes, filters, *places), where
                 what lies outside of the windows counts as zero;
              3: what lies inside the windows of 2, in one row, by output and then by input
    Raises:   ValueError for padding="same" with implementation 1, which has none.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        implementation=1,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if padding not in ("valid", "same") or (padding == "same" and implementation == 1):
            raise ValueError(
                f"{type(self).__name__} has padding='valid', and 'same' with implementation 2 or 3. "
                f"Received: padding={padding!r}, implementation={implementation}"
            )
        self.filters = filters
        self.kernel_size = _sizes(kernel_size, self.rank)
        self.strides = _sizes(strides, self.rank)
        self.padding = padding
        self.data_format = standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        keep_options(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.implementation = implementation

    def build(self, input_shape):
        """Make the weights."""
        first = self.data_format == "channels_first"
        sizes, channels = (input_shape[2:], input_shape[1]) if first else (input_shape[1:-1], input_shape[-1])
        if None in sizes:
            raise ValueError(f"{type(self).__name__} needs to know all sizes. Received: input_shape={input_shape}")
        self._windows = [
            (size, _starts(size, width, step, self.padding), width)
            for size, width, step in zip(sizes, self.kernel_size, self.strides, strict=True)
        ]
        self._places = tuple(len(starts) for _, starts, _ in self._windows)
        self._ends = (channels, *sizes, self.filters, *self._places) if first else (
            *sizes, channels, *self._places, self.filters
        )  # fmt: skip
        if self.implementation == 1:
            shape = (int(np.prod(self._places)), int(np.prod(self.kernel_size)) * channels, self.filters)
        elif self.implementation == 2:
            shape = self._ends
        else:
            inside = [(starts + width).clip(0, size) - starts.clip(0, size) for size, starts, width in self._windows]
            shape = (math.prod(int(axis.sum()) for axis in inside) * channels * self.filters,)
        self.kernel = add_weight(self, "kernel", shape)
        self.bias = add_weight(self, "bias", (*self._places, self.filters)) if self.use_bias else None

    def call(self, inputs):
        """Compute the output."""
        first = self.data_format == "channels_first"
        if self.implementation == 1:
            outputs = local_conv(inputs, self.kernel, self.kernel_size, self.strides, self._places, self.data_format)
        else:
            outputs = self._product(inputs)
        if self.bias is not None:
            outputs = outputs + (
                ops.reshape(self.bias, outputs.shape[1:]) if first else self.bias
            )  # no transpose in Keras
        return self.activation(outputs)

    def _product(self, inputs):
        """One matrix from all of the input to all of the output, with zeros outside of the windows."""
        half = len(self._ends) // 2
        sizes = int(np.prod(self._ends[:half])), int(np.prod(self._ends[half:]))
        allowance.take(self.path, sizes, self.compute_dtype)
        tables = [_inside(*axis) for axis in self._windows]
        inside = _all_axes(tables, self._ends, self.data_format == "channels_first").reshape(sizes)
        if self.implementation == 2:
            matrix = ops.reshape(self.kernel, sizes) * inside
        else:
            at = np.argwhere(inside.T)
            matrix = ops.transpose(ops.scatter(at, self.kernel, (sizes[1], sizes[0])))
        return ops.reshape(ops.matmul(ops.reshape(inputs, (-1, sizes[0])), matrix), (-1, *self._ends[half:]))


class LocallyConnected1D(LocallyConnected):
    """Slide over steps with other weights at each place."""

    rank = 1


class LocallyConnected2D(LocallyConnected):
    """Slide over images with other weights at each place."""

    rank = 2


def local_conv(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """Slide over one or two axes with other weights at each place.

    Shapes:   (batch, *spatial, channels), (places, window * channels, filters) -> (batch, *output_shape, filters)
    """
    rank = len(kernel_size)
    first = standardize_data_format(data_format) == "channels_first"
    x = ops.moveaxis(inputs, 1, -1) if first else inputs
    for axis, (width, step, count) in enumerate(zip(kernel_size, strides, output_shape, strict=True)):
        at = np.arange(count)[:, None] * step + np.arange(width)
        x = ops.take(x, at, axis=1 + 2 * axis)  # (batch, place, window, ..., channels)
    places, window = [1 + 2 * axis for axis in range(rank)], [2 + 2 * axis for axis in range(rank)]
    channels = 2 * rank + 1
    x = ops.transpose(x, (0, *places, *((channels, *window) if first else (*window, channels))))
    x = ops.reshape(x, (-1, *kernel.shape[:2]))
    result = ops.reshape(ops.einsum("bpw,pwf->bpf", x, kernel), (-1, *output_shape, kernel.shape[2]))
    return ops.moveaxis(result, -1, 1) if first else result


def _starts(size, width, step, padding):
    """Return where the window of each place of the output begins on an axis of the input; with padding, outside."""
    before = width // 2 if padding == "same" else 0
    count = -(-size // step) if padding == "same" else (size - width) // step + 1
    return np.arange(count) * step - before


def _inside(size, starts, width):
    """Tell for each place of an axis of the input, and each of the output, whether it lies in the other's window."""
    place = np.arange(size)[:, None]
    return (place >= starts) & (place < starts + width)


def _all_axes(inside, ends, first):
    """Combine what holds for each axis into a table for all axes, the channels' among them."""
    half = len(ends) // 2
    tables = []
    for axis, table in enumerate(inside):
        shape = [1] * len(ends)
        shape[axis + first], shape[axis + first + half] = table.shape
        tables.append(table.reshape(shape))
    return np.broadcast_to(functools.reduce(np.logical_and, tables), ends)


class _RandomSize(Layer):
    """Make pictures larger or smaller along one axis, all of a batch alike, while training.

    Sizes that change cannot be compiled: it belongs into `dataset.map`, before the model.

    Args:
        factor: by how much at most, as part of the size: one number, or (least, most).
        interpolation: how pixels between pixels are found.
        seed: for the random numbers.
    Raises:   NotImplementedError in compiled training.
    """

    def __init__(self, factor, interpolation="bilinear", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
        self.interpolation = interpolation
        self.seed = seed
        self._seeds = SeedGenerator(seed)

    def call(self, inputs, training=True):
        """Return pictures of another size."""
        if not training or in_symbolic_scope():
            return inputs
        if is_tracing():
            raise NotImplementedError(
                f"{type(self).__name__} changes the size of pictures, which a compiled model cannot: apply it to the "
                "data, dataset.map(lambda x, y: (layer(x, training=True), y))."
            )
        low, high = self.factor if isinstance(self.factor, (tuple, list)) else (-self.factor, self.factor)
        sizes = list(inputs.shape[-3:-1])
        sizes[self.place] = int(sizes[self.place] * (1 + float(random.uniform((), low, high, seed=self._seeds))))
        return ops.image.resize(inputs, tuple(sizes), self.interpolation)

    def compute_output_shape(self, input_shape):
        """Return the shape, the size that changes as None."""
        shape = list(input_shape)
        shape[self.place - 3] = None
        return tuple(shape)


class RandomHeight(_RandomSize):
    """Make pictures higher or lower, while training."""

    place = 0


class RandomWidth(_RandomSize):
    """Make pictures wider or narrower, while training."""

    place = 1


def _sizes(value, rank):
    return (value,) * rank if isinstance(value, int) else tuple(value)

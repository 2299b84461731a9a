"""Layers of Keras 1 and 2 that are no longer there: other weights at each place, pictures of random sizes."""

import numpy as np

from lamina import activations, ops, random
from lamina.core.config import standardize_data_format
from lamina.core.context import is_tracing
from lamina.core.random import SeedGenerator
from lamina.layers.layer import Layer
from lamina.layers.weights import add_weight, keep_options
from lamina.legacy.networks import local_conv


class LocallyConnected(Layer):
    """Slide over one or two axes with other weights at each place. Keras 2 `LocallyConnected1D`, `LocallyConnected2D`.

    Weights:  kernel (places, window * channels, filters), bias (*places, filters)
    Raises:   ValueError for padding="same", which is not covered.
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
        if padding != "valid":
            raise ValueError(f'{type(self).__name__} has padding="valid" only. Received: padding={padding!r}')
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
        pairs = zip(sizes, self.kernel_size, self.strides, strict=True)
        self._places = tuple((size - width) // step + 1 for size, width, step in pairs)
        shape = (int(np.prod(self._places)), int(np.prod(self.kernel_size)) * channels, self.filters)
        self.kernel = add_weight(self, "kernel", shape)
        self.bias = add_weight(self, "bias", (*self._places, self.filters)) if self.use_bias else None

    def call(self, inputs):
        """Compute the output."""
        first = self.data_format == "channels_first"
        places = local_conv(inputs, self.kernel, self.kernel_size, self.strides, self._places, self.data_format)
        if self.bias is not None:
            places = places + (ops.moveaxis(self.bias, -1, 0) if first else self.bias)
        return self.activation(places)


class LocallyConnected1D(LocallyConnected):
    """Slide over steps with other weights at each place."""

    rank = 1


class LocallyConnected2D(LocallyConnected):
    """Slide over images with other weights at each place."""

    rank = 2


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
        if not training:
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

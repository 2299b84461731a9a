"""Convolutions that treat channels apart: DepthwiseConv1D/2D, and SeparableConv1D/2D, which mix them afterwards."""

from lamina import activations
from lamina.kernels.convolution import convolve, depthwise_convolve
from lamina.layers.convolution import Filters
from lamina.layers.demands import positive_integer
from lamina.layers.weights import add_weight, keep_options
from lamina.layers.windows import assert_room, channels_last


class Depthwise(Filters):
    """Base of all layers with a kernel for each channel."""

    def _keep_multiplier(self, depth_multiplier):
        self.depth_multiplier = positive_integer(self, "depth_multiplier", depth_multiplier)

    def _convolve_depthwise(self, inputs, kernel):
        """Return the inputs (any axis order) convolved channel by channel, channels last."""
        x = channels_last(inputs, self.data_format).astype(kernel.dtype)
        if self.padding == "valid":
            assert_room(self, x, self.kernel_size, self.dilation_rate)
        return depthwise_convolve(x, kernel, self.strides, self.padding, self.dilation_rate)


class DepthwiseConvolution(Depthwise):
    """Base of DepthwiseConv1D and DepthwiseConv2D, which differ in the number of spatial axes only."""

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._keep_multiplier(depth_multiplier)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        keep_options(self, "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape):
        """Make the kernel and the bias."""
        channels = self._demand_channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.kernel = add_weight(self, "depthwise", shape, name="kernel")
        self.bias = add_weight(self, "bias", (channels * self.depth_multiplier,)) if self.use_bias else None

    def call(self, inputs):
        """Compute on arrays."""
        return self._finish(self._convolve_depthwise(inputs, self.kernel.value))


class SeparableConvolution(Depthwise):
    """Base of SeparableConv1D and SeparableConv2D, which differ in the number of spatial axes only."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep_filters(filters)
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._keep_multiplier(depth_multiplier)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        keep_options(self, "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        keep_options(self, "pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape):
        """Make the two kernels and the bias."""
        channels = self._demand_channels(input_shape)
        between = channels * self.depth_multiplier
        depthwise = (*self.kernel_size, channels, self.depth_multiplier)
        pointwise = (*(1,) * self.rank, between, self.filters)
        self.depthwise_kernel = add_weight(self, "depthwise", depthwise, name="depthwise_kernel")
        self.pointwise_kernel = add_weight(self, "pointwise", pointwise, name="pointwise_kernel")
        self.bias = add_weight(self, "bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        """Compute on arrays."""
        ones = (1,) * self.rank
        x = self._convolve_depthwise(inputs, self.depthwise_kernel.value)
        return self._finish(convolve(x, self.pointwise_kernel.value, ones, "valid", ones))


class DepthwiseConv1D(DepthwiseConvolution):
    """Slide `depth_multiplier` kernels along each channel of a sequence, without mixing channels.

    Shapes:   x (batch, steps, channels) -> (batch, steps', channels * depth_multiplier), steps' as for `Conv1D`
    Weights:  kernel (kernel_size, channels, depth_multiplier), bias (channels * depth_multiplier,)
    Args:     as for `DepthwiseConv2D`.
    Mask:     dropped.
    Source:   Keras 3 `DepthwiseConv1D`.
    Example:
        >>> import numpy as np
        >>> DepthwiseConv1D(3)(np.ones((1, 10, 4))).shape
        (1, 8, 4)
    """

    rank = 1


class DepthwiseConv2D(DepthwiseConvolution):
    """Slide `depth_multiplier` kernels over each channel of an image, without mixing channels.

    Maths:    y[b, i, j, c*m + k] = bias[c*m + k] + sum_{u,v} x[b, i*s + u*d, j*s + v*d, c] * kernel[u,v,c,k]
              with m the multiplier, s the stride and d the dilation of each axis
    Shapes:   x (batch, height, width, channels) -> (batch, height', width', channels * depth_multiplier),
              height' as for `Conv2D`
    Weights:  kernel (kernel_h, kernel_w, channels, depth_multiplier), bias (channels * depth_multiplier,)
    Args:
        depth_multiplier: number of kernels for each channel [count, >= 1].
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: names or objects, for the kernel.
        others: as for `Conv2D`; here strides and dilation may both be above 1.
    Mask:     dropped.
    Source:   Keras 3 `DepthwiseConv2D` (same defaults).
    Example:
        >>> import numpy as np
        >>> DepthwiseConv2D(3, depth_multiplier=2)(np.ones((1, 8, 8, 4))).shape
        (1, 6, 6, 8)
    """

    rank = 2


class SeparableConv1D(SeparableConvolution):
    """Convolve each channel of a sequence alone, then mix the channels at each step.

    Shapes:   x (batch, steps, channels) -> (batch, steps', filters), steps' as for `Conv1D`
    Weights:  depthwise_kernel (kernel_size, channels, depth_multiplier),
              pointwise_kernel (1, channels * depth_multiplier, filters), bias (filters,)
    Args:     as for `SeparableConv2D`.
    Mask:     dropped.
    Source:   Keras 3 `SeparableConv1D`.
    Example:
        >>> import numpy as np
        >>> SeparableConv1D(8, 3)(np.ones((1, 10, 4))).shape
        (1, 8, 8)
    """

    rank = 1


class SeparableConv2D(SeparableConvolution):
    """Convolve each channel of an image alone, then mix the channels at each pixel.

    Shapes:   x (batch, height, width, channels) -> (batch, height', width', filters), height' as for `Conv2D`
    Weights:  depthwise_kernel (kernel_h, kernel_w, channels, depth_multiplier),
              pointwise_kernel (1, 1, channels * depth_multiplier, filters), bias (filters,)
    Args:
        depth_multiplier: number of depthwise kernels for each channel [count, >= 1].
        depthwise_initializer, pointwise_initializer, and their regularizers and constraints: names or objects.
        others: as for `Conv2D`.
    Mask:     dropped.
    Source:   Keras 3 `SeparableConv2D` (same defaults); Chollet 2017.
    Example:
        >>> import numpy as np
        >>> SeparableConv2D(8, 3)(np.ones((1, 8, 8, 4))).shape
        (1, 6, 6, 8)
    """

    rank = 2


SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

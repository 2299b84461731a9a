"""Convolutions over sequences, images and volumes: Conv1D, Conv2D, Conv3D."""

from lamina import activations
from lamina.core import config
from lamina.kernels.convolution import convolve
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.lora import LowRank
from lamina.layers.weights import add_weight, keep_options
from lamina.layers.windows import (
    as_data_format,
    assert_no_stride_with_dilation,
    assert_room,
    channel_axis,
    channels_last,
    known_channels,
    padding_name,
    sizes,
)


class Filters(Layer):
    """Base of all convolutions: a window, a kernel, perhaps a bias and an activation."""

    rank = None
    paddings = ("valid", "same")

    def _keep_window(self, kernel_size, strides, padding, data_format, dilation_rate):
        self.kernel_size = sizes(self, "kernel_size", kernel_size)
        self.strides = sizes(self, "strides", strides)
        self.dilation_rate = sizes(self, "dilation_rate", dilation_rate)
        self.padding = padding_name(self, padding, self.paddings)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _keep_filters(self, filters, groups=1):
        if filters is None or filters <= 0:
            raise ValueError(
                f"Invalid value for argument `filters` of {type(self).__name__}. Expected a strictly positive value. "
                f"Received: filters={filters}"
            )
        if groups <= 0:
            raise ValueError(
                f"The number of groups of {type(self).__name__} must be a positive integer. Received: groups={groups}"
            )
        if filters % groups:
            raise ValueError(
                f"The number of filters of {type(self).__name__} must be evenly divisible by the number of groups. "
                f"Received: groups={groups}, filters={filters}"
            )
        self.filters = filters
        self.groups = groups

    def _demand_channels(self, input_shape):
        """Return the number of channels of the input, which is the demand on inputs from now on."""
        channels = known_channels(self, input_shape)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={channel_axis(self): channels})
        return channels

    def _finish(self, x):
        """Add the bias to `x` (batch, *spatial, filters), put its axes in the layer's order, and activate it."""
        if self.bias is not None:
            x = x + self.bias.value
        x = as_data_format(x, self.data_format)
        return x if self.activation in (None, activations.linear) else self.activation(x)


class Convolution(LowRank, Filters):
    """Base of Conv1D, Conv2D and Conv3D, which differ in the number of spatial axes only."""

    _config_skips = ("lora_rank", "lora_alpha")

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
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
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep_filters(filters, groups)
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        assert_no_stride_with_dilation(self)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        keep_options(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self._keep_lora(lora_rank, lora_alpha)

    def build(self, input_shape):
        """Make the kernel and the bias."""
        channels = self._demand_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"The number of input channels of {type(self).__name__} must be evenly divisible by the number of "
                f"groups. Received: groups={self.groups}, but the input has {channels} channels: {input_shape}"
            )
        self._kernel = add_weight(self, "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self.bias = add_weight(self, "bias", (self.filters,)) if self.use_bias else None
        self._start_lora()

    @property
    def kernel(self):
        """The kernel, as a Variable; with low-rank adaptation what it and its additions make together, as an array."""
        return self._weight_or_sum()

    def call(self, inputs):
        """Compute on arrays."""
        kernel = self._adapted_value()
        x = channels_last(inputs, self.data_format).astype(kernel.dtype)
        if self.padding == "valid":
            assert_room(self, x, self.kernel_size, self.dilation_rate)
        return self._finish(convolve(x, kernel, self.strides, self.padding, self.dilation_rate, self.groups))


class Conv1D(Convolution):
    """Slide `filters` small kernels along the steps of a sequence and add a bias.

    Maths:    y[b,i,f] = activation(bias[f] + sum_{u,c} x[b, i*stride + u*dilation, c] * kernel[u,c,f])
    Shapes:   x (batch, steps, channels) -> (batch, steps', filters)
              steps' = floor((steps - dilation*(kernel_size - 1) - 1) / stride) + 1     for padding="valid"
              steps' = ceil(steps / stride)                                             for "same" and "causal"
    Weights:  kernel (kernel_size, channels / groups, filters), bias (filters,)
    Args:
        padding: "valid", "same", or "causal": an output sees no later step than its own.
        others: as for `Conv2D`.
    Mask:     dropped -- a convolution mixes steps.
    Raises:   ShapeError L104 (a ValueError) if the window is larger than the input.
    Source:   Keras 3 `Conv1D`; causal padding: van den Oord et al. 2016, section 2.1.
    Example:
        >>> import numpy as np
        >>> Conv1D(8, 3, padding="causal")(np.ones((2, 10, 4))).shape
        (2, 10, 8)
    """

    rank = 1
    paddings = ("valid", "same", "causal")


class Conv2D(Convolution):
    """Slide `filters` small kernels over the image and add a bias.

    Maths:    y[b,i,j,f] = activation(bias[f] + sum_{u,v,c} x[b, i*s + u*d, j*s + v*d, c] * kernel[u,v,c,f])
              with s the stride and d the dilation of each axis
    Shapes:   x (batch, height, width, channels) -> (batch, height', width', filters)
              height' = floor((height - d*(kernel_h - 1) - 1) / s) + 1    for padding="valid"
              height' = ceil(height / s)                                  for padding="same"
    Weights:  kernel (kernel_h, kernel_w, channels / groups, filters), bias (filters,)
    Args:
        filters: number of output channels [count, >= 1].
        kernel_size: size of the window, one number or one for each axis [pixels].
        strides: step between windows [pixels].
        padding: "valid" (windows lie inside the image) or "same" (zeros around it).
        data_format: "channels_last" or "channels_first", where the channel axis comes after the batch axis.
        dilation_rate: step between the taps of a window; above 1 only with strides of 1 [pixels].
        groups: number of independent blocks of channels and filters [count].
        activation: name or function applied to the result.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint:
            names or objects.
        activity_regularizer: callable that makes a loss of the output.
        lora_rank, lora_alpha: size and weight of additions to the kernel that are trained in its place; None for none.
    Mask:     dropped -- a convolution mixes pixels.
    Raises:   ValueError for arguments out of range; ShapeError L101 for another number of channels than it was built
              with; ShapeError L104 if the window is larger than the input.
    Source:   Keras 3 `Conv2D` (same defaults); LeCun et al. 1998, section II.
    Example:
        >>> import numpy as np
        >>> Conv2D(8, 3)(np.ones((1, 28, 28, 1))).shape
        (1, 26, 26, 8)
    """

    rank = 2


class Conv3D(Convolution):
    """Slide `filters` small kernels through a volume and add a bias.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, depth', height', width', filters), as for `Conv2D`
    Weights:  kernel (kernel_d, kernel_h, kernel_w, channels / groups, filters), bias (filters,)
    Args:     as for `Conv2D`.
    Mask:     dropped -- a convolution mixes voxels.
    Raises:   as for `Conv2D`.
    Source:   Keras 3 `Conv3D`.
    Example:
        >>> import numpy as np
        >>> Conv3D(8, 3)(np.ones((1, 9, 9, 9, 1))).shape
        (1, 7, 7, 7, 8)
    """

    rank = 3


Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D

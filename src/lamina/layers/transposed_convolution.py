"""Transposed convolutions, which enlarge sequences, images and volumes: Conv1D-, Conv2D- and Conv3DTranspose."""

from lamina import activations
from lamina.kernels.convolution import convolve_transpose
from lamina.layers.convolution import Filters
from lamina.layers.weights import add_weight, keep_options
from lamina.layers.windows import assert_no_stride_with_dilation, channels_last, sizes


class TransposedConvolution(Filters):
    """Base of Conv1DTranspose, Conv2DTranspose and Conv3DTranspose, which differ in the number of spatial axes only."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._keep_filters(filters)
        self._keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        assert_no_stride_with_dilation(self)
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = sizes(self, "output_padding", output_padding, smallest=0)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    f"The `output_padding` argument of {type(self).__name__} must be less than `strides` along each "
                    f"axis. Received: output_padding={self.output_padding}, strides={self.strides}"
                )
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        keep_options(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape):
        """Make the kernel and the bias."""
        channels = self._demand_channels(input_shape)
        self.kernel = add_weight(self, "kernel", (*self.kernel_size, self.filters, channels))
        self.bias = add_weight(self, "bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        """Compute on arrays."""
        kernel = self.kernel.value
        x = channels_last(inputs, self.data_format).astype(kernel.dtype)
        y = convolve_transpose(x, kernel, self.strides, self.padding, self.output_padding, self.dilation_rate)
        return self._finish(y)


class Conv1DTranspose(TransposedConvolution):
    """Spread every step over a window of a longer sequence and add a bias.

    Shapes:   x (batch, steps, channels) -> (batch, steps', filters), as for `Conv2DTranspose`
    Weights:  kernel (kernel_size, filters, channels), bias (filters,)
    Args:     as for `Conv2DTranspose`.
    Mask:     dropped.
    Source:   Keras 3 `Conv1DTranspose`.
    Example:
        >>> import numpy as np
        >>> Conv1DTranspose(8, 3, strides=2)(np.ones((1, 5, 4))).shape
        (1, 11, 8)
    """

    rank = 1


class Conv2DTranspose(TransposedConvolution):
    """Spread every pixel over a window of a larger image and add a bias: the transpose of `Conv2D`.

    Maths:    y[b, i*s + u*d, j*s + v*d, f] gets x[b,i,j,c] * kernel[u,v,f,c] from every pixel and channel; y += bias[f]
              with s the stride and d the dilation of each axis, less what padding cuts off
    Shapes:   x (batch, height, width, channels) -> (batch, height', width', filters)
              height' = height * s + max(kernel_h - s, 0) for "valid" without dilation, height * s for "same"
              height' = (height - 1) * s + (kernel_h - 1) * d + 1 - 2 * p + output_padding with `output_padding`,
              where p = 0 for "valid", kernel_h // 2 for "same"
    Weights:  kernel (kernel_h, kernel_w, filters, channels), bias (filters,)
    Args:
        filters: number of output channels [count, >= 1].
        kernel_size: size of the window, one number or one for each axis [pixels].
        strides: step between windows in the output [pixels].
        padding: "valid" (all windows are kept whole) or "same" (cut to height * strides).
        output_padding: what is added to one side of the output, less than `strides`; None for the sizes above [pixels].
        data_format: "channels_last" or "channels_first".
        dilation_rate: step between the taps of a window; above 1 only with strides of 1 [pixels].
        activation, use_bias and what follows: as for `Conv2D`.
    Mask:     dropped.
    Raises:   ValueError for arguments out of range; ShapeError L101 for another number of channels than before.
    Source:   Keras 3 `Conv2DTranspose` (same defaults); Zeiler et al. 2010.
    Example:
        >>> import numpy as np
        >>> Conv2DTranspose(8, 3, strides=2, padding="same")(np.ones((1, 7, 7, 4))).shape
        (1, 14, 14, 8)
    """

    rank = 2


class Conv3DTranspose(TransposedConvolution):
    """Spread every voxel over a window of a larger volume and add a bias.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, depth', height', width', filters)
    Weights:  kernel (kernel_d, kernel_h, kernel_w, filters, channels), bias (filters,)
    Args:     as for `Conv2DTranspose`, except that `data_format` stands before `output_padding`.
    Mask:     dropped.
    Source:   Keras 3 `Conv3DTranspose`.
    Example:
        >>> import numpy as np
        >>> Conv3DTranspose(8, 2, strides=2)(np.ones((1, 3, 3, 3, 4))).shape
        (1, 6, 6, 6, 8)
    """

    rank = 3

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        output_padding=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )


Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose

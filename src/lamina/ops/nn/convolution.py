"""Convolutions, and blocks of pixels moved between space and channels.

`data_format` is "channels_last" (batch, *spatial, channels), "channels_first" (batch, channels, *spatial), or None for
the default. Kernels are (*window, channels, filters) either way.
"""

import jax.numpy as jnp
from jax import lax

from lamina.core.op import op
from lamina.kernels import convolution
from lamina.ops.layout import from_channels_last, is_channels_first, per_axis, to_channels_last


@op("inputs", "kernel")
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Slide kernels over 1, 2 or 3 spatial axes and sum over window and channels.

    Shapes:   (batch, *spatial, channels), (*window, channels / groups, filters) -> (batch, *spatial', filters)
    Args:
        strides: step between windows [pixels].
        padding: "valid" or "same".
        dilation_rate: step between the taps of a window [pixels].
    Raises: ValueError if the kernel's channels do not divide the input's, or if nothing is left of the input.
    """
    x = to_channels_last(inputs, data_format).astype(kernel.dtype)
    channels, group_channels = x.shape[-1], kernel.shape[-2]
    if channels % group_channels:
        raise ValueError(
            "The number of input channels must be evenly divisible by the kernel's. "
            f"Received: {channels} input channels, a kernel for {group_channels}."
        )
    count = x.ndim - 2
    y = convolution.convolve(
        x, kernel, per_axis(strides, count), padding.lower(), per_axis(dilation_rate, count), channels // group_channels
    )
    _check_not_empty(y, inputs, kernel)
    return from_channels_last(y, data_format)


def _check_not_empty(y, inputs, kernel):
    if any(isinstance(size, int) and size <= 0 for size in y.shape[1:-1]):
        raise ValueError(
            "The convolution leaves nothing: the input is smaller than the window. "
            f"Received: inputs of shape {inputs.shape}, a kernel of shape {kernel.shape}. "
            'Use padding="same", or fewer strides and poolings in front.'
        )


@op("inputs", "kernel")
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolve every channel with its own kernels.

    Shapes:   (batch, *spatial, channels), (*window, channels, multiplier) -> (batch, *spatial', channels * multiplier)
    Args:     as for `conv`.
    Raises:   ValueError if the kernel is for another number of channels.
    """
    x = to_channels_last(inputs, data_format)
    if x.shape[-1] != kernel.shape[-2]:
        raise ValueError(
            "The number of input channels must match the kernel's. "
            f"Received: {x.shape[-1]} input channels, a kernel for {kernel.shape[-2]}."
        )
    count = x.ndim - 2
    y = convolution.depthwise_convolve(
        x, kernel, per_axis(strides, count), padding.lower(), per_axis(dilation_rate, count)
    )
    return from_channels_last(y, data_format)


@op("inputs", "depthwise_kernel", "pointwise_kernel")
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """Convolve every channel by itself, then mix the channels of each pixel.

    Shapes:   (batch, *spatial, channels), (*window, channels, multiplier), (1, …, 1, channels * multiplier, filters)
              -> (batch, *spatial', filters)
    Args:     as for `conv`.
    """
    y = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(y, pointwise_kernel, 1, "valid", data_format)


@op("inputs", "kernel")
def conv_transpose(inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """Spread every input value over a window of the output: the transpose of `conv`.

    Shapes:   (batch, *spatial, channels), (*window, filters, channels) -> (batch, *spatial', filters)
    Args:
        strides: step between windows in the output [pixels].
        padding: "valid" or "same".
        output_padding: what to add to the size that `padding` gives [pixels].
        dilation_rate: step between the taps of a window [pixels].
    Raises:   ValueError if the kernel is for another number of channels.
    """
    x = to_channels_last(inputs, data_format)
    if x.shape[-1] != kernel.shape[-1]:
        raise ValueError(
            "The number of input channels must match the kernel's. "
            f"Received: {x.shape[-1]} input channels, a kernel for {kernel.shape[-1]}."
        )
    count = x.ndim - 2
    extra = None if output_padding is None else per_axis(output_padding, count)
    y = convolution.convolve_transpose(
        x, kernel, per_axis(strides, count), padding.lower(), extra, per_axis(dilation_rate, count)
    )
    return from_channels_last(y, data_format)


@op
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """Lay the windows of a channels-first image out as columns.

    Shapes:   (batch, channels, height, width) -> (batch, channels * window, windows)
    Raises:   ValueError for another rank.
    """
    if x.ndim != 4:
        raise ValueError(f"`unfold` wants (batch, channels, height, width). Received: shape {x.shape}")
    pads = [(size, size) for size in per_axis(padding, 2)]
    patches = lax.conv_general_dilated_patches(
        x, per_axis(kernel_size, 2), per_axis(stride, 2), pads, rhs_dilation=per_axis(dilation, 2)
    )
    return patches.reshape(*patches.shape[:2], -1)


@op
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Put the columns of `unfold` back at their places and add where windows meet.

    Shapes:   (batch, channels * window, windows) -> (batch, channels, *output_size)
    Raises:   ValueError for another rank.
    """
    if x.ndim != 3:
        raise ValueError(f"`fold` wants (batch, channels * window, windows). Received: shape {x.shape}")
    size, window, step, gap, pads = (per_axis(v, 2) for v in (output_size, kernel_size, dilation, stride, padding))
    padded = [extent + 2 * pad for extent, pad in zip(size, pads, strict=True)]
    counts = [(extent - s * (k - 1) - 1) // g + 1 for extent, s, k, g in zip(padded, step, window, gap, strict=True)]
    columns = x.reshape(x.shape[0], -1, *window, *counts)  # (batch, channels, window_h, window_w, rows, columns)
    image = jnp.zeros((*columns.shape[:2], *padded), x.dtype)
    rows, cols = (_tap_places(*of_axis) for of_axis in zip(window, counts, step, gap, strict=True))
    image = image.at[:, :, rows[:, None, :, None], cols[None, :, None, :]].add(columns)
    return image[:, :, pads[0] : pads[0] + size[0], pads[1] : pads[1] + size[1]]


def _tap_places(window, count, step, gap):
    """Return where tap u of window p lies along one axis, (window, count)."""
    return jnp.arange(window)[:, None] * step + jnp.arange(count)[None, :] * gap


@op
def depth_to_space(x, block_size, data_format="channels_last"):
    """Spread the channels of each pixel over a block of pixels.

    Shapes:   (batch, height, width, channels) -> (batch, height * block, width * block, channels / block^2)
    Raises:   ValueError if `block_size` is below 2.
    """
    _check_block(block_size)
    if is_channels_first(data_format):
        batch, channels, height, width = x.shape
        x = x.reshape(batch, -1, block_size, block_size, height, width).transpose(0, 1, 4, 2, 5, 3)
        return x.reshape(batch, channels // block_size**2, height * block_size, width * block_size)
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height, width, block_size, block_size, -1).transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, height * block_size, width * block_size, channels // block_size**2)


@op
def space_to_depth(x, block_size, data_format="channels_last"):
    """Gather each block of pixels into the channels of one.

    Shapes:   (batch, height, width, channels) -> (batch, height / block, width / block, channels * block^2)
    Raises:   ValueError if `block_size` is below 2.
    """
    _check_block(block_size)
    if is_channels_first(data_format):
        batch, channels, height, width = x.shape
        x = x.reshape(batch, channels, height // block_size, block_size, width // block_size, block_size)
        x = x.transpose(0, 1, 3, 5, 2, 4)
        return x.reshape(batch, channels * block_size**2, height // block_size, width // block_size)
    batch, height, width, channels = x.shape
    x = x.reshape(batch, height // block_size, block_size, width // block_size, block_size, channels)
    x = x.transpose(0, 1, 3, 2, 4, 5)
    return x.reshape(batch, height // block_size, width // block_size, channels * block_size**2)


def _check_block(block_size):
    if block_size < 2:
        raise ValueError(f"`block_size` must be at least 2. Received: block_size={block_size}")

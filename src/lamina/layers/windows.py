"""What layers with windows have in common: sizes per spatial axis, padding names, axis orders, room for the window."""

import operator

import jax.numpy as jnp

from lamina.core.errors import ShapeError, message


def sizes(layer, name, value, smallest=1):
    """Return an argument that counts pixels along each of the layer's `rank` spatial axes as a tuple.

    Args:
        layer: the layer, whose `rank` is the number of spatial axes.
        name: of the argument, for the error.
        value: an integer for all axes, or one integer for each.
        smallest: allowed value [pixels].
    Raises:   ValueError for anything else.
    """
    values = (value,) * layer.rank if isinstance(value, int) else value
    try:
        values = tuple(operator.index(size) for size in values)
    except (TypeError, ValueError):
        values = ()
    if len(values) != layer.rank or min(values) < smallest:
        raise ValueError(
            f"The `{name}` argument of {type(layer).__name__} must be an integer >= {smallest}, or a tuple of "
            f"{layer.rank} of them. Received: {name}={value!r}"
        )
    return values


def padding_name(layer, value, allowed=("valid", "same")):
    """Return the name of a padding in lower case.

    Raises:   ValueError for one that is not `allowed`.
    """
    name = value.lower() if isinstance(value, str) else value
    if name not in allowed:
        raise ValueError(
            f"The `padding` argument of {type(layer).__name__} must be one of {allowed}. Received: padding={value!r}"
        )
    return name


def assert_no_stride_with_dilation(layer):
    """Raise ValueError if a layer both skips positions and spreads its window.

    Source:   Keras 3, which refuses the combination for every convolution.
    """
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise ValueError(
            f"`strides > 1` not supported in conjunction with `dilation_rate > 1` in {type(layer).__name__}. "
            f"Received: strides={layer.strides} and dilation_rate={layer.dilation_rate}"
        )


def channel_axis(layer):
    """Return the channel axis of a layer's input, -1 or 1."""
    return -1 if layer.data_format == "channels_last" else 1


def known_channels(layer, input_shape):
    """Return the number of channels in `input_shape`.

    Raises:   ValueError if it is not known, since a kernel needs it.
    """
    channels = input_shape[channel_axis(layer)]
    if channels is None:
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' needs to know the number of channels to make its kernel; the input "
            f"has shape {tuple(input_shape)}. Give axis {channel_axis(layer)} a size in `Input(shape=...)`."
        )
    return channels


def channels_last(x, data_format):
    """Return `x` as (batch, *spatial, channels)."""
    return x if data_format == "channels_last" else jnp.moveaxis(x, 1, -1)


def as_data_format(x, data_format):
    """Return `x` (batch, *spatial, channels) in the axis order `data_format`."""
    return x if data_format == "channels_last" else jnp.moveaxis(x, -1, 1)


def assert_room(layer, x, window, dilation):
    """Raise ShapeError L104 if an unpadded window is larger than the channels-last input `x`; unknown sizes pass."""
    for size, taps, step in zip(x.shape[1:-1], window, dilation, strict=True):
        if isinstance(size, int) and size < (taps - 1) * step + 1:
            raise _too_small(layer, x, window, dilation)


def _too_small(layer, x, window, dilation):
    reach = tuple((taps - 1) * step + 1 for taps, step in zip(window, dilation, strict=True))
    return ShapeError(
        message(
            "L104",
            f"the window of {layer.name} covers {reach} pixels, but the input has only {x.shape[1:-1]}: the output "
            "size would be zero or negative.",
            why="pooling and strides of the layers before have made the input smaller than the window.",
            fix=f'{type(layer).__name__}(..., padding="same")   # or a smaller window, or fewer strides before',
        )
    )

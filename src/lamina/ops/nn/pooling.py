"""Windows of pixels made one: by their maximum or their mean."""

import jax.numpy as jnp
import numpy as np

from lamina.core.op import op
from lamina.kernels import pooling
from lamina.ops.layout import from_channels_last, per_axis, to_channels_last


@op("inputs")
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Keep the largest value of every window.

    Shapes:   (batch, *spatial, channels) -> (batch, *spatial', channels)
    Args:
        pool_size: size of the window [pixels].
        strides: step between windows, by default their size [pixels].
        padding: "valid" or "same".
    Raises:   ValueError for another padding, and for pictures that are smaller than the window.
    """
    return _pool(pooling.max_pool, inputs, pool_size, strides, padding, data_format)


@op("inputs")
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Average every window; what padding="same" adds at the border does not count.

    Shapes:   (batch, *spatial, channels) -> (batch, *spatial', channels)
    Args:     as for `max_pool`.
    """
    return _pool(pooling.average_pool, inputs, pool_size, strides, padding, data_format)


def _pool(kernel, inputs, pool_size, strides, padding, data_format):
    if padding.lower() not in ("same", "valid"):
        raise ValueError(f"Invalid padding {padding!r}: it must be 'same' or 'valid'.")
    x = to_channels_last(inputs, data_format)
    window = per_axis(pool_size, x.ndim - 2)
    y = kernel(x, window, window if strides is None else per_axis(strides, x.ndim - 2), padding.lower())
    if 0 in y.shape[1:-1]:
        raise ValueError(
            "Computed output size would be zero or negative: the input is smaller than the window. "
            f"Received: inputs.shape={inputs.shape}, pool_size={pool_size}, padding={padding}"
        )
    return from_channels_last(y, data_format)


@op("inputs")
def adaptive_max_pool(inputs, output_size, data_format=None):
    """Cut each spatial axis into `output_size` nearly equal windows and keep the largest value of each.

    Shapes:   (batch, *spatial, channels) -> (batch, *output_size, channels)
    """
    return _adaptive_pool(_window_maximum, inputs, output_size, data_format)


@op("inputs")
def adaptive_average_pool(inputs, output_size, data_format=None):
    """Cut each spatial axis into `output_size` nearly equal windows and average each.

    Shapes:   (batch, *spatial, channels) -> (batch, *output_size, channels)
    """
    return _adaptive_pool(_window_mean, inputs, output_size, data_format)


def _adaptive_pool(reduce_windows, inputs, output_size, data_format):
    x = to_channels_last(inputs, data_format)
    for axis, count in enumerate(per_axis(output_size, x.ndim - 2), start=1):
        places, is_inside = _adaptive_windows(x.shape[axis], count)
        x = reduce_windows(jnp.take(x, places, axis), is_inside, axis)
    return from_channels_last(x, data_format)


def _adaptive_windows(size, count):
    """Return the places of each window and which of them count, both (count, largest window)."""
    starts, ends = pooling.adaptive_windows(size, count)
    places = starts[:, None] + np.arange((ends - starts).max())
    return np.minimum(places, ends[:, None] - 1), places < ends[:, None]


def _window_maximum(windows, is_inside, axis):
    return jnp.max(windows, axis + 1)  # the last place of a short window stands there twice


def _window_mean(windows, is_inside, axis):
    weights = is_inside / is_inside.sum(1, keepdims=True)
    weights = weights.reshape(weights.shape + (1,) * (windows.ndim - axis - 2))
    return jnp.sum(windows * weights.astype(windows.dtype), axis + 1)

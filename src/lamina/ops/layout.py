"""Where the channels stand, and numbers given once for all spatial axes."""

import jax.numpy as jnp

from lamina.core import config


def is_channels_first(data_format):
    """Tell whether `data_format`, None for the default one, puts the channels behind the batch."""
    return config.standardize_data_format(data_format) == "channels_first"


def to_channels_last(x, data_format, axis=1):
    """Move the channels from `axis` to the end, if `data_format` is channels first."""
    return jnp.moveaxis(x, axis, -1) if is_channels_first(data_format) else x


def from_channels_last(x, data_format, axis=1):
    """Move the channels from the end to `axis`, if `data_format` is channels first."""
    return jnp.moveaxis(x, -1, axis) if is_channels_first(data_format) else x


def per_axis(value, count):
    """Return one number as a tuple of `count` numbers, and a sequence as a tuple.

    Example:
        >>> per_axis(2, 3), per_axis([1, 2], 2)
        ((2, 2, 2), (1, 2))
    """
    return (value,) * count if isinstance(value, int) else tuple(value)

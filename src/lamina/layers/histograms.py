"""Pictures whose contrast is set right from how often each value occurs in them."""

import jax.numpy as jnp

from lamina.layers.demands import pair_of_numbers, positive_integer
from lamina.layers.image_layer import BYTES, ImageLayer, ordered_value_range, rescaled
from lamina.ops.image.frames import on_batch

_MOST_TILES = 1024


class AutoContrast(ImageLayer):
    """Stretch the values of each channel of each picture over the whole range; channels of one value stay.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        value_range: least and greatest value of pixels.
    Training: same in training and inference; masks and boxes stay.
    Raises:   ValueError for another range.
    Source:   Keras 3 `AutoContrast`.
    Example:
        >>> AutoContrast((0, 1))(jnp.array([[[0.2], [0.4]]])).ravel().tolist()
        [0.0, 1.0]
    """

    def __init__(self, value_range=(0, 255), **kwargs):
        super().__init__(**kwargs)
        self.value_range = ordered_value_range(self, value_range)

    def transform_images(self, images, transformation=None, training=True):
        """Stretch the values."""
        images = jnp.asarray(images, self.compute_dtype)
        x = rescaled(images, self.value_range, BYTES)
        pixels = (-2, -1) if self.data_format == "channels_first" else (-3, -2)
        low, high = jnp.min(x, pixels, keepdims=True), jnp.max(x, pixels, keepdims=True)
        scale = 255 / jnp.where(high > low, high - low, 1)
        stretched = rescaled(jnp.clip(x * scale - low * scale, *BYTES), BYTES, self.value_range)
        return jnp.where(high > low, stretched, images).astype(self.compute_dtype)


class Equalization(ImageLayer):
    """Spread the values of each channel so that all are about equally frequent in the pictures of the batch.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        value_range: least and greatest value of pixels.
        bins: how many values are told apart [count].
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another range.
    Source:   Keras 3 `Equalization`, which counts over the batch.
    Example:
        >>> Equalization()(jnp.array([[[7.0], [7.0], [8.0], [90.0]]])).ravel().tolist()
        [0.0, 0.0, 128.0, 255.0]
    """

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.value_range = ordered_value_range(self, value_range)
        self.bins = positive_integer(self, "bins", bins)

    def transform_images(self, images, transformation=None, training=True):
        """Spread the values."""
        images = jnp.asarray(images, self.compute_dtype)
        if not training:
            return images
        axis = -3 if self.data_format == "channels_first" else -1
        x = jnp.moveaxis(rescaled(images.astype("float32"), self.value_range, BYTES), axis, 0)
        places = jnp.clip(x * (self.bins - 1) / 255, 0, self.bins - 1).astype("int32").reshape(x.shape[0], -1)
        counts = _counts(places, self.bins)
        below = jnp.cumsum(counts, -1)
        least = jnp.min(jnp.where(below > 0, below, below[:, -1:]), -1, keepdims=True)
        others = below[:, -1:] - least
        new = jnp.round((below - least) * 255.0 / jnp.maximum(others, 1)).clip(*BYTES)
        spread = jnp.take_along_axis(new, places, -1).reshape(x.shape)
        spread = jnp.where(others.reshape(-1, *(1,) * (x.ndim - 1)) > 0, spread, x)
        return jnp.moveaxis(rescaled(spread, BYTES, self.value_range), 0, axis).astype(self.compute_dtype)


def _counts(values, bins):
    """Return how often each of 0 to bins - 1 occurs along the last axis, (..., bins)."""
    rows = values.reshape(-1, values.shape[-1])
    counts = jnp.zeros((rows.shape[0], bins), "int32").at[jnp.arange(rows.shape[0])[:, None], rows].add(1)
    return counts.reshape(*values.shape[:-1], bins)


class ContrastLimitedAdaptiveHistogramEqualization(ImageLayer):
    """Spread the values of each channel as they are frequent around each pixel, but no further than a limit.

    Each of a grid of tiles gets its own table of new values; between the middles of tiles they are interpolated.

    Shapes:   x (batch, height, width, channels), or one picture -> the same, dtype kept
    Args:
        value_range: least and greatest value of pixels.
        clip_limit: how many times as frequent as the mean a value may count; 0 is no limit.
        tile_grid_size: how many tiles there are, down and across [count].
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: same in training and inference; masks and boxes stay.
    Raises:   ValueError for another range, or another number of tiles than 1 to 1024.
    Source:   Keras 3 `ContrastLimitedAdaptiveHistogramEqualization`; Zuiderveld 1994.
    Example:
        >>> ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 2))(jnp.ones((1, 4, 4, 1))).shape
        (1, 4, 4, 1)
    """

    def __init__(self, value_range=(0, 255), clip_limit=4.0, tile_grid_size=(8, 8), data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.value_range = pair_of_numbers(self, "value_range", value_range)
        self.clip_limit = clip_limit
        tiles = pair_of_numbers(self, "tile_grid_size", tile_grid_size)
        if not all(0 < count <= _MOST_TILES for count in tiles):
            raise ValueError(
                f"`tile_grid_size` is two numbers from 1 to {_MOST_TILES}. Received: tile_grid_size={tile_grid_size}"
            )
        self.tile_grid_size = tile_grid_size

    def transform_images(self, images, transformation=None, training=True):
        """Spread the values."""
        images = jnp.asarray(images)
        x = rescaled(images.astype("float32"), self.value_range, BYTES)
        y = rescaled(on_batch(self._equalized, x, self.data_format), BYTES, self.value_range)
        return y.astype(images.dtype)

    def _equalized(self, x):
        """Return new values of bytes (batch, height, width, channels)."""
        batch, height, width, channels = x.shape
        down, across = self.tile_grid_size
        tile_height, tile_width = -(-height // down), -(-width // across)
        border = (0, tile_height * down - height), (0, tile_width * across - width)
        values = jnp.clip(jnp.pad(x, ((0, 0), *border, (0, 0)), "symmetric"), *BYTES).astype("int32")
        tiles = values.reshape(batch, down, tile_height, across, tile_width, channels)
        tiles = jnp.moveaxis(tiles, (2, 4), (-2, -1)).reshape(batch, down, across, channels, -1)
        tables = self._tables(tiles)  # (batch, down, across, channels, 256)

        y0, y1, wy = (a[:, None, None] for a in _neighbours(tile_height, down))
        x0, x1, wx = (a[:, None] for a in _neighbours(tile_width, across))

        def read(row, column):
            return tables[jnp.arange(batch)[:, None, None, None], row, column, jnp.arange(channels), values]

        top = read(y0, x0) * (1 - wx) + read(y0, x1) * wx
        bottom = read(y1, x0) * (1 - wx) + read(y1, x1) * wx
        return (top * (1 - wy) + bottom * wy)[:, :height, :width]

    def _tables(self, tiles):
        """Return the new value of each byte in each tile (..., pixels), (..., 256)."""
        pixels = tiles.shape[-1]
        counts = _counts(tiles, 256).astype("float32")
        if self.clip_limit > 0:
            limited = jnp.minimum(counts, self.clip_limit * pixels / 256)
            counts = limited + jnp.sum(counts - limited, -1, keepdims=True) / 256
        below = jnp.cumsum(counts, -1)
        others = pixels - below[..., :1]
        return jnp.clip((below - below[..., :1]) * 255 / jnp.where(others == 0, 1, others), *BYTES)


def _neighbours(length, tiles):
    """Return, for each pixel along an axis, the tiles whose middles it lies between, and how near to the second."""
    place = (jnp.arange(length * tiles) - length / 2) / length
    first = jnp.floor(place)
    ends = (jnp.clip(tile, 0, tiles - 1).astype("int32") for tile in (first, first + 1))
    return *ends, place - first

"""Pictures cut to a random window, and pictures with a random window erased."""

import collections

import jax
import jax.numpy as jnp

from lamina.core.random import make_default_seed
from lamina.layers.boxes.moving import follow, scale_and_shift
from lamina.layers.demands import pair_of_numbers, positive_integer
from lamina.layers.random_images.base import MovingLayer, RandomImageLayer, count, interval, over_pixels
from lamina.ops.image import resize
from lamina.random import normal, uniform


class RandomCrop(MovingLayer):
    """Cut the same random window out of all pictures of a batch while training.

    Pictures that are not larger than the window in both directions are cut to its proportions, and scaled.

    Shapes:   x (batch, rows, columns, channels), or one picture -> (batch, height, width, channels)
    Args:
        height, width: size of the window [pixels].
        seed: integer that makes the windows repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; otherwise the pictures stay whole, as in Keras.
    Raises:   ValueError for sizes that are no positive integers.
    Source:   Keras 3 `RandomCrop` (same windows for the same seed).
    Example:
        >>> RandomCrop(2, 3)(jnp.ones((1, 8, 8, 3)), training=True).shape
        (1, 2, 3, 3)
    """

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        super().__init__(make_default_seed() if seed is None else seed, data_format, name=name, **kwargs)
        self.height = positive_integer(self, "height", height)
        self.width = positive_integer(self, "width", width)

    def _draw(self, shape, seed):
        rows, columns = self._size(shape)
        if rows > self.height and columns > self.width:
            room = rows - self.height + 1, columns - self.width + 1
            starts = (uniform((), 0, float(places), seed=seed).astype("int32") for places in room)
        else:
            fitting = columns * self.height / self.width, rows * self.width / self.height
            starts = (int((n - _clipped(fit, n)) / 2) for n, fit in zip((rows, columns), fitting, strict=True))
        window = _Window(*starts)
        window.size = rows, columns
        return window

    def _lengths(self, starts, size):
        """Return how much of pictures of a (height, width) is cut out, before it is scaled to the window."""
        whole = zip(starts, size, (self.height, self.width), strict=True)
        return [min(length, n - (start if isinstance(start, int) else 0)) for start, n, length in whole]

    def _moved(self, images, transformation, interpolation):
        axes = (-2, -1) if self.data_format == "channels_first" else (-3, -2)
        lengths = self._lengths(transformation, self._size(images.shape))
        for axis, start, length in zip(axes, transformation, lengths, strict=True):
            images = jax.lax.dynamic_slice_in_dim(images, start, length, axis)
        size = self.height, self.width
        if self._size(images.shape) == size:
            return images
        return resize(images, size, interpolation, data_format=self.data_format)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Return where boxes lie in the window, cut off at its edges; those that are gone get the label -1."""
        if not training or transformation is None:
            return bounding_boxes
        window, size = (self.height, self.width), getattr(transformation, "size", _Window.size)
        lengths = window if size[0] is None else self._lengths(transformation, size)
        scale = [n / length for n, length in zip(window, lengths, strict=True)]
        offset = [-start * factor for start, factor in zip(transformation, scale, strict=True)]
        return follow(bounding_boxes, self.bounding_box_format, size, scale_and_shift(scale, offset), window)


class _Window(collections.namedtuple("_Window", "row column")):
    """Where a window begins, (row, column), which also knows the (height, width) of the pictures it is cut from."""

    size = None, None


def _clipped(fit, size):
    return max(min(size, int(fit)), 1)


class RandomErasing(RandomImageLayer):
    """Cover a random window of some pictures while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: with which probability a picture is changed: drawn from a pair, or from (0, f) [fraction 0-1].
        scale: size of the window: the square of its sides is drawn from a pair, or from (0, f) [fraction 0-1].
        fill_value: what covers it: a number, three (one for each channel), or None for noise.
        value_range: least and greatest value of pixels.
        seed: integer that makes the windows repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor, scale or fill value.
    Source:   Keras 3 `RandomErasing` (same windows for the same seed); Zhong et al. 2017.
    """

    def __init__(
        self,
        factor=1.0,
        scale=(0.02, 0.33),
        fill_value=None,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.scale = interval(self, "scale", scale, (0, 1), least=0, strict=False)
        if isinstance(fill_value, list | tuple) and len(fill_value) != 3:
            raise ValueError(
                "The `fill_value` argument should be a number (or a list of three numbers). "
                f"Received: fill_value={fill_value}"
            )
        self.fill_value = fill_value
        self.value_range = pair_of_numbers(self, "value_range", value_range)

    def _draw(self, shape, seed):
        batch, dtype = count(shape), self.compute_dtype
        height, width = self._size(shape)
        sides = jnp.sqrt(uniform((batch, 2), *self.scale, dtype, seed))
        is_covered = self._window(width, sides[:, 0], -1, seed) & self._window(height, sides[:, 1], -2, seed)
        probability = uniform((batch,), *self.factor, seed=seed)
        is_chosen = uniform((batch,), seed=seed) < probability
        channel_axis = -3 if self.data_format == "channels_first" else -1
        is_covered = jnp.repeat(jnp.expand_dims(is_covered, channel_axis), shape[channel_axis], channel_axis)
        return {"apply_erasing": is_chosen, "batch_masks": is_covered, "fill_value": self._cover(shape, seed)}

    def _window(self, size, side, axis, seed):
        """Tell which of the pixels along one axis are in the window, (batch, height, width) with sizes of 1."""
        length = side * size
        start = uniform(side.shape, dtype=side.dtype, seed=seed) * (size - length)
        place = jnp.arange(size, dtype=side.dtype)
        inside = (place >= start[:, None]) & (place < (start + length)[:, None])
        return jnp.expand_dims(inside, -2 if axis == -1 else -1)

    def _cover(self, shape, seed):
        if self.fill_value is None:
            value = normal(shape, dtype=self.compute_dtype, seed=seed) * self.value_range[1]
        else:
            value = jnp.asarray(self.fill_value, self.compute_dtype)
            if value.ndim and self.data_format == "channels_first":
                value = value[:, None, None]
        return jnp.clip(jnp.broadcast_to(value, shape), *self.value_range)

    def _changed(self, images, transformation):
        is_covered = transformation["batch_masks"] & over_pixels(transformation["apply_erasing"], images)
        return jnp.where(is_covered, transformation["fill_value"], images)

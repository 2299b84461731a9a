"""Pictures blurred, sharpened and warped at random."""

import jax.numpy as jnp

from lamina.core.random import draw_seed
from lamina.layers.demands import pair_of_numbers
from lamina.layers.image_layer import ordered_value_range, refuse_boxes
from lamina.layers.random_images.base import (
    MovingLayer,
    RandomImageLayer,
    count,
    interval,
    known_interpolation,
    one_of,
    over_pixels,
)
from lamina.ops.image import gaussian_blur
from lamina.ops.image.filters import filter_channels
from lamina.ops.image.frames import on_batch
from lamina.ops.image.transform import FILL_MODES, distort
from lamina.random import normal, uniform


class RandomGaussianBlur(RandomImageLayer):
    """Average over bell-shaped windows in some pictures while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: with which probability a picture is changed: drawn from a pair, or from (0, f) [fraction 0-1].
        kernel_size: odd width and height of the window, a number or a pair [pixels].
        sigma: width of the bell, across and down: drawn from a pair from 0 to 1, or from (0, s) [pixels].
        value_range: least and greatest value of pixels.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the choice repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor, kernel size or sigma.
    Source:   Keras 3 `RandomGaussianBlur` (same pictures for the same seed).
    Example:
        >>> RandomGaussianBlur((1.0, 1.0))(jnp.ones((1, 4, 4, 1)), training=True).shape
        (1, 4, 4, 1)
    """

    def __init__(
        self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None, **kwargs
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.kernel_size = _odd_pair(kernel_size)
        self.sigma = interval(self, "sigma", sigma, (0, 1), least=0, strict=False)
        self.value_range = pair_of_numbers(self, "value_range", value_range)

    def _draw(self, shape, seed):
        probability = uniform((count(shape),), *self.factor, seed=seed)
        is_chosen = uniform((count(shape),), seed=seed) < probability
        return {
            "should_apply_blur": is_chosen,
            "blur_factor": uniform((2,), *self.sigma, self.compute_dtype, seed) + 1e-6,
        }

    def _changed(self, images, transformation):
        blurred = gaussian_blur(images, self.kernel_size, transformation["blur_factor"], self.data_format)
        chosen = jnp.where(over_pixels(transformation["should_apply_blur"], images), blurred, images)
        return jnp.clip(chosen, *self.value_range)


def _odd_pair(size):
    """Return a window's (width, height).

    Raises: ValueError unless it is an odd number or a pair of them.
    """
    pair = tuple(size) if isinstance(size, list | tuple) else (size, size)
    if len(pair) != 2 or not all(isinstance(n, int | float) and n > 0 and n % 2 == 1 for n in pair):
        raise ValueError(
            f"The `kernel_size` argument of RandomGaussianBlur should be an odd number (or a list of two). "
            f"Received: kernel_size={size}"
        )
    return pair


class RandomSharpness(RandomImageLayer):
    """Bring each picture closer to, or further from, a smoothed copy of it while training.

    Maths:    y = clip(x + (1 - 2 f) (smooth(x) - x), low, high), smooth with weights 1/13, 5/13 in the middle
    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: what f is drawn from: a pair from 0 to 1, or from (0, f). 0 is smooth, 0.5 changes nothing, 1 is sharp.
        value_range: least and greatest value of pixels, low and high.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the factors repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor or range.
    Source:   Keras 3 `RandomSharpness` (same factors for the same seed).
    Example:
        >>> RandomSharpness((0.5, 0.5))(jnp.array([[[1.0], [2.0]]]), training=True).ravel().tolist()
        [1.0, 2.0]
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.value_range = ordered_value_range(self, value_range)

    def _draw(self, shape, seed):
        return {"factor": uniform((count(shape),), *self.factor, seed=seed)}

    def _changed(self, images, transformation):
        window = (jnp.ones((3, 3)).at[1, 1].set(5) / 13)[..., None]
        smooth = on_batch(lambda x: filter_channels(x, window, "same"), images, self.data_format)
        sharpness = over_pixels(transformation["factor"], images).astype(images.dtype) * 2
        return jnp.clip(images + (1 - sharpness) * (smooth - images), *self.value_range)


class RandomElasticTransform(MovingLayer):
    """Shift every pixel of some pictures by a smooth random field while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: with which probability a picture is changed: drawn from a pair, or from (0, f) [fraction 0-1].
        scale: how far pixels go, and how smooth the field is: drawn from a pair from 0 to 1, or from (0, s).
        interpolation: "bilinear" or "nearest".
        fill_mode: what stands outside: "reflect", "constant" (`fill_value`), "wrap", "nearest" or "mirror".
        fill_value: value outside, for "constant".
        value_range: least and greatest value of pixels.
        seed: integer that makes the fields repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks are shifted alike, boxes are refused, as in Keras.
    Raises:   ValueError for another factor or scale; NotImplementedError for another mode or interpolation.
    Source:   Keras 3 `RandomElasticTransform` (same fields for the same seed); Simard et al. 2003.
    Example:
        >>> RandomElasticTransform()(jnp.ones((1, 4, 4, 1)), training=True).shape
        (1, 4, 4, 1)
    """

    def __init__(
        self,
        factor=1.0,
        scale=1.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        value_range=(0, 255),
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.scale = interval(self, "scale", scale, (0, 1), least=0, strict=False)
        self.interpolation = known_interpolation(interpolation)
        self.fill_mode = one_of("fill_mode", fill_mode, FILL_MODES)
        self.fill_value = fill_value
        self.value_range = pair_of_numbers(self, "value_range", value_range)

    def _draw(self, shape, seed):
        if self.scale[1] == 0 or self.factor[1] == 0:
            return None
        probability = uniform((count(shape),), *self.factor, seed=seed)
        return {
            "apply_transform": uniform((count(shape),), seed=seed) < probability,
            "distortion_factor": uniform((), *self.scale, self.compute_dtype, seed),
            "seed": draw_seed(seed),
        }

    def _changed(self, images, transformation):
        return jnp.clip(super()._changed(images, transformation), *self.value_range)

    def get_elastic_transform_params(self, height, width, factor):
        """Return how far pixels of pictures of a size go, and how smooth the field is [pixels]."""
        return max(height, width) * 0.1 * factor, min(height, width) * 0.05 * factor

    def _moved(self, images, transformation, interpolation):
        size = self._size(images.shape)
        factor = jnp.maximum(jnp.asarray(transformation["distortion_factor"]), 1e-6)
        alpha, sigma = self.get_elastic_transform_params(*size, factor)
        widest = int(6 * self.get_elastic_transform_params(*size, self.scale[1])[1]) | 1

        def bend(x):
            noise = normal(x.shape[:3], dtype=self.compute_dtype, seed=transformation["seed"])
            return distort(x, noise, alpha, sigma, widest, interpolation, self.fill_mode, self.fill_value)

        bent = on_batch(bend, images, self.data_format)
        return jnp.where(over_pixels(transformation["apply_transform"], images), bent, images)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Raise NotImplementedError while training."""
        return refuse_boxes(self) if training else bounding_boxes

"""Pictures whose colours are changed at random."""

import jax.numpy as jnp

from lamina.core.config import epsilon
from lamina.layers.demands import pair_of_numbers
from lamina.layers.image_layer import BYTES, ordered_value_range, rescaled
from lamina.layers.random_images.base import (
    RandomImageLayer,
    count,
    interval,
    over_pixels,
    per_image,
)
from lamina.ops.image import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from lamina.random import randint, uniform


class RandomBrightness(RandomImageLayer):
    """Add a random number to all values of each picture while training.

    Maths:    y = clip(x + f * (high - low), low, high)
    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: what f is drawn from: a pair from -1 to 1, or f for (-f, f) [fraction of the range].
        value_range: least and greatest value of pixels, low and high.
        seed: integer that makes the numbers repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor or range.
    Source:   Keras 3 `RandomBrightness` (same numbers for the same seed).
    Example:
        >>> RandomBrightness((0.5, 0.5), (0, 1))(jnp.array([[[0.2, 0.7]]]), training=True).round(1).ravel().tolist()
        [0.699999988079071, 1.0]
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.factor = interval(self, "factor", factor, strict=False)
        self.value_range = ordered_value_range(self, value_range)

    def _draw(self, shape, seed):
        low, high = self.value_range
        return {"rgb_delta": uniform(per_image(shape), *self.factor, seed=seed) * (high - low)}

    def _changed(self, images, transformation):
        return jnp.clip(images + transformation["rgb_delta"], *self.value_range)


class RandomContrast(RandomImageLayer):
    """Bring the values of each channel further from their mean, or closer to it, by a random factor while training.

    Maths:    y = clip((x - mean) * f + mean, low, high), f from 1 - lower to 1 + upper
    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: (lower, upper), or a number u for (0, u) [fraction].
        value_range: least and greatest value of pixels, low and high.
        seed: integer that makes the factors repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor.
    Source:   Keras 3 `RandomContrast` (same factors for the same seed).
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.value_range = pair_of_numbers(self, "value_range", value_range)

    def _draw(self, shape, seed):
        lower, upper = self.factor
        return {"contrast_factor": uniform(per_image(shape), 1 - lower, 1 + upper, self.compute_dtype, seed)}

    def _changed(self, images, transformation):
        pixels = (-2, -1) if self.data_format == "channels_first" else (-3, -2)
        mean = jnp.mean(images, pixels, keepdims=True)
        return jnp.clip((images - mean) * transformation["contrast_factor"] + mean, *self.value_range)


class RandomGrayscale(RandomImageLayer):
    """Take the colours out of some pictures while training; the channels stay three equal ones.

    Shapes:   x (batch, height, width, 3), or one picture -> the same
    Args:
        factor: probability that a picture is changed [fraction 0-1].
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the choice repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor.
    Source:   Keras 3 `RandomGrayscale` (same pictures for the same seed).
    """

    _config_skips = ("seed",)

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        if not 0 <= factor <= 1:
            raise ValueError(f"`factor` should be between 0 and 1. Received: factor={factor}")
        self.factor = factor

    def _draw(self, shape, seed):
        return jnp.reshape(uniform((count(shape),), seed=seed) < self.factor, (-1, 1, 1, 1))

    def _changed(self, images, transformation):
        return jnp.where(transformation, rgb_to_grayscale(images, self.data_format), images)


class _HSVLayer(RandomImageLayer):
    """Change one of hue, saturation and value; a subclass does it in `_turned(channel, factors)`."""

    _channel = None

    def _changed(self, images, transformation):
        axis = -3 if self.data_format == "channels_first" else -1
        channels = jnp.split(rgb_to_hsv(images, self.data_format), 3, axis)
        factors = over_pixels(transformation["factor"], images).astype(images.dtype)
        channels[self._channel] = self._turned(channels[self._channel], factors)
        return hsv_to_rgb(jnp.concatenate(channels, axis), self.data_format)


class RandomHue(_HSVLayer):
    """Turn the hue of each picture by a random angle while training.

    Shapes:   x (batch, height, width, 3), or one picture -> the same
    Args:
        factor: how far, to either side: drawn from a pair, or from (0, f) [half turns].
        value_range: least and greatest value of pixels.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the angles repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor.
    Source:   Keras 3 `RandomHue` (same angles for the same seed).
    """

    _channel = 0

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.value_range = pair_of_numbers(self, "value_range", value_range)

    def _draw(self, shape, seed):
        side = jnp.where(uniform((count(shape),), seed=seed) > 0.5, -0.5, 0.5)
        return {"factor": side * uniform((count(shape),), *self.factor, seed=seed)}

    def _changed(self, images, transformation):
        turned = super()._changed(rescaled(images, self.value_range, (0, 1)), transformation)
        return rescaled(jnp.clip(turned, 0, 1), (0, 1), self.value_range)

    def _turned(self, hue, factors):
        turned = hue + factors
        return turned - (turned > 1) + (turned < 0)


class RandomSaturation(_HSVLayer):
    """Multiply the saturation of each picture by a random factor while training.

    Maths:    s' = clip(s * f / (1 - f), low, high)
    Shapes:   x (batch, height, width, 3), or one picture -> the same
    Args:
        factor: what f is drawn from: a pair, or a number u for (-u, u). 0 and below is grey, 0.5 changes nothing.
        value_range: low and high.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the factors repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor or range.
    Source:   Keras 3 `RandomSaturation` (same factors for the same seed).
    """

    _channel = 1

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, strict=False)
        self.value_range = ordered_value_range(self, value_range)

    def _draw(self, shape, seed):
        factor = uniform((count(shape),), *self.factor, seed=seed)
        return {"factor": factor / (1 - factor + epsilon())}

    def _turned(self, saturation, factors):
        return jnp.clip(saturation * factors, *self.value_range)


class RandomInvert(RandomImageLayer):
    """Turn light into dark in some pictures while training.

    Maths:    y = high - x
    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: with which probability a picture is changed: drawn from a pair, or from (0, f) [fraction 0-1].
        value_range: least and greatest value of pixels.
        seed: integer that makes the choice repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor.
    Source:   Keras 3 `RandomInvert` (same pictures for the same seed).
    """

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.value_range = pair_of_numbers(self, "value_range", value_range)

    def _draw(self, shape, seed):
        probability = uniform((count(shape),), *self.factor, seed=seed)
        return {"apply_inversion": uniform((count(shape),), seed=seed) < probability}

    def _changed(self, images, transformation):
        return jnp.where(over_pixels(transformation["apply_inversion"], images), self.value_range[1] - images, images)


class Solarization(RandomImageLayer):
    """Add a random number to the values of each picture and invert those from a random threshold on, while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        addition_factor: what is added: drawn from a pair, or from (0, f) [fraction 0-1 of the range].
        threshold_factor: from where values are inverted, alike.
        value_range: least and greatest value of pixels.
        seed: integer that makes the numbers repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for other factors or another range.
    Source:   Keras 3 `Solarization` (same numbers for the same seed).
    """

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(seed, **kwargs)
        self.addition_factor = interval(self, "addition_factor", addition_factor, (0, 1), least=0)
        self.threshold_factor = interval(self, "threshold_factor", threshold_factor, (0, 1), least=0)
        self.value_range = ordered_value_range(self, value_range)

    def _draw(self, shape, seed):
        def draw(low, high):
            return uniform(per_image(shape), low * 255, high * 255, self.compute_dtype, seed)

        return {"additions": draw(*self.addition_factor), "thresholds": draw(*self.threshold_factor)}

    def _changed(self, images, transformation):
        sums = jnp.clip(rescaled(images, self.value_range, BYTES) + transformation["additions"], *BYTES)
        inverted = jnp.where(sums < transformation["thresholds"], sums, 255 - sums)
        return rescaled(inverted, BYTES, self.value_range)


class RandomPosterization(RandomImageLayer):
    """Keep only the first few bits of each value, a random number of them for each picture, while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: how many bits: drawn from a pair from 1 to 8, its upper end left out unless both are equal; or a number.
        value_range: least and greatest value of pixels.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the numbers repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor or range.
    Source:   Keras 3 `RandomPosterization` (same numbers for the same seed).
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (1, 8), least=1, strict=False)
        self.value_range = ordered_value_range(self, value_range)

    def _draw(self, shape, seed):
        fewest, most = self.factor
        if fewest == most:
            return {"shift_factor": jnp.full((count(shape),), 8 - fewest, "uint8")}
        return {"shift_factor": 8 - randint((count(shape),), fewest, most, "uint8", seed)}

    def _changed(self, images, transformation):
        lost = over_pixels(transformation["shift_factor"], images)
        whole = rescaled(images, self.value_range, BYTES).astype("uint8")
        return rescaled((whole >> lost << lost).astype(images.dtype), BYTES, self.value_range)


class RandomColorDegeneration(RandomImageLayer):
    """Take a random part of the colours out of each picture while training.

    Maths:    y = clip(x + f (grey - x), low, high)
    Shapes:   x (batch, height, width, 3), or one picture -> the same
    Args:
        factor: what f is drawn from: a pair, or a number u for (-u, u). 0 changes nothing, 1 is grey.
        value_range: low and high.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the factors repeatable.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for another factor or range.
    Source:   Keras 3 `RandomColorDegeneration` (same factors for the same seed).
    Example:
        >>> RandomColorDegeneration((0.0, 0.0))(jnp.array([[[1.0, 2.0, 3.0]]]), training=True).tolist()
        [[[1.0, 2.0, 3.0]]]
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, strict=False)
        self.value_range = ordered_value_range(self, value_range)

    def _draw(self, shape, seed):
        return {"factor": uniform((count(shape), 1, 1, 1), *self.factor, seed=seed)}

    def _changed(self, images, transformation):
        factors = over_pixels(transformation["factor"], images).astype(images.dtype)
        grey = rgb_to_grayscale(images, self.data_format)
        return jnp.clip(images + factors * (grey - images), *self.value_range)


class RandomColorJitter(RandomImageLayer):
    """Change brightness, contrast, saturation and hue of each picture, one after the other, while training.

    Shapes:   x (batch, height, width, 3), or one picture -> the same
    Args:
        value_range: least and greatest value of pixels.
        brightness_factor: factor of RandomBrightness, or None to leave it out.
        contrast_factor: factor of RandomContrast, alike.
        saturation_factor: factor of RandomSaturation, alike.
        hue_factor: factor of RandomHue, alike.
        seed: integer that makes the changes repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks and boxes stay.
    Raises:   ValueError for other factors.
    Source:   Keras 3 `RandomColorJitter` (same changes for the same seed).
    Example:
        >>> x = jnp.array([[[0.2, 0.2, 0.2]]])
        >>> RandomColorJitter((0, 1), brightness_factor=(0.5, 0.5))(x, training=True).round(1).shape
        (1, 1, 3)
    """

    def __init__(
        self,
        value_range=(0, 255),
        brightness_factor=None,
        contrast_factor=None,
        saturation_factor=None,
        hue_factor=None,
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(seed, data_format, **kwargs)
        self.value_range = pair_of_numbers(self, "value_range", value_range)
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor

        def part(layer, factor):
            same = {"seed": seed, "data_format": self.data_format, "dtype": self.dtype_policy}
            return None if factor is None else layer(factor, value_range, **same)

        self.random_brightness = part(RandomBrightness, brightness_factor)
        self.random_contrast = part(RandomContrast, contrast_factor)
        self.random_saturation = part(RandomSaturation, saturation_factor)
        self.random_hue = part(RandomHue, hue_factor)

    def _parts(self):
        parts = self.random_brightness, self.random_contrast, self.random_saturation, self.random_hue
        return [part for part in parts if part is not None]

    def get_random_transformation(self, data, training=True, seed=None):
        """Draw the change of each part, in their order; None if there is nothing to do."""
        seed = self.generator if seed is None else seed
        return [p.get_random_transformation(data, training, seed) for p in self._parts()] if training else None

    def _changed(self, images, transformation):
        for part, change in zip(self._parts(), transformation, strict=True):
            images = part.transform_images(images, change)
        return images

"""Colours: their brightness, their hue."""

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.core.context import is_known
from lamina.core.op import op
from lamina.ops.casting import as_float
from lamina.ops.image.frames import on_batch


@op(class_name="RGBToGrayscale")
def rgb_to_grayscale(images, data_format=None):
    """Return the brightness, 0.2989 red + 0.587 green + 0.114 blue, as one channel.

    Raises: ValueError unless there are 3 channels, or 1, which stays.
    """

    def brightness(x):
        if x.shape[-1] not in (1, 3):
            raise ValueError(
                "Invalid channel size: expected 3 (RGB) or 1 (Grayscale). "
                f"Received input with shape: images.shape={images.shape}"
            )
        if x.shape[-1] == 1:
            return x
        weights = jnp.array([0.2989, 0.5870, 0.1140], as_float(x).dtype)
        return (as_float(x) @ weights)[..., None].astype(x.dtype)

    return on_batch(brightness, images, data_format)


@op(class_name="RGBToHSV")
def rgb_to_hsv(images, data_format=None):
    """Turn red, green and blue into hue, saturation and value, all from 0 to 1.

    Raises: ValueError for integers, or unless there are 3 channels.
    """
    _check_float(images)
    return on_batch(_rgb_to_hsv, images, data_format)


def _rgb_to_hsv(x):
    _check_channels(x)
    x = jnp.where(jnp.abs(x) < jnp.finfo(x.dtype).eps, 0, x)
    red, green, blue = x[..., 0], x[..., 1], x[..., 2]
    value = jnp.max(x, -1)
    spread = value - jnp.min(x, -1)
    saturation = jnp.where(value > 0, spread / jnp.where(value > 0, value, 1), 0)
    sixth = 1 / (6 * jnp.where(spread > 0, spread, 1))
    hue = jnp.where(value == green, sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6)
    hue = jnp.where(value == red, sixth * (green - blue), hue)
    hue = jnp.where(spread > 0, hue, 0) + (hue < 0)
    return jnp.stack([hue, saturation, value], -1).astype(x.dtype)


@op(class_name="HSVToRGB")
def hsv_to_rgb(images, data_format=None):
    """Turn hue, saturation and value into red, green and blue, all from 0 to 1.

    Raises: ValueError for integers, or unless there are 3 channels.
    """
    _check_float(images)
    return on_batch(_hsv_to_rgb, images, data_format)


def _hsv_to_rgb(x):
    _check_channels(x)
    hue, saturation, value = x[..., 0], x[..., 1], x[..., 2]
    angle = jnp.mod(hue, 1) * 6
    purest = jnp.stack([jnp.abs(angle - 3) - 1, 2 - jnp.abs(angle - 2), 2 - jnp.abs(angle - 4)], -1)
    purest = jnp.clip(purest, 0, 1)
    return value[..., None] * (1 - saturation[..., None] + saturation[..., None] * purest)


def _check_float(images):
    if not dtypes.is_float(images.dtype):
        raise ValueError(f"Invalid images dtype: expected float dtype. Received: images.dtype={images.dtype}")


def _check_channels(x):
    if is_known(x.shape[-1]) and x.shape[-1] != 3:
        raise ValueError(f"Input images must have 3 channels, but received images with {x.shape[-1]} channels.")

"""Pictures of another size: scaled, cropped, padded, cut into patches."""

import math

import jax
import jax.numpy as jnp

from lamina.core import dtypes
from lamina.core.op import op
from lamina.ops.core.tensors import saturate_cast
from lamina.ops.image.frames import check_one_of, on_batch
from lamina.ops.layout import is_channels_first, per_axis
from lamina.ops.nn.convolution import conv

_INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")
_METHODS = ("linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3", "lanczos5")


@op
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Scale pictures to `size`; the dtype stays, integers are rounded.

    Args:
        size: (height, width) [pixels].
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether to blur first where the picture shrinks.
        crop_to_aspect_ratio: whether to cut off what would change the proportions.
        pad_to_aspect_ratio: whether to add a border of `fill_value` to keep the proportions.
        fill_mode: "constant".
        data_format: "channels_last", "channels_first", or None for the default.
    Raises: ValueError if an argument has no meaning.
    """
    check_one_of("interpolation", interpolation, _INTERPOLATIONS)
    check_one_of("fill_mode", fill_mode, ("constant",))
    if len(size) != 2 or min(size) <= 0:
        raise ValueError(f"`size` must have positive height and width. Received: size={size}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio` and `crop_to_aspect_ratio` can be `True`.")

    def scale(x):
        if crop_to_aspect_ratio:
            x = _crop_to_ratio(x, size)
        elif pad_to_aspect_ratio:
            x = _pad_to_ratio(x, size, fill_value)
        return jax.image.resize(x, (x.shape[0], *size, x.shape[-1]), interpolation, antialias)

    resized = on_batch(scale, images, data_format)
    if resized.dtype == images.dtype:
        return resized
    return saturate_cast(jnp.round(resized) if dtypes.is_int(images.dtype) else resized, images.dtype)


def _fitting(height, width, size):
    """The height that goes with the width, and the width that goes with the height, at the proportions of `size`."""
    return int(width * size[0] / size[1]), int(height * size[1] / size[0])


def _crop_to_ratio(x, size):
    _, height, width, _ = x.shape
    crop_height, crop_width = (
        max(min(full, fit), 1) for full, fit in zip((height, width), _fitting(height, width, size), strict=True)
    )
    top, left = (height - crop_height) // 2, (width - crop_width) // 2
    return x[:, top : top + crop_height, left : left + crop_width]


def _pad_to_ratio(x, size, fill_value):
    _, height, width, _ = x.shape
    fit_height, fit_width = _fitting(height, width, size)
    top, left = max(fit_height - height, 0) // 2, max(fit_width - width, 0) // 2
    left = 0 if top else left
    return jnp.pad(x, ((0, 0), (top, top), (left, left), (0, 0)), constant_values=fill_value)


@op("images", "output_shape", "scale", "translation", lists=("output_shape",))
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """Scale and move along some axes: the element at place i goes to i * scale + translation.

    Args:
        output_shape: None stands for the size that the axis has.
        spatial_dims: the axes.
        scale, translation: one number for each of them.
        method: "linear", "cubic", "lanczos3" or "lanczos5".
    Raises: ValueError for another method.
    """
    check_one_of("method", method, _METHODS)
    shape = tuple(full if size is None else size for size, full in zip(output_shape, images.shape, strict=True))
    scale, translation = jnp.asarray(scale), jnp.asarray(translation)
    return jax.image.scale_and_translate(images, shape, tuple(spatial_dims), scale, translation, method, antialias)


@op
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Add borders of zeros; two of top, bottom and target height tell how much, two of left, right and target width.

    Raises: ValueError if more or fewer are given or a border is negative.
    """

    def pad(x):
        vertical = _margins("padding", -x.shape[1], top_padding, bottom_padding, target_height, ("top", "bottom"))
        horizontal = _margins("padding", -x.shape[2], left_padding, right_padding, target_width, ("left", "right"))
        return jnp.pad(x, ((0, 0), vertical, horizontal, (0, 0)))

    return on_batch(pad, images, data_format)


@op
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Cut off borders; two of top, bottom and target height tell how much, two of left, right and target width.

    Raises: ValueError if more or fewer are given or a border is negative.
    """

    def crop(x):
        top, bottom = _margins("cropping", x.shape[1], top_cropping, bottom_cropping, target_height, ("top", "bottom"))
        left, right = _margins("cropping", x.shape[2], left_cropping, right_cropping, target_width, ("left", "right"))
        return jax.lax.slice(x, (0, top, left, 0), (x.shape[0], x.shape[1] - bottom, x.shape[2] - right, x.shape[3]))

    return on_batch(crop, images, data_format)


def _margins(kind, size, before, after, target, sides):
    """Return both margins of one axis; `size` is its size if the margins are cut off, minus its size if added."""
    names = (f"{sides[0]}_{kind}", f"{sides[1]}_{kind}", f"target_{'height' if sides[0] == 'top' else 'width'}")
    if (before, after, target).count(None) != 1:
        raise ValueError(f"Must specify exactly two of {', '.join(names)}. Received: {before}, {after}, {target}")
    if target is not None:
        total = size - target if kind == "cropping" else size + target
        before, after = (total - after if before is None else before), (total - before if after is None else after)
    for name, value in zip(names, (before, after, target), strict=True):
        if isinstance(value, int) and value < 0:
            raise ValueError(f"{name} must be >= 0. Received: {name}={value}")
    return before, after


@op
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Lay the windows of pictures (volumes, if `size` has three numbers) out as channels.

    Shapes:   (batch, height, width, channels) -> (batch, rows, columns, window_h * window_w * channels)
    Args:
        size: size of the window [pixels].
        strides: step between windows, by default their size [pixels].
        dilation_rate: step between the pixels of a window [pixels].
        padding: "valid" or "same".
    Raises:   TypeError or ValueError if `size` is not one, two or three numbers.
    """
    if not isinstance(size, int | tuple | list):
        raise TypeError(f"Expected an int or a tuple as `size`. Received: size={size} of type {type(size).__name__}")
    window = per_axis(size, 2)
    if len(window) not in (2, 3):
        raise ValueError(f"Expected a tuple of length 2 or 3 as `size`. Received: size={size}")
    x = images if images.ndim == len(window) + 2 else images[None]
    channels = x.shape[1 if is_channels_first(data_format) else -1]
    kernel = jnp.reshape(jnp.eye(channels * math.prod(window), dtype=x.dtype), (*window, channels, -1))
    patches = conv(x, kernel, strides or window, padding, data_format, dilation_rate)
    return patches if x is images else patches[0]


def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Lay the windows of volumes out as channels; see `extract_patches`.

    Shapes:   (batch, depth, height, width, channels) -> (batch, *counts, window_d * window_h * window_w * channels)
    Raises:   TypeError if `size` is not one or three numbers.
    """
    if not isinstance(size, int) and len(size) != 3:
        raise TypeError(f"Expected an int or a tuple of length 3 as `size`. Received: size={size}")
    return extract_patches(volumes, per_axis(size, 3), strides, dilation_rate, padding, data_format)

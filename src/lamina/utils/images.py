"""Pictures as files, as PIL images and as arrays."""

import io
import os
import warnings
from pathlib import Path

import numpy as np

from lamina.core import config

COLOR_MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}
FORMATS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")
"""Endings of the files that are taken for pictures, where a folder is looked through by `ImageDataGenerator`."""

_PIL_METHODS = {
    "nearest": "NEAREST",
    "bilinear": "BILINEAR",
    "bicubic": "BICUBIC",
    "hamming": "HAMMING",
    "box": "BOX",
    "lanczos": "LANCZOS",
}


def _pil():
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "Could not import PIL.Image: pictures are read and written by Pillow. pip install 'lamina[images]'"
        ) from error
    return Image


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """Return an array as a PIL image.

    Args:
        x: (height, width, channels) with 1, 3 or 4 channels, or channels first.
        data_format: the order of axes; by default the global one.
        scale: whether the smallest value becomes black and the largest white.
        dtype: for the arithmetic; by default the default float.
    Raises:   ValueError for another rank or number of channels, ImportError without Pillow.
    Source:   Keras 3 `array_to_img`.
    """
    image = _pil()
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise ValueError(f"Expected image array to have rank 3 (single image). Got array with shape: {x.shape}")
    x = x.transpose(1, 2, 0) if data_format == "channels_first" else x
    if x.shape[2] not in (1, 3, 4):
        raise ValueError(f"Unsupported channel number: {x.shape[2]}")
    if scale:
        x = x - np.min(x)
        x = x / (np.max(x) or 1) * 255
    if x.shape[2] > 1:
        return image.fromarray(x.astype("uint8"))
    return image.fromarray(x[:, :, 0].astype("int32" if np.max(x) > 255 else "uint8"))


def img_to_array(img, data_format=None, dtype=None):
    """Return a PIL image as an array (height, width, channels), or channels first.

    Raises:   ValueError if it is no picture.
    Source:   Keras 3 `img_to_array`.
    """
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim not in (2, 3):
        raise ValueError(f"Unsupported image shape: {x.shape}")
    x = x[:, :, None] if x.ndim == 2 else x
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Write an array as a picture.

    Args:
        path: path or open file.
        x: see `array_to_img`.
        file_format: by default told by the path; "jpg" is "jpeg".
        **kwargs: for Pillow's `save`.
    Source:   Keras 3 `save_img`.
    """
    if file_format is None and isinstance(path, str | Path):
        file_format = Path(path).suffix[1:]
    file_format = {"jpg": "jpeg"}.get((file_format or "").lower(), file_format)
    img = array_to_img(x, data_format=data_format, scale=scale)
    if img.mode == "RGBA" and (file_format or "").lower() == "jpeg":
        warnings.warn("The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2)
        img = img.convert("RGB")
    img.save(path, format=file_format or None, **kwargs)


def load_img(path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False):
    """Read a picture as a PIL image.

    Args:
        path: path, or `io.BytesIO`.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to resize to [pixels].
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: whether the largest centred part of the target's shape is taken first.
    Raises:   ValueError for another mode or method, TypeError for no path, ImportError without Pillow.
    Source:   Keras 3 `load_img`.
    """
    image = _pil()
    if color_mode not in COLOR_MODES:
        raise ValueError('color_mode must be "grayscale", "rgb", or "rgba"')
    if not isinstance(path, str | bytes | os.PathLike | io.BytesIO):
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    content = path if isinstance(path, io.BytesIO) else io.BytesIO(Path(os.fsdecode(path)).read_bytes())
    img = image.open(content)
    if img.mode not in COLOR_MODES[color_mode]:
        img = img.convert(COLOR_MODES[color_mode][0])
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    if interpolation not in _PIL_METHODS:
        raise ValueError(
            f"Invalid interpolation method {interpolation} specified. Supported methods are {', '.join(_PIL_METHODS)}"
        )
    box = None
    if keep_aspect_ratio:
        top, left, height, width = middle(img.size[1], img.size[0], *target_size)
        box = (left, top, left + width, top + height)
    return img.resize((target_size[1], target_size[0]), image.Resampling[_PIL_METHODS[interpolation]], box=box)


def middle(height, width, target_height, target_width):
    """Return (top, left, height, width) of the largest centred part that has the target's shape."""
    part_height = max(min(height, int(width * target_height / target_width)), 1)
    part_width = max(min(width, int(height * target_width / target_height)), 1)
    return (height - part_height) // 2, (width - part_width) // 2, part_height, part_width


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last", **kwargs):
    """Resize pictures without distorting them: the largest centred part of the new shape is taken first.

    Args:
        x: (height, width, channels) or (batch, height, width, channels), or channels first.
        size: (height, width) [pixels].
        interpolation: see `lamina.ops.image.resize`.
    Returns:  a NumPy array for a NumPy array.
    Raises:   ValueError for another rank or size, TypeError for unknown keywords.
    Source:   Keras 3 `smart_resize`.
    """
    from lamina import ops

    kwargs.pop("backend_module", None)
    if kwargs:
        raise TypeError(f"smart_resize() got unexpected keyword arguments: {list(kwargs)}")
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers, but got: {size}.")
    if len(np.shape(x)) not in (3, 4):
        raise ValueError(
            "Expected an image array with shape `(height, width, channels)`, or `(batch_size, height, width, "
            f"channels)`, but got input with incorrect rank, of shape {np.shape(x)}."
        )
    rows = len(np.shape(x)) - (2 if data_format == "channels_first" else 3)
    top, left, height, width = middle(*np.shape(x)[rows : rows + 2], *size)
    part = x[(slice(None),) * rows + (slice(top, top + height), slice(left, left + width))]
    resized = ops.image.resize(part, tuple(size), interpolation=interpolation, data_format=data_format)
    return np.asarray(resized) if isinstance(x, np.ndarray) else resized


# Resizing in NumPy: each picture of a folder has another size, and compiling a program for each would take long.

_WEIGHTS = {
    "bilinear": lambda x: np.maximum(0, 1 - x),
    "bicubic": lambda x: np.where(
        x <= 1, (1.5 * x - 2.5) * x * x + 1, np.where(x < 2, ((-0.5 * x + 2.5) * x - 4) * x + 2, 0)
    ),
    "lanczos3": lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0),
    "lanczos5": lambda x: np.where(x < 5, np.sinc(x) * np.sinc(x / 5), 0),
}
METHODS = ("nearest", *_WEIGHTS)


def resize(x, size, interpolation):
    """Return one picture (height, width, channels) in another size, as float32.

    Source:   the sampling of `jax.image.resize` without antialiasing, which is that of TensorFlow.
    """
    for axis in (0, 1):
        if x.shape[axis] == size[axis]:
            continue
        if interpolation == "nearest":
            x = x.take(np.floor((np.arange(size[axis]) + 0.5) * x.shape[axis] / size[axis]).astype(int), axis)
        else:
            weights = _weights(x.shape[axis], size[axis], interpolation)
            x = np.moveaxis(np.tensordot(weights, x, ((0,), (axis,))), 0, axis)
    return x.astype("float32")


def _weights(given, wanted, interpolation):
    """Return how much of each given pixel is in each wanted one, (given, wanted)."""
    places = (np.arange(wanted) + 0.5) * given / wanted - 0.5
    weights = _WEIGHTS[interpolation](np.abs(places[None] - np.arange(given)[:, None]))
    return weights / weights.sum(0)


def fit_to_shape(x, size, interpolation, crop, pad):
    """Resize one picture: distorted, or cropped or padded with black to the new shape first."""
    if crop:
        top, left, height, width = middle(*x.shape[:2], *size)
        x = x[top : top + height, left : left + width]
    elif pad:
        height = max(x.shape[0], int(x.shape[1] * size[0] / size[1]))
        width = max(x.shape[1], int(x.shape[0] * size[1] / size[0]))
        top, left = (height - x.shape[0]) // 2, (width - x.shape[1]) // 2
        x = np.pad(x, ((top, top), (left, left), (0, 0)))
    return resize(x, size, interpolation)

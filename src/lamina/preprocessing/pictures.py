"""Image files as arrays and back, with Pillow."""

import numpy as np

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
FORMATS = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".tif", ".tiff")
"""Endings of the files that are taken for images."""


def _pillow():
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("Image files are read with Pillow: pip install 'lamina[images]'.") from None
    return Image


def read(path, color_mode, size, interpolation, keep_aspect_ratio, data_format):
    """Return an image file as float32 (height, width, channels), or channels first.

    Args:
        color_mode: "grayscale", "rgb" or "rgba".
        size: (height, width).
        interpolation: "nearest", "bilinear", "bicubic", "lanczos", "box" or "hamming".
        keep_aspect_ratio: whether the middle is cut out first, in the shape of `size`.
    """
    with _pillow().open(path) as file:
        picture = file.convert(MODES[color_mode])
    if picture.size != (size[1], size[0]):
        resample = _pillow().Resampling[interpolation.upper()]
        box = _middle(picture.size, size) if keep_aspect_ratio else None
        picture = picture.resize((size[1], size[0]), resample, box=box)
    array = np.asarray(picture, "float32")
    array = array[..., None] if array.ndim == 2 else array
    return np.moveaxis(array, -1, 0) if data_format == "channels_first" else array


def _middle(given, wanted):
    """Return the largest box in the middle that has the wanted proportions: left, upper, right, lower."""
    width, height = given
    crop_width = min(width, int(height * wanted[1] / wanted[0]))
    crop_height = min(height, int(width * wanted[0] / wanted[1]))
    left, upper = (width - crop_width) // 2, (height - crop_height) // 2
    return left, upper, left + crop_width, upper + crop_height


def write(path, image, data_format):
    """Write an array as an image file, stretched to 0…255."""
    array = np.moveaxis(image, 0, -1) if data_format == "channels_first" else image
    array = array - array.min()
    array = array / array.max() * 255 if array.max() else array
    array = array.astype("uint8")
    _pillow().fromarray(array[..., 0] if array.shape[-1] == 1 else array).save(path)

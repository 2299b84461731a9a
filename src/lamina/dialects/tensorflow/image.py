"""`tf.image`: the basics, on images with channels last."""

import functools
from io import BytesIO

import jax
import numpy as np

from lamina import ops
from lamina.core.dtypes import standardize_dtype
from lamina.dialects.tensorflow import image_measures, random
from lamina.dialects.tensorflow.image_measures import *  # noqa: F403

__all__ = [
    *image_measures.__all__,
    "ResizeMethod",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "central_crop",
    "convert_image_dtype",
    "crop_and_resize",
    "crop_to_bounding_box",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "flip_left_right",
    "flip_up_down",
    "grayscale_to_rgb",
    "hsv_to_rgb",
    "pad_to_bounding_box",
    "per_image_standardization",
    "random_brightness",
    "random_contrast",
    "random_crop",
    "random_flip_left_right",
    "random_flip_up_down",
    "random_hue",
    "random_saturation",
    "resize",
    "resize_with_crop_or_pad",
    "resize_with_pad",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "rot90",
    "stateless_random_brightness",
    "stateless_random_contrast",
    "stateless_random_crop",
    "stateless_random_flip_left_right",
    "stateless_random_flip_up_down",
    "stateless_random_hue",
    "stateless_random_saturation",
    "transpose",
]


class ResizeMethod:
    """Names of the ways to resize; three of them are names only."""

    AREA = "area"
    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    GAUSSIAN = "gaussian"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    MITCHELLCUBIC = "mitchellcubic"
    NEAREST_NEIGHBOR = "nearest"


def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None):
    """Return images of another size: floats, or for "nearest" values of the same dtype."""
    if preserve_aspect_ratio:
        scale = min(int(size[0]) / images.shape[-3], int(size[1]) / images.shape[-2])
        size = (round(images.shape[-3] * scale), round(images.shape[-2] * scale))
    images = ops.convert_to_tensor(images)
    images = images if method == "nearest" else ops.cast(images, "float32")
    size = tuple(map(int, size))
    return ops.image.resize(images, size, interpolation=method, antialias=antialias, data_format="channels_last")


def flip_left_right(image):
    """Mirror."""
    return ops.flip(image, axis=-2)


def flip_up_down(image):
    """Turn upside down."""
    return ops.flip(image, axis=-3)


def random_flip_left_right(image, seed=None):
    """Mirror, or not; each image of a batch by itself."""
    return _or_not(flip_left_right, image, seed)


def random_flip_up_down(image, seed=None):
    """Turn upside down, or not; each image of a batch by itself."""
    return _or_not(flip_up_down, image, seed)


def _or_not(flip, image, seed):
    chances = random.uniform((*image.shape[:-3], 1, 1, 1), seed=seed)
    return ops.where(chances < 0.5, flip(image), image)


def rot90(image, k=1, name=None):
    """Turn by quarters, against the clock."""
    return ops.rot90(image, k=k, axes=(-3, -2))


def _on_floats(function):
    """Let a function of floats take bytes too: they are scaled to 0 to 1 for it, and back."""

    @functools.wraps(function)
    def on_any(image, *args, **kwargs):
        image = ops.convert_to_tensor(image)
        if "float" in str(image.dtype):
            return function(image, *args, **kwargs)
        changed = function(convert_image_dtype(image, "float32"), *args, **kwargs)
        return convert_image_dtype(ops.clip(changed, 0, 1), str(image.dtype))

    return on_any


@_on_floats
def adjust_brightness(image, delta):
    """Add to every value."""
    return ops.add(image, delta)


@_on_floats
def adjust_gamma(image, gamma=1, gain=1):
    """Raise every value to a power."""
    return gain * ops.power(image, gamma)


def random_brightness(image, max_delta, seed=None):
    """Add the same random number to every value."""
    return adjust_brightness(image, random.uniform((), -max_delta, max_delta, seed=seed))


@_on_floats
def adjust_contrast(images, contrast_factor):
    """Stretch values away from each channel's mean."""
    mean = ops.mean(images, axis=(-3, -2), keepdims=True)
    return (images - mean) * contrast_factor + mean


@_on_floats
def rgb_to_grayscale(images, name=None):
    """Weigh the colours as the eye does."""
    return ops.image.rgb_to_grayscale(images, data_format="channels_last")


def grayscale_to_rgb(images, name=None):
    """Repeat the one channel."""
    return ops.repeat(images, 3, axis=-1)


def convert_image_dtype(image, dtype, saturate=False, name=None):
    """Change the dtype and scale: floats are 0 to 1, bytes 0 to 255."""
    source, target = np.dtype(str(image.dtype)), np.dtype(standardize_dtype(dtype))
    if source == target:
        return image
    if source.kind in "iu" and target.kind == "f":
        return ops.cast(image, standardize_dtype(dtype)) / np.iinfo(source).max
    if source.kind == "f" and target.kind in "iu":
        scaled = image * (np.iinfo(target).max + 0.5)
        return (
            ops.saturate_cast(scaled, standardize_dtype(dtype))
            if saturate
            else ops.cast(scaled, standardize_dtype(dtype))
        )
    if source.kind == target.kind == "f":
        return ops.cast(image, standardize_dtype(dtype))
    raise NotImplementedError(f"From {source} to {target} is not covered; cast and scale by hand.")


def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Cut a box out.

    Raises: ValueError for one that reaches out of the image.
    """
    rows, columns = (offset_height, target_height, image.shape[-3]), (offset_width, target_width, image.shape[-2])
    for start, size, full in (rows, columns):
        if all(isinstance(n, int) for n in (start, size, full)) and not 0 <= start <= full - size:
            raise ValueError(f"A box from {start} to {start + size} does not fit into an image of {full} pixels.")
    return image[..., offset_height : offset_height + target_height, offset_width : offset_width + target_width, :]


def central_crop(image, central_fraction):
    """Cut the middle out."""
    height, width = image.shape[-3:-1]
    top, left = (int((size - size * central_fraction) / 2) for size in (height, width))
    return crop_to_bounding_box(image, top, left, height - 2 * top, width - 2 * left)


def per_image_standardization(image):
    """Give each image mean zero and deviation one."""
    image = ops.cast(image, "float32")
    axes = (-3, -2, -1)
    least = 1 / np.sqrt(np.prod(image.shape[-3:]))
    return (image - ops.mean(image, axes, keepdims=True)) / ops.maximum(ops.std(image, axes, keepdims=True), least)


def random_contrast(image, lower, upper, seed=None):
    """Stretch values away from the mean, by a random factor."""
    return adjust_contrast(image, random.uniform((), lower, upper, seed=seed))


@_on_floats
def adjust_saturation(image, saturation_factor, name=None):
    """Make colours stronger or paler."""
    hue, saturation, value = ops.unstack(rgb_to_hsv(image), axis=-1)
    return hsv_to_rgb(ops.stack([hue, ops.clip(saturation * saturation_factor, 0, 1), value], axis=-1))


def random_saturation(image, lower, upper, seed=None):
    """Make colours stronger or paler, by a random factor."""
    return adjust_saturation(image, random.uniform((), lower, upper, seed=seed))


@_on_floats
def adjust_hue(image, delta, name=None):
    """Turn the colours around the circle, by a part of it."""
    hue, saturation, value = ops.unstack(rgb_to_hsv(image), axis=-1)
    return hsv_to_rgb(ops.stack([ops.mod(hue + delta, 1.0), saturation, value], axis=-1))


def random_hue(image, max_delta, seed=None):
    """Turn the colours around the circle, by a random part of it."""
    return adjust_hue(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_crop(value, size, seed=None, name=None):
    """Cut a block of a size out of a random place."""
    size = [int(n) for n in size]
    ends = np.array(value.shape) - size + 1
    return ops.slice(value, list(random.uniform((len(size),), 0, ends, "int32", seed)), size)


def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Put the image at a place on a larger one of zeros."""
    height, width = image.shape[-3:-1]
    margins = (
        (offset_height, target_height - offset_height - height),
        (offset_width, target_width - offset_width - width),
    )
    return ops.pad(image, (*[(0, 0)] * (len(image.shape) - 3), *margins, (0, 0)))


def decode_image(contents, channels=None, dtype="uint8", name=None, expand_animations=True):
    """Return the picture in an image file's bytes, uint8 (height, width, channels)."""
    picture = open_pillow().open(BytesIO(bytes_of(contents)))
    plain = {"1": "L", "P": "RGBA" if "transparency" in picture.info else "RGB", "CMYK": "RGB"}
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels, plain.get(picture.mode, picture.mode))
    array = np.asarray(picture.convert(mode))
    array = array[..., None] if array.ndim == 2 else array
    return convert_image_dtype(ops.convert_to_tensor(array), dtype)


decode_jpeg = decode_png = decode_image


def open_pillow():
    """Return `PIL.Image`.

    Raises: ImportError that names the extra.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("Image files are read with Pillow: pip install 'lamina[images]'.") from None
    return Image


def bytes_of(contents):
    """Return the bytes of a text, of an array that holds them, or as they are."""
    contents = np.asarray(contents, object).item() if isinstance(contents, np.ndarray) else contents
    return contents.encode() if isinstance(contents, str) else bytes(contents)


def resize_with_pad(image, target_height, target_width, method="bilinear", antialias=False):
    """Return images of a size: as large as fits, with zeros around."""
    height, width = image.shape[-3:-1]
    ratio = max(height / target_height, width / target_width)
    inner = resize(image, (height / ratio, width / ratio), method, antialias=antialias)
    top, left = int((target_height - height / ratio) / 2), int((target_width - width / ratio) / 2)
    return pad_to_bounding_box(inner, top, left, target_height, target_width)


def resize_with_crop_or_pad(image, target_height, target_width):
    """Return images of a size: cut around the middle where too large, zeros around where too small."""
    height, width = image.shape[-3:-1]
    top, left = (max((n - wanted) // 2, 0) for n, wanted in ((height, target_height), (width, target_width)))
    image = crop_to_bounding_box(image, top, left, min(height, target_height), min(width, target_width))
    top, left = (max((wanted - n) // 2, 0) for n, wanted in ((height, target_height), (width, target_width)))
    return pad_to_bounding_box(image, top, left, target_height, target_width)


def crop_and_resize(image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0, name=None):
    """Return boxes, rows of (top, left, bottom, right) as parts of the image's sides, all of one size."""
    order = {"bilinear": 1, "nearest": 0}[method]
    image, boxes = ops.cast(image, "float32"), ops.cast(boxes, "float32")
    sizes = np.array(image.shape[1:3], "float32") - 1

    def crop(box, number):
        corners = ops.reshape(box, (2, 2)) * sizes
        places = [_steps_between(corners[:, axis], int(crop_size[axis]), sizes[axis]) for axis in (0, 1)]
        grid = ops.stack(ops.meshgrid(*places, indexing="ij"))
        channels = ops.moveaxis(ops.take(image, number, axis=0), -1, 0)
        cut = jax.vmap(lambda channel: ops.image.map_coordinates(channel, grid, order, "nearest"))(channels)
        inside = ops.all((grid >= 0) & (grid <= sizes[:, None, None]), axis=0)
        return ops.moveaxis(ops.where(inside, cut, extrapolation_value), 0, -1)

    return jax.vmap(crop)(boxes, ops.cast(box_indices, "int32"))


def _steps_between(ends, count, longest):
    if count == 1:
        return ops.reshape(ops.mean(ends), (1,))
    return ends[0] + ops.arange(count, dtype="float32") * (ends[1] - ends[0]) / (count - 1)


def transpose(image, name=None):
    """Exchange rows and columns."""
    return ops.swapaxes(image, -3, -2)


def rgb_to_hsv(images, name=None):
    """Return hue, saturation and value of colours."""
    return ops.image.rgb_to_hsv(images, data_format="channels_last")


def hsv_to_rgb(images, name=None):
    """Return red, green and blue of colours."""
    return ops.image.hsv_to_rgb(images, data_format="channels_last")


def _stateless(function):
    @functools.wraps(function)
    def drawn(*args, seed=None, **kwargs):
        *args, seed = args if seed is None else (*args, seed)
        return function(*args, seed=np.asarray(seed).astype("uint32"), **kwargs)

    return drawn


stateless_random_brightness = _stateless(random_brightness)
stateless_random_contrast = _stateless(random_contrast)
stateless_random_crop = _stateless(random_crop)
stateless_random_flip_left_right = _stateless(random_flip_left_right)
stateless_random_flip_up_down = _stateless(random_flip_up_down)
stateless_random_hue = _stateless(random_hue)
stateless_random_saturation = _stateless(random_saturation)

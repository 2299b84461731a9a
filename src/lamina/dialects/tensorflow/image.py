"""`tf.image`: the basics, on images with channels last."""

from io import BytesIO

import numpy as np

from lamina import ops, random

__all__ = [
    "ResizeMethod",
    "adjust_brightness",
    "adjust_contrast",
    "adjust_hue",
    "adjust_saturation",
    "central_crop",
    "convert_image_dtype",
    "crop_to_bounding_box",
    "decode_image",
    "decode_jpeg",
    "decode_png",
    "extract_patches",
    "flip_left_right",
    "flip_up_down",
    "grayscale_to_rgb",
    "non_max_suppression",
    "non_max_suppression_with_scores",
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
    "rgb_to_grayscale",
    "rot90",
    "total_variation",
]


class ResizeMethod:
    """Names of the ways to resize."""

    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    NEAREST_NEIGHBOR = "nearest"


def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None):
    """Return images of another size."""
    if preserve_aspect_ratio:
        raise NotImplementedError("preserve_aspect_ratio=True is not covered; compute the size first.")
    return ops.image.resize(
        ops.cast(images, "float32"), tuple(map(int, size)), interpolation=method, antialias=antialias
    )


def flip_left_right(image):
    """Mirror."""
    return ops.flip(image, axis=-2)


def flip_up_down(image):
    """Turn upside down."""
    return ops.flip(image, axis=-3)


def random_flip_left_right(image, seed=None):
    """Mirror, or not."""
    return ops.where(random.uniform((), seed=seed) < 0.5, flip_left_right(image), image)


def random_flip_up_down(image, seed=None):
    """Turn upside down, or not."""
    return ops.where(random.uniform((), seed=seed) < 0.5, flip_up_down(image), image)


def rot90(image, k=1, name=None):
    """Turn by quarters, against the clock."""
    return ops.rot90(image, k=k, axes=(-3, -2))


def adjust_brightness(image, delta):
    """Add to every value."""
    return ops.add(image, delta)


def random_brightness(image, max_delta, seed=None):
    """Add the same random number to every value."""
    return ops.add(image, random.uniform((), -max_delta, max_delta, seed=seed))


def adjust_contrast(images, contrast_factor):
    """Stretch values away from each channel's mean."""
    mean = ops.mean(images, axis=(-3, -2), keepdims=True)
    return (images - mean) * contrast_factor + mean


def rgb_to_grayscale(images, name=None):
    """Weigh the colours as the eye does."""
    return ops.image.rgb_to_grayscale(images)


def grayscale_to_rgb(images, name=None):
    """Repeat the one channel."""
    return ops.repeat(images, 3, axis=-1)


def convert_image_dtype(image, dtype, saturate=False, name=None):
    """Change the dtype and scale: floats are 0 to 1, bytes 0 to 255."""
    source, target = np.dtype(str(image.dtype)), np.dtype(str(dtype))
    if source == target:
        return image
    if source.kind in "iu" and target.kind == "f":
        return ops.cast(image, str(dtype)) / np.iinfo(source).max
    if source.kind == "f" and target.kind in "iu":
        return ops.cast(image * (np.iinfo(target).max + 0.5), str(dtype))
    raise NotImplementedError(f"From {source} to {target} is not covered; cast and scale by hand.")


def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width):
    """Cut a box out."""
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


def adjust_saturation(image, saturation_factor, name=None):
    """Make colours stronger or paler."""
    hue, saturation, value = ops.unstack(ops.image.rgb_to_hsv(image), axis=-1)
    return ops.image.hsv_to_rgb(ops.stack([hue, ops.clip(saturation * saturation_factor, 0, 1), value], axis=-1))


def random_saturation(image, lower, upper, seed=None):
    """Make colours stronger or paler, by a random factor."""
    return adjust_saturation(image, random.uniform((), lower, upper, seed=seed))


def adjust_hue(image, delta, name=None):
    """Turn the colours around the circle, by a part of it."""
    hue, saturation, value = ops.unstack(ops.image.rgb_to_hsv(image), axis=-1)
    return ops.image.hsv_to_rgb(ops.stack([ops.mod(hue + delta, 1.0), saturation, value], axis=-1))


def random_hue(image, max_delta, seed=None):
    """Turn the colours around the circle, by a random part of it."""
    return adjust_hue(image, random.uniform((), -max_delta, max_delta, seed=seed))


def random_crop(value, size, seed=None, name=None):
    """Cut a block of a size out of a random place."""
    size = [int(n) for n in size]
    starts = [random.randint((), 0, full - n + 1, seed=seed) for full, n in zip(value.shape, size, strict=True)]
    return ops.slice(value, starts, size)


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
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("Image files are read with Pillow: pip install 'lamina[images]'.") from None
    picture = Image.open(BytesIO(contents))
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(channels, picture.mode)
    array = np.asarray(picture.convert(mode))
    array = array[..., None] if array.ndim == 2 else array
    return convert_image_dtype(ops.convert_to_tensor(array), dtype)


decode_jpeg = decode_png = decode_image


def total_variation(images, name=None):
    """Return the sum of the differences between neighbours, for each image."""
    down = ops.abs(images[..., 1:, :, :] - images[..., :-1, :, :])
    across = ops.abs(images[..., :, 1:, :] - images[..., :, :-1, :])
    return ops.sum(down, (-3, -2, -1)) + ops.sum(across, (-3, -2, -1))


def non_max_suppression_with_scores(
    boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=-np.inf, soft_nms_sigma=0.0, name=None
):
    """Choose the best of boxes that overlap, rows of (top, left, bottom, right); return their numbers and scores."""
    boxes, scores = np.asarray(boxes), np.array(scores, "float32")
    chosen, kept = [], []
    while len(chosen) < max_output_size and scores.max(initial=-np.inf) > score_threshold:
        best = int(scores.argmax())
        chosen.append(best)
        kept.append(scores[best])
        overlap = _overlap(boxes[best], boxes)
        fading = np.exp(-(overlap**2) / (2 * soft_nms_sigma)) if soft_nms_sigma else 1.0
        scores = np.where(overlap > iou_threshold, -np.inf, scores * fading)
        scores[best] = -np.inf
    return ops.convert_to_tensor(chosen, "int32"), ops.convert_to_tensor(kept, "float32")


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=-np.inf, name=None):
    """Choose the best of boxes that overlap; return their numbers."""
    return non_max_suppression_with_scores(boxes, scores, max_output_size, iou_threshold, score_threshold)[0]


def _overlap(box, boxes):
    """Return the share that a box and each of others have in common."""
    size = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0)
    common = size[:, 0] * size[:, 1]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return common / np.maximum((box[2] - box[0]) * (box[3] - box[1]) + areas - common, 1e-12)


def extract_patches(images, sizes, strides, rates, padding, name=None):
    """Return the windows of images, each as one long row of channels."""
    return ops.image.extract_patches(images, tuple(sizes[1:3]), tuple(strides[1:3]), rates[1], padding.lower())

"""Boxes and segmentation masks drawn into pictures."""

import numpy as np

from lamina.core import config, dtypes
from lamina.layers.boxes import convert_format

_PALETTE = np.array([2**25 - 1, 2**15 - 1, 2**21 - 1])  # steps through the colours, modulo 255
_FONT_HEIGHT = 12  # of a capital letter at scale 1 [pixels]


def draw_bounding_boxes(
    images,
    bounding_boxes,
    bounding_box_format,
    class_mapping=None,
    color=(128, 128, 128),
    line_thickness=2,
    text_thickness=1,
    font_scale=1.0,
    data_format=None,
):
    """Draw boxes, and the names of what is in them, into pictures.

    Shapes:   images (batch, height, width, channels) -> the same, uint8
    Args:
        images: numbers from 0 to 255; floats may be from 0 to 1.
        bounding_boxes: dict with "boxes" (batch, boxes, 4), "labels" (batch, boxes), of which -1 is no box, and perhaps
            "confidences" (batch, boxes) [fraction 0-1].
        bounding_box_format: such as "xyxy" or "rel_xywh"; see `utils.bounding_boxes.convert_format`.
        class_mapping: dict from labels to names, which are written beside the boxes.
        color: of lines and names, (red, green, blue) from 0 to 255.
        line_thickness, text_thickness: of the strokes [pixels].
        font_scale: size of the names; 1 is 12 pixels.
        data_format: where the height and the width stand that relative boxes are fractions of.
    Returns:  an array of NumPy.
    Raises:   ValueError for other shapes or missing entries, TypeError if `bounding_boxes` is no dict, ImportError if
        names are to be written without Pillow, the extra `images`.
    Source:   Keras 3 `draw_bounding_boxes`, with the same lines; the letters are others.
    """
    _check_batch(images)
    if not isinstance(bounding_boxes, dict):
        raise TypeError(f"`bounding_boxes` should be a dict. Received: {bounding_boxes} of type {type(bounding_boxes)}")
    if not {"boxes", "labels"} <= bounding_boxes.keys():
        raise ValueError(f"`bounding_boxes` should contain 'boxes' and 'labels'. Received: {sorted(bounding_boxes)}")
    last = config.standardize_data_format(data_format) == "channels_last"
    height, width = np.shape(images)[1:3] if last else np.shape(images)[2:4]
    converted = convert_format(dict(bounding_boxes), bounding_box_format, "xyxy", height, width)
    boxes, labels = np.asarray(converted["boxes"]).astype("int32"), np.asarray(converted["labels"]).astype("int32")
    confidences = bounding_boxes.get("confidences")
    drawn = np.ascontiguousarray(_to_bytes(images))
    for sample, number in zip(*np.nonzero(labels != -1), strict=True):
        box, label = boxes[sample, number].tolist(), int(labels[sample, number])
        drawn[sample][_outline(drawn[sample].shape, box, line_thickness)] = color
        if label in (class_mapping or {}):
            text = class_mapping[label]
            if confidences is not None:
                text = f"{text} | {float(confidences[sample][number]):.2f}"
            drawn[sample] = _written(drawn[sample], text, box[:2], color, text_thickness or line_thickness, font_scale)
    return drawn


def _check_batch(images):
    if np.ndim(images) != 4:
        raise ValueError(f"`images` must be a batched 4D tensor. Received: images.shape={np.shape(images)}")


def _to_bytes(images):
    images = np.array(images)
    if images.dtype.kind == "f" and images.size:
        images = np.clip(images, 0, 1) * 255 if images.max() <= 1 else np.clip(images, 0, 255)
    return images.astype("uint8")


def _outline(shape, box, thickness):
    """Return which pixels are at most half the thickness away from the border of a box, ends included."""
    x1, y1, x2, y2 = box
    (x1, x2), (y1, y2) = sorted((x1, x2)), sorted((y1, y2))
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    outside = np.hypot(
        np.maximum(np.maximum(x1 - columns, columns - x2), 0), np.maximum(np.maximum(y1 - rows, rows - y2), 0)
    )
    inside = np.minimum(np.minimum(columns - x1, x2 - columns), np.minimum(rows - y1, y2 - rows))
    return np.maximum(outside, inside) <= (0 if thickness == 1 else (thickness + 1) // 2)


def _written(image, text, corner, color, thickness, scale):
    """Return a picture with a name above the corner of a box, or inside where there is no room above."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError("Names of classes are written by Pillow: pip install 'lamina[images]'") from error
    x, y = corner
    height = int(_FONT_HEIGHT * scale)
    place = (x, y - 8) if y - 8 - 2 * height > 0 else (x + 3, y + 2 * height + thickness + 3)
    letters = Image.new("L", image.shape[1::-1])
    font = ImageFont.load_default(2 * height)
    ImageDraw.Draw(letters).text(place, text, fill=255, font=font, anchor="ls", stroke_width=thickness // 2)
    cover = np.asarray(letters)[..., None] / 255
    return np.round(image * (1 - cover) + np.asarray(color) * cover).astype("uint8")


def draw_segmentation_masks(
    images,
    segmentation_masks,
    num_classes=None,
    color_mapping=None,
    alpha=0.8,
    blend=True,
    ignore_index=-1,
    data_format=None,
):
    """Colour the pixels of pictures by their classes.

    Shapes:   images (batch, height, width, channels), masks (batch, height, width, 1) -> as images
    Args:
        segmentation_masks: the class of each pixel, an integer.
        num_classes: number of classes, by default the largest one [count].
        color_mapping: dict from classes to (red, green, blue), or None for colours of our own.
        alpha: how opaque the colours are [fraction 0-1].
        blend: whether the pictures show through; if so the result is uint8, otherwise float32.
        ignore_index: the class whose pixels stay as they are.
        data_format: of pictures and masks; the result has the channels last.
    Returns:  an array of NumPy.
    Raises:   ValueError for other shapes, TypeError for masks that are no integers.
    Source:   Keras 3 `draw_segmentation_masks`.
    """
    _check_batch(images)
    images, masks = np.asarray(images).astype("float32"), np.asarray(segmentation_masks)
    if not dtypes.is_int(masks.dtype):
        raise TypeError(f"`segmentation_masks` must be in integer dtype. Received: {masks.dtype}")
    if config.standardize_data_format(data_format) == "channels_first":
        images, masks = images.transpose(0, 2, 3, 1), masks.transpose(0, 2, 3, 1) if masks.ndim == 4 else masks
    masks = masks[..., 0] if masks.ndim == 4 else masks
    count = int(masks.max()) if num_classes is None else num_classes
    colors = [(number * _PALETTE) % 255 for number in range(count)] if color_mapping is None else color_mapping
    drawn = images.copy()
    for number in range(count):
        drawn[masks == number] = colors[number]
    if not blend:
        return drawn
    mixed = images * (1 - alpha) + drawn * alpha
    return np.where((masks != ignore_index)[..., None], mixed, images).astype("uint8")

"""Bounding boxes, and how they follow a picture that is scaled and moved."""

import jax.numpy as jnp

_TO_CORNERS = {
    "xyxy": lambda x1, y1, x2, y2: (x1, y1, x2, y2),
    "yxyx": lambda y1, x1, y2, x2: (x1, y1, x2, y2),
    "xywh": lambda x, y, width, height: (x, y, x + width, y + height),
    "center_xywh": lambda x, y, width, height: (x - width / 2, y - height / 2, x + width / 2, y + height / 2),
    "center_yxhw": lambda y, x, height, width: (x - width / 2, y - height / 2, x + width / 2, y + height / 2),
}
_FROM_CORNERS = {
    "xyxy": lambda x1, y1, x2, y2: (x1, y1, x2, y2),
    "yxyx": lambda x1, y1, x2, y2: (y1, x1, y2, x2),
    "xywh": lambda x1, y1, x2, y2: (x1, y1, x2 - x1, y2 - y1),
    "center_xywh": lambda x1, y1, x2, y2: ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1),
    "center_yxhw": lambda x1, y1, x2, y2: ((y1 + y2) / 2, (x1 + x2) / 2, y2 - y1, x2 - x1),
}
FORMATS = (*_TO_CORNERS, "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def moved(boxes, box_format, size, new_size, scale, offset):
    """Return boxes of a picture as they are after it was scaled, moved and cut off.

    Args:
        boxes: dict of "boxes" (..., boxes, 4) and "labels" (..., boxes).
        box_format: one of FORMATS.
        size, new_size: (height, width) of the picture before and after [pixels].
        scale, offset: (vertical, horizontal); what was at y is at y * scale + offset.
    Returns:  the dict; boxes outside of the picture have the label -1, those that only fill up become zeros.
    Raises:   ValueError for another format, or without boxes and labels.
    """
    if not isinstance(boxes, dict) or not {"boxes", "labels"} <= set(boxes):
        raise ValueError(f"Expected `bounding_boxes` to be a dict with keys 'boxes' and 'labels'. Received: {boxes}")
    given = jnp.asarray(boxes["boxes"], "float32")
    filling = jnp.all(given == -1, -1) | jnp.all(given == 0, -1)
    x1, y1, x2, y2 = _corners(given, box_format, size)
    (height, width), (scale_y, scale_x), (top, left) = new_size, scale, offset
    x1, x2 = (jnp.clip(x * scale_x + left, 0, width) for x in (x1, x2))
    y1, y2 = (jnp.clip(y * scale_y + top, 0, height) for y in (y1, y2))
    labels = jnp.where((x2 - x1) * (y2 - y1) > 0, jnp.asarray(boxes["labels"]), -1)
    x1, y1, x2, y2 = (jnp.where(filling, 0, edge) for edge in (x1, y1, x2, y2))
    return {**boxes, "boxes": _from_corners((x1, y1, x2, y2), box_format, new_size), "labels": labels}


def _corners(boxes, box_format, size):
    known(box_format)
    if box_format.startswith("rel_"):
        height, width = size
        boxes = boxes * jnp.asarray(_unit(box_format, height, width), boxes.dtype)
    return _TO_CORNERS[box_format.removeprefix("rel_")](*jnp.moveaxis(boxes, -1, 0))


def _from_corners(corners, box_format, size):
    boxes = jnp.stack(_FROM_CORNERS[box_format.removeprefix("rel_")](*corners), -1)
    if box_format.startswith("rel_"):
        height, width = size
        boxes = boxes / jnp.asarray(_unit(box_format, height, width), boxes.dtype)
    return boxes


def _unit(box_format, height, width):
    return (height, width, height, width) if "yx" in box_format[-4:-2] else (width, height, width, height)


def known(box_format):
    """Raise ValueError unless the format is one of FORMATS."""
    if box_format not in FORMATS:
        raise ValueError(f"Unknown `bounding_box_format` {box_format!r}. Expected one of {FORMATS}.")

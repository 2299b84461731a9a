"""The ways in which the four numbers of a bounding box are written."""

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


def convert_format(boxes, source, target, height=None, width=None, dtype="float32"):
    """Return bounding boxes in another format.

    Formats:  "xyxy" (left, top, right, bottom), "yxyx", "xywh" (left, top, width, height), "center_xywh",
              "center_yxhw" [pixels]; "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh" [fractions of the picture]
    Args:
        boxes: array (..., 4), or a dict that has one as "boxes".
        source, target: the formats, in any case.
        height, width: size of the picture, where pixels become fractions or fractions pixels [pixels].
        dtype: of the result.
    Raises:   ValueError for another format, other boxes, or a size that is missing.
    Source:   Keras 3 `convert_format`.
    Example:
        >>> convert_format([[10, 20, 30, 40]], "xyxy", "center_xywh").tolist()
        [[20.0, 30.0, 20.0, 20.0]]
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    boxes = jnp.asarray(boxes)
    source, target = source.lower(), target.lower()
    if boxes.shape[-1:] != (4,):
        raise ValueError(f"`boxes` must be a tensor with the last dimension of 4. Received: boxes.shape={boxes.shape}")
    if source not in FORMATS or target not in FORMATS:
        raise ValueError(
            f"Invalid source or target format. Supported formats: {FORMATS}. Received: source={source!r}, "
            f"target={target!r}"
        )
    if (_is_relative(source) or _is_relative(target)) and (height is None or width is None):
        raise ValueError(
            "convert_format() must receive `height` and `width` of the pictures to change between pixels and "
            f"fractions. Received: source={source!r}, target={target!r}, height={height}, width={width}"
        )
    boxes = boxes.astype(dtype)
    if source == target:
        return boxes
    corners = _TO_CORNERS[source.removeprefix("rel_")](*jnp.moveaxis(boxes, -1, 0))
    if _is_relative(source) != _is_relative(target):
        sizes = [_of_boxes(size, boxes.dtype) for size in (width, height)] * 2
        scale = jnp.divide if _is_relative(target) else jnp.multiply
        corners = [scale(edge, size) for edge, size in zip(corners, sizes, strict=True)]
    return jnp.stack(_FROM_CORNERS[target.removeprefix("rel_")](*corners), -1).astype(dtype)


def _is_relative(box_format):
    return box_format.startswith("rel_")


def _of_boxes(size, dtype):
    """Return a size, one for all or for each picture (batch, 1, 1), so that it fits (..., boxes)."""
    size = jnp.asarray(size, dtype)
    return size[..., 0] if size.ndim else size

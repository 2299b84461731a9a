"""Bounding boxes as differences from anchors, which is what detectors predict."""

import jax.numpy as jnp

from lamina.core import config
from lamina.layers.boxes.formats import convert_format


def encode_box_to_deltas(
    anchors, boxes, anchor_format, box_format, encoding_format="center_yxhw", variance=None, image_shape=None
):
    """Return what leads from anchors to boxes.

    Maths:    ((box center - anchor center) / anchor size, log(box size / anchor size)) / variance
    Shapes:   anchors (n, 4), boxes (n, 4) or (batch, n, 4) -> the shape of the boxes
    Args:
        anchor_format, box_format: how they are written; see `convert_format`.
        encoding_format: "center_yxhw" or "center_xywh", the order of the result.
        variance: four numbers, or None for ones.
        image_shape: (height, width, channels) of the picture, needed for relative formats.
    Raises:   ValueError for another encoding format, or a variance that is not four numbers.
    Source:   Keras 3 `encode_box_to_deltas`; Ren et al. 2015.
    Example:
        >>> encode_box_to_deltas([[0, 0, 10, 10]], [[5, 0, 15, 10]], "xyxy", "xyxy").tolist()
        [[0.0, 0.5, 0.0, 0.0]]
    """
    variance = _four(variance)
    _check("encoding_format", encoding_format)
    size = _size(image_shape)
    anchors = convert_format(anchors, anchor_format, encoding_format, *size)
    boxes = convert_format(boxes, box_format, encoding_format, *size)
    anchor_sizes, box_sizes = (jnp.maximum(x[..., 2:], config.epsilon()) for x in (anchors, boxes))
    moves = (boxes[..., :2] - anchors[..., :2]) / anchor_sizes
    return jnp.concatenate([moves, jnp.log(box_sizes / anchor_sizes)], -1) / variance


def decode_deltas_to_boxes(
    anchors, boxes_delta, anchor_format, box_format, encoded_format="center_yxhw", variance=None, image_shape=None
):
    """Return the boxes to which deltas lead from anchors, the inverse of `encode_box_to_deltas`.

    Shapes:   anchors (n, 4), deltas (n, 4) or (batch, n, 4) -> the shape of the deltas; or dicts of them
    Args:
        anchor_format, box_format: how anchors are written, and boxes are to be; see `convert_format`.
        encoded_format: "center_yxhw" or "center_xywh", the order of the deltas.
        variance: four numbers, or None for ones.
        image_shape: (height, width, channels) of the picture, needed for relative formats.
    Raises:   ValueError for another encoded format, or a variance that is not four numbers.
    Source:   Keras 3 `decode_deltas_to_boxes`; Ren et al. 2015.
    Example:
        >>> decode_deltas_to_boxes([[0, 0, 10, 10]], jnp.array([[0.0, 0.5, 0.0, 0.0]]), "xyxy", "xyxy").tolist()
        [[5.0, 0.0, 15.0, 10.0]]
    """
    scale = _four(variance)
    _check("encoded_format", encoded_format)
    if isinstance(anchors, dict) and isinstance(boxes_delta, dict):
        rest = anchor_format, box_format, encoded_format, variance, image_shape
        return {level: decode_deltas_to_boxes(anchors[level], boxes_delta[level], *rest) for level in anchors}
    size = _size(image_shape)
    anchors = convert_format(anchors, anchor_format, encoded_format, *size)
    deltas = jnp.asarray(boxes_delta) * scale
    centers = deltas[..., :2] * anchors[..., 2:] + anchors[..., :2]
    boxes = jnp.concatenate([centers, jnp.exp(deltas[..., 2:]) * anchors[..., 2:]], -1)
    return convert_format(boxes, encoded_format, box_format, *size)


def _four(variance):
    if variance is None:
        return 1
    variance = jnp.asarray(variance, "float32")
    if variance.shape[-1:] != (4,):
        raise ValueError(f"`variance` must be length 4, got {variance}")
    return variance


def _check(argument, box_format):
    if box_format not in ("center_xywh", "center_yxhw"):
        raise ValueError(f"`{argument}` should be one of 'center_xywh' or 'center_yxhw', got {box_format}")


def _size(image_shape):
    return (None, None) if image_shape is None else image_shape[:2]

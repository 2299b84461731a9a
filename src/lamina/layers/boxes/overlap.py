"""How far bounding boxes cover each other."""

import math

import jax.numpy as jnp

from lamina.core.config import epsilon
from lamina.layers.boxes.formats import convert_format


def compute_iou(boxes1, boxes2, bounding_box_format, use_masking=False, mask_val=-1, image_shape=None):
    """Return the intersection of each box with each other box, divided by their union.

    Shapes:   boxes1 (m, 4), boxes2 (n, 4) -> (m, n); with (batch, m, 4) or (batch, n, 4) -> (batch, m, n)
    Args:
        bounding_box_format: how boxes are written; see `convert_format`.
        use_masking: whether boxes of negative numbers only fill up.
        mask_val: the result for those.
        image_shape: (height, width, channels) of the picture, needed for relative formats.
    Raises:   ValueError for boxes of another rank or format, or if `image_shape` is missing.
    Source:   Keras 3 `compute_iou`.
    Example:
        >>> compute_iou([[0, 0, 2, 2]], [[0, 0, 2, 2], [1, 0, 3, 2]], "xyxy").round(3).tolist()
        [[1.0, 0.3330000042915344]]
    """
    boxes1, boxes2 = jnp.asarray(boxes1), jnp.asarray(boxes2)
    if boxes1.ndim not in (2, 3) or boxes2.ndim not in (2, 3):
        raise ValueError(
            "compute_iou() expects boxes (boxes, 4) or (batch, boxes, 4). "
            f"Received: boxes1.shape={boxes1.shape}, boxes2.shape={boxes2.shape}"
        )
    boxes1 = _corners(boxes1, bounding_box_format, image_shape)[..., :, None, :]
    boxes2 = _corners(boxes2, bounding_box_format, image_shape)[..., None, :, :]
    shared = _intersection(boxes1, boxes2)
    quotient = shared / (_area(boxes1) + _area(boxes2) - shared + epsilon())
    if not use_masking:
        return quotient
    is_filling = (jnp.max(boxes1, -1) < 0) | (jnp.max(boxes2, -1) < 0)
    return jnp.where(is_filling, mask_val, quotient)


def compute_ciou(boxes1, boxes2, bounding_box_format, image_shape=None):
    """Return the complete IoU: less where the centers are apart or the proportions differ.

    Maths:    IoU - (d^2 / c^2 + v a), with the distance d of the centers, the diagonal c of the box around both,
              v = (2 / pi (atan(w2 / h2) - atan(w1 / h1)))^2, a = v / (v - IoU + 1)
    Shapes:   (..., 4), (..., 4) -> (...)
    Args:
        bounding_box_format: how boxes are written; see `convert_format`.
        image_shape: (height, width, channels) of the picture, needed for relative formats.
    Raises:   ValueError for boxes of another format, or if `image_shape` is missing.
    Source:   Keras 3 `compute_ciou`; Zheng et al. 2020.
    Example:
        >>> compute_ciou([[0, 0, 2, 2]], [[0, 0, 2, 2]], "xyxy").round(3).tolist()
        [1.0]
    """
    boxes1, boxes2 = (_corners(boxes, bounding_box_format, image_shape) for boxes in (boxes1, boxes2))
    (width1, height1), (width2, height2) = _sizes(boxes1), _sizes(boxes2)
    height1, height2 = height1 + epsilon(), height2 + epsilon()
    shared = _intersection(boxes1, boxes2)
    iou = shared / (width1 * height1 + width2 * height2 - shared + 2 * epsilon())
    least = jnp.minimum(boxes1[..., :2], boxes2[..., :2])
    most = jnp.maximum(boxes1[..., 2:], boxes2[..., 2:])
    diagonal = jnp.sum((most - least) ** 2, -1) + epsilon()
    centers1, centers2 = ((boxes[..., :2] + boxes[..., 2:]) / 2 for boxes in (boxes1, boxes2))
    distance = jnp.sum((centers1 - centers2) ** 2, -1)
    skew = (2 / math.pi * (jnp.arctan(width2 / height2) - jnp.arctan(width1 / height1))) ** 2
    return iou - (distance / diagonal + skew * skew / (skew - iou + 1 + epsilon()))


def _corners(boxes, bounding_box_format, image_shape):
    if image_shape is None and "rel" in bounding_box_format:
        raise ValueError(
            "Boxes in fractions of a picture (such as `rel_yxyx`) need its size: pass "
            "`image_shape=(height, width, channels)`. Received: image_shape=None"
        )
    size = (None, None) if image_shape is None else image_shape[:2]
    return convert_format(boxes, bounding_box_format, "xyxy", *size)


def _sizes(boxes):
    return boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]


def _area(boxes):
    width, height = _sizes(boxes)
    return width * height


def _intersection(boxes1, boxes2):
    least = jnp.maximum(boxes1[..., :2], boxes2[..., :2])
    most = jnp.minimum(boxes1[..., 2:], boxes2[..., 2:])
    return jnp.prod(jnp.maximum(most - least, 0), -1)

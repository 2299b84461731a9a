"""Bounding boxes that follow a picture: moved, cut off at its edges, cropped and padded."""

import math

import jax.numpy as jnp

from lamina.layers.boxes.formats import convert_format


def follow(bounding_boxes, box_format, size, move, new_size=None):
    """Return the boxes of a picture as they are after the picture was changed.

    Args:
        bounding_boxes: dict of "boxes" (..., boxes, 4) and "labels" (..., boxes).
        box_format: how boxes are written; see `convert_format`.
        size, new_size: (height, width) of the picture before and after, by default the same [pixels].
        move: function that returns where corners (..., boxes, 4), "xyxy", have gone.
    Returns:  the dict; boxes outside of the picture have the label -1, those that only fill up become zeros.
    Raises:   ValueError for another format, or without boxes and labels.
    """
    check_boxes(bounding_boxes)
    given = jnp.asarray(bounding_boxes["boxes"], "float32")
    is_filling = jnp.all(given == -1, -1) | jnp.all(given == 0, -1)
    corners = jnp.nan_to_num(move(convert_format(given, box_format, "xyxy", *size)))
    height, width = size if new_size is None else new_size
    moved = clip_to_image_size({**bounding_boxes, "boxes": corners}, height, width)
    moved["boxes"] = jnp.where(is_filling[..., None], 0, moved["boxes"])
    return convert_format(moved, "xyxy", box_format, height, width)


def check_boxes(bounding_boxes):
    """Raise ValueError unless `bounding_boxes` is a dict of "boxes" and "labels"."""
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(bounding_boxes):
        raise ValueError(
            f"Expected `bounding_boxes` to be a dict with keys 'boxes' and 'labels'. Received: {bounding_boxes}"
        )


def scale_and_shift(scale, offset):
    """Return a `move` for `follow`, by (vertical, horizontal) pairs: what was at y goes to y * scale + offset."""
    (down, across), (top, left) = scale, offset
    return lambda corners: corners * jnp.array([across, down] * 2) + jnp.array([left, top] * 2)


def read_back(transform):
    """Return a `move` for `follow` of a picture whose pixels were read by `affine_transform` or a homography.

    Args:
        transform: a0, a1, a2, b0, b1, b2, c0, c1 of each picture, (batch, 8): the pixel (x, y) of the result was read
            at ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1.
    """
    transform = jnp.asarray(transform, "float32")
    matrix = jnp.concatenate([transform, jnp.ones_like(transform[:, :1])], -1).reshape(-1, 3, 3)
    rows = [matrix[:, i] for i in range(3)]
    # The inverse but for its scale, which a fraction does not show.
    inverse = jnp.stack([jnp.cross(rows[i - 2], rows[i - 1]) for i in range(3)], -1)[:, None, None]

    def move(corners):
        x, y = _points(corners)
        x, y, k = (inverse[..., i, 0] * x + inverse[..., i, 1] * y + inverse[..., i, 2] for i in range(3))
        return _around(x / k, y / k)

    return move


def _points(corners):
    """Return x and y of the four corners of each box, (..., boxes, 4)."""
    return corners[..., jnp.array([0, 2, 2, 0])], corners[..., jnp.array([1, 1, 3, 3])]


def _around(x, y):
    """Return the upright box around points."""
    return jnp.stack([jnp.min(x, -1), jnp.min(y, -1), jnp.max(x, -1), jnp.max(y, -1)], -1)


def clip_to_image_size(bounding_boxes, height=None, width=None, bounding_box_format="xyxy"):
    """Return boxes cut off at the edges of the picture; of those that vanish, the label becomes -1.

    Args:
        bounding_boxes: dict of "boxes" (..., boxes, 4) and, if there are any, "labels" (..., boxes).
        height, width: size of the picture; needed for "xyxy" [pixels].
        bounding_box_format: "xyxy" or "rel_xyxy".
    Raises:   NotImplementedError for another format; ValueError if the size is missing.
    Source:   Keras 3 `clip_to_image_size`.
    Example:
        >>> boxes = {"boxes": jnp.array([[-2, 1, 3, 9], [9, 9, 12, 12]]), "labels": jnp.array([4, 5])}
        >>> clipped = clip_to_image_size(boxes, height=5, width=5)
        >>> clipped["boxes"].tolist(), clipped["labels"].tolist()
        ([[0, 1, 3, 5], [5, 5, 5, 5]], [4, -1])
    """
    _allow(bounding_box_format, "xyxy", "rel_xyxy")
    if bounding_box_format == "rel_xyxy":
        height = width = 1
    elif height is None or width is None:
        raise ValueError("`height` and `width` must be set if `format='xyxy'`.")
    boxes = jnp.asarray(bounding_boxes["boxes"])
    clipped = {**bounding_boxes, "boxes": _within(boxes, height, width)}
    labels = bounding_boxes.get("labels")
    if labels is not None:
        x1, y1, x2, y2 = jnp.moveaxis(clipped["boxes"], -1, 0)
        is_left, labels = (x2 - x1) * (y2 - y1) > 0, jnp.asarray(labels)
        is_left = is_left.reshape(is_left.shape + (1,) * (labels.ndim - is_left.ndim))
        clipped["labels"] = jnp.where(is_left, labels, -1)
    return clipped


def _within(boxes, height, width):
    return jnp.clip(boxes, 0, jnp.array([width, height, width, height], boxes.dtype))


def _allow(bounding_box_format, *allowed):
    if bounding_box_format not in allowed:
        raise NotImplementedError(
            f"Only boxes written as {' or '.join(allowed)} are taken here; see `convert_format`. "
            f"Received: bounding_box_format={bounding_box_format!r}"
        )


def crop(boxes, top, left, height, width, bounding_box_format="xyxy"):
    """Return boxes as they lie in a window of the picture, cut off at its edges.

    Shapes:   boxes (..., 4) -> the same
    Args:
        top, left: where the window begins [pixels].
        height, width: size of the window [pixels].
        bounding_box_format: "xyxy".
    Raises:   NotImplementedError for another format.
    Source:   Keras 3 `bounding_boxes.crop`.
    Example:
        >>> crop(jnp.array([[10, 20, 50, 60]]), top=10, left=20, height=40, width=30).tolist()
        [[0, 10, 30, 40]]
    """
    return _within(pad(boxes, -top, -left, bounding_box_format=bounding_box_format), height, width)


def pad(boxes, top, left, height=None, width=None, bounding_box_format="xyxy"):
    """Return boxes as they lie in a picture that got a border.

    Shapes:   boxes (..., 4) -> the same
    Args:
        top, left: thickness of the border [pixels].
        height, width: not used.
        bounding_box_format: "xyxy".
    Raises:   NotImplementedError for another format.
    Source:   Keras 3 `bounding_boxes.pad`.
    Example:
        >>> pad(jnp.array([[1, 2, 3, 4]]), top=10, left=20).tolist()
        [[21, 12, 23, 14]]
    """
    _allow(bounding_box_format, "xyxy")
    boxes = jnp.asarray(boxes)
    return boxes + jnp.stack([jnp.asarray(offset) for offset in (left, top, left, top)], -1)


def affine_transform(
    boxes,
    angle,
    translate_x,
    translate_y,
    scale,
    shear_x,
    shear_y,
    height,
    width,
    center_x=None,
    center_y=None,
    bounding_box_format="xyxy",
):
    """Return the upright boxes around boxes that were moved, sheared, turned and scaled, each batch in its way.

    Maths:    p' = scale [[d, -b], [-c, a]] (p - center + translation) + center, with r = -angle, k = -shear_x,
              l = -shear_y, a = cos(r - l) / cos(l), b = a tan(k) + sin(r), c = -sin(r - l) / cos(l),
              d = cos(r) - c tan(k)
    Shapes:   boxes (batch, boxes, 4) -> the same; the other numbers (batch,)
    Args:
        angle: rotation counter-clockwise, as pictures are seen [degrees].
        translate_x, translate_y: how far to the right and down [fraction of the size - 1].
        scale: factor.
        shear_x, shear_y: slants [degrees].
        height, width: size of the picture [pixels].
        center_x, center_y: fixed point; by default the middle [fraction of the size - 1].
        bounding_box_format: "xyxy".
    Raises:   NotImplementedError for another format.
    Source:   Keras 3 `bounding_boxes.affine_transform`.
    Example:
        >>> boxes = jnp.array([[[0.0, 0.0, 1.0, 2.0]]])
        >>> affine_transform(boxes, [0.0], [0.5], [0.0], [1.0], [0.0], [0.0], height=5, width=5).tolist()
        [[[2.0, 0.0, 3.0, 2.0]]]
    """
    _allow(bounding_box_format, "xyxy")

    def each(number):
        number = jnp.asarray(number, "float32")
        return number[..., None, None] if number.ndim else number

    turn, slant_x, slant_y = (each(degrees) * (-math.pi / 180) for degrees in (angle, shear_x, shear_y))
    size_x, size_y, scale = width - 1, height - 1, each(scale)
    middle_x = each(0.5 if center_x is None else center_x) * size_x
    middle_y = each(0.5 if center_y is None else center_y) * size_y
    a = jnp.cos(turn - slant_y) / jnp.cos(slant_y)
    b = a * jnp.tan(slant_x) + jnp.sin(turn)
    c = -jnp.sin(turn - slant_y) / jnp.cos(slant_y)
    d = jnp.cos(turn) - c * jnp.tan(slant_x)
    x, y = _points(jnp.asarray(boxes, "float32"))
    x = x - middle_x + each(translate_x) * size_x
    y = y - middle_y + each(translate_y) * size_y
    return _around(scale * (d * x - b * y) + middle_x, scale * (a * y - c * x) + middle_y)

"""Resizing and CenterCrop: pictures of one size, with their masks and bounding boxes."""

import jax.numpy as jnp

from lamina.layers.boxes.moving import follow, scale_and_shift
from lamina.layers.demands import positive_integer
from lamina.layers.image_layer import ImageLayer, images_of
from lamina.ops.image import resize


class FittingLayer(ImageLayer):
    """Bring pictures, and what belongs to them, to a height and a width.

    A subclass says how: in `transform_images`, `transform_segmentation_masks`, and for boxes in `_placement`.
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.height = positive_integer(self, "height", height)
        self.width = positive_integer(self, "width", width)

    def get_random_transformation(self, data, training=True, seed=None):
        """Return the height and width of the pictures; nothing is random."""
        return self._size(images_of(data).shape)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        """Move boxes as the pictures are."""
        move = scale_and_shift(*self._placement(*transformation))
        return follow(bounding_boxes, self.bounding_box_format, transformation, move, (self.height, self.width))


class Resizing(FittingLayer):
    """Scale pictures to a height and a width.

    Shapes:   x (batch, height', width', channels) or one picture -> (batch, height, width, channels), dtype kept; or a
              dict of "images" with "labels", "segmentation_masks" and "bounding_boxes" -> the same
    Args:
        height, width: the new size [pixels].
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5"; masks are always "nearest".
        crop_to_aspect_ratio: whether to cut off what would change the proportions.
        pad_to_aspect_ratio: whether to add a border that keeps the proportions.
        fill_mode: "constant".
        fill_value: value of the border.
        antialias: whether to blur first where the picture shrinks.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        bounding_box_format: keyword; how boxes are written, such as "xyxy" or "rel_xywh".
    Mask:     dropped
    Raises:   ValueError for an argument without meaning or inputs that are no pictures.
    Source:   Keras 3 `Resizing`.
    Example:
        >>> Resizing(2, 3)(jnp.ones((1, 4, 4, 1))).shape
        (1, 2, 3, 1)
    """

    def __init__(
        self,
        height,
        width,
        interpolation="bilinear",
        crop_to_aspect_ratio=False,
        pad_to_aspect_ratio=False,
        fill_mode="constant",
        fill_value=0.0,
        antialias=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(height, width, data_format, **kwargs)
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def transform_images(self, images, transformation=None, training=True):
        """Scale pictures."""
        return self._resized(images, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Scale masks, taking the nearest pixel, so that no class comes into being."""
        return self._resized(segmentation_masks, "nearest")

    def _resized(self, images, interpolation):
        return resize(
            jnp.asarray(images),
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def _placement(self, height, width):
        """Return scale and offset, (vertical, horizontal) each, of what was in the picture."""
        scales = self.height / height, self.width / width
        if not (self.pad_to_aspect_ratio or self.crop_to_aspect_ratio):
            return scales, (0, 0)
        scale = min(scales) if self.pad_to_aspect_ratio else max(scales)
        exact = self.height - height * scale, self.width - width * scale
        beside = (round(rest, 6) for rest in exact)  # 0, not -1e-15
        if self.pad_to_aspect_ratio:
            return (scale, scale), tuple(rest // 2 for rest in beside)
        return (scale, scale), tuple(-(-rest // 2) for rest in beside)


class CenterCrop(FittingLayer):
    """Cut out the middle of pictures; those that are too small are scaled after cutting off what does not fit.

    Shapes:   x (batch, height', width', channels) or one picture -> (batch, height, width, channels), of the compute
              dtype; or a dict of "images" with "labels", "segmentation_masks" and "bounding_boxes" -> the same
    Args:
        height, width: size of the middle [pixels].
        data_format: "channels_last" or "channels_first"; by default the configured one.
        bounding_box_format: keyword; how boxes are written, such as "xyxy" or "rel_xywh".
    Mask:     dropped
    Raises:   ValueError for inputs that are no pictures.
    Source:   Keras 3 `CenterCrop`.
    Example:
        >>> CenterCrop(1, 2)(jnp.arange(9.0).reshape(3, 3, 1))[..., 0].tolist()
        [[3.0, 4.0]]
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(height, width, data_format, **kwargs)

    def transform_images(self, images, transformation=None, training=True):
        """Cut out the middle."""
        images = jnp.asarray(images, self.compute_dtype)
        height, width = self._size(images.shape)
        if height < self.height or width < self.width:
            size = (self.height, self.width)
            return resize(images, size, crop_to_aspect_ratio=True, data_format=self.data_format)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        rows, columns = slice(top, top + self.height), slice(left, left + self.width)
        if self.data_format == "channels_first":
            return images[..., rows, columns]
        return images[..., rows, columns, :]

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Cut out the middle of masks."""
        return self.transform_images(segmentation_masks, transformation, training=training)

    def _placement(self, height, width):
        """Return scale and offset, (vertical, horizontal) each, of what was in the picture."""
        part_height, part_width = self.height, self.width
        if height < self.height or width < self.width:
            part_height = max(min(height, width * self.height // self.width), 1)
            part_width = max(min(width, height * self.width // self.height), 1)
        scale = self.height / part_height, self.width / part_width
        top, left = (height - part_height) // 2, (width - part_width) // 2
        return scale, (-top * scale[0], -left * scale[1])

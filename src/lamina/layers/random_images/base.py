"""What layers that change pictures at random share: a transformation, drawn and applied to all that belongs to them."""

import jax
import jax.numpy as jnp

from lamina.core.config import standardize_data_format
from lamina.core.random import SeedGenerator
from lamina.layers.layer import Layer
from lamina.ops.image.frames import check_rank

_INTERPOLATIONS = ("nearest", "bilinear")
_FILL_MODES = ("reflect", "wrap", "constant", "nearest")

# What changes each part of a dict.
_BATCH = {
    "images": "transform_images",
    "labels": "transform_labels",
    "bounding_boxes": "transform_bounding_boxes",
    "segmentation_masks": "transform_segmentation_masks",
}
_SINGLE = {
    "images": "transform_single_image",
    "labels": "transform_single_label",
    "bounding_boxes": "transform_single_bounding_box",
    "segmentation_masks": "transform_single_segmentation_mask",
}


class RandomImageLayer(Layer):
    """Draw one transformation for each picture while training, and apply it to pictures and what belongs to them.

    A subclass draws in `_draw(shape, seed)` and changes batches of pictures in `_changed(images, transformation)`.

    Shapes:   pictures (batch, height, width, channels) or one picture (height, width, channels), or a dict of
              "images", "labels", "bounding_boxes", "segmentation_masks", of which each is changed in its way
    Args:
        seed: integer that makes the transformations repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        bounding_box_format: how boxes are written, such as "xyxy"; needed for boxes only.
    Training: only then; otherwise everything is returned as it is, in the compute dtype.
    """

    _allow_non_tensor_positional_args = True

    def __init__(self, seed=None, data_format=None, bounding_box_format=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = SeedGenerator(seed)
        self.data_format = standardize_data_format(data_format)
        self.bounding_box_format = bounding_box_format

    def call(self, data, training=True):
        """Compute on arrays."""
        parts = data if isinstance(data, dict) else {"images": data}
        check_rank(parts["images"])
        methods = _SINGLE if parts["images"].ndim == 3 else _BATCH
        transformation = self.get_random_transformation(data, training=training)
        if "bounding_boxes" in parts and not self.bounding_box_format:
            raise ValueError(
                "You passed an input with a 'bounding_boxes' key, but no format of boxes. Pass one to the layer: "
                f"{type(self).__name__}(..., bounding_box_format='xyxy')."
            )
        changed = dict(parts)
        for name, method in methods.items():
            if name in parts:
                changed[name] = getattr(self, method)(parts[name], transformation, training=training)
        return changed if isinstance(data, dict) else changed["images"]

    def get_random_transformation(self, data, training=True, seed=None):
        """Draw a transformation for each picture of `data`; None if there is nothing to do."""
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        return self._draw(images.shape, self.generator if seed is None else seed)

    def _draw(self, shape, seed):
        raise NotImplementedError(f"{type(self).__name__} does not say what it draws.")

    def _changed(self, images, transformation):
        raise NotImplementedError(f"{type(self).__name__} does not say how it changes pictures.")

    # --- batches -----------------------------------------------------------------------------------------------

    def transform_images(self, images, transformation, training=True):
        """Apply a transformation to a batch of pictures."""
        images = jnp.asarray(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        return self._changed(images, transformation).astype(self.compute_dtype)

    def transform_labels(self, labels, transformation, training=True):
        """Return the labels, which stay."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        """Raise NotImplementedError while training: boxes do not move with the pictures here."""
        if not training:
            return bounding_boxes
        raise NotImplementedError(f"{type(self).__name__} moves pictures, but not yet the bounding boxes on them.")

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        """Apply a transformation to a batch of masks."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it changes masks.")

    # --- single pictures ---------------------------------------------------------------------------------------

    def transform_single_image(self, image, transformation, training=True):
        """Apply a transformation to one picture."""
        return _as_batch(self.transform_images, image, transformation, training)

    def transform_single_label(self, label, transformation, training=True):
        """Apply a transformation to the label of one picture."""
        return _as_batch(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(self, bounding_box, transformation, training=True):
        """Apply a transformation to the boxes of one picture."""
        return _as_batch(self.transform_bounding_boxes, bounding_box, transformation, training)

    def transform_single_segmentation_mask(self, segmentation_mask, transformation, training=True):
        """Apply a transformation to the mask of one picture."""
        return _as_batch(self.transform_segmentation_masks, segmentation_mask, transformation, training)

    # --- sizes and configs -------------------------------------------------------------------------------------

    def _height_and_width(self, shape):
        return shape[-2:] if self.data_format == "channels_first" else shape[-3:-1]

    def get_config(self):
        """Return the constructor arguments; the format of boxes only where one was given."""
        config = {**super().get_config(), "data_format": self.data_format}
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config


class MovingLayer(RandomImageLayer):
    """Move the pixels of pictures, and those of the masks alike.

    A subclass changes pictures in `_moved(images, transformation, interpolation)`.
    """

    interpolation = "bilinear"

    def _changed(self, images, transformation):
        return self._moved(images, transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        """Move masks as the pictures are, taking the nearest pixel, so that no class comes into being."""
        masks = jnp.asarray(segmentation_masks)
        return self._moved(masks, transformation, "nearest") if training and transformation is not None else masks


class ColourLayer(RandomImageLayer):
    """Change the colours of pictures; boxes and masks stay."""

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True):
        """Return the boxes, which stay."""
        return bounding_boxes

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        """Return the masks, which stay."""
        return segmentation_masks


def _as_batch(transform, value, transformation, training):
    """Apply to a batch of one."""
    batch = jax.tree_util.tree_map(lambda x: jnp.asarray(x)[None], value)
    changed = transform(batch, transformation, training=training)
    return jax.tree_util.tree_map(lambda x: x[0], changed)


def count(shape):
    """Return how many transformations pictures of a shape need."""
    return shape[0] if len(shape) == 4 else 1


def per_image(shape):
    """Return the shape of one number for each picture, with axes that repeat it over the pixels."""
    return (shape[0], 1, 1, 1) if len(shape) == 4 else (1, 1, 1)


def over_pixels(numbers):
    """Give numbers (batch,) axes that repeat them over the pixels."""
    return jnp.reshape(numbers, (-1, 1, 1, 1))


# --- arguments -------------------------------------------------------------------------------------------------


def interval(layer, name, value, bounds=(-1, 1), least=-1, strict=True):
    """Return the (lower, upper) end of what is drawn.

    Args:
        value: a pair, or a number f that stands for (-f, f).
        bounds: where numbers, and with `strict` both ends of pairs, have to lie.
        least: what the lower end of a number's interval is cut off at.
    Raises:   ValueError for something else.
    """
    low, high = bounds
    if isinstance(value, int | float) and low <= value <= high:
        return max(-abs(value), least), abs(value)
    if isinstance(value, list | tuple) and len(value) == 2:
        inside = low <= min(value) and max(value) <= high
        if inside or (not strict and value[0] <= high and value[1] >= low):
            return tuple(sorted(value))
    raise ValueError(
        f"The `{name}` argument of {type(layer).__name__} should be a number (or a list of two numbers) in the range "
        f"[{low}, {high}]. Received: {name}={value}"
    )


def ordered_value_range(layer, value):
    """Return the least and the greatest value of pixels.

    Raises:   ValueError unless there are two.
    """
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(
            f"The `value_range` argument of {type(layer).__name__} should be a list of two numbers. "
            f"Received: value_range={value}"
        )
    return sorted(value)


def one_of(name, value, allowed):
    """Return `value` if it is allowed.

    Raises:   NotImplementedError, which is what Keras raises here.
    """
    if value not in allowed:
        raise NotImplementedError(f"Unknown `{name}` {value}. Expected one of {allowed}.")
    return value


def known_interpolation(value):
    """Return `value` if it is "nearest" or "bilinear"."""
    return one_of("interpolation", value, _INTERPOLATIONS)


def known_fill_mode(value):
    """Return `value` if it is "reflect", "wrap", "constant" or "nearest"."""
    return one_of("fill_mode", value, _FILL_MODES)

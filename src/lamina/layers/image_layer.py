"""The base of layers that prepare pictures: it takes single pictures, batches, and what belongs to them, apart."""

import jax
import jax.numpy as jnp

from lamina.core.config import standardize_data_format
from lamina.layers.layer import Layer

BYTES = (0, 255)
_PARTS = {
    "images": ("transform_images", "transform_single_image"),
    "labels": ("transform_labels", "transform_single_label"),
    "bounding_boxes": ("transform_bounding_boxes", "transform_single_bounding_box"),
    "segmentation_masks": ("transform_segmentation_masks", "transform_single_segmentation_mask"),
}


class ImageLayer(Layer):
    """Apply one transformation to pictures and, each in its way, to what belongs to them.

    A subclass changes batches of pictures in `transform_images`; everything else stays unless it says otherwise.

    Shapes:   pictures (batch, height, width, channels) or one picture (height, width, channels), or a dict of
              "images", "labels", "bounding_boxes" (a dict of "boxes" and "labels") and "segmentation_masks"
    Args:
        data_format: "channels_last" or "channels_first"; by default the configured one.
        bounding_box_format: how boxes are written, such as "xyxy"; needed for boxes only.
    Raises:   ValueError for inputs that are no pictures, and for boxes without a format.
    """

    _allow_non_tensor_positional_args = True

    def __init__(self, data_format=None, bounding_box_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.bounding_box_format = bounding_box_format

    def call(self, data, training=True):
        """Compute on arrays."""
        parts = data if isinstance(data, dict) else {"images": data}
        if parts["images"].ndim not in (3, 4):
            raise ValueError(
                "Expected the input image to be rank 3 or 4, (height, width, channels) or a batch of them. "
                f"Received: images.shape={parts['images'].shape}"
            )
        if "bounding_boxes" in parts and not self.bounding_box_format:
            raise ValueError(
                "You passed an input with a 'bounding_boxes' key, but you didn't specify a bounding box format. "
                f"Pass one: {type(self).__name__}(..., bounding_box_format='xyxy')."
            )
        transformation = self.get_random_transformation(data, training=training)
        is_single = parts["images"].ndim == 3
        changed = dict(parts)
        for name, methods in _PARTS.items():
            if name in parts:
                method = getattr(self, methods[is_single])
                changed[name] = method(parts[name], transformation, training=training)
        return changed if isinstance(data, dict) else changed["images"]

    def get_random_transformation(self, data, training=True, seed=None):
        """Return what is to be done to `data`; None if nothing has to be decided."""

    # --- batches -----------------------------------------------------------------------------------------------

    def transform_images(self, images, transformation=None, training=True):
        """Apply a transformation to a batch of pictures."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it changes pictures.")

    def transform_labels(self, labels, transformation=None, training=True):
        """Return the labels, which stay."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Return the boxes, which stay."""
        return bounding_boxes

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Return the masks, which stay."""
        return segmentation_masks

    # --- single pictures ---------------------------------------------------------------------------------------

    def transform_single_image(self, image, transformation=None, training=True):
        """Apply a transformation to one picture."""
        return _as_batch(self.transform_images, image, transformation, training)

    def transform_single_label(self, label, transformation=None, training=True):
        """Apply a transformation to the label of one picture."""
        return _as_batch(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(self, bounding_box, transformation=None, training=True):
        """Apply a transformation to the boxes of one picture."""
        return _as_batch(self.transform_bounding_boxes, bounding_box, transformation, training)

    def transform_single_segmentation_mask(self, segmentation_mask, transformation=None, training=True):
        """Apply a transformation to the mask of one picture."""
        return _as_batch(self.transform_segmentation_masks, segmentation_mask, transformation, training)

    # --- sizes and configs -------------------------------------------------------------------------------------

    def _size(self, shape):
        """Return the (height, width) of pictures of a shape."""
        return tuple(shape[-2:] if self.data_format == "channels_first" else shape[-3:-1])

    def get_config(self):
        """Return the constructor arguments; the format of boxes only where one was given."""
        config = {**super().get_config(), "data_format": self.data_format}
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config


def images_of(data):
    """Return the pictures of what an ImageLayer is called with."""
    return data["images"] if isinstance(data, dict) else data


def refuse_boxes(layer):
    """Raise NotImplementedError, which is what Keras raises: boxes cannot follow the pictures."""
    raise NotImplementedError(f"{type(layer).__name__} changes pictures in a way that bounding boxes cannot follow.")


def _as_batch(transform, value, transformation, training):
    """Apply to a batch of one."""
    batch = jax.tree_util.tree_map(lambda x: jnp.asarray(x)[None], value)
    changed = transform(batch, transformation, training=training)
    return jax.tree_util.tree_map(lambda x: x[0], changed)


# --- the values of pixels --------------------------------------------------------------------------------------


def ordered_value_range(layer, value):
    """Return the least and the greatest value of pixels.

    Raises:   ValueError unless there are two.
    """
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(
            f"The `value_range` argument should be a list of two numbers. Received by {type(layer).__name__}: "
            f"value_range={value}"
        )
    return sorted(value)


def rescaled(x, source, target):
    """Map one range of values to another."""
    if tuple(source) == tuple(target):
        return x
    return (x - source[0]) / (source[1] - source[0]) * (target[1] - target[0]) + target[0]

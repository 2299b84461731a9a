"""What layers that change pictures at random share: a transformation, drawn and applied to all that belongs to them."""

import jax.numpy as jnp

from lamina.core.random import SeedGenerator
from lamina.layers.boxes.moving import follow
from lamina.layers.image_layer import ImageLayer, images_of

_INTERPOLATIONS = ("nearest", "bilinear")
_FILL_MODES = ("reflect", "wrap", "constant", "nearest")


class RandomImageLayer(ImageLayer):
    """Draw one transformation for each picture while training, and apply it.

    A subclass draws in `_draw(shape, seed)` and changes batches of pictures in `_changed(images, transformation)`.

    Args:
        seed: integer that makes the transformations repeatable.
    Training: only then; otherwise everything is returned as it is, pictures in the compute dtype.
    """

    def __init__(self, seed=None, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self.seed = seed
        self.generator = SeedGenerator(seed)

    def get_random_transformation(self, data, training=True, seed=None):
        """Draw a transformation for each picture of `data`; None if there is nothing to do."""
        return self._draw(images_of(data).shape, self.generator if seed is None else seed) if training else None

    def transform_images(self, images, transformation=None, training=True):
        """Apply a transformation to a batch of pictures."""
        images = jnp.asarray(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        return self._changed(images, transformation).astype(self.compute_dtype)

    def _draw(self, shape, seed):
        raise NotImplementedError(f"{type(self).__name__} does not say what it draws.")

    def _changed(self, images, transformation):
        raise NotImplementedError(f"{type(self).__name__} does not say how it changes pictures.")


class MovingLayer(RandomImageLayer):
    """Move the pixels of pictures, and those of the masks alike, and let the boxes follow them.

    A subclass changes pictures in `_moved(images, transformation, interpolation)`, and says in
    `_box_move(transformation, height, width)` where the corners of boxes go; see `follow`.
    """

    interpolation = "bilinear"

    def _changed(self, images, transformation):
        return self._moved(images, transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Move masks as the pictures are, taking the nearest pixel, so that no class comes into being."""
        masks = jnp.asarray(segmentation_masks)
        return self._moved(masks, transformation, "nearest") if training and transformation is not None else masks

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Put upright boxes around where boxes go, cut off at the edges; those that are gone get the label -1."""
        if not training or transformation is None:
            return bounding_boxes
        size = self._size_before(transformation)
        return follow(bounding_boxes, self.bounding_box_format, size, self._box_move(transformation, *size))

    def _size_before(self, transformation):
        """Return the (height, width) of the pictures that a transformation was drawn for."""
        return self._size(transformation["input_shape"])


def count(shape):
    """Return how many transformations pictures of a shape need."""
    return shape[0] if len(shape) == 4 else 1


def per_image(shape):
    """Return the shape of one number for each picture, with axes that repeat it over the pixels."""
    return (shape[0], 1, 1, 1) if len(shape) == 4 else (1, 1, 1)


def over_pixels(numbers, images):
    """Give numbers (batch,) axes that repeat them over the pixels of a batch, or of one picture."""
    return jnp.reshape(numbers, (-1,) + (1,) * (images.ndim - 1))


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
        f"The `{name}` argument should be a number (or a list of two numbers) in the range [{low}, {high}]. "
        f"Received by {type(layer).__name__}: {name}={value}"
    )


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

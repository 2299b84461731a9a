"""Pictures of a batch mixed with each other, with their labels."""

import jax.numpy as jnp
import numpy as np

from lamina.layers.boxes.moving import check_boxes
from lamina.layers.image_layer import refuse_boxes
from lamina.layers.random_images.base import RandomImageLayer, count, interval
from lamina.random import beta, shuffle, uniform


class _MixingLayer(RandomImageLayer):
    """Pair the pictures of a batch at random, and mix the labels of each pair by the weight of its pictures."""

    def transform_labels(self, labels, transformation=None, training=True):
        """Mix the labels of each pair.

        Raises: ValueError for class numbers, whose mean says nothing.
        """
        labels = jnp.asarray(labels)
        if not training or transformation is None:
            return labels
        if labels.ndim == 1 and not jnp.issubdtype(labels.dtype, jnp.floating):
            raise ValueError(
                f"{type(self).__name__} mixes labels, so that they have to be one-hot or floats. Received: class "
                f"numbers of shape {labels.shape}. Use `keras.utils.to_categorical(labels, num_classes)` before."
            )
        return _mixed(labels, transformation)


def _mixed(x, transformation):
    """Return the mean of each element and its partner, by the weights."""
    weights = jnp.reshape(jnp.asarray(transformation["mix_weight"]), (-1,) + (1,) * (x.ndim - 1))
    return weights * x + (1 - weights) * _partners(x, transformation)


def _partners(x, transformation):
    return jnp.take(x, jnp.asarray(transformation["permutation_order"]), 0)


def _over_batch(numbers):
    return jnp.reshape(numbers, (-1, 1, 1, 1))


class MixUp(_MixingLayer):
    """Blend each picture with another one of the batch while training, and the labels alike.

    Maths:    y = w x + (1 - w) partner, w from Beta(alpha, alpha)
    Shapes:   x (batch, height, width, channels), or one picture, which stays -> the same; labels (batch, classes), one
              hot, or (batch,) floats; boxes (batch, boxes, 4) -> (batch, 2 boxes, 4), those of both pictures
    Args:
        alpha: how much pictures are blended, from 0 (hardly) to 1.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the pairs repeatable.
    Training: only then; masks are blended as numbers.
    Raises:   ValueError for labels that are class numbers.
    Source:   Keras 3 `MixUp` (same pairs for the same seed); Zhang et al. 2017.
    Example:
        >>> mixed = MixUp(seed=1)({"images": jnp.ones((2, 4, 4, 1)), "labels": jnp.eye(2)}, training=True)
        >>> mixed["labels"].sum(1).tolist()
        [1.0, 1.0]
    """

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        if not isinstance(alpha, int | float | np.number) or not alpha > 0:
            raise ValueError(f"The `alpha` argument of MixUp must be a number above 0. Received: alpha={alpha!r}")
        self.alpha = alpha

    def _draw(self, shape, seed):
        batch = count(shape)
        order = shuffle(jnp.arange(batch), seed=seed)
        return {"mix_weight": beta((batch,), self.alpha, self.alpha, seed=seed), "permutation_order": order}

    def _changed(self, images, transformation):
        weights = _over_batch(jnp.asarray(transformation["mix_weight"], images.dtype))
        return weights * images + (1 - weights) * _partners(images, transformation)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Return the boxes of each picture followed by those of its partner."""
        if not training or transformation is None:
            return bounding_boxes
        check_boxes(bounding_boxes)

        def with_partners(x):
            x = jnp.asarray(x)
            return jnp.concatenate([x, _partners(x, transformation)], min(1, x.ndim - 1))

        return {**bounding_boxes, **{name: with_partners(bounding_boxes[name]) for name in ("boxes", "labels")}}

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Blend the masks as the pictures are."""
        masks = jnp.asarray(segmentation_masks)
        return _mixed(masks, transformation) if training and transformation is not None else masks


class CutMix(_MixingLayer):
    """Paste a random window of another picture of the batch into each picture while training; mix labels by area.

    Shapes:   x (batch, height, width, channels), or one picture, which stays -> the same; labels (batch, classes), one
              hot, or (batch,) floats
    Args:
        factor: how large windows are: the parameter of the beta distribution that the part of the picture that stays
            comes from is drawn from a pair, or from (0, f) [fraction 0-1].
        seed: integer that makes the windows repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks are cut alike, boxes are refused, as in Keras.
    Raises:   ValueError for another factor, or labels that are class numbers.
    Source:   Keras 3 `CutMix` (same windows for the same seed); Yun et al. 2019.
    Example:
        >>> mixed = CutMix(seed=1)({"images": jnp.ones((2, 4, 4, 1)), "labels": jnp.eye(2)}, training=True)
        >>> mixed["labels"].sum(1).tolist()
        [1.0, 1.0]
    """

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)

    def _draw(self, shape, seed):
        if len(shape) == 3:
            return None
        batch, dtype = shape[0], self.compute_dtype
        height, width = self._size(shape)
        alpha = uniform((), *self.factor, dtype, seed) + 1e-6
        side = jnp.sqrt(1 - beta((batch,), alpha, alpha, dtype, seed))

        def window(size):
            length = (side * size).astype(dtype)
            start = uniform((batch,), dtype=dtype, seed=seed) * (size - length)
            return _over_batch(start), _over_batch(start + length)

        left, right = window(width)
        top, bottom = window(height)
        first = self.data_format == "channels_first"
        rows = jnp.arange(height, dtype=dtype).reshape((1, 1, -1, 1) if first else (1, -1, 1, 1))
        columns = jnp.arange(width, dtype=dtype).reshape((1, 1, 1, -1) if first else (1, 1, -1, 1))
        return {
            "permutation_order": shuffle(jnp.arange(batch), seed=seed),
            "batch_masks": (columns >= left) & (columns < right) & (rows >= top) & (rows < bottom),
            "mix_weight": 1 - (right - left) * (bottom - top) / (width * height),
        }

    def _changed(self, images, transformation):
        return jnp.where(transformation["batch_masks"], _partners(images, transformation), images)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Raise NotImplementedError while training."""
        return refuse_boxes(self) if training else bounding_boxes

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Cut the masks as the pictures are."""
        masks = jnp.asarray(segmentation_masks)
        return self._changed(masks, transformation) if training and transformation is not None else masks

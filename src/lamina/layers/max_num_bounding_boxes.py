"""MaxNumBoundingBoxes: the same number of boxes for every picture."""

import jax.numpy as jnp

from lamina.layers.boxes.moving import check_boxes
from lamina.layers.image_layer import ImageLayer


class MaxNumBoundingBoxes(ImageLayer):
    """Cut or fill up the boxes of each picture, and their labels, to a number of them.

    Shapes:   a dict of "images", which stay, and "bounding_boxes": "boxes" (batch, boxes, 4) -> (batch, max_number, 4),
              "labels" (batch, boxes) -> (batch, max_number); or those of one picture
    Args:
        max_number: how many boxes are left [count].
        fill_value: what boxes and labels are filled up with.
        bounding_box_format: keyword; how boxes are written, such as "xyxy".
    Training: same in training and inference.
    Raises:   ValueError for boxes without a format.
    Source:   Keras 3 `MaxNumBoundingBoxes`.
    Example:
        >>> boxes = {"boxes": jnp.ones((1, 2, 4)), "labels": jnp.array([[3, 4]])}
        >>> data = {"images": jnp.ones((1, 8, 8, 3)), "bounding_boxes": boxes}
        >>> MaxNumBoundingBoxes(3, bounding_box_format="xyxy")(data)["bounding_boxes"]["labels"].tolist()
        [[3, 4, -1]]
    """

    def __init__(self, max_number, fill_value=-1, **kwargs):
        super().__init__(**kwargs)
        self.max_number = int(max_number)
        self.fill_value = int(fill_value)

    def transform_images(self, images, transformation=None, training=True):
        """Return the pictures, which stay."""
        return images

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Cut or fill up the boxes and their labels."""
        check_boxes(bounding_boxes)

        def fitted(x):
            x = jnp.asarray(x)[:, : self.max_number]
            border = [(0, 0), (0, self.max_number - x.shape[1])] + [(0, 0)] * (x.ndim - 2)
            return jnp.pad(x, border, constant_values=self.fill_value)

        return {**bounding_boxes, **{name: fitted(bounding_boxes[name]) for name in ("boxes", "labels")}}

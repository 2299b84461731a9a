"""Intersection over union: how well predicted regions of each class cover the true ones."""

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes, errors
from lamina.metrics.metric import Metric


class IoU(Metric):
    """Average the intersection over union of some classes [fraction 0-1].

    Maths:    true positives / (true positives + false positives + false negatives), classes that never occur left out
    Weights:  total_confusion_matrix (num_classes, num_classes)
    Args:
        num_classes: number of classes [count].
        target_class_ids: the classes that are averaged.
        name: see `Metric`.
        dtype: dtype that is counted in; by default an integer.
        ignore_class: class number of elements that do not count.
        sparse_y_true, sparse_y_pred: whether labels and predictions are class numbers, else one value for each class.
        axis: axis of the classes, where there is one.
    Raises:   ValueError for a class out of range.
    Source:   Keras 3 `IoU`.
    Example:
        >>> round(float(IoU(2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1])), 3)
        0.333
    """

    _direction = "up"

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(name=name, dtype=dtype or "int32")
        self.total_cm = self.add_variable(
            (num_classes, num_classes), "zeros", dtype=self.dtype, name="total_confusion_matrix"
        )
        if max(target_class_ids) >= num_classes:
            raise ValueError(f"Target class id {max(target_class_ids)} is out of range, which is [0, {num_classes}).")
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        labels = _class_numbers(y_true, self.sparse_y_true, self.axis)
        predictions = _class_numbers(y_pred, self.sparse_y_pred, self.axis)
        is_counted = self._is_class(labels) & self._is_class(predictions) & (labels != self.ignore_class)
        weights = jnp.where(is_counted, self._weights(sample_weight, labels.shape), 0)
        cells = jnp.where(is_counted, labels * self.num_classes + predictions, 0)
        counts = jax.ops.segment_sum(weights, cells, num_segments=self.num_classes**2)
        self.total_cm.assign_add(counts.reshape(self.num_classes, self.num_classes))

    def _is_class(self, numbers):
        return (numbers >= 0) & (numbers < self.num_classes)

    def _weights(self, sample_weight, shape):
        if sample_weight is None:
            return jnp.ones(shape, dtype=self.dtype)
        weights = dtypes.as_array(sample_weight)
        if dtypes.is_float(weights.dtype) and dtypes.is_int(self.dtype):
            errors.warn(
                "L331",
                f"{self.name} counts in integers, so its `sample_weight`, float "
                f"{errors.describe(weights)}, loses its fractions by the int casting. "
                f"Write {type(self).__name__}(…, dtype='float32').",
            )
        return jnp.broadcast_to(weights.reshape(-1) if weights.ndim > 1 else weights, shape).astype(self.dtype)

    def result(self):
        """Return the mean over the target classes that occur."""
        cm = self.total_cm.value.astype("float32")
        classes = jnp.asarray(self.target_class_ids)
        common = jnp.diag(cm)
        union = (jnp.sum(cm, axis=0) + jnp.sum(cm, axis=1) - common)[classes]
        occurs = union > 1e-9
        iou = jnp.where(occurs, common[classes] / (union + config.epsilon()), 0.0)
        return jnp.sum(iou) / (jnp.sum(occurs) + config.epsilon())

    def get_config(self):
        """Return the constructor's arguments."""
        names = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _config_without(self, *names):
        return {name: value for name, value in IoU.get_config(self).items() if name not in names}


def _class_numbers(y, is_sparse, axis):
    """Return class numbers as a flat int32 array."""
    y = dtypes.as_array(y)
    return (y if is_sparse else jnp.argmax(y, axis=axis)).astype("int32").reshape(-1)


class BinaryIoU(IoU):
    """Average the intersection over union of no (0) and yes (1) [fraction 0-1].

    Args:
        target_class_ids: the classes that are averaged, of 0 and 1.
        threshold: predictions from here on mean yes [fraction 0-1].
        name, dtype: see `IoU`.
    Source:   Keras 3 `BinaryIoU`.
    Example:
        >>> round(float(BinaryIoU([0, 1], threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7])), 3)
        0.333
    """

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in one batch."""
        super().update_state(y_true, dtypes.as_array(y_pred) >= self.threshold, sample_weight)

    def get_config(self):
        """Return the constructor's arguments."""
        fixed = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**self._config_without(*fixed), "threshold": self.threshold}


class MeanIoU(IoU):
    """Average the intersection over union of all classes [fraction 0-1].

    Args:
        num_classes: number of classes [count].
        name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: see `IoU`.
    Source:   Keras 3 `MeanIoU`.
    Example:
        >>> round(float(MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1])), 3)
        0.333
    """

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self):
        """Return the constructor's arguments."""
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """Average the intersection over union of some classes, labels being one-hot [fraction 0-1].

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.
    Source:   Keras 3 `OneHotIoU`.
    Example:
        >>> round(float(OneHotIoU(2, [0])([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])), 3)
        1.0
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        """Return the constructor's arguments."""
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """Average the intersection over union of all classes, labels being one-hot [fraction 0-1].

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.
    Source:   Keras 3 `OneHotMeanIoU`.
    Example:
        >>> round(float(OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.9, 0.1], [0.2, 0.8]])), 3)
        1.0
    """

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        """Return the constructor's arguments."""
        return self._config_without("target_class_ids", "sparse_y_true")

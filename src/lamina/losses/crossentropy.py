"""Losses on probabilities of classes: how surprising the label is under the prediction.

They are computed from logits (scores before softmax or sigmoid) where these are known: given with `from_logits`, or
noted by the last activation. Probabilities are clipped to [epsilon, 1 - epsilon], where their gradient is lost.
"""

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes, errors
from lamina.core.context import set_mask
from lamina.losses.alignment import align, comparison, logits_behind
from lamina.losses.labels import check_labels
from lamina.losses.wrapper import LossFunctionWrapper, without_default


def log_probabilities(y_pred, from_logits, axis):
    """Return the logarithms of class probabilities, which are normalised to sum to 1 along `axis`."""
    logits = y_pred if from_logits else logits_behind(y_pred, "softmax")
    if logits is not None:
        return jax.nn.log_softmax(logits, axis=axis)
    return jnp.log(_clip(y_pred / jnp.sum(y_pred, axis=axis, keepdims=True)))


def log_probabilities_of_two(y_pred, from_logits):
    """Return the logarithms of p and of 1 - p."""
    logits = y_pred if from_logits else logits_behind(y_pred, "sigmoid")
    if logits is not None:
        return jax.nn.log_sigmoid(logits), jax.nn.log_sigmoid(-logits)
    probability = _clip(y_pred)
    return jnp.log(probability), jnp.log(1.0 - probability)


def _clip(probability):
    return jnp.clip(probability, config.epsilon(), 1.0 - config.epsilon())


def smooth(y_true, amount, n_classes):
    """Mix labels with the uniform distribution over the classes."""
    return y_true * (1.0 - amount) + amount / n_classes if amount else y_true


@comparison
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Return the mean over `axis` of the cross-entropy of yes-or-no labels.

    Maths:    -(y log p + (1 - y) log(1 - p))
    Args:
        y_true: labels 0 or 1, or probabilities, shaped like `y_pred`.
        y_pred: probabilities, or logits.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how far labels are moved towards 0.5 [fraction 0-1].
        axis: the axis, or axes, of the mean.
    Raises:   LossError L311 (a ValueError) if the shapes differ.
    Example:
        >>> print(binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(3))
        [0.693]
    """
    y_true, y_pred = paired(y_true, y_pred, "binary_crossentropy")
    y_true = smooth(y_true, label_smoothing, 2)
    log_yes, log_no = log_probabilities_of_two(y_pred, from_logits)
    return -jnp.mean(y_true * log_yes + (1.0 - y_true) * log_no, axis=axis)


@comparison
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Return the cross-entropy of one-hot labels.

    Maths:    -sum_c y_c log p_c
    Args:
        y_true: one-hot labels, or probabilities, shaped like `y_pred`.
        y_pred: probabilities along `axis` (normalised to sum to 1), or logits.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how far labels are moved towards the uniform distribution [fraction 0-1].
        axis: the axis of the classes.
    Raises:   LossError L311 (a ValueError) if the shapes differ; ValueError if `axis` is a boolean.
    Example:
        >>> print(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(3))
        [0.693]
    """
    y_true, y_pred = of_classes(y_true, y_pred, axis, "categorical_crossentropy")
    y_true = smooth(y_true, label_smoothing, y_true.shape[-1])
    return -jnp.sum(y_true * log_probabilities(y_pred, from_logits, axis), axis=axis)


@comparison
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """Return the cross-entropy of labels given as class numbers.

    Maths:    -log p_y
    Shapes:   (batch, …) or (batch, …, 1), (batch, …, classes) -> (batch, …)
    Args:
        y_true: class numbers from 0.
        y_pred: probabilities along `axis` (normalised to sum to 1), or logits.
        from_logits: whether `y_pred` are logits.
        ignore_class: class number of elements that count as masked.
        axis: the axis of the classes.
    Raises:   DataError L312 for a label out of range, LossError L311 if the shapes do not fit (both ValueErrors).
    Example:
        >>> print(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).round(3))
        [0.693]
    """
    y_pred = dtypes.as_array(y_pred)
    axis = axis % y_pred.ndim
    if not isinstance(y_true, jax.core.Tracer):
        check_labels(y_true, y_pred.shape[axis], ignore_class)
    labels = _class_numbers(y_true, y_pred, axis)
    classes = jax.lax.broadcasted_iota("int32", y_pred.shape, axis)
    is_label = classes == jnp.expand_dims(labels, axis)
    losses = -jnp.sum(jnp.where(is_label, log_probabilities(y_pred, from_logits, axis), 0.0), axis=axis)
    if ignore_class is None:
        return losses
    is_labelled = labels != ignore_class
    losses = jnp.where(is_labelled, losses, 0.0)
    set_mask(losses, is_labelled)
    return losses


def _class_numbers(y_true, y_pred, axis):
    labels = dtypes.as_array(y_true).astype("int32")
    if labels.ndim == y_pred.ndim and 1 in (labels.shape[axis], labels.shape[-1]):
        labels = jnp.squeeze(labels, axis=axis if labels.shape[axis] == 1 else -1)
    wanted = y_pred.shape[:axis] + y_pred.shape[axis + 1 :]
    if labels.shape != wanted:
        raise errors.LossError(_misfit("sparse_categorical_crossentropy", labels, y_pred, wanted))
    return labels


def paired(y_true, y_pred, name):
    """Return labels, in the dtype of the predictions, and predictions.

    Raises:   LossError L311 (a ValueError) if the shapes differ.
    """
    y_pred = dtypes.as_array(y_pred)
    y_true, y_pred = align(dtypes.as_array(y_true, dtype=y_pred.dtype), y_pred)
    if y_true.shape != y_pred.shape:
        raise errors.LossError(_misfit(name, y_true, y_pred, y_pred.shape))
    return y_true, y_pred


def of_classes(y_true, y_pred, axis, name):
    """Return one-hot labels and class probabilities, as `paired` does, after a look at what the classes are."""
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")
    y_true, y_pred = paired(y_true, y_pred, name)
    if y_pred.shape[-1] == 1:
        errors.warn(
            "L304",
            f"{name} wants one prediction for each class, and got {errors.describe(y_pred)}: with a single class the "
            "loss is always 0. For yes-or-no labels use 'binary_crossentropy'.",
        )
    return y_true, y_pred


def _misfit(name, y_true, y_pred, wanted):
    lacks_classes = y_true.shape in (y_pred.shape[:-1], y_pred.shape[:-1] + (1,))
    code, why, fix = (
        "L311",
        "there must be one label for each prediction.",
        f"y = y.reshape({wanted}), or other outputs of the model.",
    )
    if name.startswith("sparse") and y_true.shape == y_pred.shape:
        why, fix = "the labels look one-hot.", "loss='categorical_crossentropy'"
    elif name.startswith("categorical") and lacks_classes:
        code, why = "L310", "the labels look like class numbers, not one-hot."
        fix = f"loss='sparse_categorical_crossentropy'    # or y = keras.utils.to_categorical(y, {y_pred.shape[-1]})"
    elif name.startswith("binary") and lacks_classes:
        why = f"each sample has one label and {y_pred.shape[-1]} predictions."
        fix = "Dense(1, activation='sigmoid') at the end, or for classes loss='sparse_categorical_crossentropy'."
    what = f"{name} wants labels of shape {wanted} for predictions {errors.describe(y_pred)}"
    rule = "" if name.startswith("sparse") else " They must have the same shape."
    return errors.message(code, f"{what}; it got {errors.describe(y_true)}.{rule}", why=why, fix=fix)


class BinaryCrossentropy(LossFunctionWrapper):
    """Average the cross-entropy of yes-or-no labels.

    Args:
        from_logits, label_smoothing, axis: see `binary_crossentropy`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `BinaryCrossentropy`.
    Example:
        >>> round(float(BinaryCrossentropy(from_logits=True)([[1.0]], [[0.0]])), 3)
        0.693
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalCrossentropy(LossFunctionWrapper):
    """Average the cross-entropy of one-hot labels.

    Args:
        from_logits, label_smoothing, axis: see `categorical_crossentropy`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `CategoricalCrossentropy`.
    Example:
        >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 3)
        0.693
    """

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Average the cross-entropy of labels given as class numbers.

    Args:
        from_logits, ignore_class, axis: see `sparse_categorical_crossentropy`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `SparseCategoricalCrossentropy`, which forgets `axis` in its config; here it is kept if it is not
        the last.
    Example:
        >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 3)
        0.693
    """

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class

    def get_config(self):
        """Return the constructor's arguments."""
        return without_default(super().get_config(), axis=-1)

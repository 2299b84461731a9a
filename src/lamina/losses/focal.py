"""Cross-entropies that look away from what is already right, for classes of very different size.

The focal factor is (1 - p)^gamma, p being the probability given to the label.
"""

import jax.numpy as jnp

from lamina.core import config
from lamina.losses.alignment import comparison
from lamina.losses.crossentropy import log_probabilities, log_probabilities_of_two, of_classes, paired, smooth
from lamina.losses.wrapper import LossFunctionWrapper


@comparison
def binary_focal_crossentropy(
    y_true, y_pred, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Return the mean over `axis` of the focal cross-entropy of yes-or-no labels.

    Maths:    (1 - p_t)^gamma * bce;  p_t = y p + (1 - y)(1 - p);  times y alpha + (1 - y)(1 - alpha) if balanced
    Args:
        y_true: labels 0 or 1, shaped like `y_pred`.
        y_pred: probabilities, or logits.
        apply_class_balancing: whether the classes are weighted by `alpha` and `1 - alpha`.
        alpha: weight of class 1 [fraction 0-1].
        gamma: how strongly what is right is looked away from.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how far labels are moved towards 0.5 [fraction 0-1].
        axis: the axis, or axes, of the mean.
    Source:   Keras 3 `binary_focal_crossentropy`; Lin et al. 2018. Logits are not made probabilities first, so that the
        gradient stays where Keras clips.
    Example:
        >>> round(float(binary_focal_crossentropy([0.0, 1.0], [0.5, 0.5])), 3)
        0.173
    """
    y_true, y_pred = paired(y_true, y_pred, "binary_focal_crossentropy")
    y_true = smooth(y_true, label_smoothing, 2)
    log_yes, log_no = log_probabilities_of_two(y_pred, from_logits)
    wrong = y_true * jnp.exp(log_no) + (1.0 - y_true) * jnp.exp(log_yes)
    losses = -(wrong**gamma) * (y_true * log_yes + (1.0 - y_true) * log_no)
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return jnp.mean(losses, axis=axis)


@comparison
def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Return the focal cross-entropy of one-hot labels.

    Maths:    -sum_c alpha (1 - p_c)^gamma y_c log p_c
    Args:
        y_true: one-hot labels, shaped like `y_pred`.
        y_pred: probabilities along `axis` (normalised to sum to 1), or logits.
        alpha: weight, a number or one for each class.
        gamma: how strongly what is right is looked away from.
        from_logits: whether `y_pred` are logits.
        label_smoothing: how far labels are moved towards the uniform distribution [fraction 0-1].
        axis: the axis of the classes.
    Source:   Keras 3 `categorical_focal_crossentropy`; Lin et al. 2018. Logits are not made probabilities first.
    Example:
        >>> print(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(3))
        [0.043]
    """
    y_true, y_pred = of_classes(y_true, y_pred, axis, "categorical_focal_crossentropy")
    y_true = smooth(y_true, label_smoothing, y_true.shape[-1])
    log_p = log_probabilities(y_pred, from_logits, axis)
    wrong = jnp.maximum(-jnp.expm1(log_p), config.epsilon())  # 0 ** gamma would have no gradient for gamma < 1
    return -jnp.sum(jnp.asarray(alpha, y_pred.dtype) * wrong**gamma * y_true * log_p, axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Average the focal cross-entropy of yes-or-no labels.

    Args:
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis: see `binary_focal_crossentropy`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `BinaryFocalCrossentropy`.
    """

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Average the focal cross-entropy of one-hot labels.

    Args:
        alpha, gamma, from_logits, label_smoothing, axis: see `categorical_focal_crossentropy`.
        reduction, name, dtype: see `Loss`.
    Source:   Keras 3 `CategoricalFocalCrossentropy`.
    """

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

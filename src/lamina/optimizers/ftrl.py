"""Ftrl: sparse weights for models with very many inputs."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class Ftrl(Optimizer):
    """Set each weight to what would have been best for all gradients so far, zero if it matters little.

    Maths:    n' = n + g^2,  s = (n'^-p - n^-p) / lr,  z <- z + g + 2 * shrinkage * w - s * w,  n <- n'
              w <- (clip(z, -l1, l1) - z) / (n'^-p / lr + 2 * l2 + beta / lr)
    Weights:  accumulator (n), linear (z), of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`.
        learning_rate_power: p, at most 0; with 0 the rate does not fall.
        initial_accumulator_value: what n starts from, at least 0.
        l1_regularization_strength: l1, at least 0; the larger, the more weights are zero.
        l2_regularization_strength: l2, at least 0.
        l2_shrinkage_regularization_strength: shrinkage, at least 0.
        beta: the paper's beta.
        weight_decay … name: as in `Optimizer`.
    Raises:   ValueError for a number out of its range.
    Source:   Keras 3 `Ftrl`; McMahan et al. 2013, "Ad click prediction: a view from the trenches", algorithm 1.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0, 1.0])
        >>> Ftrl(0.1, l1_regularization_strength=1.0).apply([[0.1, 5.0]], [v])
        >>> v.numpy().round(3)
        array([0.   , 0.817], dtype=float32)
    """

    hyperparameters = (
        "learning_rate_power",
        "initial_accumulator_value",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "beta",
    )

    def __init__(
        self, learning_rate=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1,
        l1_regularization_strength=0.0, l2_regularization_strength=0.0,
        l2_shrinkage_regularization_strength=0.0, beta=0.0, weight_decay=None, clipnorm=None, clipvalue=None,
        global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
        loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        if learning_rate_power > 0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. "
                f"Received: learning_rate_power={learning_rate_power}."
            )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for option in self.hyperparameters[1:5]:
            if getattr(self, option) < 0:
                raise ValueError(
                    f"`{option}` needs to be positive or zero. Received: {option}={getattr(self, option)}."
                )

    def slots(self):
        """The sum of squares, and the linear term."""
        return [{"accumulator": self.initial_accumulator_value, "linear": 0.0}]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        n, new_n = slots["accumulator"], slots["accumulator"] + jnp.square(g)
        shrinkage = 2 * self.l2_shrinkage_regularization_strength * w
        z = slots["linear"] + g + shrinkage - (new_n**power - n**power) / lr * w
        slots["accumulator"], slots["linear"] = new_n, z
        quadratic = (new_n**power + self.beta) / lr + 2 * self.l2_regularization_strength
        return (jnp.clip(z, -l1, l1) - z) / quadratic

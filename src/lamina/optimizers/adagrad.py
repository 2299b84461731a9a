"""Adagrad: smaller steps where gradients were large."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """Divide the gradient by the root of the sum of all squared gradients so far.

    Maths:    a <- a + g^2,  w <- w - lr * g / sqrt(a + epsilon)
    Weights:  accumulator, of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`; Adagrad wants more than others, the paper's is 1.0.
        initial_accumulator_value: what the sum starts from.
        epsilon: keeps the division finite.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `Adagrad`; Duchi, Hazan and Singer 2011, "Adaptive subgradient methods".
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0])
        >>> Adagrad(0.5, initial_accumulator_value=0.0).apply([[3.0]], [v])
        >>> v.numpy()
        array([0.5], dtype=float32)
    """

    hyperparameters = ("initial_accumulator_value", "epsilon")

    def __init__(
        self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, weight_decay=None,
        clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
        ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None,
        **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slots(self):
        """The sum of squares."""
        return [{"accumulator": self.initial_accumulator_value}]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        a = slots["accumulator"] = slots["accumulator"] + jnp.square(g)
        return w - lr * g / jnp.sqrt(a + self.epsilon)

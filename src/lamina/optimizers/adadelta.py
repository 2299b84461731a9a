"""Adadelta: steps measured by earlier steps."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class Adadelta(Optimizer):
    """Scale the gradient by the ratio of the usual step to the usual gradient.

    Maths:    a <- rho * a + (1 - rho) * g^2,  step = g * sqrt(d + epsilon) / sqrt(a + epsilon)
              d <- rho * d + (1 - rho) * step^2,  w <- w - lr * step
    Weights:  accumulated_grad (a), accumulated_delta_var (d), of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`; Adadelta wants more than others, the paper's is 1.0.
        rho: how much of the means a step keeps [fraction 0-1].
        epsilon: keeps the division finite, and the first steps from being zero.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `Adadelta`; Zeiler 2012, arXiv:1212.5701.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0])
        >>> Adadelta(1.0, rho=0.75, epsilon=1e-2).apply([[2.0]], [v])
        >>> v.numpy().round(3)
        array([0.801], dtype=float32)
    """

    hyperparameters = ("rho", "epsilon")

    def __init__(
        self, learning_rate=0.001, rho=0.95, epsilon=1e-7, weight_decay=None, clipnorm=None, clipvalue=None,
        global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
        loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.rho = rho
        self.epsilon = epsilon

    def slots(self):
        """Means of the squared gradient and of the squared step."""
        return [{"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        rho, d = self.rho, slots["accumulated_delta_var"]
        a = slots["accumulated_grad"] = rho * slots["accumulated_grad"] + (1 - rho) * jnp.square(g)
        step = g * jnp.sqrt(d + self.epsilon) / jnp.sqrt(a + self.epsilon)
        slots["accumulated_delta_var"] = rho * d + (1 - rho) * jnp.square(step)
        return w - lr * step

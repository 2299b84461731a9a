"""Adamax: Adam measured by the largest gradient."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class Adamax(Optimizer):
    """Step along the mean gradient, divided by the largest size that gradients had of late.

    Maths:    m <- m + (1 - beta_1) * (g - m),  u <- max(beta_2 * u, |g|)
              w <- w - lr / (1 - beta_1^t) * m / (u + epsilon)
    Weights:  momentum, norm, of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`; about the length of a step.
        beta_1: how much of the mean gradient a step keeps [fraction 0-1].
        beta_2: how much of the largest size a step keeps [fraction 0-1].
        epsilon: keeps the division finite.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `Adamax`; Kingma and Ba 2014, arXiv:1412.6980, section 7.1.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0, 1.0])
        >>> Adamax(0.5).apply([[0.1, 1000.0]], [v])
        >>> v.numpy().round(3)
        array([0.5, 0.5], dtype=float32)
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon")

    def __init__(
        self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=None, clipnorm=None,
        clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
        loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slots(self):
        """The mean gradient, and the largest size."""
        return [{"momentum": 0.0, "norm": 0.0}]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        m = slots["momentum"] = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        u = slots["norm"] = jnp.maximum(self.beta_2 * slots["norm"], jnp.abs(g))
        return w - lr / (1 - self.beta_1**t) * m / (u + self.epsilon)

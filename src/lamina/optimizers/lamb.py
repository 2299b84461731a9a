"""Lamb: Adam whose steps are as long as the variable allows."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class Lamb(Optimizer):
    """Take Adam's direction, and a length in proportion to the variable's own.

    Maths:    m, v and their corrected forms m_hat, v_hat as in `Adam`;  u = m_hat / (sqrt(v_hat) + epsilon)
              w <- w - lr * |w| / |u| * u        (the ratio is 1 where one of the norms is 0)
    Weights:  momentum, velocity, of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`; the length of a step as a part of the variable's.
        beta_1: how much of the mean gradient a step keeps [fraction 0-1].
        beta_2: how much of the mean square a step keeps [fraction 0-1].
        epsilon: keeps the division finite.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `Lamb`; You et al. 2019, arXiv:1904.00962.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([3.0, 4.0])
        >>> Lamb(0.2).apply([[1.0, 0.0]], [v])
        >>> v.numpy().round(3)
        array([2., 4.], dtype=float32)
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
        """Means of the gradient and its square."""
        return [{"momentum": 0.0, "velocity": 0.0}]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        m = slots["momentum"] = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        v = slots["velocity"] = slots["velocity"] + (1 - self.beta_2) * (jnp.square(g) - slots["velocity"])
        m_hat, v_hat = m / (1 - self.beta_1**t), v / (1 - self.beta_2**t)
        u = m_hat / (jnp.sqrt(v_hat) + self.epsilon)
        return w - lr * _ratio(_norm(w), _norm(u)) * u


def _norm(x):
    return jnp.sqrt(jnp.sum(jnp.square(x)))


def _ratio(a, b):
    return jnp.where((a > 0) & (b > 0), a / b, 1)

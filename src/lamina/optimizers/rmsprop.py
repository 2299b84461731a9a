"""RMSprop: gradients divided by the size they usually have."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    """Divide the gradient by the root of its mean square.

    Maths:    v <- rho * v + (1 - rho) * g^2
              step = lr * g / sqrt(v + epsilon);  centered: v minus the square of the mean gradient, in place of v
              w <- w - step;  with momentum: m <- momentum * m + step, w <- w - m
    Weights:  velocity (momentum, average_gradient), of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`.
        rho: how much of the mean square a step keeps [fraction 0-1].
        momentum: how much of a step the next one keeps [fraction 0-1].
        epsilon: keeps the division finite.
        centered: whether the divisor is the gradient's standard deviation.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `RMSprop`; Hinton 2012, lecture 6e; Graves 2013, arXiv:1308.0850, for the centered form.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0])
        >>> RMSprop(0.1, rho=0.75).apply([[8.0]], [v])
        >>> v.numpy()
        array([0.8], dtype=float32)
    """

    hyperparameters = ("rho", "momentum", "epsilon", "centered")

    def __init__(
        self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, weight_decay=None,
        clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
        ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def slots(self):
        """The mean square; a momentum and the mean gradient where they are used."""
        groups = [{"velocity": 0.0}]
        if self.momentum > 0:
            groups.append({"momentum": 0.0})
        if self.centered:
            groups.append({"average_gradient": 0.0})
        return groups

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        rho = self.rho
        v = slots["velocity"] = rho * slots["velocity"] + (1 - rho) * jnp.square(g)
        if self.centered:
            mean = slots["average_gradient"] = rho * slots["average_gradient"] + (1 - rho) * g
            v = v - jnp.square(mean)
        step = lr * g / jnp.sqrt(v + self.epsilon)
        if self.momentum > 0:
            step = slots["momentum"] = self.momentum * slots["momentum"] + step
        return w - step

"""ScheduleFreeAdamW: Adam on one sequence of weights, gradients on another, a mean of both in the end."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer
from lamina.optimizers.variables import copied


class ScheduleFreeAdamW(Optimizer):
    """Do without a learning rate schedule: the weights that are trained lie between Adam's and their running mean.

    Maths:    v <- v + (1 - beta_2) * (g^2 - v),  z' = z - lr * g / (sqrt(v / (1 - beta_2^t)) + epsilon)
              x = (w - (1 - beta_1) * z) / beta_1,  x' = (1 - 1/t) * x + z' / t
              w <- (1 - beta_1) * z' + beta_1 * x',  z <- z'
    Weights:  momentum (z, starts as the variable itself), velocity (v), of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`; best larger than for AdamW.
        beta_1: how near the mean x the weights w stay [fraction 0-1].
        beta_2: how much of the mean square a step keeps [fraction 0-1].
        epsilon: keeps the division finite.
        warmup_steps: how long the learning rate rises from 0 [steps].
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `ScheduleFreeAdamW`; Defazio et al. 2024, arXiv:2405.15682.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0])
        >>> ScheduleFreeAdamW(0.1).apply([[7.0]], [v])
        >>> v.numpy().round(3)
        array([0.9], dtype=float32)
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon", "warmup_steps")

    def __init__(
        self, learning_rate=0.0025, beta_1=0.9, beta_2=0.999, epsilon=1e-8, warmup_steps=0, weight_decay=None,
        clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
        ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None,
        **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def slots(self):
        """Adam's weights and the mean square of the gradient."""
        return [{"momentum": 0.0, "velocity": 0.0}]

    def build(self, variables):
        """Make the slots; Adam's weights start as the variables are."""
        if self.built:
            return
        super().build(variables)
        for variable, z in zip(self._trainable_variables, self._slots["momentum"], strict=True):
            if z is not None:
                z.assign(copied(variable))

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        if self.warmup_steps > 0:
            lr = lr * jnp.minimum(t / self.warmup_steps, 1)
        v = slots["velocity"] = slots["velocity"] + (1 - self.beta_2) * (jnp.square(g) - slots["velocity"])
        z = slots["momentum"]
        new_z = slots["momentum"] = z - lr * g / (jnp.sqrt(v / (1 - self.beta_2**t)) + self.epsilon)
        x = (w - (1 - self.beta_1) * z) / self.beta_1
        new_x = (1 - 1 / t) * x + new_z / t
        return (1 - self.beta_1) * new_z + self.beta_1 * new_x

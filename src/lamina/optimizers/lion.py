"""Lion: the sign of the momentum."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class Lion(Optimizer):
    """Step by the learning rate, up or down, as the sign of the mean gradient says.

    Maths:    w <- w - lr * sign(beta_1 * m + (1 - beta_1) * g),  then  m <- beta_2 * m + (1 - beta_2) * g
    Weights:  momentum, of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`; the length of a step, best 3 to 10 times smaller than for AdamW.
        beta_1: how much the mean counts beside the gradient of this step [fraction 0-1].
        beta_2: how much of the mean gradient a step keeps [fraction 0-1].
        weight_decay … name: as in `Optimizer`; the decay is best 3 to 10 times larger than for AdamW.
    Raises:   ValueError if `beta_1` is not above 0 and at most 1.
    Source:   Keras 3 `Lion`; Chen et al. 2023, arXiv:2302.06675.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0, 1.0])
        >>> Lion(0.5).apply([[0.001, -1000.0]], [v])
        >>> v.numpy()
        array([0.5, 1.5], dtype=float32)
    """

    hyperparameters = ("beta_1", "beta_2")

    def __init__(
        self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, weight_decay=None, clipnorm=None, clipvalue=None,
        global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
        loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}. With 0 the momentum counts for nothing."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slots(self):
        """The mean gradient."""
        return [{"momentum": 0.0}]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        m = slots["momentum"]
        slots["momentum"] = self.beta_2 * m + (1 - self.beta_2) * g
        return w - lr * jnp.sign(self.beta_1 * m + (1 - self.beta_1) * g)

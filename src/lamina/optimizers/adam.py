"""Adam and AdamW: steps of about equal length in every direction."""

import jax.numpy as jnp

from lamina.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Step along the mean gradient, divided by the size that gradients usually have.

    Maths:    m <- m + (1 - beta_1) * (g - m),  v <- v + (1 - beta_2) * (g^2 - v)
              w <- w - lr * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)
              with amsgrad, the largest v so far takes the place of v
    Weights:  momentum, velocity (velocity_hat), of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`; about the length of a step.
        beta_1: how much of the mean gradient a step keeps [fraction 0-1].
        beta_2: how much of the mean square a step keeps [fraction 0-1].
        epsilon: keeps the division finite; "epsilon hat" in the paper.
        amsgrad: whether the divisor may only grow.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `Adam`; Kingma and Ba 2014, arXiv:1412.6980, end of section 2; Reddi et al. 2018 for amsgrad.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0, 1.0])
        >>> Adam(0.1).apply([[0.001, 1000.0]], [v])
        >>> v.numpy().round(3)
        array([0.9, 0.9], dtype=float32)
    """

    hyperparameters = ("beta_1", "beta_2", "epsilon", "amsgrad")

    def __init__(
        self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, weight_decay=None,
        clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
        ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def slots(self):
        """Means of the gradient and its square, and the largest of the latter with amsgrad."""
        means = {"momentum": 0.0, "velocity": 0.0}
        return [means, {"velocity_hat": 0.0}] if self.amsgrad else [means]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        m = slots["momentum"] = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        v = slots["velocity"] = slots["velocity"] + (1 - self.beta_2) * (jnp.square(g) - slots["velocity"])
        if self.amsgrad:
            v = slots["velocity_hat"] = jnp.maximum(slots["velocity_hat"], v)
        alpha = lr * jnp.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        return w - alpha * m / (jnp.sqrt(v) + self.epsilon)


class AdamW(Adam):
    """Adam, with weight decay that is not divided by the size of the gradients.

    Maths:    w <- w - lr * weight_decay * w, then as in `Adam`
    Weights:  momentum, velocity (velocity_hat), of the variable's shape.
    Args:
        learning_rate … name: as in `Adam` and `Optimizer`.
    Raises:   ValueError if `weight_decay` is `None`.
    Source:   Keras 3 `AdamW`; Loshchilov and Hutter 2017, arXiv:1711.05101.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0])
        >>> AdamW(0.1, weight_decay=0.5).apply([[0.0]], [v])
        >>> v.numpy()
        array([0.95], dtype=float32)
    """

    def __init__(
        self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
        clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99,
        ema_overwrite_frequency=None, loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm,
            use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name,
            **kwargs,
        )  # fmt: skip
        if weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float. Received: weight_decay=None")

"""Nadam: Adam that looks a step ahead."""

import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.core.variable import Variable
from lamina.optimizers.optimizer import Optimizer

_WARMUP = 0.96  # how fast the momentum comes up to beta_1; the paper's constant


class Nadam(Optimizer):
    """Adam with Nesterov's momentum, which rises during the first steps.

    Maths:    u_t = beta_1 * (1 - 0.96^t / 2),  U_t = u_1 * ... * u_t
              m <- m + (1 - beta_1) * (g - m),  v <- v + (1 - beta_2) * (g^2 - v)
              m_hat = u_{t+1} * m / (1 - U_{t+1}) + (1 - u_t) * g / (1 - U_t),  v_hat = v / (1 - beta_2^t)
              w <- w - lr * m_hat / (sqrt(v_hat) + epsilon)
    Weights:  momentum, velocity, of the variable's shape; U, a scalar.
    Args:
        learning_rate: as in `Optimizer`; about the length of a step.
        beta_1: how much of the mean gradient a step keeps [fraction 0-1].
        beta_2: how much of the mean square a step keeps [fraction 0-1].
        epsilon: keeps the division finite.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `Nadam`; Dozat 2015, "Incorporating Nesterov momentum into Adam".
    Example:
        >>> v = Variable([1.0])
        >>> Nadam(0.1).apply([[5.0]], [v])
        >>> v.numpy().round(3)
        array([0.894], dtype=float32)
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

    def build(self, variables):
        """Make the slots, and the product of all momentums so far."""
        if self.built:
            return
        super().build(variables)
        dtype = self._trainable_variables[0].dtype if self._trainable_variables else config.floatx()
        self._u_product = Variable(1.0, dtype=dtype)

    def _momentum_at(self, t):
        return self.beta_1 * (1 - 0.5 * _WARMUP**t)

    def _change(self, grads, variables):
        u = self._momentum_at(dtypes.as_array(self.iterations + 1, dtype=self._u_product.dtype))
        self._u_product.assign(self._u_product * u)
        super()._change(grads, variables)

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        m = slots["momentum"] = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        v = slots["velocity"] = slots["velocity"] + (1 - self.beta_2) * (jnp.square(g) - slots["velocity"])
        now, later = self._momentum_at(t), self._momentum_at(t + 1)
        product = dtypes.as_array(self._u_product, dtype=w.dtype)
        m_hat = later * m / (1 - product * later) + (1 - now) * g / (1 - product)
        v_hat = v / (1 - self.beta_2**t)
        return w - lr * m_hat / (jnp.sqrt(v_hat) + self.epsilon)

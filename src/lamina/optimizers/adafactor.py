"""Adafactor: Adam's second moments from row and column means, for little memory."""

import jax.numpy as jnp

from lamina.core.variable import Variable
from lamina.optimizers.optimizer import Optimizer


class Adafactor(Optimizer):
    """Divide the gradient by a size that is kept for rows and columns only.

    Maths:    s = g^2 + epsilon_1,  b = 1 - t^beta_2_decay
              r <- b * r + (1 - b) * mean of s over columns,  c <- b * c + (1 - b) * mean of s over rows
              v = r / mean(r) * c, one value for each row and column;  of a vector  v <- b * v + (1 - b) * s
              u = g / sqrt(v),  w <- w - max(epsilon_2, rms(w)) * min(lr, 1 / sqrt(t)) * u / max(1, rms(u) / threshold)
    Weights:  r and c, without the variable's last and last but one axis; velocity (v), of its shape.
    Args:
        learning_rate: as in `Optimizer`; the length of a step as a part of the variable's.
        beta_2_decay: how the means lengthen with time; negative.
        epsilon_1: least square of a gradient.
        epsilon_2: least size of a variable.
        clip_threshold: largest root mean square of u.
        relative_step: whether the learning rate falls with time at least as 1 / sqrt(t); here it always does.
        weight_decay … name: as in `Optimizer`.
    Source:   Keras 3 `Adafactor`, which keeps v, too; Shazeer and Stern 2018, arXiv:1804.04235.
    Example:
        >>> v = Variable([3.0, 4.0])
        >>> Adafactor(0.1).apply([[1.0, -2.0]], [v])
        >>> v.numpy().round(3)
        array([2.646, 4.354], dtype=float32)
    """

    hyperparameters = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")

    def __init__(
        self, learning_rate=0.001, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=1e-3, clip_threshold=1.0,
        relative_step=True, weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None,
        use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None,
        gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables):
        """Make the slots; what is not factored gets two zeros in place of its means, as Keras's files have them."""
        if self.built:
            return
        super().build(variables)
        slots = self._slots = {"r": [], "c": [], "velocity": []}
        for variable in self._trainable_variables:
            r, c = self._factors(variable)
            slots["r"].append(r)
            slots["c"].append(c)
            slots["velocity"] += self.add_optimizer_variables([variable], "velocity")

    def _factors(self, variable):
        if len(variable.shape) < 2:
            zeros = [Variable(0, name=variable.name, trainable=False) for _ in range(2)]
            self._track(zeros)
            return zeros
        if variable.overwrite_with_gradient:
            return None, None
        *outer, rows, columns = variable.shape
        shapes = (*outer, rows), (*outer, columns)
        return [self.add_variable(shape, dtype=variable.dtype, name=variable.name) for shape in shapes]

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        square = jnp.square(g) + self.epsilon_1
        keep = 1 - t**self.beta_2_decay
        if w.ndim < 2:
            v = keep * slots["velocity"] + (1 - keep) * square
        else:
            r = slots["r"] = keep * slots["r"] + (1 - keep) * jnp.mean(square, axis=-1)
            c = slots["c"] = keep * slots["c"] + (1 - keep) * jnp.mean(square, axis=-2)
            v = (r / jnp.mean(r, axis=-1, keepdims=True))[..., :, None] * c[..., None, :]
        slots["velocity"] = v
        u = g / jnp.sqrt(v)
        rate = jnp.maximum(self.epsilon_2, _rms(w)) * jnp.minimum(lr, 1 / jnp.sqrt(t))
        return w - rate * u / jnp.maximum(1, _rms(u) / self.clip_threshold)


def _rms(x):
    return jnp.sqrt(jnp.mean(jnp.square(x)))

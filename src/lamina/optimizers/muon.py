"""Muon: matrices step in orthogonal directions."""

import re

import jax.numpy as jnp

from lamina.core.patterns import checked
from lamina.optimizers.optimizer import Optimizer


class Muon(Optimizer):
    """Make the momentum of each matrix orthogonal before stepping along it; use Adam for everything else.

    Vectors, kernels of convolutions, embeddings and what `exclude_layers` names are left to Adam.

    Maths:    m <- momentum * m + g,  with nesterov  g' = g + momentum * m, else g' = m
              w <- w - lr * rms_rate * sqrt(max(rows, columns)) * orthogonal(g')
              orthogonal(x): x / |x|, then `ns_steps` times  x <- a * x + (b * A + c * A A) x  with  A = x x^T
    Weights:  momentum, and velocity for what Adam changes, of the variable's shape.
    Args:
        learning_rate: as in `Optimizer`.
        adam_beta_1, adam_beta_2, epsilon: as in `Adam`.
        adam_weight_decay: weight decay of what Adam changes [fraction 0-1].
        weight_decay … name: as in `Optimizer`; the decay is that of the matrices.
        exclude_layers: list of regular expressions; a variable in whose path one is found is left to Adam.
        exclude_embeddings: whether variables with "embedding" in their path are left to Adam.
        muon_a, muon_b, muon_c: a, b and c.
        adam_lr_ratio: Adam's learning rate as a multiple of the learning rate.
        momentum: how much of a step the next one keeps [fraction 0-1].
        ns_steps: rounds of the iteration [count].
        nesterov: whether the gradient counts once more.
        rms_rate: size of a step's elements as a part of the learning rate; `None`: not adjusted to the shape.
    Source:   Keras 3 `Muon`; Jordan et al. 2024, "Muon"; Liu et al. 2025, arXiv:2502.16982, for `rms_rate`.
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([[1.0, 0.0], [0.0, 1.0]])
        >>> Muon(0.1, weight_decay=None, rms_rate=None).apply([[[5.0, 0.0], [0.0, 5.0]]], [v])
        >>> v.numpy().round(1)
        array([[0.9, 0. ],
               [0. , 0.9]], dtype=float32)
    """

    hyperparameters = (
        "adam_beta_1",
        "adam_beta_2",
        "epsilon",
        "exclude_layers",
        "muon_a",
        "muon_b",
        "muon_c",
        "adam_lr_ratio",
        "momentum",
        "ns_steps",
        "nesterov",
        "exclude_embeddings",
        "adam_weight_decay",
        "rms_rate",
    )

    def __init__(
        self, learning_rate=0.001, adam_beta_1=0.9, adam_beta_2=0.999, adam_weight_decay=0.004, epsilon=1e-7,
        weight_decay=0.004, clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False,
        ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None,
        gradient_accumulation_steps=None, name=None, exclude_layers=None, exclude_embeddings=True,
        muon_a=3.4445, muon_b=-4.7750, muon_c=2.0315, adam_lr_ratio=1, momentum=0.95, ns_steps=5,
        nesterov=True, rms_rate=0.2, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = exclude_layers or []
        for pattern in self.exclude_layers:
            checked(pattern)
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def build(self, variables):
        """Make a momentum for each variable, and a velocity for those that are left to Adam."""
        if self.built:
            return
        super().build(variables)
        slots = self._slots = {"momentum": [], "velocity": []}
        for variable in self._trainable_variables:
            slots["momentum"] += self.add_optimizer_variables([variable], "momentum")
            by_adam = self._should_use_adamw(variable)
            slots["velocity"] += self.add_optimizer_variables([variable], "velocity") if by_adam else [None]

    def _should_use_adamw(self, variable):
        path = variable.path
        return (
            len(variable.shape) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(checked(pattern, path), path) for pattern in self.exclude_layers)
        )

    def _weight_decay_of(self, variable):
        return self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay

    def update(self, w, g, lr, t, slots):
        """The maths above, or Adam's."""
        if "velocity" in slots:
            return self._adam(w, g, lr * self.adam_lr_ratio, t, slots)
        m = slots["momentum"] = self.momentum * slots["momentum"] + g
        direction = self.zeropower_via_newtonschulz5(g + self.momentum * m if self.nesterov else m, self.ns_steps)
        return w - lr * self.lr_adjust(direction)

    def lr_adjust(self, x):
        """Return a direction whose elements are of the size that `rms_rate` asks for, whatever its shape."""
        return x if self.rms_rate is None else x * max(x.shape) ** 0.5 * self.rms_rate

    def _adam(self, w, g, lr, t, slots):
        m = slots["momentum"] = slots["momentum"] + (1 - self.adam_beta_1) * (g - slots["momentum"])
        v = slots["velocity"] = slots["velocity"] + (1 - self.adam_beta_2) * (jnp.square(g) - slots["velocity"])
        alpha = lr * jnp.sqrt(1 - self.adam_beta_2**t) / (1 - self.adam_beta_1**t)
        return w - alpha * m / (jnp.sqrt(v) + self.epsilon)

    def zeropower_via_newtonschulz5(self, x, steps):
        """Bring the singular values of a matrix near 1 by Newton and Schulz's iteration, on its shorter side."""
        if x.shape[0] > x.shape[1]:
            return self.zeropower_via_newtonschulz5(x.T, steps).T
        x = x / (jnp.sqrt(jnp.sum(jnp.square(x))) + 1e-7)
        for _ in range(steps):
            a = x @ x.T
            x = self.muon_a * x + (self.muon_b * a + self.muon_c * a @ a) @ x
        return x

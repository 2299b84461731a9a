"""LossScaleOptimizer: small gradients survive float16."""

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.optimizers.branching import branch
from lamina.optimizers.optimizer import Optimizer
from lamina.optimizers.variables import constant

# What old files hold beside the inner optimizer; other values were never obeyed.
_WITHOUT_EFFECT = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class LossScaleOptimizer(Optimizer):
    """Multiply the loss by a number as large as it can be without overflow, and divide the gradients by it again.

    If a gradient is not finite, the step is left out and the scale halved. After enough good steps it is doubled.

    Weights:  step_counter, dynamic_scale, scalars; then those of the inner optimizer.
    Args:
        inner_optimizer: the optimizer that changes the variables.
        initial_scale: the first scale; too large a number is halved soon.
        dynamic_growth_steps: after how many good steps the scale is doubled [steps].
        name: as in `Optimizer`. Other options belong to the inner optimizer.
    Raises:   ValueError for an option that belongs to the inner optimizer.
    Source:   Keras 3 `LossScaleOptimizer`; Micikevicius et al. 2017, arXiv:1710.03740, section 3.2.
    Example:
        >>> from lamina.core.variable import Variable
        >>> from lamina.optimizers.sgd import SGD
        >>> v = Variable([1.0])
        >>> optimizer = LossScaleOptimizer(SGD(0.5), initial_scale=4.0)
        >>> optimizer.apply([[4.0]], [v])
        >>> optimizer.apply([[float("inf")]], [v])
        >>> v.numpy(), float(optimizer.dynamic_scale)
        (array([0.5], dtype=float32), 2.0)
    """

    def __init__(self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000, name=None, **kwargs):
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "LossScaleOptimizer no longer supports `dynamic=False`. Instead, simply set `loss_scale_factor` "
                "directly on the `inner_optimizer`."
            )
        for option, value in kwargs.items():
            if option not in _WITHOUT_EFFECT:
                raise ValueError(f"LossScaleOptimizer does not support arguments: `{'`, `'.join(kwargs)}`.")
            if value != _WITHOUT_EFFECT[option]:
                raise ValueError(
                    f"LossScaleOptimizer does not support `{option}`. Instead, set `{option}` on the `inner_optimizer`."
                )
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None  # or gradients would be divided twice

    def build(self, variables):
        """Make the counter and the scale, and build the inner optimizer."""
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), constant(self.initial_scale), "float32", name="dynamic_scale")
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self):
        """The own variables, then those of the inner optimizer."""
        return [*super().variables, *self.inner_optimizer.variables]

    @property
    def iterations(self):
        """How many steps the inner optimizer took [steps]."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self):
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.inner_optimizer.learning_rate = value

    def apply(self, grads, trainable_variables=None):
        """Change the variables by the gradients of the scaled loss, if all of these are finite."""
        grads = [None if g is None else dtypes.as_array(g) for g in grads]
        variables = self._variables_for(grads, trainable_variables)
        finite = jnp.array([jnp.isfinite(g).all() for g in grads if g is not None]).all()
        branch(finite, [*variables, *self.variables], lambda: self._apply_inner(grads, variables), self._scale_down)

    def _apply_inner(self, grads, variables):
        scale = self.dynamic_scale.value
        unscaled = [
            g if g is None or variable.overwrite_with_gradient else g / scale
            for g, variable in zip(grads, variables, strict=True)
        ]
        self.inner_optimizer.apply(unscaled, variables)
        steps = self.step_counter.value + 1
        due = steps == self.dynamic_growth_steps
        self.step_counter.assign(jnp.where(due, 0, steps))
        self.dynamic_scale.assign(jnp.where(due, scale * 2, scale))

    def _scale_down(self):
        self.step_counter.assign(0)
        self.dynamic_scale.assign(self.dynamic_scale.value / 2)

    def scale_loss(self, loss):
        """Return the loss times the scale."""
        return loss * (self.dynamic_scale if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list):
        """Set variables to their moving averages, if the inner optimizer keeps those."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the optimizer that a config describes."""
        config = dict(config)
        inner = deserialize_keras_object(config.pop("inner_optimizer"), custom_objects=custom_objects)
        return cls(inner, **config)

"""Optimizer: how gradients change variables."""

import re
import warnings

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.core.names import auto_name, name_scope
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.core.state import StatelessScope
from lamina.core.variable import Variable
from lamina.optimizers import clipping
from lamina.optimizers.averages import MovingAverages
from lamina.optimizers.branching import branch
from lamina.optimizers.variables import OwnsVariables, constant


class Optimizer(OwnsVariables):
    """Change variables a little, so that the loss whose gradients are given falls.

    A subclass says in `slots` which arrays it keeps for each variable, and in `update` how a variable and its slots
    change in a step. Subclasses in Keras's style, with `build` and `update_step`, work too.

    Args:
        learning_rate: float, `LearningRateSchedule`, or callable without arguments.
        weight_decay: each step first takes `weight_decay * learning_rate` of every variable off it [fraction 0-1].
        clipnorm: longest allowed gradient of a single variable (its 2-norm).
        clipvalue: largest allowed size of a gradient's element.
        global_clipnorm: longest allowed gradient, all variables taken together (its 2-norm).
        use_ema: whether a moving average of every variable is kept.
        ema_momentum: how much of the average a step keeps [fraction 0-1].
        ema_overwrite_frequency: after how many steps the variables are set to their averages [steps]; `None`: only
            when training ends.
        loss_scale_factor: `scale_loss` multiplies by it, and gradients are divided by it.
        gradient_accumulation_steps: over how many steps gradients are averaged before the variables change [steps].
        name: by default the class's name in snake case, numbered.
    Raises:   ValueError for a learning rate of another type, more than one kind of clipping, a number out of range.
    Source:   Keras 3 `Optimizer`.
    Example:
        >>> class SignDescent(Optimizer):
        ...     def update(self, w, g, lr, t, slots):
        ...         return w - lr * jnp.sign(g)
        >>> v = Variable([1.0, 2.0])
        >>> SignDescent(learning_rate=0.5).apply([[0.1, -7.0]], [v])
        >>> v.numpy()
        array([0.5, 2.5], dtype=float32)
    """

    _saveable_kind = "Optimizer"

    hyperparameters = ()
    """Names of the subclass's own constructor arguments, which are also its attributes and part of its config."""

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        object.__setattr__(self, "_variables", [])
        if kwargs.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored.", stacklevel=3)
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_options()

        self.built = False
        self._trainable_variables = []
        self._index = {}  # id of a variable -> its place among those the optimizer was built with
        self._slots = {}  # name -> list of Variables, one for each trainable variable
        self._undecayed = set()  # ids of variables
        self._undecayed_pattern = None
        self._iterations = self._scalar(0, "int32", "iteration")
        self._learning_rate = self._as_learning_rate(learning_rate)

    def _check_options(self):
        steps, frequency = self.gradient_accumulation_steps, self.ema_overwrite_frequency
        if steps and not steps >= 2:
            raise ValueError(
                f"`gradient_accumulation_steps` must be an integer >= 2. Received: gradient_accumulation_steps={steps}"
            )
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={self.ema_momentum}")
        if self.use_ema and frequency and not (isinstance(frequency, int) and frequency >= 1):
            raise ValueError(
                "`ema_overwrite_frequency` must be an integer >= 1 or None. "
                f"Received: ema_overwrite_frequency={frequency}"
            )
        limits = {"clipnorm": self.clipnorm, "clipvalue": self.clipvalue, "global_clipnorm": self.global_clipnorm}
        if sum(limit is not None for limit in limits.values()) > 1:
            received = ", ".join(f"{name}={limit}" for name, limit in limits.items())
            raise ValueError(
                f"Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: {received}"
            )

    # What a subclass defines.

    def slots(self):
        """Return what is kept for each variable: a list of dicts from a slot's name to its first value, a number.

        The slots of one dict lie side by side in files, variable by variable; those of the next dict come after them.
        """
        return []

    def update(self, w, g, lr, t, slots):
        """Return the new value of a variable.

        Args:
            w: its value.
            g: its gradient, of its shape and dtype.
            lr: the learning rate, a scalar of its dtype.
            t: the number of this step, from 1, a scalar of its dtype [steps].
            slots: dict from names to arrays; the method replaces them by the new ones.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `update` or `update_step`.")

    def build(self, variables):
        """Make the optimizer's own variables for the list of variables that it is to change."""
        if self.built:
            return
        variables = list(variables)
        self._trainable_variables = variables
        self._index = {id(variable): i for i, variable in enumerate(variables)}
        if self.use_ema:
            self.averages = MovingAverages(variables, self.add_optimizer_variables(variables, "average"))
        if self.gradient_accumulation_steps:
            add = self.add_variable_from_reference
            self._accumulated_gradients = [add(variable, "gradient_accumulator") for variable in variables]
        for group in self.slots():
            starts = [constant(start) for start in group.values()]
            self._slots.update(zip(group, self.add_optimizer_variables(variables, list(group), starts), strict=True))
        self.built = True

    def update_step(self, gradient, variable, learning_rate):
        """Change one variable and its slots."""
        i = self._get_variable_index(variable)
        w = variable.value
        g = dtypes.as_array(gradient, dtype=w.dtype)
        lr = dtypes.as_array(learning_rate, dtype=w.dtype)
        t = dtypes.as_array(self.iterations + 1, dtype=w.dtype)
        kept = {name: variables[i] for name, variables in self._slots.items() if variables[i] is not None}
        slots = {name: slot.value for name, slot in kept.items()}
        variable.assign(self.update(w, g, lr, t, slots))
        for name, slot in kept.items():
            slot.assign(slots[name])

    def _get_variable_index(self, variable):
        return self._index[id(variable)]

    # The step.

    def apply(self, grads, trainable_variables=None):
        """Change the variables by their gradients.

        Args:
            grads: list of arrays, `None` where a variable has no gradient.
            trainable_variables: their variables, by default those the optimizer was built with.
        Raises: ValueError if the lists do not match, a variable is unknown, or there is no gradient at all.
        """
        grads = list(grads)
        if not grads:
            return
        pairs = _with_gradients(grads, self._variables_for(grads, trainable_variables))
        pairs = [pair for pair in pairs if not self._overwrite(*pair)]
        if pairs:
            grads, variables = map(list, zip(*pairs, strict=True))
            if self.loss_scale_factor is not None:
                grads = [g / self.loss_scale_factor for g in grads]
            change = self._accumulate if self.gradient_accumulation_steps else self._change
            change(grads, variables)
            if self.use_ema:
                self.averages.follow(self.iterations, self.ema_momentum, self.ema_overwrite_frequency)
            for variable in variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable.value))
        self._iterations.assign_add(1)

    def apply_gradients(self, grads_and_vars):
        """Change variables by gradients given as pairs (gradient, variable); return the step counter."""
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(grads, variables)
        return self._iterations

    def stateless_apply(self, optimizer_variables, grads, trainable_variables):
        """Return what `apply` would make of these values, without changing anything.

        Args:
            optimizer_variables: values of `variables`, in this order.
            grads: list of gradients.
            trainable_variables: values of the variables the optimizer was built with.
        Returns:  `(trainable_variables, optimizer_variables)`, lists of new values.
        Raises:   ValueError before `build`, or for lists of other lengths.
        """
        if not self.built:
            raise ValueError(
                f"To call `stateless_apply`, {type(self).__name__} must be built (i.e. its variables must have been "
                "created). You can build it via `optimizer.build(trainable_variables)`."
            )
        own, changed = self.variables, self._trainable_variables
        _check_length("optimizer_variables", optimizer_variables, own)
        _check_length("trainable_variables", trainable_variables, changed)
        values = [*trainable_variables, *optimizer_variables]
        with StatelessScope(zip([*changed, *own], values, strict=True)) as scope:
            self.apply(grads)
        return [scope.get_current_value(v) for v in changed], [scope.get_current_value(v) for v in own]

    def scale_loss(self, loss):
        """Return the loss whose gradients `apply` expects."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def _variables_for(self, grads, variables):
        if variables is None and not self.built:
            raise ValueError(
                "When passing `grads` without `variables`, the optimizer must already be built on a list of "
                "variables. Call `optimizer.build(trainable_variables)` first."
            )
        variables = self._trainable_variables if variables is None else list(variables)
        if not self.built:
            with name_scope(self.name, caller=self):
                self.build(variables)
            self.built = True  # for a `build` that does not call ours
        if len(grads) != len(variables):
            raise ValueError(f"There must be one gradient per variable. Received {len(grads)} for {len(variables)}.")
        for variable in variables:
            if id(variable) not in self._index:
                raise ValueError(
                    f"Unknown variable: {variable}. This optimizer can only be called for the variables it was "
                    "originally built with. For a new set of variables, make a new optimizer."
                )
        return variables

    def _change(self, grads, variables):
        grads = self._clip_gradients(grads)
        self._apply_weight_decay(variables)
        learning_rate = self.learning_rate
        for gradient, variable in zip(grads, variables, strict=True):
            self.update_step(gradient, variable, learning_rate)

    def _clip_gradients(self, grads):
        return clipping.clip(list(grads), self.clipnorm, self.global_clipnorm, self.clipvalue)

    def _accumulate(self, grads, variables):
        """Add the gradients up; change the variables by their mean when enough of them came."""
        sums = [self._accumulated_gradients[self._get_variable_index(variable)] for variable in variables]
        totals = [g + s.value for g, s in zip(grads, sums, strict=True)]
        means = [total / self.gradient_accumulation_steps for total in totals]
        is_due = self._update_is_due()
        branch(is_due, [*variables, *self._variables], lambda: self._change(means, variables))
        for s, total in zip(sums, totals, strict=True):
            s.assign(jnp.where(is_due, 0, total))

    def _update_is_due(self):
        return (self._iterations + 1) % self.gradient_accumulation_steps == 0

    def _overwrite(self, gradient, variable):
        """Give a variable its next value, where that comes in place of a gradient (as for the scales of float8)."""
        if not variable.overwrite_with_gradient:
            return False
        value = gradient
        if self.gradient_accumulation_steps:
            largest = self._accumulated_gradients[self._get_variable_index(variable)]
            is_due, peak = self._update_is_due(), jnp.maximum(gradient, largest.value)
            value = jnp.where(is_due, peak, variable.value)
            largest.assign(jnp.where(is_due, 0, peak))
        variable.assign(value)
        return True

    # Weight decay, the end of training, files.

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Let some variables be without weight decay; to be called before `build`.

        Args:
            var_list: list of variables.
            var_names: list of regular expressions; a variable in whose name one is found is excluded.
        Raises: ValueError if the optimizer is built.
        """
        if self.built:
            raise ValueError("`exclude_from_weight_decay()` can only be configured before the optimizer is built.")
        self._undecayed = {id(variable) for variable in var_list or ()}
        self._undecayed_pattern = "|".join(var_names) if var_names else None

    def _use_weight_decay(self, variable):
        if id(variable) in self._undecayed:
            return False
        return not (self._undecayed_pattern and re.search(self._undecayed_pattern, variable.name))

    def _weight_decay_of(self, variable):
        return self.weight_decay

    def _apply_weight_decay(self, variables):
        for variable in variables:
            decay = self._weight_decay_of(variable)
            if decay is not None and self._use_weight_decay(variable):
                w = variable.value
                variable.assign(w - w * decay * dtypes.as_array(self.learning_rate, dtype=w.dtype))

    @property
    def _model_variables_moving_average(self):
        """The moving averages, under the name by which programs reach for them."""
        return self.averages.averages

    def finalize_variable_values(self, var_list):
        """Set variables to their moving averages, if those are kept; called when training ends."""
        if self.use_ema:
            self.averages.finish(var_list)

    def get_config(self):
        """Return the constructor's arguments."""
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": float(rate) if isinstance(rate, Variable) else serialize_keras_object(rate),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
            **{name: getattr(self, name) for name in self.hyperparameters},
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the optimizer that a config describes."""
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = {**config, "learning_rate": deserialize_keras_object(rate, custom_objects=custom_objects)}
        return cls(**config)


def _with_gradients(grads, variables):
    """Return the pairs (gradient, variable) that have a gradient; warn of the others."""
    missing = [variable.path for gradient, variable in zip(grads, variables, strict=True) if gradient is None]
    if len(missing) == len(variables):
        raise ValueError("No gradients provided for any variable.")
    if missing:
        warnings.warn(
            f"Gradients do not exist for variables {missing} when minimizing the loss. "
            "If using `model.compile()`, did you forget to provide a `loss` argument?",
            stacklevel=3,
        )
    return [(dtypes.as_array(g), variable) for g, variable in zip(grads, variables, strict=True) if g is not None]


def _check_length(argument, values, variables):
    if len(values) != len(variables):
        raise ValueError(
            f"Argument `{argument}` must hold one value for each of the {len(variables)} variables the optimizer was "
            f"built with. Received {len(values)}."
        )

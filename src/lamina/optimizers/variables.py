"""The variables that an optimizer keeps: made, found again, and stored in files."""

import warnings

import jax
import numpy as np

from lamina.core import config
from lamina.core.names import name_scope
from lamina.core.saveable import KerasSaveable
from lamina.core.variable import Variable
from lamina.optimizers.schedules.schedule import LearningRateSchedule

# Attributes whose variables belong to the model, or are tracked already.
_UNTRACKED = frozenset({"_trainable_variables", "_slots", "_accumulated_gradients"})


class OwnsVariables(KerasSaveable):
    """Keep a step counter, a learning rate, and what `add_variable` makes or an attribute holds, in this order."""

    def __setattr__(self, name, value):
        if "_variables" not in self.__dict__:
            raise RuntimeError(
                f"In optimizer '{type(self).__name__}', you forgot to call `super().__init__()` as the first statement "
                "in the `__init__()` method."
            )
        if name not in _UNTRACKED:
            items = value if isinstance(value, list | tuple) else (value,)
            self._track(item for item in items if isinstance(item, Variable))
        object.__setattr__(self, name, value)

    def _track(self, variables):
        known = {id(variable) for variable in self._variables}
        self._variables.extend(variable for variable in variables if id(variable) not in known)

    def _as_learning_rate(self, value):
        if callable(value):
            return value
        if not isinstance(value, float):
            raise ValueError(
                "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable "
                "(that takes no arguments and returns the learning rate). "
                f"Received instead: learning_rate={value} (of type {type(value).__name__})"
            )
        return self._scalar(value, config.floatx(), "learning_rate")

    def _scalar(self, value, dtype, name):
        with name_scope(self.name, caller=self):
            return Variable(value, dtype=dtype, trainable=False, aggregation="only_first_replica", name=name)

    @property
    def iterations(self):
        """How many times the variables were changed [steps]."""
        if self.gradient_accumulation_steps:
            return self._iterations // self.gradient_accumulation_steps
        return self._iterations

    @property
    def learning_rate(self):
        """The learning rate as it is now: a Variable, or what the schedule or callable returns.

        Raises: TypeError when a number is set where a schedule or callable governs.
        """
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return rate
        return rate(self._iterations) if isinstance(rate, LearningRateSchedule) else rate()

    @learning_rate.setter
    def learning_rate(self, value):
        current = self._learning_rate
        if callable(value):
            self._learning_rate = value
            self._variables[:] = [variable for variable in self._variables if variable is not current]
        elif isinstance(current, Variable):
            current.assign(value)
        else:
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object, or a function, as its "
                f"`learning_rate`, {current}: hence its learning rate cannot be set to a number. "
                "Make the optimizer with a float, such as `learning_rate=0.01`, to set it later."
            )

    @property
    def variables(self):
        """The optimizer's own variables, in the order files have them."""
        return list(self._variables)

    def add_variable(self, shape, initializer="zeros", dtype=None, aggregation="none", layout=None, name=None):
        """Return a new variable of the optimizer."""
        with name_scope(self.name, caller=self):
            variable = Variable(
                initializer=constant(0) if initializer == "zeros" else initializer,
                shape=shape,
                dtype=dtype,
                trainable=False,
                aggregation=aggregation,
                layout=layout,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """Return a new variable of the optimizer with the shape, dtype and layout of a model's variable."""
        return self.add_variable(
            shape=reference_variable.shape,
            initializer=initializer,
            dtype=reference_variable.dtype,
            layout=reference_variable._layout,
            name=f"{reference_variable.path.replace('/', '_')}_{name or 'var'}",
        )

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """Return, for a name, the list of new variables, one for each of `trainable_variables`; for names, such lists.

        Args:
            trainable_variables: the model's variables; one that is overwritten with its gradient gets `None`.
            name: a string, or a list of strings.
            initializer: one for all names, or a list of one for each.
        Raises: ValueError if there are not as many initializers as names.
        """
        names = [name] if isinstance(name, str) else list(name)
        initializers = initializer if isinstance(initializer, list | tuple) else [initializer] * len(names)
        if len(names) != len(initializers):
            raise ValueError(
                "The number of provided names must match the number of provided initializers. "
                f"Received name='{name}', initializer='{initializer}'"
            )
        lists = tuple([] for _ in names)
        for variable in trainable_variables:
            for made, *slot in zip(lists, names, initializers, strict=True):
                skip = variable.overwrite_with_gradient
                made.append(None if skip else self.add_variable_from_reference(variable, *slot))
        return lists[0] if isinstance(name, str) else lists

    def assign(self, variable, value):
        """Give a variable a new value."""
        variable.assign(value)

    def assign_add(self, variable, value):
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable, value):
        """Subtract from a variable."""
        variable.assign_sub(value)

    def set_weights(self, weights):
        """Set the values of `variables`.

        Raises: ValueError before `build`, or if a shape differs.
        """
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. "
                "Please call `optimizer.build(trainable_variables)` first."
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store):
        """Put the values of `variables` into a dict-like, numbered."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store):
        """Take the values of `variables` from a dict-like; warn, and leave them, if their number differs."""
        variables = self.variables
        if len(store.keys()) != len(variables):
            warnings.warn(
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(variables)} variables "
                f"whereas the saved optimizer has {len(store.keys())} variables.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(variables):
            variable.assign(store[str(i)])


def copied(variable):
    """Return a variable's value in a buffer of its own; two variables that share one could not both be donated."""
    return jax.device_put(variable.value, may_alias=False)


def constant(value):
    """Return an initializer that fills an array with `value`, by NumPy: it compiles nothing, whatever the shape."""
    return lambda shape, dtype=None: np.full(shape, value, dtype=dtype)

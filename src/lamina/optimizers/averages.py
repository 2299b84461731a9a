"""Moving averages of variables."""

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.optimizers.variables import copied


class MovingAverages:
    """Variables and the moving averages that follow them.

    Maths:    a <- momentum * a + (1 - momentum) * w;  a = w after the first step
    Args:
        variables: list of Variables.
        averages: list of Variables of the same shapes; `None` for a variable that has no average.
    Source:   Polyak and Juditsky 1992; Keras 3 `Optimizer(use_ema=True)`.
    Example:
        >>> from lamina.core.variable import Variable
        >>> w, a = Variable(3.0), Variable(1.0)
        >>> MovingAverages([w], [a]).swap()
        >>> float(w), float(a)
        (1.0, 3.0)
    """

    def __init__(self, variables, averages):
        self.variables = variables
        self.averages = averages

    def _pairs(self):
        pairs = zip(self.variables, self.averages, strict=True)
        return [(variable, average) for variable, average in pairs if average is not None]

    def follow(self, step, momentum, overwrite_frequency=None):
        """Take the variables in; every `overwrite_frequency` steps set them to their averages.

        Args:
            step: how many steps were taken before this one [steps].
            momentum: how much of the averages is kept [fraction 0-1].
            overwrite_frequency: number of steps, or `None` for never [steps].
        """
        step = dtypes.as_array(step)
        for variable, average in self._pairs():
            w = variable.value
            keep = (step > 0).astype(w.dtype) * momentum
            mean = average.assign(keep * average.value + (1 - keep) * w)
            if overwrite_frequency:
                variable.assign(jnp.where((step + 1) % overwrite_frequency == 0, mean, w))

    def swap(self):
        """Exchange the variables' values and their averages."""
        for variable, average in self._pairs():
            value = variable.value
            variable.assign(average.value)
            average.assign(value)

    def restart(self):
        """Set the averages to the variables' values."""
        for variable, average in self._pairs():
            average.assign(copied(variable))

    def finish(self, variables):
        """Set variables to the averages.

        Raises: ValueError if there are not as many of them.
        """
        if len(variables) != len(self.averages):
            raise ValueError(
                f"The length of model variables ({len(variables)}) does not match the number of averages "
                f"({len(self.averages)}) that the optimizer keeps. Was the optimizer built for another model?"
            )
        for variable, average in zip(variables, self.averages, strict=True):
            if average is not None:
                variable.assign(copied(average))

"""Learning rates that fall as a power, a quotient, a polynomial, or in stairs."""

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.optimizers.schedules.schedule import LearningRateSchedule, as_float, check_positive


class ExponentialDecay(LearningRateSchedule):
    """Multiply the learning rate by a constant every so many steps.

    Maths:    rate(t) = initial * decay_rate ^ (t / decay_steps)
    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: in how many steps `decay_rate` is multiplied in once [steps].
        decay_rate: the factor [fraction 0-1].
        staircase: whether the exponent is rounded down, so that the rate falls in stairs.
        name: name of the schedule.
    Raises:   ValueError if `decay_steps` is not positive.
    Source:   Keras 3 `ExponentialDecay`.
    Example:
        >>> float(ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20))
        0.02500000037252903
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step):
        """Return the learning rate after `step` steps."""
        return as_float(self.initial_learning_rate) * as_float(self.decay_rate) ** _periods(self, step)

    def get_config(self):
        """Return the constructor's arguments."""
        return _decay_config(self)


class InverseTimeDecay(LearningRateSchedule):
    """Divide the learning rate by a number that grows with the steps.

    Maths:    rate(t) = initial / (1 + decay_rate * t / decay_steps)
    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: in how many steps the divisor grows by `decay_rate` [steps].
        decay_rate: how fast it grows.
        staircase: whether `t / decay_steps` is rounded down, so that the rate falls in stairs.
        name: name of the schedule.
    Raises:   ValueError if `decay_steps` is not positive.
    Source:   Keras 3 `InverseTimeDecay`.
    Example:
        >>> float(InverseTimeDecay(0.5, decay_steps=10, decay_rate=1.0)(10))
        0.25
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step):
        """Return the learning rate after `step` steps."""
        return as_float(self.initial_learning_rate) / (1 + self.decay_rate * _periods(self, step))

    def get_config(self):
        """Return the constructor's arguments."""
        return _decay_config(self)


def _periods(decay, step):
    """How many times `decay_steps` have passed."""
    periods = as_float(step) / decay.decay_steps
    return jnp.floor(periods) if decay.staircase else periods


def _decay_config(decay):
    return {
        "initial_learning_rate": decay.initial_learning_rate,
        "decay_steps": decay.decay_steps,
        "decay_rate": decay.decay_rate,
        "staircase": decay.staircase,
        "name": decay.name,
    }


class PolynomialDecay(LearningRateSchedule):
    """Let the learning rate fall to an end value along a polynomial (by default a line).

    Maths:    rate(t) = (initial - end) * (1 - min(t, T) / T) ^ power + end,  T = decay_steps
              with cycle, T = decay_steps * max(1, ceil(t / decay_steps))
    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: after how many steps the end value is reached [steps].
        end_learning_rate: the end value.
        power: exponent of the polynomial.
        cycle: whether the rate jumps up again, less high each time, when the end value is reached.
        name: name of the schedule.
    Raises:   ValueError if `decay_steps` is not positive.
    Source:   Keras 3 `PolynomialDecay`.
    Example:
        >>> float(PolynomialDecay(1.0, decay_steps=4, end_learning_rate=0.0)(3))
        0.25
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        end_learning_rate=0.0001,
        power=1.0,
        cycle=False,
        name="PolynomialDecay",
    ):
        check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step):
        """Return the learning rate after `step` steps."""
        step, total = as_float(step), as_float(self.decay_steps)
        if self.cycle:
            total = total * jnp.maximum(1, jnp.ceil(step / total))
        left = 1 - jnp.minimum(step, total) / total
        start, end = as_float(self.initial_learning_rate), as_float(self.end_learning_rate)
        return (start - end) * left ** as_float(self.power) + end

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


class PiecewiseConstantDecay(LearningRateSchedule):
    """Keep the learning rate constant between given steps.

    Maths:    rate(t) = values[i],  i = number of boundaries below t
    Args:
        boundaries: rising numbers of steps; each is the last step of its value [steps].
        values: the rates, one more than boundaries.
        name: name of the schedule.
    Raises:   ValueError if the lengths do not fit.
    Source:   Keras 3 `PiecewiseConstantDecay`.
    Example:
        >>> schedule = PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
        >>> float(schedule(10)), float(schedule(11)), float(schedule(99))
        (1.0, 0.5, 0.25)
    """

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. "
                f"Received: boundaries={boundaries} of length {len(boundaries)}, and values={values} of length "
                f"{len(values)}."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step):
        """Return the learning rate after `step` steps."""
        step = dtypes.as_array(step)
        passed = [(step > dtypes.as_array(boundary, dtype=step.dtype)).astype("int32") for boundary in self.boundaries]
        return as_float(self.values)[sum(passed)]

    def get_config(self):
        """Return the constructor's arguments."""
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}

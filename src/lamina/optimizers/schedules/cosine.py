"""Learning rates that fall along half a cosine."""

import math

import jax.numpy as jnp

from lamina.optimizers.schedules.schedule import LearningRateSchedule, as_float, check_positive


def _half_cosine(fraction):
    """Fall from 1 to 0 while `fraction` grows from 0 to 1."""
    return 0.5 * (1 + jnp.cos(math.pi * fraction))


class CosineDecay(LearningRateSchedule):
    """Raise the learning rate along a line, if asked to, then let it fall along half a cosine.

    Maths:    top * ((1 - alpha) * (1 + cos(pi * min(s, decay_steps) / decay_steps)) / 2 + alpha)
              top = initial, s = t without a warmup; else top = warmup_target, s = t - warmup_steps from there on
    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: how long the rate falls [steps].
        alpha: what is left in the end, as a part of the highest rate [fraction 0-1].
        name: name of the schedule.
        warmup_target: the rate that the warmup ends at; `None`: no warmup.
        warmup_steps: how long the warmup takes [steps].
    Raises:   ValueError if `decay_steps` is not positive.
    Source:   Keras 3 `CosineDecay`; Loshchilov and Hutter 2016, arXiv:1608.03983.
    Example:
        >>> schedule = CosineDecay(0.0, decay_steps=10, warmup_target=1.0, warmup_steps=4)
        >>> [round(float(schedule(step)), 3) for step in (0, 2, 4, 9, 14)]
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(
        self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None, warmup_steps=0
    ):
        check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        """Return the learning rate after `step` steps."""
        step, start = as_float(step), as_float(self.initial_learning_rate)
        if self.warmup_target is None:
            return self._decayed(step, start)
        top = as_float(self.warmup_target)
        warm = start + (top - start) * step / max(self.warmup_steps, 1)
        return jnp.where(step < self.warmup_steps, warm, self._decayed(step - self.warmup_steps, top))

    def _decayed(self, step, top):
        fraction = jnp.minimum(step, self.decay_steps) / self.decay_steps
        return top * ((1 - self.alpha) * _half_cosine(fraction) + self.alpha)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(LearningRateSchedule):
    """Let the learning rate fall along half a cosine again and again, each time more slowly and less high.

    Maths:    initial * ((1 - alpha) * m_mul^i * (1 + cos(pi * f)) / 2 + alpha)
              i = number of restarts so far, f = how far the current period of first_decay_steps * t_mul^i is done
    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: length of the first period [steps].
        t_mul: how many times longer each period is than the one before it.
        m_mul: height of each restart, as a part of the one before it.
        alpha: what is left at the end of a period, as a part of the initial rate [fraction 0-1].
        name: name of the schedule.
    Raises:   ValueError if `first_decay_steps` is not positive.
    Source:   Keras 3 `CosineDecayRestarts`; Loshchilov and Hutter 2016, arXiv:1608.03983.
    Example:
        >>> schedule = CosineDecayRestarts(1.0, first_decay_steps=4)
        >>> [round(float(schedule(step)), 3) for step in (0, 2, 4, 8, 12)]
        [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        check_positive(first_decay_steps=first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step):
        """Return the learning rate after `step` steps."""
        restarts, fraction = self._period(as_float(step) / self.first_decay_steps)
        height = as_float(self.m_mul) ** restarts
        decayed = (1 - self.alpha) * height * _half_cosine(fraction) + self.alpha
        return as_float(self.initial_learning_rate) * decayed

    def _period(self, elapsed):
        """Return how many periods are over, and which fraction of the running one; `elapsed` counts first periods."""
        if self.t_mul == 1.0:
            restarts = jnp.floor(elapsed)
            return restarts, elapsed - restarts
        growth = as_float(self.t_mul)
        restarts = jnp.floor(jnp.log(1 - elapsed * (1 - growth)) / jnp.log(growth))
        length = growth**restarts
        before = (1 - length) / (1 - growth)  # the sum of all earlier lengths
        return restarts, (elapsed - before) / length

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }

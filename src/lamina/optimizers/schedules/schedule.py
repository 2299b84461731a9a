"""LearningRateSchedule: a learning rate that depends on the step."""

from lamina.core import config, dtypes


class LearningRateSchedule:
    """A function from the number of steps taken to the learning rate.

    A subclass defines `__call__` and, to be saved, `get_config`.

    Source:   Keras 3 `LearningRateSchedule`.
    Example:
        >>> class Halving(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5**step
        >>> Halving()(3)
        0.125
    """

    def __call__(self, step):
        """Return the learning rate after `step` steps."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        )

    def get_config(self):
        """Return the constructor's arguments."""
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `get_config()` in order to be serializable."
        )

    @classmethod
    def from_config(cls, config):
        """Make the schedule that a config describes."""
        return cls(**config)


def as_float(x):
    """Return a number, array or Variable as an array of the default float dtype, in which rates are computed."""
    return dtypes.as_array(x, dtype=config.floatx())


def check_positive(**steps):
    """Raise ValueError unless each number of steps is positive."""
    for name, value in steps.items():
        if value <= 0:
            raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={value}")

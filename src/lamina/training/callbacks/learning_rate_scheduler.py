"""LearningRateScheduler: a learning rate for each epoch."""

import inspect

import numpy as np

from lamina.training.callbacks.callback import Callback
from lamina.training.callbacks.learning_rates import log_learning_rates, optimizers_of
from lamina.training.messages import say


class LearningRateScheduler(Callback):
    """Set the learning rate before each epoch.

    Args:
        schedule: function from (epoch, learning rate), or from the epoch alone, to the new learning rate, a float.
        verbose: 1 says what is set.
    Raises:   ValueError if the schedule returns anything but a float.
    Source:   Keras 3 `LearningRateScheduler`.
    Example:
        >>> from types import SimpleNamespace
        >>> scheduler = LearningRateScheduler(lambda epoch, rate: rate / 2)
        >>> scheduler.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.5)))
        >>> scheduler.on_epoch_begin(0)
        >>> scheduler.model.optimizer.learning_rate
        0.25
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        """Set the learning rate."""
        for name, optimizer in optimizers_of(self.model):
            optimizer.learning_rate = rate = self._rate(optimizer, epoch)
            if self.verbose > 0:
                which = f"{name} learning rate" if name else "learning rate"
                say(f"Epoch {epoch + 1}: LearningRateScheduler setting {which} to {rate}.")

    def _rate(self, optimizer, epoch):
        if not hasattr(optimizer, "learning_rate"):
            raise ValueError('Optimizer must have a "learning_rate" attribute.')
        both = _takes_two(self.schedule)
        rate = self.schedule(epoch, float(optimizer.learning_rate)) if both else self.schedule(epoch)
        if not isinstance(rate, float | np.floating):
            raise ValueError(f"The output of the `schedule` function should be a float. Got: {rate}")
        return float(rate)

    def on_epoch_end(self, epoch, logs=None):
        """Put the learning rate into the logs."""
        log_learning_rates(self.model, {} if logs is None else logs)


def _takes_two(function):
    try:
        inspect.signature(function).bind(0, 0.1)
    except TypeError:
        return False
    return True

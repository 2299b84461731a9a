"""ReduceLROnPlateau: smaller steps when larger ones no longer help."""

import numpy as np

from lamina.training.callbacks.learning_rates import log_learning_rates, optimizers_of
from lamina.training.callbacks.monitor import MonitorCallback
from lamina.training.messages import say


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate when a metric has not got better for some epochs.

    Args:
        monitor: name of the metric in the logs.
        factor: what the learning rate is multiplied by [fraction 0-1].
        patience: how many epochs without a gain are borne [epochs].
        verbose: 1 says when the learning rate changes.
        mode: "min" if less is better, "max" if more is better, "auto" to ask the metric.
        min_delta: smaller changes are none.
        cooldown: for how many epochs after a change nothing is counted [epochs].
        min_lr: least learning rate.
    Raises:   ValueError if `factor` is 1 or more.
    Source:   Keras 3 `ReduceLROnPlateau`.
    Example:
        >>> from types import SimpleNamespace
        >>> plateau = ReduceLROnPlateau("loss", factor=0.5, patience=1)
        >>> plateau.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.5)))
        >>> for epoch in range(2):
        ...     plateau.on_epoch_end(epoch, {"loss": 1.0})
        >>> plateau.model.optimizer.learning_rate
        0.25
    """

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0.0,
        **kwargs,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}")
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs=None):
        """Forget earlier runs."""
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch, logs=None):
        """Look whether the metric got better, and reduce the learning rate if it has not for too long."""
        logs = {} if logs is None else logs
        log_learning_rates(self.model, logs)
        value = self.get_monitor_value(logs)
        if value is None:
            return
        gained = self._sees_gain(value)
        if gained or self.in_cooldown():
            self.wait = 0
        self.cooldown_counter = max(self.cooldown_counter - 1, 0)
        if not gained and not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce_all(epoch)

    def _reduce_all(self, epoch):
        reduced = [self._reduce(name, optimizer, epoch) for name, optimizer in optimizers_of(self.model)]
        if any(reduced):
            self.cooldown_counter = self.cooldown
            self.wait = 0

    def _reduce(self, name, optimizer, epoch):
        old = float(optimizer.learning_rate)
        if old <= np.float32(self.min_lr):  # learning rates are kept in float32
            return False
        new = max(old * self.factor, self.min_lr)
        optimizer.learning_rate = new
        if self.verbose > 0:
            which = f"{name} learning rate" if name else "learning rate"
            say(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing {which} to {new}.")
        return True

    def in_cooldown(self):
        """Tell whether the last change was too short a time ago."""
        return self.cooldown_counter > 0

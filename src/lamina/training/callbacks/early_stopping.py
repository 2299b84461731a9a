"""EarlyStopping: no more epochs when they no longer help."""

from lamina.training.callbacks.monitor import MonitorCallback
from lamina.training.messages import say


class EarlyStopping(MonitorCallback):
    """End training when a metric has not got better for some epochs.

    Args:
        monitor: name of the metric in the logs.
        min_delta: smaller changes are none.
        patience: how many epochs without a gain are borne [epochs].
        verbose: 1 says when training ends.
        mode: "min" if less is better, "max" if more is better, "auto" to ask the metric.
        baseline: value that must be bettered within `patience` epochs.
        restore_best_weights: whether the model gets back its weights of the best epoch.
        start_from_epoch: first epoch that counts [epochs].
    Source:   Keras 3 `EarlyStopping`; Prechelt 1998, "Early stopping - but when?".
    Example:
        >>> from types import SimpleNamespace
        >>> stopper = EarlyStopping("loss", patience=1)
        >>> stopper.set_model(SimpleNamespace(stop_training=False))
        >>> stopper.on_train_begin()
        >>> for epoch, loss in enumerate([0.5, 0.4, 0.45]):
        ...     stopper.on_epoch_end(epoch, {"loss": loss})
        >>> stopper.model.stop_training, stopper.best_epoch
        (True, 1)
    """

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
        start_from_epoch=0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._restart()

    def _restart(self):
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights = None

    def on_train_begin(self, logs=None):
        """Forget earlier runs."""
        self._restart()

    def on_epoch_end(self, epoch, logs=None):
        """Look whether the metric got better, and end training if it has not for too long."""
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self._sees_gain(value):
            self._keep_weights(epoch)
            if self.baseline is None or self._is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _keep_weights(self, epoch):
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()

    def on_train_end(self, logs=None):
        """Restore the best weights, if asked to."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                say(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

"""ModelCheckpoint: the model in a file, after each epoch or when it is better than before."""

import os
import warnings

import numpy as np

from lamina.training.callbacks.callback import needed_if
from lamina.training.callbacks.frequency import Frequency
from lamina.training.callbacks.monitor import MonitorCallback
from lamina.training.messages import say


class ModelCheckpoint(MonitorCallback):
    """Save the model or its weights while it trains.

    Args:
        filepath: path of the file, ending in ".keras", or in ".weights.h5" for weights. It may hold `{epoch}`,
            `{batch}` and names of metrics as format fields: "model-{epoch:02d}-{val_loss:.2f}.keras".
        monitor: name of the metric that decides what is best.
        verbose: 1 says what is saved.
        save_best_only: whether to save only when the metric is better than ever before.
        save_weights_only: whether to save weights (with the optimizer's state) in place of the whole model.
        mode: "min" if less is better, "max" if more is better, "auto" to ask the metric.
        save_freq: "epoch", or after how many batches to save [steps].
        initial_value_threshold: value that the first best one must better.
    Raises:   ValueError for a path with another ending, or another `save_freq`; KeyError for a field that is in no log;
        OSError if the path is a directory.
    Source:   Keras 3 `ModelCheckpoint`.
    Example:
        >>> class Model:
        ...     def save(self, path, overwrite):
        ...         print("saved", path)
        >>> checkpoint = ModelCheckpoint("{epoch}-{loss:.1f}.keras")
        >>> checkpoint.set_model(Model())
        >>> checkpoint.on_epoch_end(0, {"loss": 0.5})
        saved 1-0.5.keras
    """

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._frequency = Frequency(save_freq)
        self._current_epoch = 0
        self._check_ending()

    def _check_ending(self):
        endings = (".weights.h5",) if self.save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            what = "`save_weights_only=True`" if self.save_weights_only else "whole models"
            raise ValueError(f"For {what}, the filepath must end in `{endings[0]}`. Received: filepath={self.filepath}")

    @property
    def _saves_after_batches(self):
        return self._frequency.batches is not None

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self._current_epoch = epoch

    @needed_if("_saves_after_batches")
    def on_train_batch_end(self, batch, logs=None):
        """Save after so many batches."""
        if self._saves_after_batches and self._frequency.is_due(batch):
            self._save(self._current_epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch, logs=None):
        """Save after an epoch."""
        if not self._saves_after_batches:
            self._save(epoch, logs or {})

    def _save(self, epoch, logs):
        path = self._path(epoch, logs)
        if not self._should_save(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise OSError(f"ModelCheckpoint needs the path of a file. This is an existing directory: {path}")
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)

    def _path(self, epoch, logs):
        try:
            return self.filepath.format(**{"epoch": epoch + 1, **logs})
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". It names {error}, but the logs only have '
                f"epoch, {', '.join(logs)}."
            ) from error

    def _should_save(self, epoch, logs, path):
        if not self.save_best_only:
            self._say(f"Epoch {epoch + 1}: saving model to {path}")
            return True
        current = logs.get(self.monitor)
        if current is None or np.ndim(current) > 0:
            reason = "not available" if current is None else f"no scalar: {current}"
            warnings.warn(
                f"Can save best model only with {self.monitor} available; it is {reason}. Saving the model as it is.",
                stacklevel=4,
            )
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(f"Epoch {epoch + 1}: {self.monitor} did not improve from {before}")
            return False
        self._say(f"Epoch {epoch + 1}: {self.monitor} improved from {before} to {current:.5f}, saving model to {path}")
        self.best = current
        return True

    def _say(self, text):
        if self.verbose > 0:
            say(text)

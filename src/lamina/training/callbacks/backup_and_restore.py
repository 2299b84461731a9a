"""BackupAndRestore: a run that was killed goes on where it was."""

import json
import os
import shutil

from lamina.core.errors import FileError
from lamina.training.callbacks import random_state
from lamina.training.callbacks.callback import Callback, needed_if
from lamina.training.callbacks.frequency import Frequency


class BackupAndRestore(Callback):
    """Save the state of training, and begin with it when `fit` is called again after an interruption.

    With backups after epochs, a run that was interrupted ends with the weights of one that was not, to the last bit:
    the order of the data and what dropout leaves out go on as they would have.

    Args:
        backup_dir: directory for the files; only this callback may use it.
        save_freq: "epoch", or after how many batches to save [steps]; a run goes on at the beginning of its epoch.
        double_checkpoint: whether the backup before the last is kept, too, and used if the last one cannot be read.
        delete_checkpoint: whether the directory is removed when training ends.
    Raises:   ValueError for an empty directory name or another `save_freq`, and in `fit` for a model that is not built.
    Source:   Keras 3 `BackupAndRestore`, with the same files; the state of random numbers is ours.
    Example:
        >>> BackupAndRestore("/tmp/backup", save_freq="epoch").params is None
        True
    """

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True):
        super().__init__()
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._frequency = Frequency(save_freq)
        self._current_epoch = 0  # the epoch that a restored run begins with
        self._last_batch_seen = 0
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._prev_weights_path = self._weights_path + ".bkp"
        self._prev_training_metadata_path = self._training_metadata_path + ".bkp"

    @property
    def _last_and_previous(self):
        yield self._weights_path, self._prev_weights_path
        yield self._training_metadata_path, self._prev_training_metadata_path

    @property
    def _saves_after_batches(self):
        return self._frequency.batches is not None

    def on_train_begin(self, logs=None):
        """Restore what an earlier run saved."""
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, your model must be built before you call `fit()`. "
                f"Model {self.model} is unbuilt. You can build it by calling it on a batch of data."
            )
        try:
            self._restore()
        except (OSError, FileError):
            if not os.path.exists(self._prev_weights_path):
                raise
            for last, previous in self._last_and_previous:
                shutil.copy(previous, last)
            self._restore()

    def _restore(self):
        if os.path.exists(self._weights_path):
            optimizer = self.model.optimizer
            if optimizer is not None and not optimizer.built:
                optimizer.build(self.model.trainable_variables)
            self.model.load_weights(self._weights_path)
        if os.path.exists(self._training_metadata_path):
            with open(self._training_metadata_path) as file:
                metadata = json.load(file)
            self.model._initial_epoch = metadata["epoch"]
            if "random" in metadata:
                random_state.restore(self.model, metadata["random"])

    def on_epoch_begin(self, epoch, logs=None):
        """Remember the epoch."""
        self._current_epoch = epoch

    @needed_if("_saves_after_batches")
    def on_train_batch_end(self, batch, logs=None):
        """Save after so many batches."""
        self._last_batch_seen = batch
        if self._saves_after_batches and self._frequency.is_due(batch):
            self._save(batch)

    def on_epoch_end(self, epoch, logs=None):
        """Save after an epoch."""
        self._current_epoch = epoch + 1
        if not self._saves_after_batches:
            self._save(0)

    def _save(self, batch):
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for last, previous in self._last_and_previous:
                if os.path.exists(last):
                    shutil.copy(last, previous)
        with open(self._training_metadata_path + ".new", "w") as file:
            json.dump({"epoch": self._current_epoch, "batch": batch, "random": random_state.capture(self.model)}, file)
        self.model.save_weights(self._weights_path, overwrite=True)
        os.replace(self._training_metadata_path + ".new", self._training_metadata_path)

    def on_train_end(self, logs=None):
        """Remove the backup, unless it is to be kept."""
        if self.delete_checkpoint and os.path.exists(self.backup_dir):
            shutil.rmtree(self.backup_dir)

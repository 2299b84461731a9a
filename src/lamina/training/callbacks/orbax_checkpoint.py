"""OrbaxCheckpoint: checkpoints that several machines write together, in the background."""

import json
import os
import warnings

from lamina.core.serialization import serialize_keras_object, sharing_objects
from lamina.training.callbacks.callback import needed_if
from lamina.training.callbacks.frequency import Frequency
from lamina.training.callbacks.monitor import MonitorCallback
from lamina.training.state_tree import get_state_tree


class OrbaxCheckpoint(MonitorCallback):
    """Save the model's state in Orbax's format while it trains, each machine its own shards.

    Needs `orbax-checkpoint`: `pip install "lamina[checkpoint]"`.

    Args:
        directory: directory of the checkpoints, one subdirectory each.
        monitor: name of the metric that decides what is best.
        verbose: kept for Keras's sake.
        save_best_only: whether to save only when the metric is better than ever before.
        mode: "min" if less is better, "max" if more is better, "auto" to ask the metric.
        save_freq: "epoch", or after how many batches to save [steps].
        initial_value_threshold: value that the first best one must better.
        max_to_keep: how many checkpoints are kept, the newest ones; `None`: all [count].
        save_on_background: whether training goes on while a checkpoint is written.
        save_weights_only: whether to leave out the optimizer, the metrics and the model's configuration.
    Raises:   ImportError without `orbax-checkpoint`; ValueError for another `save_freq`.
    Source:   Keras 3 `OrbaxCheckpoint`, with the same contents.
    """

    def __init__(
        self,
        directory,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
        max_to_keep=1,
        save_on_background=True,
        save_weights_only=False,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self._orbax = _orbax()
        self.directory = os.path.abspath(directory)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_freq = save_freq
        self.max_to_keep = max_to_keep
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self._frequency = Frequency(save_freq)
        self._batches = 0
        options = self._orbax.CheckpointManagerOptions(
            max_to_keep=max_to_keep, enable_async_checkpointing=save_on_background
        )
        self.checkpointer = self._orbax.CheckpointManager(self.directory, options=options)

    @property
    def _saves_after_batches(self):
        return self._frequency.batches is not None

    def on_train_begin(self, logs=None):
        """Number checkpoints by the steps that were taken in all."""
        self._batches = int(self.model.optimizer.iterations)

    @needed_if("_saves_after_batches")
    def on_train_batch_end(self, batch, logs=None):
        """Save after so many batches."""
        self._batches += 1
        if self._saves_after_batches and self._frequency.is_due(batch):
            self._save(self._batches, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        """Save after an epoch."""
        if not self._saves_after_batches:
            self._save(epoch, logs or {})

    def _save(self, step, logs):
        if self.save_best_only and not self._is_best(logs):
            return
        args, state = self._orbax.args, get_state_tree(self.model)
        parts = {}
        if self.save_weights_only:
            state = {name: state[name] for name in ("trainable_variables", "non_trainable_variables")}
        else:
            parts["model_config"] = args.JsonSave({"config": self._model_config()})
        parts["pytree"] = args.StandardSave(state)
        self.checkpointer.save(step, args=args.Composite(**parts), force=True)

    def _is_best(self, logs):
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Can save best model only with {self.monitor} available, skipping this checkpoint.", stacklevel=4
            )
            return False
        if not self._is_improvement(current, self.best):
            return False
        self.best = current
        return True

    def _model_config(self):
        with sharing_objects():
            return json.dumps(serialize_keras_object(self.model))

    def wait_until_finished(self):
        """Wait until the checkpoints that are being written are complete."""
        self.checkpointer.wait_until_finished()

    def on_train_end(self, logs=None):
        """Complete the checkpoints."""
        self.checkpointer.wait_until_finished()


def _orbax():
    try:
        import orbax.checkpoint
    except ImportError as error:
        raise ImportError(
            'OrbaxCheckpoint requires the `orbax-checkpoint` package: pip install "lamina[checkpoint]"'
        ) from error
    return orbax.checkpoint

"""ProgbarLogger: the progress display as a callback."""

from lamina.training.callbacks.callback import Callback
from lamina.training.progress import Progress


class ProgbarLogger(Callback):
    """Show how far the loop is. `fit`, `evaluate` and `predict` do so by themselves; this is for loops of one's own.

    Source:   Keras 3 `ProgbarLogger`.
    Example:
        >>> bar = ProgbarLogger()
        >>> bar.set_params({"verbose": 2, "epochs": 5, "steps": 2})
        >>> bar.on_train_begin()
        >>> bar.on_epoch_begin(0)
        >>> bar.on_train_batch_end(0, {"loss": 0.5})
        >>> bar.on_epoch_end(0, {"loss": 0.5})
        Epoch 1/5 - 0.0s - ...s/step - loss: 0.5000
    """

    def __init__(self):
        super().__init__()
        self._progress = None
        self._in_fit = False

    def _begin(self):
        params = self.params or {}
        self._progress = Progress(params.get("epochs", 1), params.get("steps"), params.get("verbose", 1))

    def _end(self, logs=None):
        self._progress.epoch_end(logs)
        self._progress.close()

    def on_train_begin(self, logs=None):
        """Prepare for epochs."""
        self._in_fit = True
        self._begin()

    def on_train_end(self, logs=None):
        """Give the terminal back."""
        self._in_fit = False
        self._progress.close()

    def on_epoch_begin(self, epoch, logs=None):
        """Start a line."""
        if not self._in_fit:
            self._begin()
        self._progress.epoch_begin(epoch)

    def on_epoch_end(self, epoch, logs=None):
        """Finish the line."""
        self._progress.epoch_end(logs)

    def on_train_batch_end(self, batch, logs=None):
        """Draw, if it is time."""
        self._progress.step(batch + 1, logs)

    def on_test_begin(self, logs=None):
        """Start a line, unless this is the validation of an epoch."""
        if not self._in_fit:
            self._begin()

    def on_test_batch_end(self, batch, logs=None):
        """Draw, if it is time."""
        if not self._in_fit:
            self._progress.step(batch + 1, logs)

    def on_test_end(self, logs=None):
        """Finish the line."""
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs=None):
        """Start a line."""
        self._begin()

    def on_predict_batch_end(self, batch, logs=None):
        """Draw, if it is time."""
        self._progress.step(batch + 1)

    def on_predict_end(self, logs=None):
        """Finish the line."""
        self._end()

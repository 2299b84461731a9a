"""History: what was measured in each epoch."""

from lamina.training.callbacks.callback import Callback


class History(Callback):
    """Keep the logs of all epochs; every `fit` has one and returns it.

    `history.history` is a dict from names to lists of floats, `history.epoch` the list of epochs.

    Source:   Keras 3 `History`.
    Example:
        >>> from types import SimpleNamespace
        >>> history = History()
        >>> history.set_model(SimpleNamespace())
        >>> history.on_train_begin()
        >>> history.on_epoch_end(0, {"loss": 0.5})
        >>> history.history
        {'loss': [0.5]}
    """

    def __init__(self):
        super().__init__()
        self.history = {}
        self.epoch = []

    def on_train_begin(self, logs=None):
        """Count epochs anew."""
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        """Add the epoch's logs."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self

"""CallbackList: many callbacks that are called as one."""

import numpy as np

from lamina.core import tree
from lamina.training.callbacks.callback import Callback, needs
from lamina.training.callbacks.history import History
from lamina.training.callbacks.progbar_logger import ProgbarLogger


class CallbackList(Callback):
    """Call each hook of several callbacks, in their order.

    `needs_train_batch_begin`, `needs_train_batch_end` and the same for "test" and "predict" say whether any callback
    does something for every batch; a loop that asks may leave the others out.

    Args:
        callbacks: callbacks in any structure.
        add_history: whether a `History` is added unless there is one.
        add_progbar: whether a `ProgbarLogger` is added unless there is one.
        model: the model, for all of them.
        params: "verbose", "epochs", "steps": the parameters of the run, for all of them.
    Source:   Keras 3 `CallbackList`.
    Example:
        >>> hooks = CallbackList([History()], epochs=3)
        >>> hooks.params, hooks.needs_train_batch_end
        ({'epochs': 3}, False)
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, **params):
        super().__init__()
        self.callbacks = [callback for callback in tree.flatten(callbacks) if callback is not None]
        if add_history and not self._has(History):
            self.callbacks.append(History())
        if add_progbar and not self._has(ProgbarLogger):
            self.callbacks.append(ProgbarLogger())
        self.set_model(model)
        self.set_params(params)

    def _has(self, cls):
        return any(isinstance(callback, cls) for callback in self.callbacks)

    @property
    def shows_progress(self):
        """Whether one of the callbacks draws a progress bar, so that nobody else should."""
        return self._has(ProgbarLogger)

    def append(self, callback):
        """Add a callback."""
        self.callbacks.append(callback)

    def set_params(self, params):
        """Give the parameters of the run to all callbacks."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)

    def set_model(self, model):
        """Give the model to all callbacks, and the History to the model."""
        if model is None:
            return
        super().set_model(model)
        for callback in self.callbacks:
            if isinstance(callback, History):
                model.history = callback
            callback.set_model(model)

    def _needs(self, *names):
        return any(needs(callback, name) for callback in self.callbacks for name in names)

    @property
    def needs_train_batch_begin(self):
        """Whether anything happens before each batch of training."""
        return self._needs("on_train_batch_begin", "on_batch_begin")

    @property
    def needs_train_batch_end(self):
        """Whether anything happens after each batch of training."""
        return self._needs("on_train_batch_end", "on_batch_end")

    @property
    def needs_test_batch_begin(self):
        """Whether anything happens before each batch of evaluation."""
        return self._needs("on_test_batch_begin")

    @property
    def needs_test_batch_end(self):
        """Whether anything happens after each batch of evaluation."""
        return self._needs("on_test_batch_end")

    @property
    def needs_predict_batch_begin(self):
        """Whether anything happens before each batch of prediction."""
        return self._needs("on_predict_batch_begin")

    @property
    def needs_predict_batch_end(self):
        """Whether anything happens after each batch of prediction."""
        return self._needs("on_predict_batch_end")

    def _call(self, name, logs, *where):
        """Call a hook of all callbacks with one dict, so that what one adds to it the next ones see."""
        logs = _plain(logs)
        for callback in self.callbacks:
            getattr(callback, name)(*where, logs)
        return logs

    def on_train_begin(self, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_train_begin", logs)

    def on_train_end(self, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_train_end", logs)

    def on_epoch_begin(self, epoch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_epoch_begin", logs, epoch)

    def on_epoch_end(self, epoch, logs=None):
        """Call the hook of all callbacks; return the logs with what they added."""
        return self._call("on_epoch_end", logs, epoch)

    def on_batch_begin(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_batch_begin", logs, batch)

    def on_batch_end(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_batch_end", logs, batch)

    def on_train_batch_begin(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_train_batch_begin", logs, batch)

    def on_train_batch_end(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_train_batch_end", logs, batch)

    def on_test_begin(self, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_test_begin", logs)

    def on_test_end(self, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_test_end", logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_test_batch_begin", logs, batch)

    def on_test_batch_end(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_test_batch_end", logs, batch)

    def on_predict_begin(self, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_predict_end", logs)

    def on_predict_batch_begin(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_predict_batch_begin", logs, batch)

    def on_predict_batch_end(self, batch, logs=None):
        """Call the hook of all callbacks."""
        self._call("on_predict_batch_end", logs, batch)


def _plain(logs):
    """Return the logs as callbacks expect them: sorted by name, without nesting, numbers as floats."""
    plain = {}
    for name, value in sorted((logs or {}).items()):
        if isinstance(value, dict):
            plain.update(_plain(value))
        else:
            plain[name] = float(value) if _is_number(value) else value
    return plain


def _is_number(value):
    return hasattr(value, "__float__") and np.ndim(value) == 0

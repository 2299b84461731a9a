"""LambdaCallback: hooks given as functions."""

from lamina.training.callbacks.callback import Callback


class LambdaCallback(Callback):
    """Call functions where a subclass of `Callback` would override hooks.

    Args:
        on_epoch_begin, on_epoch_end: called with (epoch, logs).
        on_train_begin, on_train_end: called with (logs).
        on_train_batch_begin, on_train_batch_end: called with (batch, logs).
        kwargs: further hooks by name, or any attributes.
    Source:   Keras 3 `LambdaCallback`.
    Example:
        >>> LambdaCallback(on_epoch_end=lambda epoch, logs: print("epoch", epoch)).on_epoch_end(2, {})
        epoch 2
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_train_begin=None,
        on_train_end=None,
        on_train_batch_begin=None,
        on_train_batch_end=None,
        **kwargs,
    ):
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, hook in {**hooks, **kwargs}.items():
            if hook is not None or name not in hooks:
                setattr(self, name, hook)

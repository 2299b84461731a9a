"""TerminateOnNaN: no more steps once the loss is no number."""

import math

from lamina.training.callbacks.callback import Callback
from lamina.training.messages import say


class TerminateOnNaN(Callback):
    """End training at the first batch after which the loss is NaN or infinite.

    Args:
        raise_error: whether to raise RuntimeError in place of stopping.
    Source:   Keras 3 `TerminateOnNaN`.
    Example:
        >>> from types import SimpleNamespace
        >>> guard = TerminateOnNaN()
        >>> guard.set_model(SimpleNamespace(stop_training=False))
        >>> guard.on_batch_end(7, {"loss": float("nan")})
        Batch 7: Invalid loss, terminating training
        >>> guard.model.stop_training
        True
    """

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch, logs=None):
        """Look at the loss."""
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. Terminating training immediately."
            )
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True

"""SwapEMAWeights: evaluate with the moving averages of the weights."""

from lamina.training.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Exchange the weights with their moving averages while the model evaluates or predicts.

    The optimizer must keep the averages (`use_ema=True`).

    Args:
        swap_on_epoch: whether the averages are in the model from the end of an epoch to the beginning of the next,
            too, so that checkpoints hold them.
    Raises:   ValueError if the optimizer keeps no averages.
    Source:   Keras 3 `SwapEMAWeights`; there, the averages stay in the model after `predict`, here not.
    Example:
        >>> from types import SimpleNamespace
        >>> from lamina.core.variable import Variable
        >>> from lamina.optimizers import SGD
        >>> v = Variable(1.0)
        >>> swap = SwapEMAWeights()
        >>> swap.set_model(SimpleNamespace(optimizer=SGD(0.5, use_ema=True, ema_momentum=0.5)))
        >>> for _ in range(2):
        ...     swap.model.optimizer.apply([1.0], [v])
        >>> swap.on_test_begin()
        >>> float(v)
        0.25
        >>> swap.on_test_end()
        >>> float(v)
        0.0
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._averages_in_model = False

    def _moving_averages(self):
        optimizer = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        averaging = [o for o in getattr(optimizer, "optimizers", [optimizer]) if getattr(o, "use_ema", False)]
        if not averaging:
            raise ValueError("SwapEMAWeights must be used when `use_ema=True` is set on the optimizer.")
        return [o.averages for o in averaging if o.built and int(o.iterations) > 0]

    def _put_averages_in_model(self, wanted):
        if wanted != self._averages_in_model:
            for averages in self._moving_averages():
                averages.swap()
            self._averages_in_model = wanted

    def on_epoch_begin(self, epoch, logs=None):
        """Train with the weights themselves."""
        if self.swap_on_epoch:
            self._put_averages_in_model(False)

    def on_epoch_end(self, epoch, logs=None):
        """Let checkpoints hold the averages."""
        if self.swap_on_epoch:
            self._put_averages_in_model(True)
            if epoch == self.params["epochs"] - 1:
                for averages in self._moving_averages():
                    averages.restart()  # at what is in the model now, so that the end of training changes nothing

    def on_test_begin(self, logs=None):
        """Evaluate with the averages."""
        self._put_averages_in_model(True)

    def on_test_end(self, logs=None):
        """Go back to the weights themselves."""
        self._put_averages_in_model(False)

    def on_predict_begin(self, logs=None):
        """Predict with the averages."""
        self._put_averages_in_model(True)

    def on_predict_end(self, logs=None):
        """Go back to the weights themselves."""
        self._put_averages_in_model(False)

"""SGD: gradient descent, with momentum."""

from lamina.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Step against the gradient; with momentum, keep rolling the way of earlier steps.

    Maths:    without momentum  w <- w - lr * g
              with momentum     v <- momentum * v - lr * g,  w <- w + v
              with nesterov     v likewise,  w <- w + momentum * v - lr * g
    Weights:  momentum, of the variable's shape (only if `momentum` is not 0).
    Args:
        learning_rate: as in `Optimizer`.
        momentum: how much of a step the next one keeps [fraction 0-1].
        nesterov: whether the gradient is applied where momentum will have led.
        weight_decay … name: as in `Optimizer`.
    Raises:   ValueError if `momentum` is no float between 0 and 1.
    Source:   Keras 3 `SGD`; Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".
    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable([1.0])
        >>> optimizer = SGD(0.1, momentum=0.5)
        >>> for _ in range(2):
        ...     optimizer.apply([[1.0]], [v])
        >>> v.numpy()
        array([0.75], dtype=float32)
    """

    hyperparameters = ("momentum", "nesterov")

    def __init__(
        self, learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=None, clipnorm=None, clipvalue=None,
        global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None,
        gradient_accumulation_steps=None, name=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        if not isinstance(momentum, float) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1]. Received: momentum={momentum}")
        self.momentum = momentum
        self.nesterov = nesterov

    def slots(self):
        """One momentum, if any."""
        return [{"momentum": 0.0}] if self.momentum else []

    def update(self, w, g, lr, t, slots):
        """The maths above."""
        if not self.momentum:
            return w - lr * g
        v = slots["momentum"] = self.momentum * slots["momentum"] - lr * g
        return w + self.momentum * v - lr * g if self.nesterov else w + v

"""Callback: what is called while a model trains, evaluates or predicts."""


def default(hook):
    """Mark a hook that does nothing, so that loops need not stop for it."""
    hook._is_default = True
    return hook


def needed_if(attribute):
    """Mark a hook as doing nothing unless the callback's attribute is true."""

    def mark(hook):
        hook._needed_if = attribute
        return hook

    return mark


def needs(callback, name):
    """Tell whether a callback does something in the hook called `name`.

    Example:
        >>> class Counter(Callback):
        ...     def on_batch_end(self, batch, logs=None):
        ...         print(batch)
        >>> needs(Counter(), "on_batch_end"), needs(Counter(), "on_batch_begin")
        (True, False)
    """
    hook = getattr(callback, name, None)
    if hook is None or getattr(hook, "_is_default", False):
        return False
    condition = getattr(hook, "_needed_if", None)
    return condition is None or bool(getattr(callback, condition))


class Callback:
    """Do something at points of training, evaluation or prediction: a subclass overrides the hooks for them.

    In a hook, `self.model` is the model, whose variables hold their present values, and `self.params` a dict with
    "verbose", "epochs" and "steps". `logs` is a dict from names of metrics to floats. Setting
    `self.model.stop_training = True` ends training after the batch or epoch at hand.

    A hook that is called for every batch makes the loop wait for the device in every step; without one it runs freely.

    Source:   Keras 3 `Callback`.
    Example:
        >>> class Teller(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, logs["loss"])
        >>> Teller().on_epoch_end(0, {"loss": 0.5})
        0 0.5
    """

    def __init__(self):
        self.params = None
        self._model = None

    def set_params(self, params):
        """Take the parameters of the run."""
        self.params = params

    def set_model(self, model):
        """Take the model."""
        self._model = model

    @property
    def model(self):
        """The model that is trained."""
        return self._model

    @default
    def on_train_begin(self, logs=None):
        """Before the first epoch."""

    @default
    def on_train_end(self, logs=None):
        """After the last epoch, with its logs."""

    @default
    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch, the first being 0."""

    @default
    def on_epoch_end(self, epoch, logs=None):
        """After an epoch and its validation; names of validation metrics begin with "val_"."""

    @default
    def on_train_batch_begin(self, batch, logs=None):
        """Before a batch of training, the first being 0."""
        self.on_batch_begin(batch, logs=logs)

    @default
    def on_train_batch_end(self, batch, logs=None):
        """After a batch of training, with the metrics of the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    @default
    def on_batch_begin(self, batch, logs=None):
        """The same as `on_train_batch_begin`."""

    @default
    def on_batch_end(self, batch, logs=None):
        """The same as `on_train_batch_end`."""

    @default
    def on_test_begin(self, logs=None):
        """Before an evaluation, also that of an epoch."""

    @default
    def on_test_end(self, logs=None):
        """After an evaluation."""

    @default
    def on_test_batch_begin(self, batch, logs=None):
        """Before a batch of evaluation."""

    @default
    def on_test_batch_end(self, batch, logs=None):
        """After a batch of evaluation."""

    @default
    def on_predict_begin(self, logs=None):
        """Before a prediction."""

    @default
    def on_predict_end(self, logs=None):
        """After a prediction."""

    @default
    def on_predict_batch_begin(self, batch, logs=None):
        """Before a batch of prediction."""

    @default
    def on_predict_batch_end(self, batch, logs=None):
        """After a batch of prediction; `logs["outputs"]` holds its outputs."""

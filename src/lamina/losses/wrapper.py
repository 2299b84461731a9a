"""Losses made from functions."""

from lamina.core import serialization, tree
from lamina.losses.alignment import align, check_elementwise
from lamina.losses.loss import Loss


class LossFunctionWrapper(Loss):
    """Make a loss of a function `(y_true, y_pred, **arguments)`.

    A subclass with a constructor of its own says which function that is, so that its config holds the arguments only.

    Args:
        fn: the function; it returns a value for each sample, or for each element of each sample.
        reduction, name, dtype: see `Loss`.
        **kwargs: further arguments of the function.
    Raises:   LossError L320 where labels would be broadcast over predictions by mistake.
    Source:   Keras 3 `LossFunctionWrapper`.
    Example:
        >>> float(LossFunctionWrapper(lambda y_true, y_pred: abs(y_true - y_pred))([1.0], [3.0]))
        2.0
    """

    _keras_module = "keras.src.losses.losses"

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        """Return the function's value."""
        if tree.is_nested(y_pred) or tree.is_nested(y_true):
            return self.fn(*_align_each(y_true, y_pred), **self._fn_kwargs)
        y_true, y_pred = align(y_true, y_pred)
        check_elementwise(self.fn, y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        """Return the constructor's arguments."""
        config = {**super().get_config(), **serialization.serialize_keras_object(self._fn_kwargs)}
        if type(self).__init__ is LossFunctionWrapper.__init__:
            config["fn"] = serialization.serialize_keras_object(self.fn)
        return config

    @classmethod
    def from_config(cls, config):
        """Make the loss that `config` describes."""
        if "fn" in config:
            config = serialization.deserialize_keras_object(config)
        return cls(**config)

    def __repr__(self):
        return f"<LossFunctionWrapper({self.fn}, kwargs={self._fn_kwargs})>"


def _align_each(y_true, y_pred):
    """Align corresponding leaves; structures that differ are the function's own business."""
    pairs = tree.map_structure(align, y_true, y_pred)
    firsts = tree.map_structure_up_to(y_true, lambda pair: pair[0], pairs)
    seconds = tree.map_structure_up_to(y_true, lambda pair: pair[1], pairs)
    return firsts, seconds


def without_default(config, **defaults):
    """Leave the arguments out of `config` that have their default value: Keras does not write them, but reads them."""
    return {key: value for key, value in config.items() if key not in defaults or value != defaults[key]}

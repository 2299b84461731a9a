"""What is checked: a model with its calls, its losses, and the data it is to be trained on."""

import functools
from math import prod

import numpy as np

from lamina import activations, layers
from lamina.core import tree
from lamina.explain.calls import calls_of
from lamina.explain.layer_outputs import activations as activations_of
from lamina.explain.listening import graph_of
from lamina.training.outputs import per_output

_FEW, _FEWEST = 512, 8  # samples that are looked at where little time is left [count]
_VALUES = 2**20  # and about how many of their values [count]
SAMPLES = 256  # that are sent through the model [count]


class Subject:
    """A model and its data, as all checks see them.

    Attributes:
        model, x, y: as they were given; arrays are NumPy arrays.
        only_cheap: whether only the first samples are looked at, and models that show their calls.
        calls: the calls of the model in order, [] if they cannot be found.
        validation: the validation data or None; validation_split: the share of the data that is split off.
        batch_size: samples per step [count].
    """

    def __init__(
        self, model, x=None, y=None, validation_data=None, validation_split=0.0, batch_size=32, only_cheap=False
    ):
        self.model = model
        self.x, self.y = _arrays(_first(x) if only_cheap else x), _arrays(y)
        validation = _first(validation_data) if only_cheap else validation_data
        self.validation = _arrays(validation) if isinstance(validation, tuple) else None
        self.validation_split = validation_split
        self.batch_size = batch_size
        if only_cheap and graph_of(model) is None:  # a subclassed model would have to be run
            self.calls = []
            return
        try:
            self.calls = calls_of(model)
        except ValueError:  # a model whose input shape nobody knows yet
            self.calls = []

    @property
    def single_x(self):
        """The input, if it is one array."""
        return self.x if isinstance(self.x, np.ndarray) else None

    @property
    def single_y(self):
        """The labels, if they are one array."""
        return self.y if isinstance(self.y, np.ndarray) else None

    @functools.cached_property
    def heads(self):
        """For each output: (call that makes it, Activation of it as a function, loss as it was given to `compile`)."""
        ends = [call for call in self.calls if not call.feeds]
        outputs = list(getattr(self.model, "outputs", None) or [call.outputs[0] for call in ends])
        names = getattr(self.model, "output_names", None) or [call.layer.name for call in ends]
        try:
            losses = per_output(self.model.loss, outputs, names, "loss")
        except ValueError:  # losses that do not fit the outputs: `fit` says so
            return []
        makers = {id(x): call for call in self.calls for x in call.outputs}
        found = [(makers.get(id(x)), loss) for x, loss in zip(outputs, losses, strict=False)]
        return [(call, last_activation(call.layer), loss) for call, loss in found if call is not None]

    @functools.cached_property
    def metrics(self):
        """The names of metrics given to `compile` as a plain list."""
        given = (getattr(self.model, "_compile_config", None) or {}).get("metrics") or []
        return [name for name in (given if isinstance(given, list | tuple) else [given]) if isinstance(name, str)]

    @functools.cached_property
    def first_computing(self):
        """The first call that does more than move data: whatever sees the raw numbers."""
        moving = (layers.Flatten, layers.Reshape, layers.Permute, layers.Dropout, layers.InputLayer)
        return next((call for call in self.calls if not isinstance(call.layer, moving)), None)

    @functools.cached_property
    def batch(self):
        """The first samples."""
        return tree.map_structure(lambda a: a[:SAMPLES], self.x)

    @functools.cached_property
    def labels(self):
        """The labels of the first samples."""
        return tree.map_structure(lambda a: a[:SAMPLES], self.y)

    @functools.cached_property
    def learning(self):
        """What a few steps on the first samples show; None if the model cannot be trained on them."""
        from lamina.explain.checks.learning import learn

        try:
            return learn(self)
        except (TypeError, ValueError):  # data that do not fit: `fit` says so
            return None

    @functools.cached_property
    def activations(self):
        """The output of every layer on the first samples, as NumPy arrays; {} if the model cannot read them."""
        try:
            found = activations_of(self.model, self.batch)
        except (TypeError, ValueError):  # the wrong shape, or ids without a row: `fit` says so
            return {}
        return {path: np.asarray(y) for path, y in found.items() if not isinstance(y, list)}


def _first(data):
    return tree.map_structure(lambda x: x[: _few(x.shape)] if hasattr(x, "shape") and x.shape else x, data)


def _few(shape):
    return max(_FEWEST, min(_FEW, _VALUES // max(1, prod(shape[1:]))))


def _arrays(data):
    """Return data with NumPy arrays for everything that is one; a plain nested list of numbers is one array."""
    if data is None:
        return None
    if isinstance(data, tuple | dict) or (isinstance(data, list) and any(hasattr(x, "shape") for x in data)):
        return tree.map_structure(lambda x: None if x is None else np.asarray(x), data)
    return np.asarray(data)


def last_activation(layer):
    """Return the activation that ends a layer as a function of `lamina.activations`, `linear` for none."""
    by_kind = {layers.Softmax: activations.softmax, layers.ReLU: activations.relu}
    if type(layer) in by_kind:
        return by_kind[type(layer)]
    return getattr(layer, "activation", None) or activations.linear


def loss_name(loss):
    """Return the name of a loss: "binary_crossentropy" for the string, the function and the object."""
    fn = getattr(loss, "fn", loss)
    return fn if isinstance(fn, str) else getattr(fn, "__name__", type(fn).__name__)


def wants_logits(loss):
    """Tell whether a loss was told that it gets logits."""
    return bool(getattr(loss, "_fn_kwargs", {}).get("from_logits", False))


def is_binary(loss):
    """Tell whether a loss is about yes or no."""
    return "binary" in loss_name(loss).lower()


def is_crossentropy(loss):
    """Tell whether a loss is a cross-entropy."""
    return loss is not None and "crossentropy" in loss_name(loss).lower()

"""Optimizers: how gradients change variables."""

from lamina.core import identifiers, serialization
from lamina.optimizers import legacy, schedules
from lamina.optimizers.adadelta import Adadelta
from lamina.optimizers.adafactor import Adafactor
from lamina.optimizers.adagrad import Adagrad
from lamina.optimizers.adam import Adam, AdamW
from lamina.optimizers.adamax import Adamax
from lamina.optimizers.ftrl import Ftrl
from lamina.optimizers.lamb import Lamb
from lamina.optimizers.lion import Lion
from lamina.optimizers.loss_scale_optimizer import LossScaleOptimizer
from lamina.optimizers.multi_optimizer import MultiOptimizer, OptimizerMap
from lamina.optimizers.muon import Muon
from lamina.optimizers.nadam import Nadam
from lamina.optimizers.optimizer import Optimizer
from lamina.optimizers.rmsprop import RMSprop
from lamina.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from lamina.optimizers.sgd import SGD

_CLASSES = (
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdamW,
    Adamax,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    MultiOptimizer,
    Muon,
    Nadam,
    Optimizer,
    OptimizerMap,
    RMSprop,
    ScheduleFreeAdamW,
    SGD,
)
_KNOWN = {name: cls for cls in _CLASSES for name in (cls.__name__.lower(), cls.__name__)}

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]


def serialize(optimizer):
    """Describe an optimizer as a dict.

    Example:
        >>> serialize(SGD(0.5))["config"]["learning_rate"]
        0.5
    """
    return serialization.serialize_keras_object(optimizer)


def deserialize(config, custom_objects=None):
    """Make the optimizer that `serialize` described; the names of our own classes may be in any case."""
    config = _with_our_case(config)
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_KNOWN)


def get(identifier):
    """Return the optimizer meant by a name in any case, a config dict, a class or an optimizer; None for None.

    Raises:   ValueError for anything else.
    Source:   Keras 3 `optimizers.get`.
    Example:
        >>> type(get("rmsProp")).__name__
        'RMSprop'
    """
    if isinstance(identifier, str) and identifier.lower() in _KNOWN:
        identifier = identifier.lower()
    elif isinstance(identifier, dict):
        identifier = _with_our_case(identifier)
    return identifiers.resolve(identifier, "optimizer", _KNOWN, accepts=lambda obj: isinstance(obj, Optimizer))


def _with_our_case(config):
    own = _KNOWN.get(str(config.get("class_name")).lower())
    return {**config, "class_name": own.__name__} if own else config

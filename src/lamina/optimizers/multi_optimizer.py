"""MultiOptimizer: different optimizers for different variables."""

import collections.abc
import re

from lamina.core.patterns import checked
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.optimizers.loss_scale_optimizer import LossScaleOptimizer
from lamina.optimizers.optimizer import Optimizer

_NO_LEARNING_RATE = (
    "A MultiOptimizer has no learning rate of its own. Get or set those of its optimizers: "
    "`for inner in optimizer.optimizers: inner.learning_rate = 0.01`"
)


class OptimizerMap(collections.abc.MutableMapping):
    """Say by the variable's path which optimizer changes it.

    Args:
        default_optimizer: the optimizer of every variable that no key fits.
        optimizer_map: dict from paths, or regular expressions that fit a whole path, to optimizers.
    Raises:   TypeError if one of them is of another type; ValueError for a key that is there already, a wrapper as
        a value, and a path that two keys fit.
    Source:   Keras 3 `OptimizerMap`.
    Example:
        >>> from lamina.optimizers import SGD, Adam
        >>> optimizers = OptimizerMap(SGD(), {"encoder/.*": Adam()})
        >>> type(optimizers["encoder/dense/kernel"]).__name__, type(optimizers["head/kernel"]).__name__
        ('Adam', 'SGD')
    """

    def __init__(self, default_optimizer, optimizer_map=None):
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"default_optimizer must be a Keras Optimizer instance. Received: {default_optimizer}")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"optimizer_map must be a dictionary. Received: {optimizer_map}")
        self._default_optimizer = default_optimizer
        self._optimizer_map = optimizer_map or {}

    @property
    def default_optimizer(self):
        """The optimizer of every variable that no key fits."""
        return self._default_optimizer

    def __getitem__(self, key):
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        fitting = [pattern for pattern in self._optimizer_map if re.fullmatch(checked(pattern, key), key)]
        if len(fitting) > 1:
            raise ValueError(f"Multiple optimizers assigned to variable {key}: the keys {fitting} all fit.")
        return self._optimizer_map[fitting[0]] if fitting else self._default_optimizer

    def __setitem__(self, key, optimizer):
        if key in self._optimizer_map:
            raise ValueError(f"'{key}' already exists in the OptimizerMap with value {self._optimizer_map[key]}.")
        if not isinstance(key, str):
            raise ValueError(f"key must be a string. Received: {key}")
        self._optimizer_map[key] = _checked(optimizer, "optimizer")

    def __delitem__(self, key):
        del self._optimizer_map[key]

    def __len__(self):
        return len(self._optimizer_map)

    def __iter__(self):
        return iter(self._optimizer_map)

    def __call__(self, variable):
        """Return the optimizer of a variable."""
        return self[variable.path]

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "default_optimizer": serialize_keras_object(self._default_optimizer),
            "optimizer_map": serialize_keras_object(self._optimizer_map),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the map that a config describes."""
        for pattern in config["optimizer_map"]:
            checked(pattern)
        parts = (config["default_optimizer"], config["optimizer_map"])
        return cls(*(deserialize_keras_object(part, custom_objects=custom_objects) for part in parts))


class MultiOptimizer(Optimizer):
    """Give each variable to the optimizer chosen for it.

    There is no common learning rate: `optimizers` holds the optimizers, with one each.

    Weights:  iteration, learning_rate (unused), then the variables of each optimizer.
    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to its optimizer.
        loss_scale_factor: as in `Optimizer`; takes the place of the inner optimizers' own.
        name: as in `Optimizer`.
    Raises:   ValueError if a variable is given to something that is no optimizer, or a wrapper of one.
    Source:   Keras 3 `MultiOptimizer`.
    Example:
        >>> from lamina.core.variable import Variable
        >>> from lamina.optimizers import SGD
        >>> a, b = Variable([1.0], name="a"), Variable([1.0], name="b")
        >>> MultiOptimizer(OptimizerMap(SGD(0.1), {"b": SGD(0.5)})).apply([[1.0], [1.0]], [a, b])
        >>> a.numpy(), b.numpy()
        (array([0.9], dtype=float32), array([0.5], dtype=float32))
    """

    def __init__(self, optimizer_map, loss_scale_factor=None, name=None):
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        self._var_to_optimizer_idx = {}  # key of a variable -> the place of its optimizer in `optimizers`
        for optimizer in getattr(optimizer_map, "values", tuple)():
            self._adopt(optimizer)
        if hasattr(optimizer_map, "default_optimizer"):
            self._adopt(optimizer_map.default_optimizer)

    def _adopt(self, optimizer):
        if optimizer not in self.optimizers:
            optimizer.loss_scale_factor = self.loss_scale_factor
            self._inner_optimizers = [*self.optimizers, optimizer]

    @property
    def optimizers(self):
        """The inner optimizers."""
        return getattr(self, "_inner_optimizers", [])

    @property
    def loss_scale_factor(self):
        """The number that the loss is multiplied by; setting it sets that of the inner optimizers too."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value):
        self._loss_scale_factor = value
        for optimizer in self.optimizers:
            optimizer.loss_scale_factor = value

    def build(self, variables):
        """Build each inner optimizer on its variables."""
        if self.built:
            return
        for variable in variables:
            optimizer = _checked(self._optimizer_map(variable), f"The optimizer for variable {variable.path}")
            self._adopt(optimizer)
            self._var_to_optimizer_idx[self._var_key(variable)] = self.optimizers.index(optimizer)
        for optimizer, own in self._shares(variables):
            optimizer.build(own)
        super().build(variables)

    @staticmethod
    def _var_key(variable):
        return id(variable)

    def _shares(self, variables):
        """Return pairs of an inner optimizer and its variables, without optimizers that have none."""
        of = [self.optimizers[self._var_to_optimizer_idx[self._var_key(variable)]] for variable in variables]
        pairs = [(o, [v for v, its in zip(variables, of, strict=True) if its is o]) for o in self.optimizers]
        return [(optimizer, own) for optimizer, own in pairs if own]

    @property
    def variables(self):
        """The own variables, then those of each inner optimizer."""
        return [*super().variables, *(v for optimizer in self.optimizers for v in optimizer.variables)]

    @property
    def iterations(self):
        """How many steps were taken [steps]."""
        return self._iterations

    @property
    def learning_rate(self):
        """There is none: each of `optimizers` has its own."""
        raise AttributeError(_NO_LEARNING_RATE)

    @learning_rate.setter
    def learning_rate(self, value):
        raise AttributeError(_NO_LEARNING_RATE)

    def apply(self, grads, trainable_variables=None):
        """Let each inner optimizer change its variables."""
        grads = list(grads)
        if not grads:
            return
        variables = self._variables_for(grads, trainable_variables)
        gradient_of = {id(v): g for v, g in zip(variables, grads, strict=True)}
        for optimizer, own in self._shares(variables):
            optimizer.apply([gradient_of[id(variable)] for variable in own], own)
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list):
        """Let each inner optimizer set its variables to their moving averages, if it keeps those."""
        for optimizer, own in self._shares(var_list):
            optimizer.finalize_variable_values(own)

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "optimizer_map": serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the optimizer that a config describes."""
        optimizer_map = deserialize_keras_object(config["optimizer_map"], custom_objects=custom_objects)
        return cls(**{**config, "optimizer_map": optimizer_map})


def _checked(optimizer, what):
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"{what} must be a Keras Optimizer instance. Received: {optimizer}")
    if isinstance(optimizer, LossScaleOptimizer | MultiOptimizer):
        kind = type(optimizer).__name__
        raise ValueError(f"{what} cannot be {kind}. A {kind} cannot be used inside an MultiOptimizer.")
    return optimizer

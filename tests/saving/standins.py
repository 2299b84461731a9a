"""Small saveables that stand in for layers and models, so that saving is tested apart from them."""

import numpy as np

from lamina.core.names import auto_name
from lamina.core.saveable import KerasSaveable
from lamina.core.variable import Variable


class Part(KerasSaveable):
    """What saving expects of a layer: variables of its own, a config, a build config."""

    _saveable_kind = "Layer"
    _internal_attributes = frozenset({"_trainable_variables", "_non_trainable_variables"})

    def __init__(self, name=None):
        self.name = name or auto_name(type(self).__name__)
        self.built = False
        self._trainable_variables = []
        self._non_trainable_variables = []

    def build(self, input_shape=None):
        self.built = True

    def get_config(self):
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def get_build_config(self):
        return {"input_shape": [None, 1]} if self.built else None

    def build_from_config(self, config):
        self.build(config["input_shape"])

    def save_own_variables(self, store):
        for i, variable in enumerate(self._trainable_variables):
            store[str(i)] = variable

    def load_own_variables(self, store):
        if len(store) != len(self._trainable_variables):
            raise ValueError(f"expected {len(self._trainable_variables)} variables, received {len(store)}")
        for i, variable in enumerate(self._trainable_variables):
            variable.assign(store[str(i)])


class Dense(Part):
    """A kernel and a bias, filled with a number."""

    def __init__(self, shape=(2, 3), fill=1.0, dtype="float32", name=None):
        super().__init__(name)
        self.shape, self.fill, self.dtype = tuple(shape), fill, dtype
        self.build()

    def get_config(self):
        return {**super().get_config(), "shape": self.shape, "fill": self.fill, "dtype": self.dtype}

    def build(self, input_shape=None):
        kernel = Variable(np.full(self.shape, self.fill), dtype=self.dtype, name="kernel")
        bias = Variable(np.full(self.shape[-1:], self.fill), dtype=self.dtype, name="bias")
        self._trainable_variables = [kernel, bias]
        self.built = True


class Model(Part):
    """What saving expects of a model: parts as attributes."""

    def __init__(self, name=None, **parts):
        super().__init__(name)
        for attribute, value in parts.items():
            setattr(self, attribute, value)
        self.built = True


def values(*parts):
    """The first number of each part's kernel."""
    return [float(part._trainable_variables[0].numpy().flat[0]) for part in parts]

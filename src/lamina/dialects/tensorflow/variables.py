"""`tf.Variable`, and what TensorFlow calls a tensor."""

import jax

from lamina.core.context import is_tracing, note, noted
from lamina.core.variable import Variable as _Variable
from lamina.dialects.tensorflow.arrays import constant
from lamina.dialects.tensorflow.places import tensor_scatter_nd_add, tensor_scatter_nd_update
from lamina.dialects.tensorflow.recording import MadeInsideError, outside, recording
from lamina.dialects.tensorflow.shapes import HostTensor

__all__ = ["Tensor", "Variable"]


class _AnyTensor(type):
    """Every array is a `tf.Tensor`, also those that datasets give."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, (jax.Array, HostTensor))


class Tensor(metaclass=_AnyTensor):
    """What TensorFlow calls an array."""


class _AnyVariable(type):
    """Every variable, also that of a layer, is a `tf.Variable`."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, _Variable)


class Variable(_Variable, metaclass=_AnyVariable):
    """A named array that changes by `assign`; without `dtype` it keeps that of its first value."""

    def __init__(self, initial_value, trainable=True, name=None, dtype=None, shape=None, **options):
        if recording() is not None:
            recording().made = True
        with outside():
            value = initial_value() if callable(initial_value) else initial_value
            if isinstance(value, jax.core.Tracer) and not is_tracing():
                raise MadeInsideError(name)
            array = constant(value, dtype)
            super().__init__(array, trainable=trainable, name=name, dtype=str(array.dtype))

    def read_value(self):
        """Return the array."""
        return self.value

    def __getitem__(self, key):
        """Return a part, which can be assigned to: `v[0].assign(1)`."""
        part = super().__getitem__(key)
        note(part, "_part_of", (self, key))
        return part

    def scatter_nd_update(self, indices, updates, name=None):
        """Put other values at points."""
        return self.assign(tensor_scatter_nd_update(self.value, indices, updates))

    def scatter_nd_add(self, indices, updates, name=None):
        """Add values at points."""
        return self.assign(tensor_scatter_nd_add(self.value, indices, updates))


def assigning(change):
    """Return the property by which a part of a variable takes values; `change` says how, as JAX's `at` calls it."""

    def method(part):
        place = noted(part, "_part_of")
        if place is None:
            raise AttributeError("Arrays do not change: assign to a variable, or to a part of one.")
        variable, key = place
        return lambda value: variable.assign(getattr(variable.value.at[key], change)(value))

    return property(method)

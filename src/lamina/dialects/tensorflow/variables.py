"""`tf.Variable`, and what TensorFlow calls a tensor."""

import jax

from lamina.core.variable import Variable as _Variable
from lamina.dialects.tensorflow.arrays import constant

__all__ = ["Tensor", "Variable"]

Tensor = jax.Array


class _AnyVariable(type):
    """Every variable, also that of a layer, is a `tf.Variable`."""

    def __instancecheck__(cls, instance):
        return isinstance(instance, _Variable)


class Variable(_Variable, metaclass=_AnyVariable):
    """A named array that changes by `assign`; without `dtype` it keeps that of its first value."""

    def __init__(self, initial_value, trainable=True, name=None, dtype=None, shape=None, **options):
        value = initial_value() if callable(initial_value) else initial_value
        array = constant(value, dtype)
        super().__init__(array, trainable=trainable, name=name, dtype=str(array.dtype))

    def read_value(self):
        """Return the array."""
        return self.value

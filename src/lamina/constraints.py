"""Projections of weights, applied after each update."""

import jax.numpy as jnp

from lamina.core import config, dtypes, identifiers, serialization


class Constraint:
    """Map a weight to an allowed one; a subclass defines `__call__(w)`.

    Source:   Keras 3 `Constraint`.
    Example:
        >>> class Rounded(Constraint):
        ...     def __call__(self, w):
        ...         return jnp.round(w)
        >>> float(Rounded()(1.2))
        1.0
    """

    def __call__(self, w):
        """Return the allowed weight."""
        return w

    def get_config(self):
        """Return the constructor's arguments as a dict."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Make the constraint that `config` describes."""
        return cls(**config)


class MaxNorm(Constraint):
    """Shrink vectors that are longer than `max_value`.

    Args:
        max_value: greatest length.
        axis: axis, or axes, that a vector runs along: 0 for the inputs of a Dense unit, (0, 1, 2) for a filter.
    Source:   Keras 3 `MaxNorm`.
    Example:
        >>> print(MaxNorm(1.0)(jnp.array([[3.0], [4.0]])).round(3))
        [[0.6] [0.8]]
    """

    def __init__(self, max_value=2, axis=0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w):
        """Return the allowed weight."""
        return _rescale(w, self.axis, lambda norms: jnp.clip(norms, 0, self.max_value))

    def get_config(self):
        """Return the constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Replace negative elements by zero.

    Source:   Keras 3 `NonNeg`.
    Example:
        >>> NonNeg()(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w):
        """Return the allowed weight."""
        return jnp.maximum(dtypes.as_array(w), 0)


class UnitNorm(Constraint):
    """Give every vector the length 1.

    Args:
        axis: axis, or axes, that a vector runs along.
    Source:   Keras 3 `UnitNorm`.
    Example:
        >>> print(UnitNorm()(jnp.array([[0.0], [5.0]])).round(3))
        [[0.] [1.]]
    """

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        """Return the allowed weight."""
        return _rescale(w, self.axis, jnp.ones_like)

    def get_config(self):
        """Return the constructor's arguments."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Pull the lengths of vectors into a range.

    Maths:    |w| <- rate * clip(|w|, min_value, max_value) + (1 - rate) * |w|
    Args:
        min_value, max_value: the range of lengths.
        rate: how far to go at each update [fraction 0-1].
        axis: axis, or axes, that a vector runs along.
    Source:   Keras 3 `MinMaxNorm`.
    Example:
        >>> print(MinMaxNorm(2.0, 3.0)(jnp.array([[0.0], [1.0]])).round(3))
        [[0.] [2.]]
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w):
        """Return the allowed weight."""

        def wanted(norms):
            return self.rate * jnp.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms

        return _rescale(w, self.axis, wanted)

    def get_config(self):
        """Return the constructor's arguments."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


def _rescale(w, axis, wanted):
    """Give the vectors along `axis` the lengths `wanted(lengths)`."""
    w = dtypes.as_array(w)
    norms = jnp.sqrt(jnp.sum(jnp.square(w), axis=axis, keepdims=True))
    return w * (wanted(norms) / (config.epsilon() + norms))


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

_KNOWN = identifiers.names_of(Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)


def serialize(constraint):
    """Describe a constraint by values that JSON can hold."""
    return serialization.serialize_keras_object(constraint)


def deserialize(config, custom_objects=None):
    """Make the constraint that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_KNOWN)


def get(identifier):
    """Return the constraint meant by a name, a config dict, a class or a callable; None for None.

    Raises:   ValueError for anything else.
    Source:   Keras 3 `constraints.get`.
    Example:
        >>> get("max_norm").max_value
        2
    """
    return identifiers.resolve(identifier, "constraint", _KNOWN)


__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

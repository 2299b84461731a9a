"""Penalties on weights and activations that are added to the loss."""

import math

import jax
import jax.numpy as jnp

from lamina.core import config, dtypes, identifiers, serialization


class Regularizer:
    """Make a scalar loss of an array; a subclass defines `__call__(x)` and `get_config()`.

    Source:   Keras 3 `Regularizer`.
    Example:
        >>> class Largest(Regularizer):
        ...     def __call__(self, x):
        ...         return jnp.max(x)
        >>> float(Largest()(jnp.array([1.0, 3.0])))
        3.0
    """

    def __call__(self, x):
        """Return the penalty on `x`."""
        return 0.0

    def get_config(self):
        """Return the constructor's arguments as a dict."""
        raise NotImplementedError(f"{self} does not implement get_config()")

    @classmethod
    def from_config(cls, config):
        """Make the regularizer that `config` describes."""
        return cls(**config)


class L1L2(Regularizer):
    """Sum the magnitudes and the squares of the elements.

    Maths:    l1 * sum |x| + l2 * sum x^2
    Args:
        l1, l2: factors, at least 0.
    Raises:   ValueError for a factor that is negative or not finite.
    Source:   Keras 3 `L1L2`.
    Example:
        >>> float(L1L2(1.0, 0.5)(jnp.array([-1.0, 2.0])))
        5.5
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _factor("l1", 0.0 if l1 is None else l1)
        self.l2 = _factor("l2", 0.0 if l2 is None else l2)

    def __call__(self, x):
        """Return the penalty on `x`."""
        x = dtypes.as_array(x)
        penalty = jnp.zeros((), dtype=x.dtype)
        if self.l1:
            penalty += self.l1 * jnp.sum(jnp.abs(x))
        if self.l2:
            penalty += self.l2 * jnp.sum(jnp.square(x))
        return penalty

    def get_config(self):
        """Return the constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """Sum the magnitudes of the elements, which drives small ones to zero.

    Maths:    l1 * sum |x|
    Args:
        l1: factor, at least 0.
    Source:   Keras 3 `L1`.
    Example:
        >>> float(L1(0.5)(jnp.array([-1.0, 2.0])))
        1.5
    """

    def __init__(self, l1=0.01):
        self.l1 = _factor("l1", 0.01 if l1 is None else l1)

    def __call__(self, x):
        """Return the penalty on `x`."""
        return self.l1 * jnp.sum(jnp.abs(dtypes.as_array(x)))

    def get_config(self):
        """Return the constructor's arguments."""
        return {"l1": self.l1}


class L2(Regularizer):
    """Sum the squares of the elements, which keeps them small.

    Maths:    l2 * sum x^2
    Args:
        l2: factor, at least 0.
    Source:   Keras 3 `L2`.
    Example:
        >>> float(L2(0.5)(jnp.array([-1.0, 2.0])))
        2.5
    """

    def __init__(self, l2=0.01):
        self.l2 = _factor("l2", 0.01 if l2 is None else l2)

    def __call__(self, x):
        """Return the penalty on `x`."""
        return self.l2 * jnp.sum(jnp.square(dtypes.as_array(x)))

    def get_config(self):
        """Return the constructor's arguments."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Average the magnitudes of the cosines between the rows, or columns, of a matrix.

    Maths:    factor * mean_{i<j} |cos(x_i, x_j)|
    Args:
        factor: at least 0.
        mode: "rows" or "columns".
    Raises:   ValueError for another mode, or an input that is no matrix.
    Source:   Keras 3 `OrthogonalRegularizer`.
    Example:
        >>> float(OrthogonalRegularizer(1.0)(jnp.eye(3)))
        0.0
    """

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(
                f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={mode}'
            )
        self.factor = _factor("factor", factor)
        self.mode = mode

    def __call__(self, inputs):
        """Return the penalty on the matrix `inputs`."""
        if len(inputs.shape) != 2:
            raise ValueError(f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={inputs.shape}")
        x = dtypes.as_array(inputs)
        rows = _normalize(x if self.mode == "rows" else x.T)
        count = rows.shape[0]
        cosines = jnp.abs(rows @ rows.T) * (1 - jnp.eye(count, dtype=x.dtype))
        pairs = count * (count - 1) / 2
        return self.factor * 0.5 * jnp.sum(cosines) / pairs  # each pair stands in the matrix twice

    def get_config(self):
        """Return the constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}


def _normalize(rows):
    squares = jnp.sum(jnp.square(rows), axis=1, keepdims=True)
    return rows * jax.lax.rsqrt(jnp.maximum(squares, config.epsilon() ** 2))  # a row of zeros has a gradient, too


def _factor(name, value):
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"Invalid value for argument {name}: expected a non-negative float. Received: {name}={value}")
    return float(value)


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

_KNOWN = identifiers.names_of(Regularizer, L1, L2, L1L2, OrthogonalRegularizer) | {"l1_l2": L1L2}


def serialize(regularizer):
    """Describe a regularizer by values that JSON can hold."""
    return serialization.serialize_keras_object(regularizer)


def deserialize(config, custom_objects=None):
    """Make the regularizer that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_KNOWN)


def get(identifier):
    """Return the regularizer meant by a name, a config dict, a class or a callable; None for None.

    Raises:   ValueError for anything else.
    Source:   Keras 3 `regularizers.get`.
    Example:
        >>> get("l2").l2
        0.01
    """
    return identifiers.resolve(identifier, "regularizer", _KNOWN)


__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

"""First values of variables, under Keras's names."""

import jax
import numpy as np

from lamina.core import dtypes, identifiers, serialization
from lamina.initializers.fixed import STFT, Constant, Identity, Ones, Zeros
from lamina.initializers.initializer import Initializer
from lamina.initializers.random import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from lamina.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

constant = Constant
identity = IdentityInitializer = Identity
ones = Ones
stft = STFTInitializer = STFT
zeros = Zeros
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
orthogonal = OrthogonalInitializer = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling

_KNOWN = identifiers.names_of(
    Initializer,
    Constant,
    Identity,
    Ones,
    STFT,
    Zeros,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
) | {
    "IdentityInitializer": Identity,
    "OrthogonalInitializer": Orthogonal,
    "STFTInitializer": STFT,
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "one": Ones,
    "zero": Zeros,
}


def serialize(initializer):
    """Describe an initializer by values that JSON can hold."""
    return serialization.serialize_keras_object(initializer)


def deserialize(config, custom_objects=None):
    """Make the initializer that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_KNOWN)


def get(identifier):
    """Return the initializer meant by a name, a config dict, a class, a callable or an array; None for None.

    Raises:   ValueError for anything else.
    Source:   Keras 3 `initializers.get`.
    Example:
        >>> get("he_normal").scale, get(np.eye(1))((1, 1)).tolist()
        (2.0, [[1.0]])
    """
    if isinstance(identifier, jax.Array | np.ndarray | np.generic):
        return _always(identifier)
    return identifiers.resolve(identifier, "initializer", _KNOWN)


def _always(array):
    def initialize(shape, dtype=None):
        if tuple(shape) != tuple(array.shape):
            raise ValueError(
                f"Expected `shape` to be {array.shape} for direct tensor as initializer. Received shape={shape}"
            )
        return dtypes.as_array(array, dtype=dtypes.standardize_dtype(dtype))

    return initialize


__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "stft",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

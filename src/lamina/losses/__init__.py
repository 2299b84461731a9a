"""Losses, under Keras's names."""

from lamina.core import identifiers, serialization
from lamina.losses.crossentropy import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    sparse_categorical_crossentropy,
)
from lamina.losses.divergence import (
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
)
from lamina.losses.embedding import Circle, circle
from lamina.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from lamina.losses.labels import check_labels as check_labels
from lamina.losses.loss import Loss
from lamina.losses.margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from lamina.losses.overlap import Dice, Tversky, dice, tversky
from lamina.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from lamina.losses.sequence import CTC, ctc
from lamina.losses.wrapper import LossFunctionWrapper

# Old spellings, which Keras 1 and 2 programs use.
bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
mse = MSE = mean_squared_error
msle = MSLE = mean_squared_logarithmic_error
cosine_proximity = cosine_similarity
logcosh = log_cosh

__all__ = [
    "CTC",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "ctc",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

_OLD_NAMES = [
    *("bce", "BCE", "kld", "KLD", "mae", "MAE", "mape", "MAPE", "mse", "MSE", "msle", "MSLE"),
    *("cosine_proximity", "kullback_leibler_divergence", "logcosh"),
]
_LOOKUPS = ("deserialize", "get", "serialize")
_KNOWN = {name: globals()[name] for name in (*__all__, *_OLD_NAMES) if name not in _LOOKUPS}
_KNOWN["LossFunctionWrapper"] = LossFunctionWrapper


def serialize(loss):
    """Describe a loss by values that JSON can hold."""
    return serialization.serialize_keras_object(loss)


def deserialize(name, custom_objects=None):
    """Make the loss that `serialize` described."""
    return serialization.deserialize_keras_object(name, custom_objects=custom_objects, module_objects=_KNOWN)


def get(identifier):
    """Return the loss meant by a name, a config dict, a class or a callable; None for None.

    Raises:   ValueError for anything else.
    Source:   Keras 3 `losses.get`.
    Example:
        >>> get("mse").__name__, get("MeanSquaredError").name
        ('mean_squared_error', 'mean_squared_error')
    """
    return identifiers.resolve(identifier, "loss", _KNOWN)


def is_loss(function):
    """Tell whether `function` is one of the losses here, as a function or as an object.

    Example:
        >>> is_loss(mse), is_loss(abs)
        (True, False)
    """
    return any(function is known or type(function) is known for known in _KNOWN.values())

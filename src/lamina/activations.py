"""Activation functions under the names that layers know them by."""

import types

from lamina import ops
from lamina.core import errors, serialization
from lamina.core.context import note
from lamina.core.op import op
from lamina.core.registry import get_registered_name, get_registered_object
from lamina.ops import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    silu,
    soft_shrink,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    swish,
    tanh,
    tanh_shrink,
    threshold,
)


def linear(x):
    """Return x as it is."""
    return x


def exponential(x):
    """Return e^x."""
    return ops.exp(x)


def gelu(x, approximate=False):
    """Return x times the probability that a standard normal number lies below x; see `ops.gelu`."""
    return ops.gelu(x, approximate=approximate)


@op("x", module="keras.src.activations.activations")
def mish(x):
    """Return x * tanh(softplus(x))."""
    return x * ops.tanh(ops.softplus(x))


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Return x above `threshold`, at most `max_value`, and negative_slope * (x - threshold) below.

    Example:
        >>> relu([-2.0, 1.0, 3.0, 9.0], negative_slope=0.5, max_value=6.0, threshold=2.0).tolist()
        [-2.0, -0.5, 3.0, 6.0]
    """
    if negative_slope == 0 and max_value is None and threshold == 0:
        return ops.relu(x)
    return _general_relu(x, negative_slope=negative_slope, max_value=max_value, threshold=threshold)


@op("x", class_name="ReLU", module="keras.src.activations.activations")
def _general_relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    above = ops.where(x > threshold, x, 0) if threshold else ops.relu(x)
    if max_value is not None:
        above = ops.minimum(above, max_value)
    if negative_slope == 0:
        return above
    return above - negative_slope * ops.relu(threshold - x)


ReLU = _general_relu.operation
Mish = mish.operation


def sigmoid(x):
    """Return 1 / (1 + e^-x), and let x travel with it, so that losses can be computed without rounding."""
    return _with_logits(ops.sigmoid(x), x, "sigmoid")


def softmax(x, axis=-1):
    """Return e^x / sum(e^x), and let x travel with it, so that losses can be computed without rounding."""
    return _with_logits(ops.softmax(x, axis), x, "softmax")


def _with_logits(output, logits, name):
    note(output, "_keras_logits", logits)
    note(output, "_keras_logits_of", name)
    return output


_FUNCTIONS = (
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
_KNOWN = {function.__name__: function for function in _FUNCTIONS} | {"swish": silu, "hard_swish": hard_silu}


def serialize(activation):
    """Describe an activation by values that JSON can hold: its name, or the config of an object."""
    config = serialization.serialize_keras_object(activation)
    if not isinstance(activation, types.FunctionType) or not isinstance(config, dict) or "config" not in config:
        return config
    if _KNOWN.get(config["config"]) is activation:
        return config["config"]
    return {**config, "config": get_registered_name(activation)}


def deserialize(config, custom_objects=None):
    """Make the activation that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_KNOWN)


def get(identifier):
    """Return the activation meant by a name, a config dict or a callable; `linear` for None.

    Raises:   ConfigurationError L210 (a ValueError) for anything else, with the nearest names.
    Source:   Keras 3 `activations.get`.
    Example:
        >>> get("relu") is relu, get(None) is linear
        (True, True)
    """
    if identifier is None:
        return linear
    activation = identifier
    if isinstance(identifier, dict):
        activation = deserialize(identifier)
    elif isinstance(identifier, str):
        activation = get_registered_object(identifier, module_objects=_KNOWN)
    if callable(activation):
        return activation
    near = errors.nearest(identifier, _KNOWN)
    raise errors.ConfigurationError(
        errors.message(
            "L210",
            f"Could not interpret activation function identifier: {identifier}.{near}",
            why="known are a callable, a config dict, and the names of Keras's activations.",
            fix='activation="relu"',
        )
    )


__all__ = [
    "Mish",
    "ReLU",
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

"""Activations, as functions and as layers."""

import dataclasses

from lamina import activations, layers
from lamina.export.onnx.calls import array, layer

_SIMPLE = {
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "exponential": ("Exp", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "hard_silu": ("HardSwish", {}),
    "hard_swish": ("HardSwish", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "mish": ("Mish", {}),
}
_ALONG_LAST = {"softmax": "Softmax", "log_softmax": "LogSoftmax"}


def name_of(function):
    """Return the name of one of the library's activations, None for another function."""
    name = getattr(function, "__name__", None)
    return name if name and getattr(activations, name, None) is function else None


def activated(graph, x, function):
    """Return `x` after an activation, None if it has no nodes of its own."""
    name = name_of(function)
    if name == "linear":
        return x
    if name in _SIMPLE:
        operator, options = _SIMPLE[name]
        return dataclasses.replace(x, name=graph.add(operator, x.name, **options))
    if name in _ALONG_LAST:
        return _along(graph, x, _ALONG_LAST[name], x.ndim - 1)
    if name in ("silu", "swish"):
        return dataclasses.replace(x, name=graph.add("Mul", x.name, graph.add("Sigmoid", x.name)))
    if name == "relu6":
        return _clipped(graph, x, 6)
    if name == "gelu" and graph.opset >= 20:
        return dataclasses.replace(x, name=graph.add("Gelu", x.name))
    return None


def _along(graph, x, operator, axis):
    return dataclasses.replace(x, name=graph.add(operator, x.name, axis=x.order.index(axis % x.ndim)))


def _clipped(graph, x, largest):
    bounds = (graph.constant(bound, x.dtype) for bound in (0, largest))
    return dataclasses.replace(x, name=graph.add("Clip", x.name, *bounds))


@layer(layers.Activation)
def _activation(graph, call):
    return activated(graph, call.inputs, call.layer.activation)


@layer(layers.ReLU)
def _relu(graph, call):
    own, x = call.layer, call.inputs
    if own.threshold or (own.negative_slope and own.max_value is not None):
        return None
    if own.negative_slope:
        return dataclasses.replace(x, name=graph.add("LeakyRelu", x.name, alpha=float(own.negative_slope)))
    return _clipped(graph, x, own.max_value) if own.max_value is not None else activated(graph, x, activations.relu)


@layer(layers.LeakyReLU)
def _leaky(graph, call):
    name = graph.add("LeakyRelu", call.inputs.name, alpha=float(call.layer.negative_slope))
    return dataclasses.replace(call.inputs, name=name)


@layer(layers.ELU)
def _elu(graph, call):
    return dataclasses.replace(call.inputs, name=graph.add("Elu", call.inputs.name, alpha=float(call.layer.alpha)))


@layer(layers.PReLU)
def _prelu(graph, call):
    x = call.inputs
    slopes = array(call.layer.alpha)[None].transpose(x.order)
    return dataclasses.replace(x, name=graph.add("PRelu", x.name, graph.constant(slopes)))


@layer(layers.Softmax)
def _softmax(graph, call):
    if call.inputs.mask is not None or call.kwargs or not isinstance(call.layer.axis, int):
        return None
    return _along(graph, call.inputs, "Softmax", call.layer.axis)

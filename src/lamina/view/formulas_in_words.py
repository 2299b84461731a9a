"""The formula of a layer in words, short enough to stand beside a cell."""

import functools

from lamina import layers
from lamina.layers.convolution import Convolution
from lamina.layers.pooling import AveragePooling, MaxPooling
from lamina.view.scene import activation_name


@functools.singledispatch
def formula(layer):
    """Say how a value of the layer's output is made; "" where the sentence of `explain` has to do."""
    return ""


def _then(layer, text):
    name = activation_name(layer)
    return f"{name}({text})" if name else text


@formula.register
def _(layer: layers.Dense):
    return _then(layer, "sum of input × weight + bias" if layer.use_bias else "sum of input × weight")


@formula.register
def _(layer: Convolution):
    window = " × ".join(map(str, layer.kernel_size))
    return _then(layer, f"sum over a {window} window of input × weight{' + bias' if layer.use_bias else ''}")


@formula.register
def _(layer: MaxPooling):
    return f"the largest of a {' × '.join(map(str, layer.pool_size))} window"


@formula.register
def _(layer: AveragePooling):
    return f"the mean of a {' × '.join(map(str, layer.pool_size))} window"


@formula.register
def _(layer: layers.Flatten):
    return "a copy: row by row, the last axis fastest"


@formula.register
def _(layer: layers.BatchNormalization):
    return "gamma × (input − mean) ÷ √(variance + epsilon) + beta"


@formula.register
def _(layer: layers.Embedding):
    return "row number input of the table"


@formula.register
def _(layer: layers.Add):
    return "the sum of the inputs"


@formula.register
def _(layer: layers.Dropout):
    return "a copy; in training some are set to 0"


@formula.register
def _(layer: layers.Activation):
    return f"{activation_name(layer) or 'linear'}(input)"

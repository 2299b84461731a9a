"""Layers as data that a page can compute with: an operation's name, its settings, its weights."""

import base64
import functools

import numpy as np

from lamina import layers
from lamina.layers.convolution import Convolution
from lamina.layers.pooling import AveragePooling, GlobalAveragePooling, GlobalMaxPooling, MaxPooling
from lamina.view.scene import activation_name

ACTIVATIONS = ("", "relu", "sigmoid", "tanh", "softmax", "elu", "silu", "gelu", "softplus", "exponential")


class NotPortableError(Exception):
    """A layer does what the page cannot compute."""


def portable(nodes):
    """Return what the page needs to compute the nodes of a scene: a dict from ids to operations.

    Returns: None if there is a layer among them that it cannot compute.
    """
    try:
        return {node.id: _checked(node) for node in nodes if node.call}
    except NotPortableError:
        return None


def _checked(node):
    layer = node.layer
    if getattr(layer, "data_format", "channels_last") != "channels_last" or len(node.call.outputs) != 1:
        raise NotPortableError
    if len(node.fed_by) != len(node.call.inputs):  # an input that is given twice
        raise NotPortableError
    told = operation(layer)
    told["activation"] = activation_name(layer)
    if told["activation"] not in ACTIVATIONS:
        raise NotPortableError
    return told


@functools.singledispatch
def operation(layer):
    """Return the operation of a layer as data.

    Raises: NotPortableError for a layer without one.
    """
    raise NotPortableError


def _weights(*variables):
    """Return arrays as base64 of float32."""
    arrays = [np.asarray(getattr(v, "value", v), "<f4") for v in variables]
    return [{"shape": list(a.shape), "data": base64.b64encode(a.tobytes()).decode()} for a in arrays]


def _kernel_and_bias(layer):
    return _weights(layer.kernel, *([layer.bias] if layer.use_bias else []))


@operation.register
def _(layer: layers.Dense):
    return {"op": "dense", "weights": _kernel_and_bias(layer)}


def _window(layer, size):
    """Return the settings of a window that moves over one axis (as over an image of one row) or two."""
    if layer.rank > 2 or layer.padding not in ("valid", "same"):
        raise NotPortableError

    def both(sizes):
        return [1, *sizes] if layer.rank == 1 else list(sizes)

    dilation = getattr(layer, "dilation_rate", (1,) * layer.rank)
    return {
        "window": both(size),
        "strides": both(layer.strides),
        "dilation": both(dilation),
        "same": layer.padding == "same",
    }


@operation.register
def _(layer: Convolution):
    if layer.groups != 1:
        raise NotPortableError
    return {"op": "convolution", **_window(layer, layer.kernel_size), "weights": _kernel_and_bias(layer)}


@operation.register
def _(layer: layers.DepthwiseConv2D):
    weights = _weights(layer.kernel, *([layer.bias] if layer.use_bias else []))
    return {"op": "depthwise", **_window(layer, layer.kernel_size), "weights": weights}


@operation.register
def _(layer: MaxPooling):
    return {"op": "largest", **_window(layer, layer.pool_size)}


@operation.register
def _(layer: AveragePooling):
    return {"op": "mean", **_window(layer, layer.pool_size)}


@operation.register
def _(layer: GlobalMaxPooling):
    return {"op": "largestOfAll"}


@operation.register
def _(layer: GlobalAveragePooling):
    return {"op": "meanOfAll"}


@operation.register(layers.Flatten)
@operation.register(layers.Reshape)
@operation.register(layers.Dropout)
@operation.register(layers.SpatialDropout2D)
@operation.register(layers.GaussianNoise)
@operation.register(layers.Activation)
@operation.register(layers.Identity)
def _(layer):
    return {"op": "copy"}


@operation.register
def _(layer: layers.ReLU):
    if layer.max_value is not None or layer.negative_slope or layer.threshold:
        raise NotPortableError
    return {"op": "relu"}


@operation.register
def _(layer: layers.Softmax):
    if layer.axis != -1:
        raise NotPortableError
    return {"op": "softmax"}


@operation.register
def _(layer: layers.Rescaling):
    return {"op": "affine", "weights": _weights(np.ravel(layer.scale), np.ravel(layer.offset))}


@operation.register
def _(layer: layers.BatchNormalization):
    if layer.axis not in (-1, layer.input_spec.ndim - 1):
        raise NotPortableError
    mean, variance = (np.asarray(v.value, "float64") for v in (layer.moving_mean, layer.moving_variance))
    gamma = np.asarray(layer.gamma.value, "float64") if layer.scale else 1.0
    beta = np.asarray(layer.beta.value, "float64") if layer.center else 0.0
    scale = gamma / np.sqrt(variance + layer.epsilon)
    return {"op": "affine", "weights": _weights(scale, beta - mean * scale)}


@operation.register
def _(layer: layers.ZeroPadding2D):
    return {"op": "pad", "before": [layer.padding[0][0], layer.padding[1][0]]}


@operation.register
def _(layer: layers.UpSampling2D):
    if layer.interpolation != "nearest":
        raise NotPortableError
    return {"op": "repeat", "times": list(layer.size)}


@operation.register
def _(layer: layers.Add):
    return {"op": "add"}


@operation.register
def _(layer: layers.Multiply):
    return {"op": "multiply"}


@operation.register
def _(layer: layers.Concatenate):
    if layer.axis != -1:
        raise NotPortableError
    return {"op": "join"}


@operation.register
def _(layer: layers.Embedding):
    return {"op": "look up", "weights": _weights(layer.embeddings)}

"""Layers that slide windows over sequences, images and volumes, or change their size.

In the file all of them work on (batch, channels, *spatial); the layers before and after keep that order if they can.
"""

import numpy as np

from lamina import layers
from lamina.export.onnx.activations import activated
from lamina.export.onnx.calls import array, layer
from lamina.export.onnx.graph import Tensor, channels_first
from lamina.kernels.convolution import _transpose_padding, padding_pairs


def _order(call):
    """Return the order of axes that windows slide over, as seen from the layer's data format."""
    ndim = call.inputs.ndim
    last = getattr(call.layer, "data_format", "channels_last") == "channels_last"
    return channels_first(ndim) if last else tuple(range(ndim))


def _result(call, name):
    aval = call.outputs[0]
    return Tensor(name, tuple(aval.shape), np.dtype(aval.dtype), order=_order(call))


def _sizes(call):
    return [call.inputs.shape[axis] for axis in _order(call)[2:]]


def _padding(call, window, strides, dilation):
    """Return the attributes for a layer's padding: numbers where the sizes are known."""
    name = call.layer.padding
    if name == "same" and not all(isinstance(size, int) for size in _sizes(call)):
        return {"auto_pad": "SAME_UPPER"}
    pairs = padding_pairs(_sizes(call), window, strides, name, dilation)
    return {"pads": [low for low, _ in pairs] + [high for _, high in pairs]}


def _convolved(graph, call, x, kernel, bias, groups, strides, dilation):
    """Add a Conv; `kernel` is (filters, channels / groups, *window)."""
    window = kernel.shape[2:]
    inputs = [x, graph.constant(kernel)] + ([] if bias is None else [graph.constant(array(bias))])
    padding = _padding(call, window, strides, dilation)
    return graph.add("Conv", *inputs, kernel_shape=window, strides=strides, dilations=dilation, group=groups, **padding)


def _filters_first(kernel):
    return np.ascontiguousarray(np.moveaxis(kernel, (-1, -2), (0, 1)))


@layer(layers.Conv1D, layers.Conv2D, layers.Conv3D)
def _convolution(graph, call):
    own = call.layer
    x = graph.ordered(call.inputs, _order(call))
    kernel = _filters_first(array(own._adapted_value()))
    y = _convolved(graph, call, x, kernel, own.bias, own.groups, own.strides, own.dilation_rate)
    return activated(graph, _result(call, y), own.activation)


def _one_filter_per_channel(kernel):
    """(*window, channels, multiplier) -> (channels * multiplier, 1, *window)."""
    *window, channels, multiplier = kernel.shape
    turned = np.moveaxis(kernel, (-2, -1), (0, 1))
    return np.ascontiguousarray(turned.reshape(channels * multiplier, 1, *window))


@layer(layers.DepthwiseConv1D, layers.DepthwiseConv2D)
def _depthwise(graph, call):
    own, kernel = call.layer, array(call.layer.kernel)
    x = graph.ordered(call.inputs, _order(call))
    weights = _one_filter_per_channel(kernel)
    y = _convolved(graph, call, x, weights, own.bias, kernel.shape[-2], own.strides, own.dilation_rate)
    return activated(graph, _result(call, y), own.activation)


@layer(layers.SeparableConv1D, layers.SeparableConv2D)
def _separable(graph, call):
    own, kernel = call.layer, array(call.layer.depthwise_kernel)
    x = graph.ordered(call.inputs, _order(call))
    weights = _one_filter_per_channel(kernel)
    y = _convolved(graph, call, x, weights, None, kernel.shape[-2], own.strides, own.dilation_rate)
    pointwise = graph.constant(_filters_first(array(own.pointwise_kernel)))
    y = graph.add("Conv", y, pointwise, *([] if own.bias is None else [graph.constant(array(own.bias))]))
    return activated(graph, _result(call, y), own.activation)


@layer(layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
def _transposed(graph, call):
    own, kernel = call.layer, array(call.layer.kernel)
    reaches = [(taps - 1) * step for taps, step in zip(own.kernel_size, own.dilation_rate, strict=True)]
    extras = own.output_padding or (None,) * own.rank
    pads = [_transpose_padding(*axis, own.padding) for axis in zip(reaches, own.strides, extras, strict=True)]
    lows = [reach - low for reach, (low, _) in zip(reaches, pads, strict=True)]
    highs = [reach - high for reach, (_, high) in zip(reaches, pads, strict=True)]
    y = graph.add(
        "ConvTranspose",
        graph.ordered(call.inputs, _order(call)),
        graph.constant(np.ascontiguousarray(np.moveaxis(kernel, (-1, -2), (0, 1)))),
        *([] if own.bias is None else [graph.constant(array(own.bias))]),
        kernel_shape=own.kernel_size,
        strides=own.strides,
        dilations=own.dilation_rate,
        pads=[*lows, *(max(high, 0) for high in highs)],
        output_padding=[max(-high, 0) for high in highs],
    )
    return activated(graph, _result(call, y), own.activation)


def _pooled(graph, call, operator):
    own = call.layer
    x = graph.ordered(call.inputs, _order(call))
    padding = _padding(call, own.pool_size, own.strides, (1,) * own.rank)
    return _result(call, graph.add(operator, x, kernel_shape=own.pool_size, strides=own.strides, **padding))


@layer(layers.MaxPooling1D, layers.MaxPooling2D, layers.MaxPooling3D)
def _max_pooling(graph, call):
    return _pooled(graph, call, "MaxPool")


@layer(layers.AveragePooling1D, layers.AveragePooling2D, layers.AveragePooling3D)
def _average_pooling(graph, call):
    return _pooled(graph, call, "AveragePool")


def _pooled_whole(graph, call, operator):
    """Reduce the spatial axes, wherever they lie."""
    x, own = call.inputs, call.layer
    spatial = range(1, x.ndim - 1) if own.data_format == "channels_last" else range(2, x.ndim)
    axes = graph.whole_numbers(*sorted(x.order.index(axis) for axis in spatial))
    y = graph.add(operator, x.name, axes, keepdims=int(own.keepdims))
    aval = call.outputs[0]
    order = x.order if own.keepdims else None
    return Tensor(y, tuple(aval.shape), np.dtype(aval.dtype), order=order)


@layer(layers.GlobalMaxPooling1D, layers.GlobalMaxPooling2D, layers.GlobalMaxPooling3D)
def _global_max_pooling(graph, call):
    return _pooled_whole(graph, call, "ReduceMax")


@layer(layers.GlobalAveragePooling1D, layers.GlobalAveragePooling2D, layers.GlobalAveragePooling3D)
def _global_average_pooling(graph, call):
    return None if call.inputs.mask is not None else _pooled_whole(graph, call, "ReduceMean")


def _margins(call, margins):
    """Return how much is added before and after each axis as it lies in the file."""
    first = 1 if getattr(call.layer, "data_format", "channels_last") == "channels_last" else 2
    by_axis = {first + i: pair for i, pair in enumerate(margins)}
    return [by_axis.get(axis, (0, 0)) for axis in call.inputs.order]


def _same_order(call, name):
    aval = call.outputs[0]
    return Tensor(name, tuple(aval.shape), np.dtype(aval.dtype), order=call.inputs.order)


@layer(layers.ZeroPadding1D, layers.ZeroPadding2D, layers.ZeroPadding3D)
def _zero_padding(graph, call):
    lows, highs = zip(*_margins(call, call.layer._margins), strict=True)
    return _same_order(call, graph.add("Pad", call.inputs.name, graph.whole_numbers(*lows, *highs)))


@layer(layers.Cropping1D, layers.Cropping2D, layers.Cropping3D)
def _cropping(graph, call):
    margins = _margins(call, call.layer._margins)
    cut = [axis for axis, pair in enumerate(margins) if any(pair)]
    if not cut:
        return call.inputs
    starts = [margins[axis][0] for axis in cut]
    ends = [-margins[axis][1] or np.iinfo(np.int64).max for axis in cut]
    bounds = [graph.whole_numbers(*values) for values in (starts, ends, cut)]
    return _same_order(call, graph.add("Slice", call.inputs.name, *bounds))


@layer(layers.UpSampling1D, layers.UpSampling2D, layers.UpSampling3D)
def _up_sampling(graph, call):
    own = call.layer
    kind = getattr(own, "interpolation", "nearest")
    if kind not in ("nearest", "bilinear"):
        return None
    x = graph.ordered(call.inputs, _order(call))
    size = own.size if isinstance(own.size, tuple | list) else (own.size,)
    scales = graph.constant(np.array([1, 1, *size], np.float32))
    if kind == "nearest":
        options = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    else:
        options = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    return _result(call, graph.add("Resize", x, None, scales, **options))

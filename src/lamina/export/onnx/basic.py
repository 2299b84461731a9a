"""Dense, normalization, embedding, merging, and layers that do nothing in inference."""

import dataclasses

import jax
import numpy as np

from lamina import layers
from lamina.core.op import OPERATIONS
from lamina.export.onnx.activations import activated
from lamina.export.onnx.calls import array, layer
from lamina.export.onnx.graph import Tensor, channels_first
from lamina.export.onnx.primitives import convert
from lamina.layers.category_encoding import encoded

_END = np.iinfo(np.int64).max
_FLOAT, _INT32 = 1, 6  # numbers of ONNX's types


@layer(
    layers.ActivityRegularization,
    layers.AlphaDropout,
    layers.Dropout,
    layers.GaussianDropout,
    layers.GaussianNoise,
    layers.Identity,
    layers.InputLayer,
    layers.SpatialDropout1D,
    layers.SpatialDropout2D,
    layers.SpatialDropout3D,
)
def _nothing(graph, call):
    return call.inputs


@layer(layers.Dense)
def _dense(graph, call):
    own, x = call.layer, call.inputs
    kernel = graph.constant(array(own._adapted_value()))
    bias = None if own.bias is None else graph.constant(array(own.bias))
    name = x.name if x.order[-1] == x.ndim - 1 else graph.ordered(x)
    order = x.order if name == x.name else None
    if x.ndim == 2:
        y = graph.add("Gemm", name, kernel, *([] if bias is None else [bias]))
    else:
        y = graph.add("MatMul", name, kernel)
        y = y if bias is None else graph.add("Add", y, bias)
    aval = call.outputs[0]
    return activated(graph, Tensor(y, tuple(aval.shape), x.dtype, order=order), own.activation)


@layer(layers.Embedding)
def _embedding(graph, call):
    x, aval = call.inputs, call.outputs[0]
    table = graph.constant(array(call.layer._adapted_value()))
    if not np.issubdtype(x.dtype, np.integer):
        x = dataclasses.replace(x, name=graph.add("Cast", graph.ordered(x), to=_INT32), order=None)
    return Tensor(graph.add("Gather", table, graph.ordered(x), axis=0), tuple(aval.shape), np.dtype(aval.dtype))


@layer(layers.Discretization)
def _discretization(graph, call):
    own, x = call.layer, call.inputs
    values = graph.add("Cast", graph.ordered(x), to=_FLOAT)
    values = graph.add("Unsqueeze", values, graph.whole_numbers(x.ndim))
    below = graph.add("Less", values, graph.constant(np.asarray(own.bin_boundaries, np.float32)))
    passed = graph.add("Cast", graph.add("Not", below), to=_INT32)  # also by NaN, which is above all
    bins = Tensor(graph.add("ReduceSum", passed, graph.whole_numbers(x.ndim), keepdims=0), x.shape, np.dtype("int32"))
    if own.output_mode == "int":
        return bins
    encode = jax.make_jaxpr(lambda x: encoded(x, own.output_mode, len(own.bin_boundaries) + 1, own.output_dtype))
    return convert(graph, encode(jax.ShapeDtypeStruct(bins.shape, bins.dtype)), [bins])[0]


@layer(layers.BatchNormalization)
def _batch_normalization(graph, call):
    own, x = call.layer, call.inputs
    axis = own.axis % x.ndim
    if axis == x.order[1]:
        order = x.order
    elif axis == x.ndim - 1:
        order = channels_first(x.ndim)
    else:
        return None
    size = own.moving_mean.shape[0]
    gamma = array((1, size) if own.gamma is None else own.gamma)
    beta = array((0, size) if own.beta is None else own.beta)
    weights = [gamma, beta, array(own.moving_mean), array(own.moving_variance)]
    names = [graph.constant(weight) for weight in weights]
    y = graph.add("BatchNormalization", graph.ordered(x, order), *names, epsilon=own.epsilon)
    return dataclasses.replace(x, name=y, order=order)


@layer(layers.LayerNormalization)
def _layer_normalization(graph, call):
    own, x = call.layer, call.inputs
    axes = [axis % x.ndim for axis in (own.axis if isinstance(own.axis, list | tuple) else [own.axis])]
    if own.rms_scaling or axes != [x.ndim - 1]:
        return None
    name = x.name if x.order[-1] == x.ndim - 1 else graph.ordered(x)
    gamma = array((1, x.shape[-1]) if own.gamma is None else own.gamma)
    beta = [] if own.beta is None else [graph.constant(array(own.beta))]
    y = graph.add("LayerNormalization", name, graph.constant(gamma), *beta, epsilon=own.epsilon)
    return dataclasses.replace(x, name=y, order=x.order if name == x.name else None)


@layer(layers.Flatten)
def _flatten(graph, call):
    x, aval = call.inputs, call.outputs[0]
    if x.ndim < 2 or (call.layer.data_format == "channels_first" and x.ndim > 2):
        return None
    return Tensor(graph.add("Flatten", graph.ordered(x), axis=1), tuple(aval.shape), x.dtype)


_MERGES = {
    layers.Add: "Add",
    layers.Subtract: "Sub",
    layers.Multiply: "Mul",
    layers.Maximum: "Max",
    layers.Minimum: "Min",
    layers.Average: "Mean",
}


def _in_one_order(graph, inputs):
    """Return the names of tensors in the order of axes that most of them have, and that order."""
    orders = [x.order for x in inputs]
    order = max(orders, key=orders.count)
    return [graph.ordered(x, order) for x in inputs], order


@layer(*_MERGES)
def _merge(graph, call):
    inputs, aval = call.inputs, call.outputs[0]
    if len({x.ndim for x in inputs}) > 1:
        return None
    names, order = _in_one_order(graph, inputs)
    operator = _MERGES[type(call.layer)]
    if operator in ("Max", "Min", "Mean") or len(names) == 2:
        y = graph.add(operator, *names)
    else:
        y = names[0]
        for name in names[1:]:
            y = graph.add(operator, y, name)
    return Tensor(y, tuple(aval.shape), np.dtype(aval.dtype), order=order)


@layer(layers.Concatenate)
def _concatenate(graph, call):
    names, order = _in_one_order(graph, call.inputs)
    aval = call.outputs[0]
    y = graph.add("Concat", *names, axis=order.index(call.layer.axis % len(order)))
    return Tensor(y, tuple(aval.shape), np.dtype(aval.dtype), order=order)


@layer(OPERATIONS["GetItem"])
def _get_item(graph, call):
    """Indexing with numbers, slices, None and an ellipsis, `x[:, -1, None, ::2]`."""
    (x, key), aval = call.args, call.outputs[0]
    items = list(key) if isinstance(key, tuple | list) else [key]
    if not all(item is None or item is Ellipsis or isinstance(item, int | slice) for item in items):
        return None
    if Ellipsis not in items:
        items.append(Ellipsis)
    place = items.index(Ellipsis)
    rest = x.ndim - sum(item is not None for item in items) + 1
    items[place : place + 1] = [slice(None)] * rest
    own = list(enumerate(item for item in items if item is not None))
    cuts = [(axis, *_bounds(item)) for axis, item in own if item != slice(None)]
    y = graph.ordered(x)
    if cuts:
        axes, starts, ends, steps = (graph.whole_numbers(*values) for values in zip(*cuts, strict=True))
        y = graph.add("Slice", y, starts, ends, axes, steps)
    if dropped := [axis for axis, item in own if isinstance(item, int)]:
        y = graph.add("Squeeze", y, graph.whole_numbers(*dropped))
    kept = [item for item in items if not isinstance(item, int)]
    if added := [axis for axis, item in enumerate(kept) if item is None]:
        y = graph.add("Unsqueeze", y, graph.whole_numbers(*added))
    return Tensor(y, tuple(aval.shape), x.dtype)


def _bounds(item):
    """Return start, end and step of an index, for a Slice."""
    if isinstance(item, int):
        return item, (item + 1 or _END), 1
    step = item.step or 1
    first, last = (0, _END) if step > 0 else (_END, -_END)
    return (first if item.start is None else item.start), (last if item.stop is None else item.stop), step

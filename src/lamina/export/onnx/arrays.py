"""Primitives that move elements about, make new ones, or reduce axes."""

import dataclasses

import numpy as np

from lamina.export.onnx.graph import Tensor, data_type
from lamina.export.onnx.primitives import NoSuchNodeError, primitive


@primitive("broadcast_in_dim")
def _broadcast(graph, inputs, equation):
    """Axes of size 1 are put in; how long they are shows where it matters."""
    x, shape = inputs[0], tuple(equation.params["shape"])
    places = equation.params["broadcast_dimensions"]
    new = [1] * len(shape)
    for axis, place in enumerate(places):
        new[place] = x.shape[axis]
    if x.thin and len(new) > x.ndim:
        x = graph.plain(x)
    name = graph.ordered(x)
    added = [axis for axis in range(len(shape)) if axis not in places]
    if added and x.ndim:
        name = graph.add("Unsqueeze", name, graph.whole_numbers(*added))
    elif added:
        name = graph.add("Reshape", name, graph.whole_numbers(*new))
    return Tensor(name, shape, x.dtype, thin=x.thin or tuple(new) != shape)


@primitive("reshape", "squeeze", "expand_dims")
def _reshape(graph, inputs, equation):
    return graph.reshaped(inputs[0].name, inputs[0].shape, equation.outvars[0].aval.shape)


@primitive("transpose")
def _transpose(graph, inputs, equation):
    x, turn = inputs[0], equation.params["permutation"]
    order = [tuple(turn).index(axis) for axis in x.order]
    return dataclasses.replace(x, shape=tuple(x.shape[axis] for axis in turn), order=tuple(order), mask=None)


@primitive("concatenate")
def _concatenate(graph, inputs, equation):
    return graph.add("Concat", *(x.name for x in inputs), axis=equation.params["dimension"])


@primitive("stack")
def _stack(graph, inputs, equation):
    axis = equation.params["axis"]
    return graph.add("Concat", *(graph.add("Unsqueeze", x.name, graph.whole_numbers(axis)) for x in inputs), axis=axis)


@primitive("slice")
def _slice(graph, inputs, equation):
    starts, ends = equation.params["start_indices"], equation.params["limit_indices"]
    steps = equation.params["strides"] or (1,) * len(starts)
    whole = zip(starts, ends, steps, inputs[0].shape, strict=True)
    axes = [axis for axis, (start, end, step, size) in enumerate(whole) if (start, end, step) != (0, size, 1)]
    if not axes:
        return inputs[0]
    bounds = [graph.shape([values[axis] for axis in axes]) for values in (starts, ends)]
    return graph.add(
        "Slice", inputs[0].name, *bounds, graph.whole_numbers(*axes), graph.shape([steps[a] for a in axes])
    )


@primitive("dynamic_slice")
def _dynamic_slice(graph, inputs, equation):
    x, *starts = inputs
    sizes = equation.params["slice_sizes"]
    flat = [
        graph.add("Reshape", graph.add("Cast", s.name, to=data_type(np.int64)), graph.whole_numbers(1)) for s in starts
    ]
    last = graph.shape([full - size for full, size in zip(x.shape, sizes, strict=True)])
    start = graph.add("Min", graph.add("Max", graph.add("Concat", *flat, axis=0), graph.whole_numbers(0)), last)
    return graph.add("Slice", x.name, start, graph.add("Add", start, graph.shape(sizes)))


@primitive("rev")
def _reverse(graph, inputs, equation):
    axes = equation.params["dimensions"]
    end = np.iinfo(np.int64).min
    bounds = [graph.whole_numbers(*(value,) * len(axes)) for value in (-1, end)]
    return graph.add(
        "Slice", inputs[0].name, *bounds, graph.whole_numbers(*axes), graph.whole_numbers(*(-1,) * len(axes))
    )


@primitive("pad")
def _pad(graph, inputs, equation):
    lows, highs, insides = zip(*equation.params["padding_config"], strict=True)
    if any(insides):
        raise NoSuchNodeError("pad with values between")
    return graph.add("Pad", inputs[0].name, graph.shape([*lows, *highs]), inputs[1].name)


@primitive("split")
def _split(graph, inputs, equation):
    sizes = graph.shape(equation.params["sizes"])
    outputs = len(equation.params["sizes"])
    names = graph.add("Split", inputs[0].name, sizes, outputs=outputs, axis=equation.params["axis"])
    return names if outputs > 1 else [names]


@primitive("unstack")
def _unstack(graph, inputs, equation):
    axis, outputs = equation.params["axis"], len(equation.outvars)
    names = graph.add("Split", inputs[0].name, outputs=outputs, axis=axis, num_outputs=outputs)
    return [graph.add("Squeeze", name, graph.whole_numbers(axis)) for name in (names if outputs > 1 else [names])]


@primitive("iota")
def _iota(graph, inputs, equation):
    shape, axis = equation.params["shape"], equation.params["dimension"]
    limit = graph.add("Squeeze", graph.size(shape[axis]))
    zero, one = graph.constant(0, np.int64), graph.constant(1, np.int64)
    values = graph.add("Cast", graph.add("Range", zero, limit, one), to=data_type(equation.params["dtype"]))
    thin = [1] * len(shape)
    thin[axis] = -1
    name = graph.add("Reshape", values, graph.whole_numbers(*thin)) if len(shape) > 1 else values
    return Tensor(name, tuple(shape), np.dtype(equation.params["dtype"]), thin=len(shape) > 1)


@primitive("dim_as_value")
def _dimension(graph, inputs, equation):
    size = graph.add("Squeeze", graph.size(equation.params["dim"]))
    return graph.add("Cast", size, to=data_type(equation.outvars[0].aval.dtype))


_REDUCTIONS = {
    "reduce_sum": "ReduceSum",
    "reduce_max": "ReduceMax",
    "reduce_min": "ReduceMin",
    "reduce_prod": "ReduceProd",
}


@primitive(*_REDUCTIONS)
def _reduce(graph, inputs, equation):
    axes = graph.whole_numbers(*equation.params["axes"])
    return graph.add(_REDUCTIONS[equation.primitive.name], inputs[0].name, axes, keepdims=0)


@primitive("reduce_and", "reduce_or")
def _reduce_logical(graph, inputs, equation):
    operator = "ReduceMin" if equation.primitive.name == "reduce_and" else "ReduceMax"
    numbers = graph.add("Cast", inputs[0].name, to=data_type(np.int32))
    reduced = graph.add(operator, numbers, graph.whole_numbers(*equation.params["axes"]), keepdims=0)
    return graph.add("Cast", reduced, to=data_type(bool))


@primitive("argmax", "argmin")
def _argument(graph, inputs, equation):
    operator = "ArgMax" if equation.primitive.name == "argmax" else "ArgMin"
    index = graph.add(operator, inputs[0].name, axis=equation.params["axes"][0], keepdims=0)
    return graph.add("Cast", index, to=data_type(equation.params["index_dtype"]))


@primitive("cumsum")
def _running_sum(graph, inputs, equation):
    axis = graph.constant(equation.params["axis"], np.int64)
    return graph.add("CumSum", inputs[0].name, axis, reverse=int(equation.params["reverse"]))


@primitive("sort")
def _sort(graph, inputs, equation):
    """The first operand is sorted, the others are put in the same order."""
    axis = equation.params["dimension"]
    if equation.params["num_keys"] != 1:
        raise NoSuchNodeError("sort by several keys")
    size = graph.size(inputs[0].shape[axis])
    first, order = graph.add("TopK", inputs[0].name, size, outputs=2, axis=axis, largest=0)
    return [first, *(graph.add("GatherElements", x.name, order, axis=axis) for x in inputs[1:])]


@primitive("top_k")
def _largest(graph, inputs, equation):
    values, index = graph.add("TopK", inputs[0].name, graph.whole_numbers(equation.params["k"]), outputs=2, axis=-1)
    return [values, graph.add("Cast", index, to=data_type(np.int32))]

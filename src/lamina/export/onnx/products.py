"""Matrix products, convolutions, windows, and picking by index."""

import dataclasses

import jax
import numpy as np

from lamina.export.onnx.graph import Tensor, data_type
from lamina.export.onnx.primitives import NoSuchNodeError, primitive


@primitive("dot_general")
def _product(graph, inputs, equation):
    x, y = (_wide(graph, operand) for operand in inputs)
    (x_sum, y_sum), (x_batch, y_batch) = equation.params["dimension_numbers"]
    count = len(x_batch)
    leading = tuple(range(count)) == tuple(x_batch) == tuple(y_batch)
    straight = tuple(x_sum) == (x.ndim - 1,) and tuple(y_sum) == (count,) and y.ndim == count + 2
    if leading and straight and (count == 0 or x.ndim == count + 2):
        return graph.add("MatMul", x.name, y.name)
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    x_axes = [next(letters) for _ in range(x.ndim)]
    y_axes = [next(letters) for _ in range(y.ndim)]
    for mine, other in zip((*x_sum, *x_batch), (*y_sum, *y_batch), strict=True):
        y_axes[other] = x_axes[mine]
    free_x = [x_axes[axis] for axis in range(x.ndim) if axis not in (*x_sum, *x_batch)]
    free_y = [y_axes[axis] for axis in range(y.ndim) if axis not in (*y_sum, *y_batch)]
    result = [x_axes[axis] for axis in x_batch] + free_x + free_y
    formula = f"{''.join(x_axes)},{''.join(y_axes)}->{''.join(result)}"
    return graph.add("Einsum", x.name, y.name, equation=formula)


def _wide(graph, x):
    """Sums of products of small integers are 32 bits wide."""
    small = x.dtype in (np.int8, np.uint8)
    return dataclasses.replace(x, name=graph.add("Cast", x.name, to=data_type(np.int32))) if small else x


@primitive("fft")
def _frequencies(graph, inputs, equation):
    """Complex numbers have one axis more in the file: the real and the imaginary part."""
    x, params = inputs[0], equation.params
    if params["fft_type"] != jax.lax.FftType.RFFT or len(params["fft_lengths"]) > 1:
        raise NoSuchNodeError("fft of complex numbers")
    single = graph.add("Unsqueeze", x.name, graph.whole_numbers(x.ndim))
    axis = {"axis": x.ndim - 1} if graph.opset < 20 else {}  # since then the last but one is the default
    return graph.add("DFT", single, onesided=1, **axis)


@primitive("real", "imag")
def _part(graph, inputs, equation):
    x, which = inputs[0], 0 if equation.primitive.name == "real" else 1
    return graph.add("Gather", x.name, graph.constant(np.int64(which)), axis=x.ndim)


@primitive("conv_general_dilated")
def _convolution(graph, inputs, equation):
    params = equation.params
    x_order, kernel_order, y_order = params["dimension_numbers"]
    if any(step != 1 for step in params["lhs_dilation"]) or params["batch_group_count"] != 1:
        raise NoSuchNodeError("a transposed convolution")
    y = graph.add(
        "Conv",
        graph.ordered(inputs[0], tuple(x_order)),
        graph.ordered(inputs[1], tuple(kernel_order)),
        strides=list(params["window_strides"]),
        dilations=list(params["rhs_dilation"]),
        group=params["feature_group_count"],
        pads=_pads(params["padding"]),
    )
    aval = equation.outvars[0].aval
    return Tensor(y, tuple(aval.shape), np.dtype(aval.dtype), order=tuple(y_order))


@primitive("reduce_window_max", "reduce_window_sum")
def _window(graph, inputs, equation):
    params, x = equation.params, inputs[0]
    window, strides, padding = params["window_dimensions"], params["window_strides"], params["padding"]
    still = [axis for axis in range(x.ndim) if window[axis] == strides[axis] == 1 and padding[axis] == (0, 0)]
    if still[:1] != [0] or len(still) < 2 or max(*params["base_dilation"], *params["window_dilation"]) > 1:
        raise NoSuchNodeError("such a window")
    channels = still[-1]
    order = (0, channels, *(axis for axis in range(1, x.ndim) if axis != channels))
    options = {"kernel_shape": [window[axis] for axis in order[2:]], "strides": [strides[axis] for axis in order[2:]]}
    options["pads"] = _pads([padding[axis] for axis in order[2:]])
    if equation.primitive.name == "reduce_window_max":
        y = graph.add("MaxPool", graph.ordered(x, order), **options)
    else:
        mean = graph.add("AveragePool", graph.ordered(x, order), count_include_pad=1, **options)
        y = graph.add("Mul", mean, graph.constant(float(np.prod(window)), x.dtype))
    return Tensor(y, tuple(equation.outvars[0].aval.shape), x.dtype, order=order)


def _pads(pairs):
    if not all(isinstance(size, int) for pair in pairs for size in pair):
        raise NoSuchNodeError("a padding that depends on sizes known later")
    return [low for low, _ in pairs] + [high for _, high in pairs]


@primitive("gather")
def _gather(graph, inputs, equation):
    x, indices = inputs
    numbers, sizes = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    if indices.ndim == 1:
        return _gather_one(graph, inputs, equation)
    if len(numbers.start_index_map) != 1 or numbers.collapsed_slice_dims != numbers.start_index_map:
        raise NoSuchNodeError("gather along several axes")
    axis = numbers.start_index_map[0]
    index = graph.add("Squeeze", indices.name, graph.whole_numbers(indices.ndim - 1))
    if numbers.operand_batching_dims:
        if len(numbers.operand_batching_dims) != x.ndim - 1 or numbers.offset_dims:
            raise NoSuchNodeError("gather in batches")
        places = numbers.start_indices_batching_dims
        own = [d for d in range(indices.ndim - 1) if d not in places]
        if len(own) != 1 or own != [axis] or list(places) != list(numbers.operand_batching_dims):
            raise NoSuchNodeError("gather in batches")
        return graph.add("GatherElements", x.name, index, axis=axis)
    expected = (*range(axis), *range(axis + indices.ndim - 1, x.ndim + indices.ndim - 2))
    is_whole = all(sizes[d] == x.shape[d] for d in range(x.ndim) if d != axis)
    if tuple(numbers.offset_dims) != expected or not is_whole:
        raise NoSuchNodeError("gather of parts")
    return graph.add("Gather", x.name, index, axis=axis)


def _gather_one(graph, inputs, equation):
    """A single index: one slice of the operand."""
    x, index = inputs
    numbers, sizes = equation.params["dimension_numbers"], equation.params["slice_sizes"]
    axes = numbers.start_index_map
    start = graph.add("Cast", index.name, to=data_type(np.int64))
    size = graph.shape([sizes[axis] for axis in axes])
    last = graph.add("Sub", graph.shape([x.shape[axis] for axis in axes]), size)
    start = graph.add("Min", graph.add("Max", start, graph.whole_numbers(0)), last)
    part = graph.add("Slice", x.name, start, graph.add("Add", start, size), graph.whole_numbers(*axes))
    if not numbers.collapsed_slice_dims:
        return part
    return graph.add("Squeeze", part, graph.whole_numbers(*numbers.collapsed_slice_dims))

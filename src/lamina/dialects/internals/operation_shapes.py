"""`keras.src.ops.operation_utils`: the shape that comes out, found by running the operation on shapes alone."""

import math

from lamina import ops
from lamina.core import tree
from lamina.core.operation import Operation
from lamina.core.shapes import infer
from lamina.core.tensor import KerasTensor

__all__ = [
    "broadcast_shapes",
    "compute_conv_output_shape",
    "compute_expand_dims_output_shape",
    "compute_matmul_output_shape",
    "compute_pooling_output_shape",
    "compute_reshape_output_shape",
    "compute_transpose_output_shape",
    "get_source_inputs",
    "reduce_shape",
    "shape_equal",
]


def _shape(function, *shapes):
    return tuple(infer(function, *[KerasTensor(shape) for shape in shapes]).shape)


def broadcast_shapes(shape1, shape2):
    """Return the shape of the sum of two arrays; unknown sizes meet a 1 or each other.

    Raises: ValueError if sizes cannot be stretched to each other.
    """
    longest = max(len(shape1), len(shape2))
    stretched = [(1,) * (longest - len(shape)) + tuple(shape) for shape in (shape1, shape2)]
    return [_broadcast_size(a, b, shape1, shape2) for a, b in zip(*stretched, strict=True)]


def _broadcast_size(a, b, shape1, shape2):
    if a == b or b == 1:
        return a
    if a == 1 or a is None:
        return b
    if b is None:
        return a
    raise ValueError(
        f"Cannot broadcast shape, the failure dim has value {a}, which cannot be broadcasted to {b}. "
        f"Input shapes are: {list(shape1)} and {list(shape2)}."
    )


def compute_expand_dims_output_shape(input_shape, axis):
    """Return the shape with axes of size 1 put in."""
    return _shape(lambda x: ops.expand_dims(x, axis), input_shape)


def compute_matmul_output_shape(shape1, shape2):
    """Return the shape of the product of matrices."""
    return _shape(ops.matmul, shape1, shape2)


def compute_transpose_output_shape(input_shape, axes):
    """Return the shape with its axes in another order."""
    order = range(len(input_shape))[::-1] if axes is None else axes
    return tuple(input_shape[axis] for axis in order)


def compute_pooling_output_shape(input_shape, pool_size, strides, padding="valid", data_format="channels_last"):
    """Return the shape after pooling."""
    size = pool_size if isinstance(pool_size, int) else tuple(pool_size)
    steps = strides if strides is None or isinstance(strides, int) else tuple(strides)
    return _shape(lambda x: ops.max_pool(x, size, steps, padding, data_format), input_shape)


def compute_conv_output_shape(
    input_shape, filters, kernel_size, strides=1, padding="valid", data_format="channels_last", dilation_rate=1
):
    """Return the shape after a convolution."""
    axes = len(input_shape) - 2
    kernel_size = (kernel_size,) * axes if isinstance(kernel_size, int) else tuple(kernel_size)
    channels = input_shape[-1] if data_format == "channels_last" else input_shape[1]
    kernel = (*kernel_size, channels, filters)

    def run(x, weights):
        return ops.conv(x, weights, strides, padding, data_format, dilation_rate)

    return _shape(run, input_shape, kernel)


def compute_reshape_output_shape(input_shape, newshape, newshape_arg_name="newshape"):
    """Return the new shape, with the size that -1 stands for where it is known.

    Raises: ValueError if the sizes do not fit.
    """
    newshape = tuple(newshape)
    known = math.prod(size for size in newshape if size != -1)
    if None in input_shape:
        return tuple(None if size == -1 else size for size in newshape)
    total = math.prod(input_shape)
    if (-1 in newshape and total % known) or (-1 not in newshape and total != known):
        raise ValueError(
            f"The total size of the tensor must be unchanged. Received: input_shape={input_shape}, "
            f"{newshape_arg_name}={newshape}"
        )
    return tuple(total // known if size == -1 else size for size in newshape)


def reduce_shape(shape, axis=None, keepdims=False):
    """Return the shape after a sum over axes."""
    axes = range(len(shape)) if axis is None else [a % len(shape) for a in ([axis] if isinstance(axis, int) else axis)]
    if keepdims:
        return tuple(1 if i in axes else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in axes)


def shape_equal(shape1, shape2, axis=None, allow_none=True):
    """Tell whether two shapes are equal but for `axis`; an unknown size equals every other if `allow_none`."""
    left_out = {a % len(shape1) for a in ([axis] if isinstance(axis, int) else axis or ())}
    return len(shape1) == len(shape2) and all(
        i in left_out or a == b or (allow_none and None in (a, b))
        for i, (a, b) in enumerate(zip(shape1, shape2, strict=True))
    )


def get_source_inputs(tensor):
    """Return the inputs that a symbolic tensor was computed from."""
    operation = getattr(tensor, "_keras_history", (None,))[0]
    if not isinstance(operation, Operation):
        return [tensor]
    node = operation._inbound_nodes[tensor._keras_history.node_index]
    if node.is_input:
        return tree.flatten(node.output_tensors)
    found = [source for x in node.input_tensors for source in get_source_inputs(x)]
    return list({id(x): x for x in found}.values())

"""What has no node of ours, through the package jax2onnx."""

import jax
import numpy as np
import onnx
from jax.extend import core as jax_core

from lamina.export.onnx.graph import Tensor


def through_jax2onnx(graph, closed, inputs):
    """Add the nodes that jax2onnx makes of a program.

    Args:
        graph: where they are added.
        closed: the program, a closed jaxpr.
        inputs: its inputs, Tensors.
    Returns:  list of Tensors.
    """
    import jax2onnx

    specs = [jax.ShapeDtypeStruct(_with_names(x.shape), x.dtype) for x in inputs]
    model = jax2onnx.to_onnx(jax_core.jaxpr_as_fun(closed), specs, opset=graph.opset)
    names = dict(zip((x.name for x in model.graph.input), (x.name for x in inputs), strict=True))
    for array in model.graph.initializer:
        names[array.name] = graph.constant(onnx.numpy_helper.to_array(array))
    for node in model.graph.node:
        for output in node.output:
            names[output] = graph.unique(output or "unused")
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.name = graph.unique(node.op_type)
        copy.input[:] = [names.get(name, name) for name in node.input]
        copy.output[:] = [names[name] for name in node.output]
        graph.nodes.append(copy)
    results = zip(model.graph.output, closed.out_avals, strict=True)
    return [Tensor(names[x.name], tuple(aval.shape), np.dtype(aval.dtype)) for x, aval in results]


def _with_names(shape):
    return tuple(size if isinstance(size, int) else str(size) for size in shape)

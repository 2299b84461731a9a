"""Loops, as Scan nodes."""

import numpy as np
import onnx

from lamina.export.onnx.graph import Tensor, data_type
from lamina.export.onnx.primitives import convert, primitive


@primitive("scan")
def _scan(graph, inputs, equation):
    """The body becomes a graph inside the node; what does not change is read from the graph around."""
    params = equation.params
    consts, carried = params["num_consts"], params["num_carry"]
    body, inner = params["jaxpr"], graph.inner()
    unchanging, states, sequences = inputs[:consts], inputs[consts : consts + carried], inputs[consts + carried :]
    avals = body.in_avals[consts:]
    arguments = [Tensor(graph.unique("step"), tuple(a.shape), np.dtype(a.dtype)) for a in avals]
    results = [inner.plain(x) for x in convert(inner, body, [*unchanging, *arguments])]
    if not sequences:  # something to count the steps with
        steps = graph.add("Expand", graph.constant(0.0, np.float32), graph.size(params["length"]))
        sequences = [Tensor(steps, (params["length"],), np.dtype(np.float32))]
        arguments.append(Tensor(graph.unique("step"), (), np.dtype(np.float32)))
    infos = [_info(x.name, x) for x in arguments]
    outputs = [_info(inner.add("Identity", x.name), x) for x in results]
    inside = onnx.helper.make_graph(inner.nodes, graph.unique("body"), infos, outputs)
    direction = int(params["reverse"])
    names = graph.add(
        "Scan",
        *(x.name for x in [*states, *sequences]),
        outputs=len(results),
        body=inside,
        num_scan_inputs=len(sequences),
        scan_input_directions=[direction] * len(sequences),
        scan_output_directions=[direction] * (len(results) - carried),
    )
    return names if isinstance(names, list) else [names]


def _info(name, x):
    sizes = [size if isinstance(size, int) else None for size in x.shape]
    return onnx.helper.make_tensor_value_info(name, data_type(x.dtype), sizes)

"""Recurrent layers as LSTM, GRU and RNN nodes, in one direction or both.

The nodes read (steps, batch, features). With a mask, whose steps repeat the state before, or with other activations,
layers have no such node; they become a Scan over what the cell computes.
"""

import dataclasses

import numpy as np

from lamina import layers
from lamina.export.onnx.activations import name_of
from lamina.export.onnx.calls import array, layer
from lamina.export.onnx.graph import Tensor

STEPS_FIRST = (1, 0, 2)

_GATES = {  # the node, and for each of its gates where Lamina's kernel has it
    layers.LSTM: ("LSTM", (0, 3, 1, 2)),  # i, o, f, c from i, f, c, o
    layers.GRU: ("GRU", (0, 1, 2)),
    layers.SimpleRNN: ("RNN", (0,)),
}
_FUNCTIONS = {  # name, alpha, beta
    "tanh": ("Tanh", None, None),
    "sigmoid": ("Sigmoid", None, None),
    "relu": ("Relu", None, None),
    "softsign": ("Softsign", None, None),
    "softplus": ("Softplus", None, None),
    "linear": ("Affine", 1.0, 0.0),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "elu": ("Elu", 1.0, None),
}


@layer(*_GATES)
def _one_direction(graph, call):
    own = call.layer
    if own.go_backwards and own.return_sequences:
        return None
    read = _read(graph, call, [own], "reverse" if own.go_backwards else "forward")
    if read is None:
        return None
    steps, states = read
    outputs = []
    if own.return_sequences:
        y = graph.add("Squeeze", steps, graph.whole_numbers(1))  # (steps, 1, batch, units)
        outputs.append(_sequence(call.outputs[0], y))
    else:
        outputs.append(_last(graph, call.outputs[0], states[0]))
    if own.return_state:
        outputs += [_last(graph, aval, state) for aval, state in zip(call.outputs[1:], states, strict=True)]
    return outputs


@layer(layers.Bidirectional)
def _both_directions(graph, call):
    own = call.layer
    pair = [own.forward_layer, own.backward_layer]
    kinds = {(type(part), part.units, part.activation, part.use_bias) for part in pair}
    if len(kinds) > 1 or type(pair[0]) not in _GATES or pair[0].go_backwards or own.return_state:
        return None
    if own.merge_mode is None:
        return None
    read = _read(graph, call, pair, "bidirectional")
    if read is None:
        return None
    steps, states = read
    if own.return_sequences:
        y = _merged(graph, steps, own.merge_mode, axis=1, turn=(0, 2, 1, 3), units=pair[0].units)
        return _sequence(call.outputs[0], y)
    y = _merged(graph, states[0], own.merge_mode, axis=0, turn=(1, 0, 2), units=pair[0].units)
    return Tensor(y, tuple(call.outputs[0].shape), np.dtype(call.outputs[0].dtype))


def _merged(graph, name, mode, axis, turn, units):
    """Merge the directions, which lie along `axis`."""
    if mode == "concat":
        side_by_side = graph.add("Transpose", name, perm=turn)
        return graph.add("Reshape", side_by_side, graph.whole_numbers(*(0,) * (len(turn) - 2), 2 * units))
    operator = {"sum": "ReduceSum", "mul": "ReduceProd", "ave": "ReduceMean"}[mode]
    return graph.add(operator, name, graph.whole_numbers(axis), keepdims=0)


def _sequence(aval, name):
    return Tensor(name, tuple(aval.shape), np.dtype(aval.dtype), order=STEPS_FIRST)


def _last(graph, aval, name):
    """A final state of one direction: (1, batch, units) -> (batch, units)."""
    name = graph.add("Squeeze", name, graph.whole_numbers(0))
    return Tensor(name, tuple(aval.shape), np.dtype(aval.dtype))


def _read(graph, call, parts, direction):
    """Add the node; return the names of the outputs of all steps and of the final states, or None."""
    operator, gates = _GATES[type(parts[0])]
    functions = [_functions(part, operator) for part in parts]
    x, first = call.inputs, parts[0]
    given = call.kwargs.get("initial_state")
    given = [given] if isinstance(given, Tensor) else list(given or ())
    if None in functions or x.mask is not None or first.stateful or set(call.kwargs) - {"initial_state"}:
        return None
    if given and len(parts) > 1:
        return None
    weights = [np.stack(arrays) for arrays in zip(*(_weights(part, gates) for part in parts), strict=True)]
    states = [graph.add("Unsqueeze", graph.ordered(state), graph.whole_numbers(0)) for state in given]
    names, alphas, betas = zip(*(entry for pair in functions for entry in pair), strict=True)
    options = {"activations": list(names), "direction": direction, "hidden_size": first.units}
    if any(alpha is not None for alpha in alphas):
        options["activation_alpha"] = [float(alpha or 0) for alpha in alphas]
        options["activation_beta"] = [float(beta or 0) for beta in betas]
    if operator == "GRU":
        options["linear_before_reset"] = int(first.reset_after)
    count = 3 if operator == "LSTM" else 2
    steps, *finals = graph.add(
        operator,
        graph.ordered(x, STEPS_FIRST),
        *(graph.constant(weight) for weight in weights),
        None,
        *states,
        outputs=count,
        **options,
    )
    return steps, finals


def _functions(part, operator):
    """Return the node's activations as (name, alpha, beta), None if one of them has no name there."""
    inner = _FUNCTIONS.get(name_of(part.activation))
    gate = None if operator == "RNN" else _FUNCTIONS.get(name_of(part.recurrent_activation))
    found = {"LSTM": [gate, inner, inner], "GRU": [gate, inner], "RNN": [inner]}[operator]
    return None if None in found else found


def _weights(part, gates):
    """Return kernel, recurrent kernel and biases of one direction, gate above gate."""
    cell, units = part.cell, part.units

    def stacked(matrix):  # (..., gates * units) -> (gates * units, ...)
        blocks = [matrix[..., gate * units : (gate + 1) * units] for gate in gates]
        return np.concatenate(blocks, axis=-1).T

    if cell.bias is None:
        bias = np.zeros((2, len(gates) * units), np.float32)
    else:
        bias = array(cell.bias)
        bias = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
    biases = np.concatenate([stacked(row) for row in bias])
    return stacked(array(cell.kernel)), stacked(array(cell.recurrent_kernel)), biases


@layer(layers.TimeDistributed)
def _time_distributed(graph, call):
    """Only around layers that treat all axes between batch and features alike: each step is one more row."""
    inner = call.layer.layer
    if type(inner) not in (layers.Dense, layers.Activation) or call.inputs.mask is not None:
        return None
    from lamina.export.onnx.calls import TABLE

    return TABLE[type(inner)](graph, dataclasses.replace(call, layer=inner))

"""The graph of a functional model: which calls lead from its inputs to its outputs, and in which order.

Source: Keras 3's ordering of nodes and layers by depth, so that weights come in the same order.
"""

import collections
import sys

from lamina.core import tree
from lamina.core.tensor import KerasTensor
from lamina.layers import Input


class Graph:
    """The nodes between inputs and outputs, in an order in which they can run.

    Args:
        inputs, outputs: structures of KerasTensors.
    Raises: ValueError if an output does not depend on the inputs alone, or layers share a name.

    Attributes:
        nodes: list of Nodes; each comes after those it depends on.
        operations: list of the operations called, inputs first, as Keras orders them.
    """

    def __init__(self, inputs, outputs):
        self.inputs = tree.flatten(inputs)
        self.outputs = tree.flatten(outputs)
        order, found = _walk_back(self.inputs, self.outputs)
        node_depths, operation_depths = _depths(order)
        for x in self.inputs:  # inputs that reach no output still are part of the model
            operation = getattr(x, "_keras_history", (None,))[0]
            is_input = operation is not None and operation._inbound_nodes[0].is_input
            if is_input and operation not in operation_depths:
                operation_depths[operation] = 0
                node_depths[operation._inbound_nodes[0]] = 0
                found[operation] = -1
        self.operations = sorted(operation_depths, key=lambda o: (-operation_depths[o], found[o]))
        self.nodes = sorted(node_depths, key=lambda n: -node_depths[n])
        self._node_set = set(self.nodes)
        self._assert_connected()
        self._assert_unique_names()

    def __contains__(self, node):
        return node in self._node_set

    def run(self, values, shifts=None):
        """Return the values of the outputs, given those of the inputs, both as flat lists.

        Args:
            shifts: what to add to inner tensors before they are used, by their ids.
        """
        known = {id(x): value for x, value in zip(self.inputs, values, strict=True)}
        for node in self.nodes:
            if node.is_input or all(id(x) in known for x in node.outputs):
                continue
            args, kwargs = node.fill_in(known)
            results = tree.flatten(node.operation(*args, **kwargs))
            for x, value in zip(node.outputs, results, strict=True):
                known[id(x)] = value + shifts[id(x)] if shifts and id(x) in shifts else value
        return [known[id(x)] for x in self.outputs]

    def _assert_connected(self):
        known = {id(x) for x in self.inputs}
        for node in self.nodes:
            _assert_inputs_known(node, known, self.inputs)
            if not node.is_input:
                known.update(id(x) for x in node.outputs)
        for x in self.outputs:
            if id(x) not in known:
                raise ValueError(f"Output {x} is not connected to `inputs`.")

    def _assert_unique_names(self):
        for name, count in collections.Counter(operation.name for operation in self.operations).items():
            if count > 1:
                raise ValueError(
                    f'The name "{name}" is used {count} times in the model. All operation names should be unique.'
                )


def _walk_back(inputs, outputs):
    """Return the nodes that lead to `outputs`, each after its parents, and the order in which operations were met."""
    stop = {id(x) for x in inputs}
    order, done, running, found = [], set(), set(), {}

    def visit(x):
        operation, node_index, _ = getattr(x, "_keras_history", (None, 0, 0))
        if operation is None:
            return
        node = operation._inbound_nodes[node_index]
        if node in done or (id(x) in stop and not node.is_input):
            return
        if node in running:
            raise ValueError(f"Tensor {x} from operation '{operation.name}' is part of a cycle.")
        found.setdefault(operation, len(found))
        running.add(node)
        for parent in node.input_tensors:
            visit(parent)
        running.discard(node)
        done.add(node)
        order.append(node)

    _with_deep_stack(lambda: [visit(x) for x in outputs], size=4000)
    return order, found


def _with_deep_stack(function, size):
    """Run `function` with a recursion limit that very deep models need."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, 4 * size))
    try:
        return function()
    finally:
        sys.setrecursionlimit(limit)


def _depths(order):
    """Return how far each node and each operation is from the outputs, in calls."""
    reached, node_depths, operation_depths = set(order), {}, {}
    for node in reversed(order):
        depth = max(node_depths.get(node, 0), operation_depths.get(node.operation, 0))
        node_depths[node] = operation_depths[node.operation] = depth
        for parent in node.parent_nodes:
            node_depths[parent] = max(depth + 1, node_depths.get(parent, 0))
    return {n: d for n, d in node_depths.items() if n in reached}, operation_depths


def _assert_inputs_known(node, known, inputs):
    for x in node.input_tensors:
        if id(x) not in known:
            raise ValueError(
                f"Graph disconnected: cannot find parent for tensor {x} at operation {node.operation.name}. "
                f"Output '{node.operation.name}' is not connected to `inputs`, {[i.name for i in inputs]}."
            )


def from_intermediate(inputs, outputs):
    """Return inputs and outputs of a graph that starts anew at `inputs`, which may be outputs of layers.

    The layers, and so the weights, are shared; each of their calls in between is repeated from new `Input`s.
    """
    fresh = {}
    for x in tree.flatten(inputs):
        operation = getattr(x, "_keras_history", (None,))[0]
        is_input = operation is not None and operation._inbound_nodes[0].is_input
        fresh[id(x)] = x if is_input else Input(batch_shape=x.shape, dtype=x.dtype, name=_input_name(operation))
    order, _ = _walk_back(tree.flatten(inputs), tree.flatten(outputs))
    for node in order:
        if node.is_input or all(id(x) in fresh for x in node.outputs):
            continue
        _assert_inputs_known(node, fresh, tree.flatten(inputs))
        args, kwargs = node.fill_in(fresh)
        results = tree.flatten(node.operation(*args, **kwargs))
        for x, value in zip(node.outputs, results, strict=True):
            fresh.setdefault(id(x), value)

    def swap(x):
        return fresh.get(id(x), x) if isinstance(x, KerasTensor) else x

    return tree.map_structure(swap, inputs), tree.map_structure(swap, outputs)


def _input_name(operation):
    return None if operation is None else f"{operation.name}_input"

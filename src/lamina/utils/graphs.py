"""Questions about symbolic tensors."""

from lamina.core.tensor import KerasTensor


def is_keras_tensor(x):
    """Tell whether `x` is a symbolic tensor.

    Example:
        >>> is_keras_tensor(KerasTensor((None, 3))), is_keras_tensor(3.0)
        (True, False)
    """
    return isinstance(x, KerasTensor)


def get_source_inputs(tensor):
    """Return the model inputs that a symbolic tensor is computed from.

    Source:   Keras 3 `get_source_inputs`.
    Example:
        >>> from lamina.layers import Dense, Input
        >>> x = Input((3,), name="x")
        >>> [t.name for t in get_source_inputs(Dense(2)(x))]
        ['x']
    """
    found, waiting, seen = [], [tensor], set()
    while waiting:
        x = waiting.pop(0)
        if id(x) in seen:
            continue
        seen.add(id(x))
        operation, node_index, _ = x._keras_history
        node = operation._inbound_nodes[node_index] if operation is not None else None
        if node is None or node.is_input:
            found.append(x)
        else:
            waiting = [*node.input_tensors, *waiting]
    return found

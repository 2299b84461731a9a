"""Hear every call of a layer inside a model while it runs, for models of any kind and without rebuilding them."""

import jax.numpy as jnp

from lamina.core.operation import Operation


class Listening:
    """Report each call of an operation inside `model` during a `with` block.

    Args:
        model: a model or a layer.
        heard: called after each call as `heard(path, layer, args, kwargs, outputs)`. A path is the names of the layers
            around joined by "/", with the number of the call behind the name if a layer is called again. What it
            returns, unless that is None, is given in place of the outputs.

    Calls inside of a loop that is traced by itself (the cell of a recurrent layer) are not reported: their arrays
    do not exist outside of it.
    """

    def __init__(self, model, heard):
        self.model = model
        self.heard = heard
        self.stack = []
        self.counts = {}

    def __enter__(self):
        self.trace = _current_trace()
        self.operations = _operations_in(self.model)
        for operation in self.operations:
            object.__setattr__(operation, "call", self._reporting(operation, operation.call))
        return self

    def __exit__(self, *exception):
        for operation in self.operations:
            object.__delattr__(operation, "call")

    def _reporting(self, operation, call):
        def reporting(*args, **kwargs):
            path = self._path(operation)
            self.stack.append(path)
            try:
                outputs = call(*args, **kwargs)
            finally:
                self.stack.pop()
            if _current_trace() is self.trace:
                instead = self.heard(path, operation, args, kwargs, outputs)
                return outputs if instead is None else instead
            return outputs

        return reporting

    def _path(self, operation):
        path = f"{self.stack[-1]}/{operation.name}" if self.stack else operation.name
        count = self.counts[path] = self.counts.get(path, -1) + 1
        return f"{path}[{count}]" if count else path


def graph_of(model):
    """Return the graph of a functional or Sequential model; None for a subclassed one, and for a layer."""
    functional = getattr(model, "_functional", model)
    return getattr(functional, "_graph", None)


def _current_trace():
    """Return what new arrays belong to at the moment: the same object as long as the same program is traced."""
    return getattr(jnp.zeros(()), "_trace", None)


def _operations_in(model):
    """Return the layers and ops inside a model, at any depth, without the model itself."""
    found = {}
    for layer in model._flatten_layers():
        graph = graph_of(layer)
        for operation in (*(graph.operations if graph else ()), *layer._flatten_layers(recursive=False)):
            if isinstance(operation, Operation) and operation is not model:
                found[id(operation)] = operation
    return list(found.values())

"""The calls that a model consists of, whatever kind of model it is."""

from dataclasses import dataclass, field

import jax

from lamina.core import shapes, tree
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor
from lamina.explain.listening import Listening, graph_of


@dataclass(eq=False)
class Call:
    """One call of a layer (or op): what goes in, what comes out, whose outputs it reads and who reads its own.

    `args` and `kwargs` hold KerasTensors where the call gets arrays.
    """

    layer: object
    args: tuple
    kwargs: dict
    outputs: list
    fed_by: list = field(default_factory=list)
    feeds: list = field(default_factory=list)
    index: int = 0

    @property
    def inputs(self):
        """The tensors among the arguments, in order."""
        return [x for x in tree.flatten((self.args, self.kwargs)) if isinstance(x, KerasTensor)]

    @property
    def name(self):
        """The layer's name; a layer called again has the number of the call behind it."""
        return self.layer.name if self.index == 0 else f"{self.layer.name}[{self.index}]"

    def with_arrays(self, arrays):
        """Return (args, kwargs) with `arrays` in place of the tensors."""
        arrays = iter(arrays)
        return tree.map_structure(lambda x: next(arrays) if isinstance(x, KerasTensor) else x, (self.args, self.kwargs))

    def with_inputs(self, *inputs):
        """Return the same call on other tensors."""
        args, kwargs = self.with_arrays(inputs)
        return Call(self.layer, args, kwargs, [])


def calls_of(model, input_shape=None):
    """Return the calls that a model consists of, in the order they run, inputs left out.

    Args:
        input_shape: for a subclassed model: shape, or structure of shapes, of what it is called on; by default what it
            was built with.
    Raises: ValueError for a model whose input shape is not known.
    """
    graph = graph_of(model)
    if graph is None:
        return _heard_calls(model, input_shape)
    calls = [
        Call(node.operation, tuple(node.args), dict(node.kwargs), list(node.outputs))
        for node in graph.nodes
        if not node.is_input
    ]
    return connected(calls)


def inputs_of(calls, model=None):
    """Return the tensors that a model is called on, in its own order; then others that no call makes."""
    graph = None if model is None else graph_of(model)
    own = [] if graph is None else list(graph.inputs)
    known = {id(x) for x in own} | {id(x) for call in calls for x in call.outputs}
    return own + list({id(x): x for call in calls for x in call.inputs if id(x) not in known}.values())


def connected(calls):
    """Number the calls of each layer, and let each know whose outputs it reads and who reads its own."""
    made, counts = {}, {}
    for call in calls:
        call.index = counts.get(id(call.layer), 0)
        counts[id(call.layer)] = call.index + 1
        for x in call.inputs:
            source = made.get(id(x))
            if source is not None and source not in call.fed_by:
                call.fed_by.append(source)
                source.feeds.append(call)
        made.update({id(x): call for x in call.outputs})
    return calls


def _heard_calls(model, input_shape):
    """Run a subclassed model on shapes and keep the calls of the layers directly in it."""
    input_shape = built_shape(model) if input_shape is None else input_shape
    calls, error = heard_calls(
        model, tree.map_shape_structure(lambda shape: KerasTensor(shape, model.compute_dtype), input_shape)
    )
    if error is not None:
        raise error
    return calls


def heard_calls(model, *inputs):
    """Run any model on symbolic tensors; return the calls of the layers directly in it, and what stopped it."""
    calls, tensors = [], {}

    def tensor_of(x):
        if not isinstance(x, jax.Array):
            return x
        if id(x) not in tensors:
            tensor = KerasTensor(x.shape, x.dtype, symbolic_shape=tuple(x.shape))
            mask = get_mask(x)
            if mask is not None:
                set_mask(tensor, KerasTensor(mask.shape, mask.dtype))
            tensors[id(x)] = (tensor, x)  # the array is kept, so that no other one gets its id
        return tensors[id(x)][0]

    def heard(path, layer, args, kwargs, outputs):
        if "/" in path:
            return
        kwargs = {name: value for name, value in kwargs.items() if name != "training" and not name.endswith("mask")}
        args, kwargs, outputs = tree.map_structure(tensor_of, (args, kwargs, outputs))
        calls.append(Call(layer, args, kwargs, [x for x in tree.flatten(outputs) if isinstance(x, KerasTensor)]))

    def run(*arrays):
        calls.clear()
        tensors.clear()
        with Listening(model, heard):
            return model(*arrays)

    try:
        shapes.infer(run, *inputs)
    except Exception as error:  # noqa: BLE001 -- for the caller to judge
        return connected(calls), error
    return connected(calls), None


def built_shape(layer):
    """Return the shape that a layer or model was built with.

    Raises: ValueError if it is not known.
    """
    found = getattr(layer, "_build_shapes", None) or {}
    if not found or None in found.values():
        raise ValueError(
            f"{layer.name} has not been called yet, so its input shape is not known. "
            f"Give one: {layer.name}.explain((None, 28, 28, 1))."
        )
    return next(iter(found.values()))

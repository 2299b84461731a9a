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
            was built with, for any number of samples.
    Raises: ValueError for a model whose input shape is not known.
    """
    return calls_and_ends(model, input_shape)[0]


def calls_and_ends(model, input_shape=None):
    """Return (calls, input tensors, output tensors) of a model; see `calls_of`."""
    graph = graph_of(model)
    if graph is None:
        return _heard(model, input_shape)
    calls = [
        Call(node.operation, tuple(node.args), dict(node.kwargs), list(node.outputs))
        for node in graph.nodes
        if not node.is_input
    ]
    return connected(calls), list(graph.inputs), list(graph.outputs)


def inputs_of(calls, first=()):
    """Return the tensors that no call makes: those of `first`, then others."""
    known = {id(x) for x in first} | {id(x) for call in calls for x in call.outputs}
    return [*first, *{id(x): x for call in calls for x in call.inputs if id(x) not in known}.values()]


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


def _heard(model, input_shape):
    """Run a subclassed model on shapes and keep the calls of the layers directly in it."""
    if input_shape is None:
        input_shape = tree.map_shape_structure(lambda shape: (None, *shape[1:]), built_shape(model))
    heard = Heard(model, tree.map_shape_structure(lambda shape: KerasTensor(shape, model.compute_dtype), input_shape))
    if heard.error is not None:
        raise heard.error
    return heard.calls, heard.inputs, heard.outputs


def heard_calls(model, *inputs):
    """Run any model on symbolic tensors; return the calls of the layers directly in it, and what stopped it."""
    heard = Heard(model, *inputs)
    return heard.calls, heard.error


class Heard:
    """What is heard while a model of any kind runs on symbolic tensors.

    Attributes:
        calls: Calls of the layers directly in it.
        inputs, outputs: the tensors that the model was called on, and that it gave.
        error: what stopped it, or None.
    """

    def __init__(self, model, *inputs):
        self.calls, self.inputs, self.outputs, self.error = [], [], [], None
        try:
            shapes.infer(lambda *arrays: self._run(model, arrays), *inputs)
        except Exception as error:  # noqa: BLE001 -- for the caller to judge
            self.error = error
        connected(self.calls)

    def _run(self, model, arrays):
        self.calls, self._tensors = [], {}
        self.inputs = self._tensors_in(arrays)
        self.outputs = []
        with Listening(model, self._hear):
            outputs = model(*arrays)
        self.outputs = self._tensors_in(outputs)
        return outputs

    def _hear(self, path, layer, args, kwargs, outputs):
        if "/" in path:
            return None
        given = {id(x) for x in tree.flatten((args, kwargs))}

        def passed_on(y):  # as by a Dropout
            return isinstance(y, jax.Array) and id(y) in given

        outputs = tree.map_structure(lambda y: y.copy() if passed_on(y) else y, outputs)
        args, kwargs, tensors = tree.map_structure(self._tensor, (*as_given(args, kwargs), outputs))
        self.calls.append(Call(layer, args, kwargs, [x for x in tree.flatten(tensors) if is_symbolic(x)]))
        return outputs

    def _tensors_in(self, arrays):
        return [x for x in map(self._tensor, tree.flatten(arrays)) if is_symbolic(x)]

    def _tensor(self, x):
        """Return the symbolic tensor that stands for an array; what is no array stays."""
        if not isinstance(x, jax.Array):
            return x
        if id(x) not in self._tensors:
            tensor = KerasTensor(x.shape, x.dtype, symbolic_shape=tuple(x.shape))
            mask = get_mask(x)
            if mask is not None:
                set_mask(tensor, KerasTensor(mask.shape, mask.dtype))
            self._tensors[id(x)] = (tensor, x)  # the array is kept, so that no other one gets its id
        return self._tensors[id(x)][0]


def is_symbolic(x):
    """Tell whether something is a symbolic tensor."""
    return isinstance(x, KerasTensor)


def as_given(args, kwargs):
    """Return the arguments of a call without what every call fills in by itself: `training`, and masks that travel."""
    known = {id(get_mask(x)) for x in tree.flatten((args, kwargs))}

    def travels(name, value):
        return name.endswith("mask") and all(x is None or id(x) in known for x in tree.flatten(value))

    return args, {name: value for name, value in kwargs.items() if name != "training" and not travels(name, value)}


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

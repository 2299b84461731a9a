"""Where an element comes from, and where it goes: through all layers of a model, exactly."""

from dataclasses import dataclass, replace

import jax
import numpy as np

from lamina.core import tree
from lamina.core.context import entering
from lamina.core.errors import nearest
from lamina.core.state import StatelessScope
from lamina.core.tensor import KerasTensor
from lamina.explain import words
from lamina.explain.answer import Answer
from lamina.explain.between import Between, all_calls
from lamina.explain.calls import built_shape, calls_of, inputs_of
from lamina.explain.contributions import contributions
from lamina.explain.document import Block, Line, Table
from lamina.explain.explanation import call_of
from lamina.explain.facts import likeness
from lamina.explain.influence import Influence
from lamina.explain.layer_outputs import arrays_in
from lamina.explain.listening import graph_of
from lamina.explain.tracing import names_of
from lamina.explain.words.relations import relation
from lamina.models import Model


@dataclass
class Region:
    """Elements of one array: of a sample of a layer's output, or of an input.

    Attributes:
        name: of the layer or input.
        elements: bool array.
        axes: names of the axes.
        is_input: whether it is the model's input.
    """

    name: str
    elements: np.ndarray
    axes: tuple
    is_input: bool = False

    @property
    def count(self):
        """Number of elements."""
        return int(self.elements.sum())

    @property
    def ranges(self):
        """The first and last index along each axis; [] if there is no element."""
        if not self.count:
            return []
        return [(int(places.min()), int(places.max())) for places in np.nonzero(self.elements)]

    @property
    def is_box(self):
        """Whether all elements within the ranges belong to it."""
        return self.count == int(np.prod([last - first + 1 for first, last in self.ranges]))

    def __str__(self):
        if self.elements.ndim and self.count == self.elements.size > 1:
            return f"all {words.number(self.count)} of {self.name}"
        shown = ", ".join(str(first) if first == last else f"{first}..{last}" for first, last in self.ranges)
        some = "" if self.is_box else f"{words.number(self.count)} of "
        return f"{some}{self.name}[{shown}]"

    def to_dict(self):
        """Return plain data."""
        return {"name": self.name, "count": self.count, "ranges": self.ranges, "box": self.is_box}


def _united(regions):
    """Return one Region for each name: what several layers read of an array is told together."""
    found = {}
    for region in regions:
        known = found.pop(region.name, region)
        found[region.name] = replace(region, elements=known.elements | region.elements)
    return list(found.values())


@dataclass
class Step:
    """One layer on the way: what its output elements are to its input elements.

    Attributes:
        outputs, inputs: lists of Regions.
        relation: such as ("is the maximum of", "are maxima of").
    """

    outputs: list
    inputs: list
    relation: tuple


class Trace(Answer):
    """Where an element comes from, or where it goes.

    Attributes:
        start: Region of the element asked for.
        steps: list of Steps, nearest first.
        regions: list of the Regions reached, nearest first.
        forward: whether the question was where it goes.
        value, contributions, rest: with concrete data, the element's value; the list of `Contribution`s of the inputs'
            elements, largest first; and what they do not add up to.
    """

    def __init__(self, start, steps, forward=False):
        self.start, self.steps, self.forward = start, steps, forward
        self.regions = _united(region for step in steps for region in (step.outputs if forward else step.inputs))
        self.value = self.rest = None
        self.contributions = []

    def __getitem__(self, name):
        """Return the Region in a layer's output or in an input."""
        return next(region for region in self.regions if region.name == name)

    def to_dict(self):
        """Return plain data."""
        told = {"start": self.start.to_dict(), "regions": [r.to_dict() for r in self.regions], "forward": self.forward}
        if self.value is not None:
            told |= {"value": self.value, "rest": self.rest, "contributions": self.contributions}
        return told

    def document(self):
        """Return a line per step, and a table of the largest contributions."""
        lines = [Line(words.step(step, self.forward)) for step in self.steps] or [Line(words.end(self))]
        if self.value is not None:
            lines.append(Line(words.adds_up(self)))
            rows = [_row(entry) for entry in self.contributions[:_SHOWN]]
            lines.append(Table(["of", "value", "slope", "contribution"], rows))
        return Block(words.question(self), "", lines)


_SHOWN = 10  # contributions in the text [count]


def _row(entry):
    slope = "" if entry.slope is None else f"{entry.slope:.4g}"
    return [f"{entry.source}{list(entry.index)}", f"{entry.value:.4g}", slope, f"{entry.contribution:.4g}"]


def trace(obj, layer=None, index=None, x=None, *, forward=False, input_shape=None):
    """Say where an element of a layer's output comes from, or with `forward` where it goes.

    Args:
        obj: a model, or a layer.
        layer: name of the layer whose output is meant; by default the model's output, with `forward` its input.
        index: of the element in a sample: a number or a tuple; axes left out at the end count whole; by default the
            first element.
        x: a batch, or what else the model is called on; the first sample counts: adds what each element contributes.
        forward: whether to ask where the element goes.
        input_shape: with the batch axis, where the model or layer does not know its sizes.
    Returns: Trace.
    Raises: ValueError for an unknown layer, an index outside of its output, or unknown sizes.

    Example:
        >>> from lamina.layers import Flatten
        >>> print(trace(Flatten(name="flat"), index=17, input_shape=(None, 2, 3, 4)))
        Where flat[17] comes from
          flat[17] is a copy of input[1, 1, 1]
    """
    walk = _walk(obj, x, input_shape)
    tensor = walk.find(layer, forward)
    start = walk.region(tensor, _chosen(tensor, index, walk.name(tensor)))
    steps = walk.forward(tensor, start.elements) if forward else walk.backward(tensor, start.elements)
    answer = Trace(start, steps, forward)
    if x is not None and not forward:
        arrays = _arrays_for(obj, walk, x)
        answer.value, answer.rest, answer.contributions = contributions(walk, tensor, start.elements, arrays)
    return answer


def _walk(obj, x, input_shape):
    """Return the Walk through a model or a layer."""
    if x is not None:
        x = arrays_in(x)
    if not isinstance(obj, Model):
        shape = (
            tree.map_structure(lambda a: (None, *a.shape[1:]), x)
            if input_shape is None and x is not None
            else input_shape
        )
        return Walk([call_of(obj, shape)])
    graph = graph_of(obj)
    if graph is not None and all(None not in t.shape[1:] for t in graph.inputs):
        return Walk(calls_of(obj), graph.inputs, graph.outputs)
    sample = _one_sample(obj, x, input_shape)
    names = sorted(sample) if isinstance(sample, dict) else [t.name for t in getattr(graph, "inputs", ())]
    return Walk(*all_calls(obj, sample), names)


def _arrays_for(obj, walk, x):
    """Return the arrays in `x` in the order of the walk's inputs."""
    if graph_of(obj) is None:
        return tree.flatten(arrays_in(x))
    return getattr(obj, "_functional", obj)._standardize_inputs(arrays_in(x))


def _one_sample(model, x, input_shape):
    """Return symbolic tensors like what a model is called on.

    Raises: ValueError for unknown sizes.
    """
    if x is not None:
        return tree.map_structure(lambda a: KerasTensor((1, *a.shape[1:]), a.dtype), x)
    wanted = getattr(graph_of(model), "inputs", [])
    if input_shape is None:
        input_shape = [tuple(t.shape) for t in wanted] if wanted else built_shape(model)
    dtypes = iter([t.dtype for t in wanted])

    def tensor(shape):
        if None in shape[1:]:
            raise ValueError(words.unknown_sizes(f"the input of {model.name}", shape))
        return KerasTensor((1, *shape[1:]), next(dtypes, model.compute_dtype))

    return tree.map_shape_structure(tensor, input_shape)


def _chosen(tensor, index, name):
    shape = tensor.shape[1:]
    if None in shape:
        raise ValueError(words.unknown_sizes(name, shape=tensor.shape))
    if index is None:
        index = (0,) * len(shape)
    elements = np.zeros(shape, bool)
    try:
        elements[index] = True
    except IndexError:
        raise ValueError(f"A sample of {name} has the shape {tuple(shape)}; there is no element {index}.") from None
    return elements


class Walk:
    """Elements of all tensors of a model, followed from call to call.

    Args:
        calls: list of Calls with known sizes, each after those it depends on.
        inputs, outputs: the tensors that the model is called on, and that it gives; by default what no call makes, and
            what the last call makes.
        names: of the inputs, for those without a name of their own.
    """

    def __init__(self, calls, inputs=(), outputs=(), names=()):
        self.calls = calls
        self.makers = {id(x): call for call in calls for x in call.outputs}
        self.inputs = inputs_of(calls, inputs)
        self.outputs = list(outputs) or calls[-1].outputs
        self._input_names = dict(zip(map(id, self.inputs), names, strict=False))
        self._influences = {}

    def name(self, tensor):
        """Return the name of the layer whose output a tensor is, or of the input."""
        call = self.makers.get(id(tensor))
        if call is None:
            history = getattr(tensor, "_keras_history", None)
            return history.operation.name if history and history.operation else self._input_name(tensor)
        return call.name if len(call.outputs) == 1 else f"{call.name}.{_position(tensor, call.outputs)}"

    def _input_name(self, tensor):
        number = _position(tensor, self.inputs) if any(x is tensor for x in self.inputs) else 0
        return self._input_names.get(id(tensor)) or ("input" if number == 0 else f"input_{number}")

    def find(self, layer, forward):
        """Return the tensor that the question is about."""
        if layer is None:
            return self.inputs[0] if forward else self.outputs[0]
        made = [x for call in self.calls if not _is_hidden(call) for x in call.outputs]
        named = {self.name(x): x for x in (*self.inputs, *made)}
        if layer not in named:
            raise ValueError(f"There is no layer {layer!r}.{nearest(layer, named)} There are {list(named)}.")
        return named[layer]

    def region(self, tensor, elements):
        """Return a Region of a tensor."""
        call = self.makers.get(id(tensor)) or next(c for c in self.calls if any(t is tensor for t in c.inputs))
        return Region(self.name(tensor), elements, names_of(call, tensor)[1:], id(tensor) not in self.makers)

    def backward(self, tensor, elements):
        """Return the Steps that lead to `elements` of `tensor`, nearest first."""
        wanted, steps = {id(tensor): elements}, []
        for call in reversed(self.calls):
            if any(_some(wanted, x) for x in call.outputs):
                read = self._read(call, [wanted.get(id(x), _none(x)) for x in call.outputs])
                for x, found in read:
                    wanted[id(x)] = wanted.get(id(x), False) | found
                if not _is_hidden(call):
                    steps.append(
                        self._step(call, wanted, [pair for x, found in read for pair in self._shown(x, found)])
                    )
        return steps

    def forward(self, tensor, elements):
        """Return the Steps that `elements` of `tensor` take, nearest first."""
        reached, steps = {id(tensor): elements}, []
        for call in self.calls:
            if any(_some(reached, x) for x in call.inputs):
                inputs = [reached.get(id(x), _none(x)) for x in call.inputs]
                reached.update(zip(map(id, call.outputs), self._influence(call).forward(inputs), strict=True))
                if not _is_hidden(call):
                    sources = [t for x in call.inputs for t in self._sources(x)]
                    steps.append(self._step(call, reached, [(t, reached.get(id(t), _none(t))) for t in sources]))
        return steps

    def _read(self, call, wanted):
        """Return what wanted elements of a call's outputs read: pairs (tensor, elements)."""
        return list(zip(call.inputs, self._influence(call).backward(wanted), strict=True))

    def _shown(self, tensor, elements):
        """Yield elements of a tensor; or what they are made from, where the model makes them between two layers."""
        call = self.makers.get(id(tensor))
        if call is None or not _is_hidden(call):
            yield tensor, elements
        elif elements.any():
            for x, found in self._read(call, [elements]):
                yield from self._shown(x, found)

    def run(self, known, wanted):
        """Run the calls behind arrays that are known.

        Args:
            known: dict from ids of tensors to arrays; those of all tensors computed are added.
            wanted: the tensor to stop at.
        Returns: its array.
        """
        with StatelessScope(), entering(training=False, layer=None):
            for call in self.calls:
                if id(wanted) in known:
                    break
                if all(id(x) in known for x in call.outputs) or not all(id(x) in known for x in call.inputs):
                    continue
                args, kwargs = call.with_arrays([known[id(t)] for t in call.inputs])
                outputs = [y for y in tree.flatten(call.layer(*args, **kwargs)) if isinstance(y, jax.Array)]
                known.update(zip(map(id, call.outputs), outputs, strict=True))
        return known[id(wanted)]

    def _influence(self, call):
        """Return the Influence of a call; calls of layers made alike share one, so that it is compiled once."""
        key = likeness(call) or id(call)
        if key not in self._influences:
            self._influences[key] = Influence(call)
        return self._influences[key]

    def _step(self, call, elements, sources):
        outputs = [self.region(x, elements[id(x)]) for x in _distinct(call.outputs) if _some(elements, x)]
        inputs = _united(self.region(x, found) for x, found in sources if found.any())
        direct = all(any(x is t for t in call.inputs) for x, _ in sources)
        return Step(outputs, inputs, relation(call.layer if direct else None))

    def _sources(self, tensor):
        """Yield the tensor; or the tensors that it is made from, where the model makes it between two layers."""
        call = self.makers.get(id(tensor))
        if call is None or not _is_hidden(call):
            yield tensor
            return
        for x in call.inputs:
            yield from self._sources(x)


def _is_hidden(call):
    return isinstance(call.layer, Between) and not call.layer.is_output


def _some(elements, tensor):
    return id(tensor) in elements and elements[id(tensor)].any()


def _none(tensor):
    return np.zeros(tensor.shape[1:], bool)


def _distinct(tensors):
    return list({id(x): x for x in tensors}.values())


def _position(tensor, tensors):
    return next(i for i, x in enumerate(tensors) if x is tensor)

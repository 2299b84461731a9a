"""Where an element comes from, and where it goes: through all layers of a model, exactly."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import tree
from lamina.core.context import entering
from lamina.core.errors import nearest
from lamina.core.state import StatelessScope
from lamina.core.tensor import KerasTensor
from lamina.explain import words
from lamina.explain.answer import Answer
from lamina.explain.calls import built_shape, calls_of, inputs_of
from lamina.explain.document import Block, Line, Table
from lamina.explain.explanation import call_of
from lamina.explain.facts import likeness
from lamina.explain.influence import Influence
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
        value, contributions, rest: with concrete data, the element's value; the list of (index, input value, slope,
            contribution) of the input's elements, largest first; and what they do not add up to.
    """

    def __init__(self, start, steps, forward=False):
        self.start, self.steps, self.forward = start, steps, forward
        found = [region for step in steps for region in (step.outputs if forward else step.inputs)]
        self.regions = list({region.name: region for region in found}.values())
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
        lines = [Line(words.step(step, self.forward)) for step in self.steps]
        if self.value is not None:
            lines.append(Line(words.adds_up(self)))
            rows = [_row(*entry) for entry in self.contributions[:10]]
            lines.append(Table(["index", "value", "slope", "contribution"], rows))
        return Block(words.question(self), "", lines)


def _row(index, value, slope, contribution):
    return [str(list(index)), f"{value:.4g}", f"{slope:.4g}", f"{contribution:.4g}"]


def trace(obj, layer=None, index=None, x=None, *, forward=False, input_shape=None):
    """Say where an element of a layer's output comes from, or with `forward` where it goes.

    Args:
        obj: a model, or a layer.
        layer: name of the layer whose output is meant; by default the model's output, with `forward` its input.
        index: of the element in a sample: a number or a tuple; axes left out at the end count whole; by default the
            first element.
        x: a batch, of which the first sample counts: adds what each input element contributes.
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
    calls = _calls(obj, layer, x, input_shape)
    walk = Walk(calls, obj if isinstance(obj, Model) else None)
    tensor = walk.find(layer, forward)
    start = walk.region(tensor, _chosen(tensor, index, walk.name(tensor)))
    steps = walk.forward(tensor, start.elements) if forward else walk.backward(tensor, start.elements)
    answer = Trace(start, steps, forward)
    if x is not None and not forward:
        _add_contributions(answer, walk, tensor, x)
    return answer


def _calls(obj, layer, x, input_shape):
    """Return the calls to walk through; a model that computes between its layers, unseen, is one call as a whole."""
    if isinstance(x, dict) or (isinstance(x, list | tuple) and any(hasattr(part, "shape") for part in x)):
        raise ValueError(words.ONE_INPUT)
    if x is not None and input_shape is None:
        input_shape = (None, *np.shape(x)[1:])
    if not isinstance(obj, Model):
        return [call_of(obj, input_shape)]
    graph = graph_of(obj)
    known = graph is not None and all(None not in t.shape[1:] for t in graph.inputs)
    calls = calls_of(obj) if known else calls_of(obj, input_shape)
    computes_between = graph is None and len(inputs_of(calls)) > _count_inputs(obj, input_shape)
    return [call_of(obj, input_shape)] if layer is None and computes_between else calls


def _count_inputs(model, input_shape):
    shape = built_shape(model) if input_shape is None else input_shape
    return len(tree.flatten(tree.map_shape_structure(lambda each: KerasTensor(each, "float32"), shape)))


def _chosen(tensor, index, name):
    shape = tensor.shape[1:]
    if None in shape:
        raise ValueError(f"The sizes of {name} are not known: {words.shown(tensor.shape)}. Give `input_shape`.")
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
        model: that they belong to, if there is one.
    """

    def __init__(self, calls, model=None):
        self.calls = calls
        self.makers = {id(x): call for call in calls for x in call.outputs}
        self.inputs = inputs_of(calls, model)
        self._influences = {}

    def name(self, tensor):
        """Return the name of the layer whose output a tensor is, or of the input."""
        call = self.makers.get(id(tensor))
        if call is None:
            history = getattr(tensor, "_keras_history", None)
            return history.operation.name if history and history.operation else "input"
        return call.name if len(call.outputs) == 1 else f"{call.name}.{_position(tensor, call.outputs)}"

    def find(self, layer, forward):
        """Return the tensor that the question is about."""
        if layer is None:
            return self.inputs[0] if forward else self.calls[-1].outputs[0]
        named = {self.name(x): x for x in (*self.inputs, *(x for call in self.calls for x in call.outputs))}
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
                outputs = [wanted.get(id(x), _none(x)) for x in call.outputs]
                for x, found in zip(call.inputs, self._influence(call).backward(outputs), strict=True):
                    wanted[id(x)] = wanted.get(id(x), False) | found
                steps.append(call)
        return [self._step(call, wanted) for call in steps]

    def forward(self, tensor, elements):
        """Return the Steps that `elements` of `tensor` take, nearest first."""
        reached, steps = {id(tensor): elements}, []
        for call in self.calls:
            if any(_some(reached, x) for x in call.inputs):
                inputs = [reached.get(id(x), _none(x)) for x in call.inputs]
                reached.update(zip(map(id, call.outputs), self._influence(call).forward(inputs), strict=True))
                steps.append(call)
        return [self._step(call, reached) for call in steps]

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

    def _step(self, call, elements):
        outputs, inputs = (
            [self.region(x, elements[id(x)]) for x in _distinct(tensors) if _some(elements, x)]
            for tensors in (call.outputs, call.inputs)
        )
        return Step(outputs, inputs, relation(call.layer))


def _some(elements, tensor):
    return id(tensor) in elements and elements[id(tensor)].any()


def _none(tensor):
    return np.zeros(tensor.shape[1:], bool)


def _distinct(tensors):
    return list({id(x): x for x in tensors}.values())


def _position(tensor, tensors):
    return next(i for i, x in enumerate(tensors) if x is tensor)


# --- contributions with concrete data ------------------------------------------------------------------------------


def _add_contributions(answer, walk, tensor, x):
    """Differentiate the chosen elements by the input: value times slope is what an input element contributes.

    Raises: ValueError for a model with several inputs, or with integers as input.
    """
    if len(walk.inputs) != 1 or "float" not in str(walk.inputs[0].dtype):
        raise ValueError(words.ONE_INPUT)
    x = jnp.asarray(np.asarray(x)[:1], walk.inputs[0].dtype)
    chosen = jnp.asarray(answer.start.elements)

    def value_at(data):
        return jnp.sum(walk.run({id(walk.inputs[0]): data}, tensor)[0] * chosen)

    value, slopes = jax.jit(jax.value_and_grad(value_at))(x)
    data, slopes = np.asarray(x[0], "float64"), np.asarray(slopes[0], "float64")
    parts = data * slopes
    order = np.argsort(-np.abs(parts), axis=None)[: np.count_nonzero(parts)]
    places = [tuple(map(int, np.unravel_index(i, parts.shape))) for i in order]
    answer.value = float(value)
    answer.rest = float(value) - float(parts.sum())
    answer.contributions = [(i, float(data[i]), float(slopes[i]), float(parts[i])) for i in places]

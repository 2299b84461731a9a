"""Explanations: the facts about layers and models as objects that know how to be read."""

from lamina.core import shapes, tree
from lamina.core.serialization import made_again
from lamina.core.tensor import KerasTensor
from lamina.explain import formulas, parameters, reading, words
from lamina.explain.answer import Answer
from lamina.explain.calls import Call, built_shape, calls_and_ends
from lamina.explain.document import Block, Line
from lamina.explain.facts import bytes_of, facts_among, facts_of
from lamina.explain.listening import graph_of
from lamina.explain.neighbours import without
from lamina.explain.tracing import names_of
from lamina.explain.words import families


class LayerExplanation(Answer):
    """What one layer does to the data.

    Attributes:
        facts: the `Facts`, all of them also readable here by name.
        sentence: what it does, in words.
        again: whether the layer was called before, so that its weights are told already.
        inner: for a model used as a layer, its own explanation.
        receptive_field: in a model, for each of its inputs by name: (what an element of the output reads along each of
            its axes, the shape and the axis names of the input).
    """

    def __init__(self, call, known=None):
        self.facts = facts_of(call) if known is None else facts_among(call, known)
        self.again = call.index > 0
        self.facts.without = None if self.again else without(call)
        self.sentence = words.again(call.layer.name) if self.again else families.sentence(call.layer, self.facts)
        self.receptive_field = {}
        inside = graph_of(call.layer) is not None and not self.again
        self.inner = ModelExplanation(call.layer) if inside else None

    def __getattr__(self, name):
        if name == "facts":
            raise AttributeError(name)
        return getattr(self.facts, name)

    def source(self, index, output=0):
        """Return which input element an output element is a copy of, for layers that only move data.

        Raises: ValueError if the layer computes.
        """
        return self._order().source(index, output)

    def targets(self, index, number=0, output=0):
        """Return the list of output elements that are copies of an input element.

        Raises: ValueError if the layer computes.
        """
        return self._order().targets(index, number, output)

    def _order(self):
        if self.facts.order is None:
            raise ValueError(
                f"{self.facts.name} computes its output, so no element is a copy of another one; "
                "`model.trace` tells what contributes to it."
            )
        return self.facts.order

    def to_dict(self):
        """Return the facts and the sentence as plain data."""
        facts = self.facts.to_dict()
        facts["without"] = self.facts.without and self.facts.without.to_dict()
        return {
            **facts,
            "again": self.again,
            "sentence": self.sentence,
            "receptive_field": words.sees(self.receptive_field),
            "inner": self.inner and self.inner.to_dict(),
        }

    def document(self):
        """Return a block: the layer, its shapes, and a line for each thing to know."""
        facts = self.facts
        lines = [Line(self.sentence)]
        for label, text, kind in (
            ("shape", _shape_line(facts), "formula"),
            ("order", "\n".join(facts.order.formulas) if facts.action == "moves" and facts.order else "", "formula"),
            ("weights", "" if self.again else _weights_line(facts, self.inner), "formula"),
            ("cost", words.cost(facts, self.again), "prose"),
            ("sees", words.sees(self.receptive_field), "prose"),
            ("mask", words.mask(facts), "prose"),
            ("training", words.training(facts), "prose"),
            ("without", facts.without and words.without_sentence(facts.name, facts.without), "prose"),
        ):
            if text:
                lines.append(Line(text, label, kind))
        if self.inner is not None:
            lines += [layer.document() for layer in self.inner.layers]
        return Block(f"{facts.name} ({facts.kind})", _shapes(facts.inputs, facts.outputs), lines)


def _shapes(inputs, outputs):
    return f"{_several(inputs)} -> {_several(outputs)}"


def _several(shapes):
    return ", ".join(map(words.shown, shapes))


def _shape_line(facts):
    """Return the shapes in letters, and what is to be computed in them with the numbers put in."""
    if not facts.output_formulas:
        return ""
    left = ", ".join(map(formulas.shape_text, facts.input_formulas))
    right = ", ".join(map(formulas.shape_text, facts.output_formulas))
    sums = []
    for shape, sizes in zip(facts.output_formulas, facts.outputs, strict=True):
        for text, size in zip(shape, sizes, strict=True):
            known = formulas.letters_in(text) <= set(facts.sizes)
            if size is not None and known and formulas.letters_in(text) and not text.isidentifier():
                sums.append(f"{text} = {formulas.put_in(text, facts.sizes)} = {size}")
    if left == _several(facts.inputs) and right == _several(facts.outputs):
        return ""
    return "\n".join([f"{left} -> {right}", *dict.fromkeys(sums)])


def _weights_line(facts, inner):
    if not facts.weights:
        return ""
    if inner is not None:
        return words.inside(facts.parameters)
    total, legend = parameters.sum_of_products(facts.weights), parameters.legend(facts.weights)
    frozen = words.not_trained(sum(w.count for w in facts.weights if not w.trainable), facts.parameters)
    return f"{total}{frozen}" + (f"\n{legend}" if legend else "")


class ModelExplanation(Answer):
    """What each layer of a model does to the data.

    Attributes:
        inputs, outputs: shapes.
        parameters: number of parameters; a layer that is called twice counts once.
        weight_bytes: of all weights [bytes].
        layers: list of LayerExplanations in the order the layers run.
    """

    def __init__(self, model, input_shape=None):
        calls, inputs, outputs = calls_and_ends(model, input_shape)
        self.name, self.kind = model.name, type(model).__name__
        self.inputs, self.outputs = ([tuple(x.shape) for x in ends] for ends in (inputs, outputs))
        self.parameters = model.count_params()
        self.weight_bytes = bytes_of(model)
        known = {}
        self.layers = [LayerExplanation(call, known) for call in calls]
        _add_receptive_fields(calls, self.layers, inputs)

    @property
    def multiply_adds(self):
        """Multiply-adds for one sample; None if that depends on unknown sizes."""
        counts = [layer.multiply_adds for layer in self.layers]
        return None if None in counts else sum(counts)

    def __getitem__(self, key):
        """Return the explanation of a layer, by name or position."""
        if isinstance(key, int):
            return self.layers[key]
        return next(layer for layer in self.layers if layer.name == key)

    def to_dict(self):
        """Return all facts as plain data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "inputs": [list(shape) for shape in self.inputs],
            "outputs": [list(shape) for shape in self.outputs],
            "parameters": self.parameters,
            "weight_bytes": self.weight_bytes,
            "multiply_adds": self.multiply_adds,
            "layers": [layer.to_dict() for layer in self.layers],
        }

    def document(self):
        """Return a block per layer."""
        work = (
            ""
            if self.multiply_adds is None
            else f", {words.counted(self.multiply_adds, 'multiply-add')} for one sample"
        )
        kept = f" ({words.amount(self.weight_bytes)})" if self.weight_bytes else ""
        total = f"{words.counted(self.parameters, 'parameter')}{kept}{work}"
        heading = f'Model "{self.name}" ({self.kind})'
        return Block(
            heading,
            _shapes(self.inputs, self.outputs),
            [Line(total), *(layer.document() for layer in self.layers)],
        )


def _add_receptive_fields(calls, explanations, inputs):
    """Compose what each layer reads with what its inputs have read, back to the model's inputs.

    Where a model computes between two layers, what comes behind is left open.
    """
    read, sources, own = {}, {}, {id(x) for x in inputs}
    for call, told in zip(calls, explanations, strict=True):
        if not told.reads:
            continue
        for x in call.inputs:
            if id(x) in own and id(x) not in read:
                history = getattr(x, "_keras_history", None)
                name = history.operation.name if history and history.operation else "the input"
                sources[name] = (x.shape, names_of(call, x))
                read[id(x)] = {name: reading.own(len(x.shape))}
        if not all(id(x) in read for x in call.inputs):
            continue
        before = [(read[id(x)], axes) for x, axes in zip(call.inputs, told.reads, strict=True)]
        after = reading.union(reading.through(state, axes) for state, axes in before)
        for x in call.outputs:
            read[id(x)] = after
        if any(state != after for state, _ in before):
            told.receptive_field = {name: (axes, *sources[name]) for name, axes in after.items()}


def call_of(layer, input_shape=None, dtype=None):
    """Return a call of a layer on inputs of a shape, or as it was called or built.

    A layer that is not built stays so: its copy is called.
    Raises: ValueError if the layer was never called or built and no shape is given.
    """
    if input_shape is None and getattr(layer, "_inbound_nodes", None):
        node = layer._inbound_nodes[0]
        return Call(layer, tuple(node.args), dict(node.kwargs), list(node.outputs))
    if input_shape is None:
        input_shape = built_shape(layer)
    if not layer.built:
        layer = made_again(layer)
    dtype = dtype or families.input_dtype(layer)
    tensors = tree.map_shape_structure(lambda shape: KerasTensor(shape, dtype), input_shape)
    if not layer.built:
        shapes.infer(layer, tensors)
    outputs = tree.flatten(shapes.infer(layer, tensors))
    return Call(layer, (tensors,), {}, outputs)

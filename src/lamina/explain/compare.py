"""Two layers or two models side by side on the same input: what differs, and whether they are the same function."""

import difflib
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from lamina.core import tree
from lamina.core.context import entering, get_mask
from lamina.core.state import unchecked_scope
from lamina.explain import parameters, words
from lamina.explain.answer import Answer
from lamina.explain.document import Block, Line, Table
from lamina.explain.formulas import number

SAMPLES = 1000
_SIZES = {None: 7}  # for axes of unknown size


@dataclass
class Outcome:
    """What running both on the same random inputs (and, where they fit, the same weights) showed.

    Attributes:
        relation: "equal", "reordered", "reshaped", "part", "different" or "shapes".
        differences, values: how many output values differ, of how many; where shapes are the same.
        samples: random inputs that both were run on [count].
        same_weights: whether both ran with the weights of the first.
        masks_differ: whether only one of both makes a mask, or the masks are not the same.
        smaller: for "part": which one's output is a part, "first" or "second".
        whole: for "part": of what, "input" or "other".
        how: for "part": "first" or "last" along an axis, "mean", "max" or "sum" over axes.
        axes: for "part": the axes.
    """

    relation: str
    differences: int | None = None
    values: int = 0
    samples: int = 0
    same_weights: bool = False
    masks_differ: bool = False
    smaller: str | None = None
    whole: str | None = None
    how: str | None = None
    axes: tuple = ()


class LayerComparison(Answer):
    """Two layers on the same input.

    Attributes:
        first, second: LayerExplanations.
        outcome: Outcome of running both.
    """

    def __init__(self, first, second, outcome):
        self.first, self.second, self.outcome = first, second, outcome

    def rows(self):
        """Return what to compare, and both answers."""
        pairs = [
            ("does", self.first.sentence, self.second.sentence),
            *((label, tell(self.first.facts), tell(self.second.facts)) for label, tell in _ROWS),
        ]
        return [(label, a, b) for label, a, b in pairs if a or b]

    def to_dict(self):
        """Return both explanations and the outcome as plain data."""
        return {"first": self.first.to_dict(), "second": self.second.to_dict(), "outcome": vars(self.outcome)}

    def document(self):
        """Return the verdict, and what differs for each of both."""
        a, b = _two_names(self.first, self.second)
        same = [label for label, one, other in self.rows() if one == other]
        lines = [Line(words.verdict(self.first, self.second, self.outcome))]
        for name, column in ((a, 1), (b, 2)):
            told = [_line(row[0], row[column] or "-") for row in self.rows() if row[0] not in same]
            lines.append(Block(name, f"-> {words.shown((self.first, self.second)[column - 1].outputs[0])}", told))
        both = [_line(label, one) for label, one, other in self.rows() if label in same]
        if both:
            lines.append(Block("Both", "", both))
        return Block(f"{a} and {b}", f"on {words.shown(self.first.inputs[0])}", lines)


def _line(label, text):
    return Line(text, label, "formula" if label in _FORMULAS else "prose")


_FORMULAS = ("shape", "order", "weights")
_ROWS = (
    ("shape", lambda facts: words.shown(facts.outputs[0])),
    ("order", lambda facts: "\n".join(facts.order.formulas) if facts.order else ""),
    ("weights", lambda facts: parameters.sum_of_products(facts.weights) if facts.weights else "no parameters"),
    ("work", words.work),
    ("mask", words.mask),
    ("training", words.training),
)


def _two_names(first, second):
    if first.name == second.name:
        return f"the first {first.name}", f"the second {second.name}"
    return f"{first.name} ({first.kind})", f"{second.name} ({second.kind})"


def run_both(first, second, seed=0):
    """Run two calls on the same random inputs and say how the outputs are related."""
    generator = np.random.default_rng(seed)
    inputs = [_random(x, first.layer, generator) for x in first.inputs]
    ours, theirs = (list(getattr(call.layer, "variables", ())) for call in (first, second))
    shared = bool(ours) and [v.shape for v in ours] == [v.shape for v in theirs]
    a, mask = _run(first, inputs)
    with unchecked_scope(theirs, [v.value for v in (ours if shared else theirs)]):
        b, other_mask = _run(second, inputs)
    outcome = _relation(a, b, np.asarray(inputs[0]))
    outcome.same_weights, outcome.samples = shared, len(inputs[0])
    outcome.masks_differ = not _same_masks(mask, other_mask)
    return outcome


def _same_masks(a, b):
    return (a is None) == (b is None) and (a is None or np.array_equal(a, b))


def _random(x, layer, generator):
    shape = (SAMPLES, *(_SIZES.get(size, size) for size in x.shape[1:]))
    shape = (max(1, min(SAMPLES, 2_000_000 // max(1, int(np.prod(shape[1:]))))), *shape[1:])
    if "int" in str(x.dtype):
        return jnp.asarray(generator.integers(0, getattr(layer, "input_dim", 10), shape), x.dtype)
    return jnp.asarray(generator.normal(size=shape), x.dtype)


def _run(call, inputs):
    """Return the first output and its mask."""
    args, kwargs = call.with_arrays(inputs)
    with entering(training=False, layer=None):
        output = tree.flatten(call.layer(*args, **kwargs))[0]
    mask = get_mask(output)
    return np.asarray(output), None if mask is None else np.asarray(mask)


def _relation(a, b, x):
    if a.shape == b.shape:
        wrong = int((~np.isclose(a, b, rtol=1e-5, atol=1e-6)).sum())
        rows, others = (np.sort(values.reshape(len(values), -1)) for values in (a, b))
        reordered = wrong and np.allclose(rows, others, rtol=1e-5, atol=1e-6)
        return Outcome("reordered" if reordered else "different" if wrong else "equal", wrong, a.size)
    if a.size == b.size and np.array_equal(a.ravel(), b.ravel()):
        return Outcome("reshaped")
    large, small, smaller = (a, b, "second") if a.size > b.size else (b, a, "first")
    for whole, values in (("other", large), ("input", x)):
        how, axes = _part_of(values, small)
        if how:
            return Outcome("part", smaller=smaller, whole=whole, how=how, axes=axes)
    return Outcome("shapes")


def _part_of(large, small):
    """Say how `small` follows from `large`: one index of an axis, or a mean, maximum or sum over axes."""
    axes = tuple(range(1, large.ndim))
    for axis in axes:
        for index, name in ((-1, "last"), (0, "first")):
            if _same(np.take(large, index, axis), small):
                return name, (axis,)
    for count in range(1, large.ndim - 1):
        for over in (axes[:count], axes[-count:]):
            for reduce in (np.mean, np.max, np.sum):
                if _same(reduce(large, over), small):
                    return reduce.__name__, over
    return None, ()


def _same(x, y):
    return x.shape == y.shape and np.allclose(x, y, rtol=1e-4, atol=1e-5)


class ModelComparison(Answer):
    """Two models, layer beside layer.

    Attributes:
        first, second: ModelExplanations.
        pairs: list of (LayerExplanation or None, LayerExplanation or None): the layers that correspond to each other.
        outcome: Outcome of running both, None if their inputs differ.
    """

    def __init__(self, first, second, outcome=None):
        self.first, self.second, self.outcome = first, second, outcome
        self.pairs = _aligned(first.layers, second.layers)

    def to_dict(self):
        """Return both explanations and which layers correspond as plain data."""
        return {
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "pairs": [(a and a.name, b and b.name) for a, b in self.pairs],
            "outcome": self.outcome and vars(self.outcome),
        }

    def document(self):
        """Return the totals and a table of the layers."""
        a, b = self.first, self.second
        rows = [[_mark(one, other), *_cells(one), *_cells(other)] for one, other in self.pairs]
        table = Table(["", a.name, "output", "parameters", b.name, "output", "parameters"], rows)
        lines = [Line(text) for text in words.model_differences(a, b)]
        if self.outcome is not None:
            lines.append(Line(words.verdict(a, b, self.outcome)))
        return Block(f'"{a.name}" and "{b.name}"', "", [*lines, table])


def _cells(layer):
    if layer is None:
        return ["", "", ""]
    return [f"{layer.name} ({layer.kind})", ", ".join(map(words.shown, layer.outputs)), number(layer.parameters)]


def _mark(one, other):
    if one is None:
        return "+"
    if other is None:
        return "-"
    return "" if (one.kind, one.outputs, one.parameters) == (other.kind, other.outputs, other.parameters) else "~"


def _aligned(first, second):
    """Pair layers of the same kind in order; what is left in between replaces each other."""
    matcher = difflib.SequenceMatcher(None, [x.kind for x in first], [x.kind for x in second], autojunk=False)
    pairs = []
    for _, start, end, other_start, other_end in matcher.get_opcodes():
        ours, theirs = first[start:end], second[other_start:other_end]
        size = max(len(ours), len(theirs))
        pairs += zip(ours + [None] * (size - len(ours)), theirs + [None] * (size - len(theirs)), strict=True)
    return pairs

"""Everything that can be derived about one call of a layer, as data."""

import itertools
import re
from dataclasses import asdict, dataclass, field, replace
from math import prod

import numpy as np

from lamina.core import tree
from lamina.core.context import get_mask
from lamina.core.dtypes import in_programs
from lamina.explain import formulas, parameters, reading, tracing, work
from lamina.explain.influence import Influence
from lamina.explain.order import Order, order_of
from lamina.explain.words import families
from lamina.layers import Layer
from lamina.layers.calling import mask_parameters


@dataclass
class Facts:
    """What a layer does in one call.

    Attributes:
        name, kind: of the layer.
        inputs, outputs: shapes, None for unknown sizes.
        options: what the call is told beside its inputs, such as `use_causal_mask`.
        input_axes: for each input, the names of its axes.
        letters: for each input, the letter of each axis that may have any size, else the number.
        input_formulas, output_formulas: shapes in these letters, as text; [] where none were found.
        weights: list of `Weight`.
        action: "moves" (copies of input values), "looks up" (of weights), "passes on" (nothing changes), "computes".
        arithmetic: names of the primitive operations that compute.
        multiply_adds: for one sample; None if that depends on unknown sizes.
        weight_bytes, output_bytes: of the weights; of the outputs for one sample, None for unknown sizes [bytes].
        order: where each element goes, for layers that only move data.
        mask: "made", "passed on", "used", "used and passed on", "dropped" or None if there is none.
        training: dict: whether training differs, whether it draws random numbers, which weights it updates by itself.
        reads: for each input, what an element of the first output reads along each axis (`Reads`); [] if not known.
        read_counts: how many positions an element in the middle reads along each axis of the one input's sample; a
            pair (fewest, most) where elements differ.
        without: what the next layer with weights would be if this one were left out.
    """

    name: str
    kind: str
    inputs: list
    outputs: list
    input_axes: list
    output_axes: list
    input_formulas: list
    output_formulas: list
    letters: list
    weights: list
    action: str
    arithmetic: list
    multiply_adds: int | None
    mask: str | None
    training: dict
    options: dict = field(default_factory=dict)
    reads: list = field(default_factory=list)
    read_counts: list = field(default_factory=list)
    weight_bytes: int = 0
    output_bytes: int | None = None
    order: Order | None = None
    without: dict | None = None

    @property
    def parameters(self):
        """Number of parameters."""
        return sum(w.count for w in self.weights)

    @property
    def sizes(self):
        """The known size of each letter."""
        found = {}
        for axes, shape in zip(self.letters, self.inputs, strict=True):
            for letter, size in zip(axes, shape, strict=True):
                if size is not None:
                    found.setdefault(letter, size)
        return found

    def to_dict(self):
        """Return plain data, ready for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "inputs": [list(shape) for shape in self.inputs],
            "outputs": [list(shape) for shape in self.outputs],
            "input_axes": [list(names) for names in self.input_axes],
            "output_axes": [list(names) for names in self.output_axes],
            "input_formulas": self.input_formulas,
            "output_formulas": self.output_formulas,
            "parameters": self.parameters,
            "weights": [{**asdict(w), "count": w.count} for w in self.weights],
            "action": self.action,
            "arithmetic": self.arithmetic,
            "multiply_adds": self.multiply_adds,
            "weight_bytes": self.weight_bytes,
            "output_bytes": self.output_bytes,
            "order": self.order.formulas if self.order else [],
            "mask": self.mask,
            "training": self.training,
            "without": self.without,
        }


def facts_of(call, mask_matters=True):
    """Derive the facts of one call.

    Args:
        mask_matters: whether masks are told about that are only possible, not there: for a layer outside of a model.
    """
    layer = call.layer
    inputs = [tuple(x.shape) for x in call.inputs]
    found = tracing.symbolic(call)
    letters, input_formulas, output_formulas = found or (tracing.letters_of(call), [], [])
    program = _program(call)
    action, arithmetic = _action(program)
    facts = Facts(
        name=call.name,
        kind=type(layer).__name__,
        inputs=inputs,
        outputs=[tuple(x.shape) for x in call.outputs],
        input_axes=[tracing.names_of(call, x) for x in call.inputs],
        output_axes=[tracing.names_of(call, x) for x in call.outputs],
        input_formulas=input_formulas,
        output_formulas=output_formulas,
        letters=letters,
        weights=parameters.weights_of(layer, inputs) if isinstance(layer, Layer) else [],
        action=action,
        arithmetic=arithmetic,
        multiply_adds=_multiply_adds(call, program),
        mask=_mask(call),
        training=_training(call, program),
        options={name: value for name, value in call.kwargs.items() if isinstance(value, bool | int | float | str)},
        reads=_reads(program),
        weight_bytes=bytes_of(layer),
        output_bytes=_output_bytes(call),
    )
    if action == "computes" and len(inputs) == 1 and not families.has_own_sentence(layer):
        facts.read_counts = _read_counts(call, facts.reads, arithmetic)
    if action in ("moves", "passes on"):
        output_letters = [formulas.symbols(names) for names in facts.output_axes]
        facts.order = order_of(call, [axes[1:] for axes in letters], [axes[1:] for axes in output_letters])
    return facts


def facts_among(call, known):
    """Return the facts of one of many calls; calls of layers that are made alike on inputs alike share their work.

    Args:
        known: dict in which facts are kept.
    """
    key = likeness(call)
    if key is None:
        return facts_of(call)
    if key not in known:
        known[key] = facts_of(call)
    return replace(known[key], name=call.name)


def likeness(call):
    """Return what two calls have in common whose facts are the same, None where a user's code may make a difference."""
    layer, tensors = call.layer, call.inputs
    if not type(layer).__module__.startswith("lamina.layers.") or len(tree.flatten((call.args, call.kwargs))) != len(
        tensors
    ):
        return None
    try:
        config = {name: value for name, value in layer.get_config().items() if name != "name"}
    except (NotImplementedError, TypeError, ValueError):  # it holds something of the user's that has no config
        return None
    if _USERS_OWN.search(str(config)):
        return None
    inputs = [(x.shape, str(x.dtype), get_mask(x) is not None) for x in tensors]
    weights = [(v.shape, v.trainable) for v in layer.weights]
    return str((type(layer), config, inputs, [get_mask(x) is not None for x in call.outputs], weights))


_USERS_OWN = re.compile(r"'class_name': '(function|__lambda__)'|'registered_name': '")


def _program(call, training=False):
    """Trace with letters for the batch axis and for unknown sizes: every kernel then shows its plain form."""
    letters = tracing.letters_of(call)
    unknown = {
        letter
        for x, axes in zip(call.inputs, letters, strict=True)
        for letter, size in zip(axes, x.shape, strict=True)
        if size is None
    }
    for sizes in (formulas.symbolic_sizes(unknown), dict.fromkeys(unknown, _STAND_IN)):
        shapes = [
            tuple(sizes[letter] if size is None else size for letter, size in zip(axes, x.shape, strict=True))
            for x, axes in zip(call.inputs, letters, strict=True)
        ]
        found = tracing.attempt(call, shapes, training=training, masks=_mask_shapes(call, shapes))
        if found is not None:
            return found
    return None


_STAND_IN = 24  # for an axis of unknown size, where letters do not do


def _mask_shapes(call, shapes):
    masks = [get_mask(x) for x in call.inputs]
    return [None if m is None else shape[: len(m.shape)] for m, shape in zip(masks, shapes, strict=True)]


def _action(program):
    if program is None:
        return "computes", []
    arithmetic, origins = work.value_path(program.program())
    first = len(program.variables)
    from_inputs = {i - first for i in origins if first <= i < first + program.input_count}
    if arithmetic:
        return "computes", sorted(arithmetic)
    if not from_inputs:
        return "looks up", []
    return ("passes on" if _is_identity(program) else "moves"), []


def _is_identity(program):
    jaxpr, first = program.jaxpr.jaxpr, len(program.variables)
    return jaxpr.outvars[: len(program.outputs)] == jaxpr.invars[first : first + len(program.outputs)]


def _multiply_adds(call, program):
    if program is None or any(None in x.shape[1:] for x in call.inputs):
        return None
    count = work.multiply_adds(program.program())
    per_sample = work.per_sample(count)
    batch_is_known = isinstance(count, int) and call.inputs and isinstance(call.inputs[0].shape[0], int)
    return count // call.inputs[0].shape[0] if batch_is_known else per_sample


def bytes_of(layer):
    """Return how much memory the weights of a layer or model take [bytes]."""
    return sum(_bytes(v.shape, v.stored_dtype) for v in getattr(layer, "weights", ()))


def _output_bytes(call):
    if any(None in x.shape[1:] for x in call.outputs):
        return None
    return sum(_bytes(x.shape[1:], x.dtype) for x in call.outputs)


def _bytes(shape, dtype):
    return prod(shape) * in_programs(dtype).itemsize


def _reads(program):
    if program is None or not program.outputs:
        return []
    first, inputs = len(program.variables), range(program.input_count)
    found = reading.readings(program.program(), [first + i for i in inputs])[0]
    shapes = [var.aval.shape for var in program.jaxpr.jaxpr.invars[first : first + program.input_count]]
    nothing = reading.Reads()
    return [found.get(first + i, (nothing,) * len(shape)) for i, shape in zip(inputs, shapes, strict=True)]


def _read_counts(call, reads, arithmetic):
    """Count what one element reads: from the program if that shows it, else by following elements back.

    At the edges an element may read less, and a mask may hide something from some: corners are followed, too.
    """
    shape, out = call.inputs[0].shape[1:], call.outputs[0].shape[1:]
    may_hide = {"exp", "dot_general"} <= set(arithmetic)
    if not may_hide and reads and all(r.exact and (r.everything or r.size == 1) for r in reads[0][1:]):
        return [size if r.everything else 1 for r, size in zip(reads[0][1:], shape, strict=True)]
    if len(call.outputs) != 1 or None in (*shape, *out) or prod(shape) > _MOST_FOLLOWED:
        return []
    influence = Influence(call)
    places = {tuple(size // 2 for size in out), *itertools.product(*({0, size - 1} for size in out))}
    counts = list(zip(*(_count_read(influence, out, place) for place in places), strict=True))
    if any(0 in count for count in counts):
        return []
    return [count[0] if len(set(count)) == 1 else (min(count), max(count)) for count in counts]


def _count_read(influence, shape, place):
    element = np.zeros(shape, bool)
    element[place] = True
    return [len(set(places.tolist())) for places in np.nonzero(influence.backward([element])[0])]


_MOST_FOLLOWED = 1_000_000  # elements


def _mask(call):
    masks_in = [get_mask(x) for x in call.inputs]
    mask_out = any(get_mask(x) is not None for x in call.outputs)
    if all(m is None for m in masks_in):
        return "made" if mask_out else None
    used = _mask_is_used(call)
    if used:
        return "used and passed on" if mask_out else "used"
    return "passed on" if mask_out else "dropped"


def _mask_is_used(call):
    if isinstance(call.layer, Layer) and not mask_parameters(type(call.layer)):
        return False
    program = _program(call)
    return program is None or any(program.inputs_used()[2])


def _training(call, inference):
    """Compare the programs of training and inference."""
    training = _program(call, training=True)
    if training is None or inference is None:
        return {"differs": False, "random": False, "updates": []}
    names = work.primitives(training.program()) - {"random_wrap", "random_unwrap"}  # which also texts go through
    random = any(name.startswith(("random_", "threefry")) for name in names)
    updates = [v.name for v in training.changed if not v.name.startswith("seed_generator")]
    differs = random or bool(updates) or _text(training.program()) != _text(inference.program())
    return {"differs": differs, "random": random, "updates": updates}


def _text(program):
    """Write a program without the constants that it does not use."""
    used = {id(x) for x in (*program.outvars, *(x for eqn in program.eqns for x in eqn.invars))}
    return str(program.replace(constvars=[var for var in program.constvars if id(var) in used]))

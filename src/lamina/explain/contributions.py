"""What the elements of the inputs contribute to a value: value times slope, and for integers the rows looked up."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lamina import layers
from lamina.core.context import get_mask, set_mask
from lamina.core.dtypes import as_array, in_programs


class Contribution(NamedTuple):
    """What one element contributes.

    Attributes:
        source: name of the input, or of the layer that made numbers of an input of integers.
        index: of the element.
        value: of the element: a number, or the integer whose row was looked up.
        slope: of the output; None for an integer, whose row has a slope for each number.
        contribution: value times slope; for an integer the sum of that over its row.
    """

    source: str
    index: tuple
    value: float
    slope: float | None
    contribution: float


def contributions(walk, tensor, chosen, arrays):
    """Differentiate chosen elements by what the model computes from: value times slope is what an element contributes.

    Args:
        walk: Walk through the model.
        tensor, chosen: whose elements, and which: a bool array.
        arrays: for each input of the walk, a batch; the first sample counts.
    Returns: (value: their sum, rest: what no element scales, list of Contributions, largest first).
    """
    given = {id(t): as_array(a[:1], in_programs(t.dtype)) for t, a in zip(walk.inputs, arrays, strict=True)}
    known = dict(given)
    walk.run(known, tensor)
    starts = [(t, call) for t, call in _starts(walk) if id(t) in known]
    masks = [get_mask(known[id(t)]) for t, _ in starts]

    def value_at(data):
        here = dict(given)
        for (t, _), array, mask in zip(starts, data, masks, strict=True):
            if mask is not None:
                set_mask(array, mask)
            here[id(t)] = array
        return jnp.sum(walk.run(here, tensor)[0] * chosen)

    data = [known[id(t)] for t, _ in starts]
    value, slopes = jax.jit(jax.value_and_grad(value_at))(data)
    found, total = [], 0.0
    for (t, call), x, slope in zip(starts, data, slopes, strict=True):
        x, slope = np.asarray(x[0], "float64"), np.asarray(slope[0], "float64")
        total += float((x * slope).sum())
        found += _of_rows(walk, call, known, x * slope) if _looks_up(call) else _of_elements(walk.name(t), x, slope)
    found.sort(key=lambda each: -abs(each.contribution))
    return float(value), float(value) - total, found


def _starts(walk):
    """Return what can be differentiated by: inputs of floats, and what layers make of integers; (tensor, its call)."""
    starts = [(x, None) for x in walk.inputs if "float" in str(x.dtype)]
    reached = {id(x) for x, _ in starts}
    for call in walk.calls:
        if any(id(x) in reached for x in call.inputs):
            reached.update(map(id, call.outputs))
        else:
            floats = [y for y in call.outputs if "float" in str(y.dtype)]
            starts += [(y, call) for y in floats]
            reached.update(map(id, floats))
    return starts


def _looks_up(call):
    return call is not None and isinstance(call.layer, layers.Embedding)


def _of_rows(walk, call, known, parts):
    ids, parts = np.asarray(known[id(call.inputs[0])][0]), parts.sum(-1)
    return _those(walk.name(call.inputs[0]), ids, parts, lambda index: None)


def _of_elements(name, x, slope):
    return _those(name, x, x * slope, lambda index: float(slope[index]))


def _those(name, values, parts, slope):
    places = [tuple(map(int, place)) for place in np.argwhere(parts)]
    return [Contribution(name, i, values[i].item(), slope(i), float(parts[i])) for i in places]

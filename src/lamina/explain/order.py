"""In which order a layer that only moves data puts it: found by sending indices through the real layer.

The input is an array of the numbers 0, 1, 2, …; the output then says of each element where it came from. A formula is
fitted to that and kept only if it is right for every element.
"""

from dataclasses import dataclass
from math import prod

import jax.numpy as jnp
import numpy as np

from lamina.core import tree
from lamina.core.context import entering

MOST_ELEMENTS = 2_000_000  # beyond this the answer is not worth the wait
_NOWHERE = -1


@dataclass
class Order:
    """Where each element of a sample goes.

    Attributes:
        sources: for each output, an array of its sample's shape: the position in all inputs laid end to end, -1 for
            a constant.
        formulas: list of lines such as "[h, w, c] -> (h*5 + w)*64 + c"; empty where no formula was found.
        constant: the value of what comes from no input (padding), or None.
    """

    sources: list
    input_shapes: list
    formulas: list
    constant: float = None

    def source(self, index, output=0):
        """Return where an output element comes from: an index into the input's sample, None for a constant.

        With several inputs: (number of the input, index).
        """
        position = int(self.sources[output][index])
        if position == _NOWHERE:
            return None
        for number, shape in enumerate(self.input_shapes):
            if position < prod(shape):
                found = tuple(map(int, np.unravel_index(position, shape)))
                return found if len(self.input_shapes) == 1 else (number, found)
            position -= prod(shape)
        raise IndexError(position)

    def targets(self, index, number=0, output=0):
        """Return the list of the output elements that show an input element."""
        start = sum(prod(shape) for shape in self.input_shapes[:number])
        position = start + int(np.ravel_multi_index(np.atleast_1d(index), self.input_shapes[number]))
        return [tuple(map(int, found)) for found in np.argwhere(self.sources[output] == position)]


def order_of(call, letters, output_letters):
    """Return the Order of a call that only moves data; None if sizes are unknown, too large, or samples are mixed.

    Args:
        letters, output_letters: for each input and output, the letters of its sample's axes.
    """
    shapes = [tuple(x.shape[1:]) for x in call.inputs]
    if any(None in shape for shape in shapes) or not sum(map(prod, shapes)) or sum(map(prod, shapes)) > MOST_ELEMENTS:
        return None
    total = sum(map(prod, shapes))
    outputs = _send(call, shapes, total, offset=0)
    again = _send(call, shapes, total, offset=2 * total)
    if outputs is None or again is None:
        return None
    sources, constant = [], None
    for out, other in zip(outputs, again, strict=True):
        moved = other - out == 2 * total
        if not (moved | (other == out)).all():
            return None
        first, second = np.where(moved, out, _NOWHERE)
        if not np.array_equal(np.where(second == _NOWHERE, _NOWHERE, second - total), first):
            return None
        if not moved.all():
            constant = float(out[~moved].flat[0])
        sources.append(first.astype(int))
    lines = _fit(sources[0], shapes, letters, output_letters[0]) if len(sources) == 1 else []
    return Order(sources, shapes, lines, constant)


def _send(call, shapes, total, offset):
    """Return the outputs for two samples that hold the numbers from `offset` on, as integers."""
    batch = {x.shape[0] for x in call.inputs} - {None}
    if batch - {2} or 6 * total >= 2**24:  # beyond 2**24, float32 skips integers
        return None
    start, arrays = offset, []
    for shape in shapes:
        sample = start + np.arange(prod(shape)).reshape(shape)
        arrays.append(jnp.asarray(np.stack([sample, sample + total]), "int32"))
        start += prod(shape)
    args, kwargs = call.with_arrays(arrays)
    with entering(training=False, layer=None):
        outputs = call.layer(*args, **kwargs)
    arrays = [np.asarray(x) for x in tree.flatten(outputs)]
    if any(x.ndim == 0 or x.shape[0] != 2 for x in arrays):
        return None
    return [x.astype(np.int64) for x in arrays]


# Formulas.


def _fit(sources, shapes, letters, output_letters):
    if not all(shapes):
        return []
    counts = np.bincount(sources[sources != _NOWHERE], minlength=sum(map(prod, shapes)))
    if len(shapes) == 1 and sources.size == prod(shapes[0]) and (counts == 1).all():
        line = _rearranged(sources, shapes[0], letters[0]) or _gathered(sources, shapes[0], output_letters)
        return [line] if line else []
    if (counts == 1).all():
        return _shifted(sources, shapes, letters) or []
    if len(shapes) == 1 and (sources != _NOWHERE).all():
        line = _gathered(sources, shapes[0], output_letters)
        return [line] if line else []
    return []


def _rearranged(sources, shape, letters):
    """Fit the mixed-radix form of a permutation: axes in another order, joined and split."""
    targets = np.empty(sources.size, int)
    targets[sources.ravel()] = np.arange(sources.size)
    targets = targets.reshape(shape)
    strides = _strides(targets)
    axes = sorted((axis for axis, size in enumerate(shape) if size > 1), key=lambda axis: -strides[axis])
    names = [letter if size > 1 else "0" for letter, size in zip(letters, shape, strict=True)]
    coordinates = _coordinates([(names[axis], shape[axis]) for axis in axes], sources.shape)
    if coordinates is None:
        return None
    values = dict(zip(letters, np.indices(shape), strict=True))
    found = [np.broadcast_to(_value(text, values), shape) for text in coordinates]
    if not np.array_equal(np.ravel_multi_index(tuple(found), sources.shape), targets):
        return None
    return f"{_index(names)} -> {coordinates[0] if len(coordinates) == 1 else _index(coordinates)}"


def _strides(targets):
    """How far one step along each axis leads."""
    return [
        int(np.take(targets, 1, axis).flat[0] - targets.flat[0]) if size > 1 else 0
        for axis, size in enumerate(targets.shape)
    ]


def _coordinates(inputs, sizes):
    """Write each output coordinate in the input coordinates, given in the order in which they are laid out.

    Input and output axes are taken together in the smallest groups of equal product.
    """
    inputs, result, outputs = list(inputs), [], list(sizes)
    while outputs:
        group_in, group_out = [], [outputs.pop(0)]
        if group_out[0] == 1:
            result.append("0")
            continue
        while True:
            have, want = prod(size for _, size in group_in), prod(group_out)
            if have == want:
                break
            if have < want and inputs:
                group_in.append(inputs.pop(0))
            elif have > want and outputs:
                group_out.append(outputs.pop(0))
            else:
                return None
        result += _digits(_horner(group_in), group_out)
    return result


def _horner(axes):
    """Write the position in a block of axes: "(h*5 + w)*64 + c"."""
    text = axes[0][0]
    for i, (letter, size) in enumerate(axes[1:]):
        text = f"({text})*{size} + {letter}" if i else f"{text}*{size} + {letter}"
    return text


def _digits(text, sizes):
    """Write the coordinates of a position in a block of the given sizes."""
    if len(sizes) == 1:
        return [text]
    inner = f"({text})" if " " in text else text
    digits = []
    for i, size in enumerate(sizes):
        stride = prod(sizes[i + 1 :])
        if size == 1:
            digits.append("0")
            continue
        digit = inner if stride == 1 else f"{inner}//{stride}"
        digits.append(digit if prod(sizes[:i]) == 1 else f"{digit} % {size}")
    return digits


def _shifted(sources, shapes, letters):
    """Fit inputs that stand whole somewhere in the output: each coordinate plus a number."""
    lines, start = [], 0
    for number, (shape, names) in enumerate(zip(shapes, letters, strict=True)):
        size = prod(shape)
        inside = (sources >= start) & (sources < start + size)
        places = np.argwhere(inside)[np.argsort(sources[inside])].T.reshape(-1, *shape)
        coordinates = [_one_axis(place, names) for place in places]
        if None in coordinates:
            return None
        which = "" if len(shapes) == 1 else f"input {number + 1} "
        lines.append(f"{which}{_index(names)} -> {_index(coordinates)}")
        start += size
    return lines


def _gathered(sources, shape, letters):
    """Fit copies and cuts: each input coordinate comes from one output coordinate."""
    coordinates = [_one_axis(place, letters) for place in np.unravel_index(sources, shape)]
    if None in coordinates:
        return None
    return f"out{_index(letters)} = in{_index(coordinates)}"


def _one_axis(values, letters):
    """Write an array of coordinates as `letter + a`, `letter//q`, `letter % m` or `a - letter` of one axis, or None."""
    base = int(values.flat[0])
    varying = [axis for axis, size in enumerate(values.shape) if size > 1 and np.diff(values, axis=axis).any()]
    if not varying:
        return str(base)
    if len(varying) > 1:
        return None
    axis, letter = varying[0], letters[varying[0]]
    line = values[tuple(slice(None) if i == axis else 0 for i in range(values.ndim))]
    repeats = int((line == line[0]).sum())
    for text in (
        letter,
        f"{letter} {'+' if base > 0 else '-'} {abs(base)}",
        f"{letter}//{repeats}",
        f"{letter} % {int(line.max()) + 1}",
        f"{int(line[0])} - {letter}",
    ):
        if np.array_equal(
            np.broadcast_to(_value(text, {letter: np.indices(values.shape)[axis]}), values.shape), values
        ):
            return text
    return None


def _value(text, values):
    return eval(text, {"__builtins__": {}}, values)  # text is written here, of letters and numbers only


def _index(names):
    return "[" + ", ".join(names) + "]"

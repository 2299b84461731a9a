"""Which positions along each axis an output position reads: its own, a window, or all. Found from the program alone.

Followed from layer to layer this is the receptive field.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, prod

from jax.extend import core

from lamina.explain.work import inner_jaxpr


@dataclass(frozen=True)
class Reads:
    """What an output element reads along one axis of an input.

    Attributes:
        axis: the output axis whose position decides, None if it makes no difference.
        step, first, last: position p of that axis reads step*p + first .. step*p + last.
        everything: whether all positions are read (the numbers then mean nothing).
        exact: False where the program does not show it: then no position beyond these is read, but perhaps fewer.
    """

    axis: int | None = None
    step: Fraction = Fraction(1)
    first: Fraction = Fraction(0)
    last: Fraction = Fraction(0)
    everything: bool = False
    exact: bool = True

    @property
    def size(self):
        """How many positions one element reads, at most."""
        return floor(self.last - self.first) + 1

    @property
    def is_own(self):
        """Whether each position reads the one at the same place only."""
        return self.axis is not None and (self.step, self.first, self.last) == (1, 0, 0) and not self.everything

    def behind(self, other):
        """Return what is read through `other`, which says which of our positions its own output reads."""
        if self.everything or self.axis is None:
            return self
        if other.everything:
            return other
        first, last = self.step * other.first + self.first, self.step * other.last + self.last
        return Reads(other.axis, self.step * other.step, first, last, exact=self.exact and other.exact)


ALL = Reads(everything=True)
UNKNOWN = Reads(everything=True, exact=False)


def own(ndim):
    """Return what is read where nothing has happened yet: each position of each axis itself."""
    return tuple(Reads(axis=axis) for axis in range(ndim))


def readings(jaxpr, inputs):
    """Return, for each output of a program, a dict from the numbers of inputs to a tuple of Reads, one for each axis.

    Args:
        inputs: numbers of those inputs of the program that are asked about.
    """
    start = {i: {i: own(len(jaxpr.invars[i].aval.shape))} for i in inputs}
    return _run(jaxpr, [start.get(i, {}) for i in range(len(jaxpr.invars))])


def _run(jaxpr, inputs):
    known = dict(zip(jaxpr.invars, inputs, strict=True))

    def read(x):
        return {} if isinstance(x, core.Literal) else known.get(x, {})

    for eqn in jaxpr.eqns:
        operands = [read(x) for x in eqn.invars]
        inner = inner_jaxpr(eqn)
        if inner is not None:
            results = _run(inner, operands)
        elif not any(operands):
            results = [{}] * len(eqn.outvars)
        else:
            result = _RULES.get(eqn.primitive.name, _elementwise)(eqn, operands)
            results = result if isinstance(result, list) else [result] * len(eqn.outvars)
        known.update(zip(eqn.outvars, results, strict=True))
    return [read(x) for x in jaxpr.outvars]


def through(state, axes):
    """Compose a state with what each axis of the operand is read by: a list of Reads of the output."""
    return {
        i: tuple(reads if reads.axis is None else reads.behind(axes[reads.axis]) for reads in all_reads)
        for i, all_reads in state.items()
    }


def union(states):
    """Return a state that reads whatever any of the states reads."""
    total = {}
    for state in states:
        for i, axes in state.items():
            total[i] = tuple(map(_either, total[i], axes)) if i in total else axes
    return total


def _either(a, b):
    if a == b:
        return a
    if ALL in (a, b):
        return ALL
    if a.everything or b.everything or a.axis != b.axis or a.step != b.step:
        return UNKNOWN
    return replace(a, first=min(a.first, b.first), last=max(a.last, b.last), exact=a.exact and b.exact)


def _everything(eqn, operands):
    state = union(operands)
    return {i: (UNKNOWN,) * len(axes) for i, axes in state.items()}


def _elementwise(eqn, operands):
    states = []
    for var, state in zip(eqn.invars, operands, strict=True):
        if not state:
            continue
        shape, out = var.aval.shape, eqn.outvars[0].aval.shape
        if shape and len(shape) != len(out):
            return _everything(eqn, operands)
        states.append(through(state, [_same_axis(a, shape[a], out[a]) for a in range(len(shape))]))
    return union(states)


def _same_axis(axis, size, out_size):
    return Reads(axis=None) if _is_one(size) and not _is_one(out_size) else Reads(axis=axis)


def _is_one(size):
    return isinstance(size, int) and size == 1


def _repeated(eqn, operands):
    shape, out = eqn.invars[0].aval.shape, eqn.outvars[0].aval.shape
    places = eqn.params["broadcast_dimensions"]
    return through(operands[0], [_same_axis(p, size, out[p]) for p, size in zip(places, shape, strict=True)])


def _transposed(eqn, operands):
    order = eqn.params["permutation"]
    return through(operands[0], [Reads(axis=order.index(axis)) for axis in range(len(order))])


def _reshaped(eqn, operands):
    """An axis stays itself where the sizes in front of it and its own are the same."""
    shape, out = eqn.invars[0].aval.shape, eqn.outvars[0].aval.shape
    axes = []
    for axis, size in enumerate(shape):
        fits = [a for a, s in enumerate(out) if s == size and _same(prod(out[:a]), prod(shape[:axis]))]
        axes.append(Reads(axis=fits[-1]) if fits else Reads(axis=None) if _is_one(size) else UNKNOWN)
    return through(operands[0], axes)


def _same(a, b):
    return str(a) == str(b)


def _cut(eqn, operands):
    starts, strides = eqn.params["start_indices"], eqn.params["strides"] or (1,) * len(eqn.params["start_indices"])
    axes = [
        Reads(axis, Fraction(step), Fraction(_int(start)), Fraction(_int(start)))
        for axis, (start, step) in enumerate(zip(starts, strides, strict=True))
    ]
    return through(operands[0], axes)


def _int(size):
    return size if isinstance(size, int) else 0


def _padded(eqn, operands):
    axes = []
    for axis, (low, _, between) in enumerate(eqn.params["padding_config"]):
        spread = between + 1
        axes.append(Reads(axis, Fraction(1, spread), Fraction(-_int(low), spread), Fraction(-_int(low), spread)))
    return through(operands[0], axes)


def _joined(eqn, operands):
    axis, start, states = eqn.params["dimension"], 0, []
    alone = sum(map(bool, operands)) == 1
    for var, state in zip(eqn.invars, operands, strict=True):
        shift = Fraction(-_int(start))
        axes = [Reads(axis=a) for a in range(len(var.aval.shape))]
        axes[axis] = Reads(axis, Fraction(1), shift, shift) if alone else UNKNOWN
        states.append(through(state, axes))
        start = start + var.aval.shape[axis]
    return union(states)


def _reduced(eqn, operands):
    gone = eqn.params["axes"]
    ndim = len(eqn.invars[0].aval.shape)
    kept = [axis for axis in range(ndim) if axis not in gone]
    axes = [ALL if axis in gone else Reads(axis=kept.index(axis)) for axis in range(ndim)]
    return union(through(state, axes) for state in operands)


def _squeezed(eqn, operands):
    gone = [axis % len(eqn.invars[0].aval.shape) for axis in eqn.params["dimensions"]]
    kept = [axis for axis in range(len(eqn.invars[0].aval.shape)) if axis not in gone]
    axes = [Reads(axis=None) if a in gone else Reads(axis=kept.index(a)) for a in range(len(kept) + len(gone))]
    return through(operands[0], axes)


def _window(axis, size, stride, low, dilation, spread):
    """What position p reads through a window: p*stride - low .. + reach, on an input spread out by zeros."""
    reach = (_int(size) - 1) * dilation
    return Reads(axis, Fraction(stride, spread), Fraction(-_int(low), spread), Fraction(reach - _int(low), spread))


def _windowed(eqn, operands):
    params = eqn.params
    axes = [
        _window(axis, *numbers)
        for axis, numbers in enumerate(
            zip(
                params["window_dimensions"],
                params["window_strides"],
                [low for low, _ in params["padding"]],
                params["window_dilation"],
                params["base_dilation"],
                strict=True,
            )
        )
    ]
    return through(operands[0], axes)


def _convolved(eqn, operands):
    if operands[1]:
        return _everything(eqn, operands)
    params = eqn.params
    lhs, rhs, out = params["dimension_numbers"]
    kernel = eqn.invars[1].aval.shape
    axes = [None] * len(lhs)
    axes[lhs[0]] = Reads(axis=out[0])
    axes[lhs[1]] = _channels(eqn, lhs[1], out[1])
    numbers = zip(
        [kernel[axis] for axis in rhs[2:]],
        params["window_strides"],
        [low for low, _ in params["padding"]],
        params["rhs_dilation"],
        params["lhs_dilation"],
        strict=True,
    )
    for source, target, values in zip(lhs[2:], out[2:], numbers, strict=True):
        axes[source] = _window(target, *values)
    return through(operands[0], axes)


def _channels(eqn, axis, out_axis):
    """Which channels a filter reads: all, or with a group for each channel one."""
    groups, channels = eqn.params["feature_group_count"], eqn.invars[0].aval.shape[axis]
    if groups == 1:
        return ALL
    if groups != channels:
        return UNKNOWN
    filters = Fraction(eqn.outvars[0].aval.shape[out_axis], groups)
    return Reads(out_axis, 1 / filters, 1 / filters - 1, Fraction(0))


def _multiplied(eqn, operands):
    (contracted, batch), states = eqn.params["dimension_numbers"], []
    left_free = len(eqn.invars[0].aval.shape) - len(contracted[0]) - len(batch[0])
    for side, state in enumerate(operands):
        axes, free = [], len(batch[0]) + (left_free if side else 0)
        for axis in range(len(eqn.invars[side].aval.shape)):
            if axis in contracted[side]:
                axes.append(ALL)
            elif axis in batch[side]:
                axes.append(Reads(axis=list(batch[side]).index(axis)))
            else:
                axes.append(Reads(axis=free))
                free += 1
        states.append(through(state, axes))
    return union(states)


def _along(name):
    """Only one axis is mixed, the others stay."""

    def rule(eqn, operands):
        mixed = eqn.params[name] if name else len(eqn.invars[0].aval.shape) - 1
        axes = [ALL if axis == mixed else Reads(axis=axis) for axis in range(len(eqn.invars[0].aval.shape))]
        return union(through(state, axes) for state in operands)

    return rule


_REDUCTIONS = "argmax argmin reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum"
_EVERYTHING = "cond dynamic_slice dynamic_update_slice fft gather rev scan scatter scatter-add while split"
_CUMULATIVE = "cumlogsumexp cummax cummin cumprod cumsum"

_RULES = {
    **dict.fromkeys(_REDUCTIONS.split(), _reduced),
    **dict.fromkeys(_EVERYTHING.split(), _everything),
    **dict.fromkeys(_CUMULATIVE.split(), _along("axis")),
    **dict.fromkeys(("reduce_window_max", "reduce_window_min", "reduce_window_sum"), _windowed),
    "broadcast_in_dim": _repeated,
    "concatenate": _joined,
    "conv_general_dilated": _convolved,
    "dot_general": _multiplied,
    "pad": _padded,
    "reshape": _reshaped,
    "slice": _cut,
    "sort": _along("dimension"),
    "squeeze": _squeezed,
    "top_k": _along(None),
    "transpose": _transposed,
}

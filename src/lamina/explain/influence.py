"""Which elements can have a say in which: the program of a layer run on "who reaches whom" in place of numbers.

Every array of the program is replaced by one that is 0 where nothing of interest arrives and above 0 elsewhere. Each
primitive becomes a sum of what it reads: a maximum as much as a product. That is linear, so its transpose, which JAX
derives, answers the question backwards. Weights count as unlike zero; constants of the program count as they are, so
that what a mask hides does not count: `hidden.py`.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend import core

from lamina.explain.hidden import known_parts
from lamina.explain.tracing import trace
from lamina.explain.work import inner_jaxpr

MOST_UNROLLED = 64  # steps of a loop that are written out, so that what counts them is known


class Influence:
    """Who reaches whom in one call of a layer, for one sample.

    Args:
        call: Call with known sizes.
        training: whether the layer works as in training.
    """

    def __init__(self, call, training=False):
        self.shapes = [(1, *x.shape[1:]) for x in call.inputs]
        found = trace(call, self.shapes, training=training)
        self.program = found.program()
        self.consts = found.jaxpr.consts
        self.weights = len(found.variables)
        self.outputs = [x.shape for x in found.outputs]

    def forward(self, reached):
        """Return, for each output, which elements are reached from the given ones: bool arrays without batch axis."""
        return [np.asarray(y)[0] > 0 for y in _jitted(self)[0](_floats(reached))]

    def backward(self, wanted):
        """Return, for each input, which elements reach the given output elements."""
        return [np.asarray(x)[0] > 0 for x in _jitted(self)[1](_floats(wanted))]

    def _spread(self, arrays):
        missing = len(self.program.invars) - self.weights - len(arrays)
        inputs = [_Data()] * self.weights + [_Data(reach=x) for x in arrays] + [_Data()] * missing
        outputs = _run(self.program, self.consts, inputs)
        return [_zeros(shape) if y.reach is None else y.reach for y, shape in zip(outputs, self.outputs, strict=False)]


@functools.lru_cache(maxsize=256)
def _jitted(influence):
    forward = jax.jit(influence._spread)

    @jax.jit
    def backward(wanted):
        start = [_zeros(shape) for shape in influence.shapes]  # made inside, so that they are not kept
        return jax.vjp(influence._spread, start)[1](wanted)[0]

    return forward, backward


def _floats(arrays):
    return [jnp.asarray(x, "float32")[None] for x in arrays]


class _Data:
    """What is known of an array of the program: its value, if it is a constant, and what reaches it.

    Where something reaches it, elements of `value` that depend on that are NaN.
    """

    def __init__(self, value=None, reach=None):
        self.value, self.reach = value, reach


def _zeros(shape):
    return jnp.zeros(shape, "float32")


@jax.custom_vjp
def _at_most_one(x):
    """Keep sums over many paths from overflowing, in both directions."""
    return jnp.minimum(x, 1)


_at_most_one.defvjp(lambda x: (jnp.minimum(x, 1), None), lambda _, ct: (jnp.minimum(ct, 1),))


def _run(jaxpr, consts, inputs):
    """Interpret a program on `_Data`."""
    known = {}

    def read(x):
        return _Data(value=np.asarray(x.val)) if isinstance(x, core.Literal) else known[x]

    for var, value in zip(jaxpr.constvars, consts, strict=True):
        known[var] = _Data(value=value)
    known.update(zip(jaxpr.invars, inputs, strict=True))
    for eqn in jaxpr.eqns:
        outputs = _apply(eqn, [read(x) for x in eqn.invars])
        for var, data in zip(eqn.outvars, outputs, strict=True):
            known[var] = data if data.reach is None else _Data(data.value, _at_most_one(data.reach))
    return [read(x) for x in jaxpr.outvars]


def _apply(eqn, operands):
    inner = inner_jaxpr(eqn)
    if inner is not None:
        found = next(eqn.params[name] for name in ("jaxpr", "call_jaxpr", "fun_jaxpr") if name in eqn.params)
        return _run(inner, getattr(found, "consts", ()), operands)
    if all(x.reach is None for x in operands):
        return _constant(eqn, operands)
    rule = RULES.get(eqn.primitive.name, _elementwise)
    result = rule(eqn, operands)
    if isinstance(result, list):
        return result
    value = known_parts(eqn, [x.value for x in operands])
    return [_Data(reach=result) if value is None else _Data(value, result * jnp.isnan(value))]


def _constant(eqn, operands):
    if any(x.value is None for x in operands) or eqn.primitive.name in ("scan", "while", "cond"):
        return [_Data()] * len(eqn.outvars)
    with jax.ensure_compile_time_eval():
        values = eqn.primitive.bind(*(x.value for x in operands), **eqn.params)
    return [_Data(value=v) for v in (values if eqn.primitive.multiple_results else [values])]


# --- one rule per kind of primitive: (equation, operands) -> reach of its output ----------------------------------


def _everything(eqn, operands):
    """Each output may depend on each input: for primitives without a rule."""
    total = sum(x.reach.sum() for x in operands if x.reach is not None)
    return [_Data(reach=jnp.broadcast_to(total, var.aval.shape)) for var in eqn.outvars]


def _elementwise(eqn, operands):
    shape = eqn.outvars[0].aval.shape
    reaches = [x.reach for x in operands if x.reach is not None]
    if len(eqn.outvars) > 1 or not all(_fits(r.shape, shape) for r in reaches):
        return _everything(eqn, operands)
    return jnp.broadcast_to(sum(reaches), shape)


def _fits(shape, out):
    """Tell whether a shape is that of the output, with 1 where values are repeated, or that of a single number."""
    return not shape or (len(shape) == len(out) and all(a in (1, b) for a, b in zip(shape, out, strict=True)))


def _multiply(eqn, operands):
    """A constant zero lets nothing through."""
    first, second = operands
    parts = []
    for x, other in ((first, second), (second, first)):
        if x.reach is not None:
            parts.append(x.reach if other.value is None else x.reach * (other.value != 0))
    return jnp.broadcast_to(sum(parts), eqn.outvars[0].aval.shape)


def _moved(eqn, operands):
    """The primitive itself, on reaches in place of values; what is not data has no reach."""
    reaches = [_zeros(v.aval.shape) if x.reach is None else x.reach for x, v in zip(operands, eqn.invars, strict=True)]
    result = eqn.primitive.bind(*reaches, **eqn.params)
    return [_Data(reach=r) for r in result] if eqn.primitive.multiple_results else result


def _addressed(count, **changes):
    """A move whose operands after the first `count` are addresses: the move itself if they are constants."""

    def rule(eqn, operands):
        data, addresses = operands[:count], operands[count:]
        if any(x.value is None for x in addresses):
            return _everything(eqn, operands)
        pairs = zip(data, eqn.invars, strict=False)
        reaches = [_zeros(v.aval.shape) if x.reach is None else x.reach for x, v in pairs]
        return eqn.primitive.bind(*reaches, *(x.value for x in addresses), **{**eqn.params, **changes})

    return rule


def _gather(eqn, operands):
    """Rows looked up by data depend on their own index only."""
    table, index = operands
    if index.value is not None:
        return _addressed(1, fill_value=0)(eqn, operands)
    if table.reach is not None or index.reach is None:
        return _everything(eqn, operands)
    out = eqn.outvars[0].aval.shape
    offsets = eqn.params["dimension_numbers"].offset_dims
    shape = [1 if axis in offsets else size for axis, size in enumerate(out)]
    return jnp.broadcast_to(index.reach.sum(-1).reshape(shape), out)


def _choice(eqn, operands):
    which, *cases = operands
    shape = eqn.outvars[0].aval.shape
    reaches = [_zeros(shape) if x.reach is None else x.reach for x in cases]
    if which.value is not None:
        return lax.select_n(which.value, *reaches)
    return sum(reaches) if which.reach is None else sum(reaches) + jnp.broadcast_to(which.reach, shape)


def _reduced(eqn, operands):
    total = sum(x.reach for x in operands if x.reach is not None).sum(eqn.params["axes"])
    return [_Data(reach=total)] * len(eqn.outvars)


def _windowed(eqn, operands):
    names = ("window_dimensions", "window_strides", "padding", "base_dilation", "window_dilation")
    return lax.reduce_window(operands[0].reach, 0.0, lax.add, *(eqn.params[name] for name in names))


def _cumulative(eqn, operands):
    return lax.cumsum(operands[0].reach, eqn.params["axis"], eqn.params["reverse"])


def _sorted(eqn, operands):
    axis = eqn.params["dimension"]
    total = sum(x.reach for x in operands if x.reach is not None).sum(axis, keepdims=True)
    return [_Data(reach=jnp.broadcast_to(total, var.aval.shape)) for var in eqn.outvars]


def _top(eqn, operands):
    total = operands[0].reach.sum(-1, keepdims=True)
    return [_Data(reach=jnp.broadcast_to(total, var.aval.shape)) for var in eqn.outvars]


def _product(eqn, operands):
    """Sum over what is contracted, repeat along the other operand's free axes; a constant operand counts its zeros."""
    dimensions = eqn.params["dimension_numbers"]
    left, right = operands
    parts = []
    for x, other, side in ((left, right, 0), (right, left, 1)):
        if x.reach is None:
            continue
        if other.value is not None:
            pair = (x.reach, (other.value != 0).astype("float32"))
            parts.append(lax.dot_general(*(pair if side == 0 else pair[::-1]), dimensions))
            continue
        contracted, batch = dimensions[0][side], dimensions[1][side]
        free = [axis for axis in range(x.reach.ndim) if axis not in (*contracted, *batch)]
        total = x.reach.sum(contracted, keepdims=True).transpose(*batch, *free, *contracted)
        total = total.reshape(total.shape[: len(batch) + len(free)])
        others = eqn.outvars[0].aval.ndim - total.ndim
        sizes = (1,) * others
        batch_sizes, free_sizes = total.shape[: len(batch)], total.shape[len(batch) :]
        order = (*batch_sizes, *free_sizes, *sizes) if side == 0 else (*batch_sizes, *sizes, *free_sizes)
        parts.append(jnp.broadcast_to(total.reshape(order), eqn.outvars[0].aval.shape))
    return sum(parts)


def _convolved(eqn, operands):
    """Slide a window of ones; all channels of a group are one, since each filter sees all of them."""
    x, kernel = operands
    params = eqn.params
    if x.reach is None or kernel.reach is not None or params["batch_group_count"] > 1:
        return _everything(eqn, operands)
    lhs, rhs, out = params["dimension_numbers"]
    groups = params["feature_group_count"]
    reach = x.reach.transpose(lhs)  # (batch, channels, *spatial)
    reach = reach.reshape(reach.shape[0], groups, -1, *reach.shape[2:]).sum(2)
    window = [eqn.invars[1].aval.shape[axis] for axis in rhs[2:]]
    result = lax.conv_general_dilated(
        reach,
        jnp.ones((groups, 1, *window)),
        params["window_strides"],
        params["padding"],
        params["lhs_dilation"],
        params["rhs_dilation"],
        feature_group_count=groups,
    )
    filters = eqn.outvars[0].aval.shape[out[1]]
    return jnp.repeat(result, filters // groups, axis=1).transpose(np.argsort(out))


def _scanned(eqn, operands):
    """Run the body of a loop: written out if it is short, so that its counter is known."""
    params = eqn.params
    body, length = params["jaxpr"], params["length"]
    consts = operands[: params["num_consts"]]
    carry = operands[params["num_consts"] : params["num_consts"] + params["num_carry"]]
    rows = operands[params["num_consts"] + params["num_carry"] :]
    if length <= MOST_UNROLLED:
        return _unrolled(body, length, params["reverse"], consts, carry, rows)
    avals = body.jaxpr.invars[len(consts) :]
    reaches = (
        [_zeros(v.aval.shape) if x.reach is None else x.reach for x, v in zip(carry, avals, strict=False)],
        [
            _zeros((length, *v.aval.shape)) if x.reach is None else x.reach
            for x, v in zip(rows, avals[len(carry) :], strict=True)
        ],
    )

    def step(state, row):
        results = _run(body.jaxpr, body.consts, [*consts, *(_Data(reach=r) for r in (*state, *row))])
        arrays = [
            _zeros(v.aval.shape) if y.reach is None else y.reach
            for y, v in zip(results, body.jaxpr.outvars, strict=True)
        ]
        return arrays[: len(carry)], arrays[len(carry) :]

    last, stacked = lax.scan(step, *reaches, reverse=params["reverse"])
    return [_Data(reach=r) for r in (*last, *stacked)]


def _unrolled(body, length, backwards, consts, carry, rows):
    stacked = []
    for i in reversed(range(length)) if backwards else range(length):
        row = [
            _Data(None if x.value is None else np.asarray(x.value)[i], None if x.reach is None else x.reach[i])
            for x in rows
        ]
        results = _run(body.jaxpr, body.consts, [*consts, *carry, *row])
        carry = results[: len(carry)]
        stacked.append(results[len(carry) :])
    if backwards:
        stacked.reverse()
    outputs = []
    for column, var in zip(zip(*stacked, strict=True), body.jaxpr.outvars[len(carry) :], strict=True):
        if all(x.reach is None for x in column):
            outputs.append(_Data())
        else:
            parts = [_zeros(var.aval.shape) if x.reach is None else x.reach for x in column]
            outputs.append(_Data(reach=jnp.stack(parts)))
    return [*carry, *outputs]


def _branched(eqn, operands):
    which, *rest = operands
    results = [_run(branch.jaxpr, branch.consts, rest) for branch in eqn.params["branches"]]
    outputs = []
    for column, var in zip(zip(*results, strict=True), eqn.outvars, strict=True):
        parts = [x.reach for x in column if x.reach is not None]
        if which.reach is not None:
            parts.append(which.reach)
        total = sum(parts) if parts else _zeros(())
        outputs.append(_Data(reach=jnp.broadcast_to(total, var.aval.shape)))
    return outputs


def _transformed(eqn, operands):
    """A Fourier transform mixes its last axes."""
    axes = tuple(range(-len(eqn.params["fft_lengths"]), 0))
    return jnp.broadcast_to(operands[0].reach.sum(axes, keepdims=True), eqn.outvars[0].aval.shape)


def _asked_back(eqn, operands):
    """Python is asked for the result, such as the place of each word; what it reads is known only if we say so."""
    if not getattr(getattr(eqn.params["callback"], "callback_func", None), "elementwise", False):
        return _everything(eqn, operands)
    shape = eqn.outvars[0].aval.shape  # that of the operands, but for an axis of 1 behind texts
    return [_Data(reach=sum(x.reach.reshape(shape) for x in operands if x.reach is not None))]


_MOVES = "broadcast_in_dim concatenate expand_dims pad reshape rev slice split squeeze transpose"
_REDUCTIONS = "argmax argmin reduce_and reduce_max reduce_min reduce_or reduce_prod reduce_sum"

RULES = {
    **dict.fromkeys(_MOVES.split(), _moved),
    **dict.fromkeys(_REDUCTIONS.split(), _reduced),
    **dict.fromkeys(("reduce_window_max", "reduce_window_min", "reduce_window_sum"), _windowed),
    **dict.fromkeys(("cumlogsumexp", "cummax", "cummin", "cumprod", "cumsum"), _cumulative),
    "cond": _branched,
    "conv_general_dilated": _convolved,
    "dot_general": _product,
    "dynamic_slice": _addressed(1),
    "dynamic_update_slice": _addressed(2),
    "fft": _transformed,
    "gather": _gather,
    "mul": _multiply,
    "pure_callback": _asked_back,
    "random_unwrap": lambda eqn, operands: operands[0].reach[..., None],
    "random_wrap": lambda eqn, operands: operands[0].reach[..., 0],
    "scan": _scanned,
    "select_n": _choice,
    "sort": _sorted,
    "top_k": _top,
    "while": _everything,
}

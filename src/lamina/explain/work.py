"""What a call computes, read off its program: whether it only moves data, and how many multiply-adds it takes."""

from jax.extend import core

from lamina.explain import formulas

MOVERS = {
    "broadcast_in_dim",
    "concatenate",
    "convert_element_type",
    "copy",
    "copy_p",
    "dynamic_slice",
    "dynamic_update_slice",
    "expand_dims",
    "gather",
    "pad",
    "reshape",
    "rev",
    "select_n",
    "slice",
    "split",
    "squeeze",
    "stop_gradient",
    "transpose",
}
"""Primitives whose results are copies of values that exist already."""

# For primitives with an address or a choice among their operands: which operands the values come from.
_DATA_OPERANDS = {
    "gather": slice(0, 1),
    "dynamic_slice": slice(0, 1),
    "dynamic_update_slice": slice(0, 2),
    "select_n": slice(1, None),
}


def value_path(jaxpr):
    """Follow the values of the outputs back to where they come from.

    Returns: (names of the primitives that compute something, set of numbers of the inputs that the values come from).
    """
    makers = {var: eqn for eqn in jaxpr.eqns for var in eqn.outvars}
    positions = {var: i for i, var in enumerate(jaxpr.invars)}
    computing, origins, seen = set(), set(), set()
    waiting = [var for var in jaxpr.outvars if isinstance(var, core.Var)]
    while waiting:
        var = waiting.pop()
        if var in seen:
            continue
        seen.add(var)
        if var in positions:
            origins.add(positions[var])
        if var not in makers:
            continue
        eqn = makers[var]
        operands = eqn.invars[_DATA_OPERANDS.get(eqn.primitive.name, slice(None))]
        inner = inner_jaxpr(eqn)
        if inner is not None:
            names, used = value_path(inner)
            computing |= names
            operands = [eqn.invars[i] for i in used]
        elif eqn.primitive.name not in MOVERS:
            computing.add(eqn.primitive.name)
        waiting += [x for x in operands if isinstance(x, core.Var)]
    return computing, origins


def inner_jaxpr(eqn):
    """Return the program that a call-like equation runs once on its own operands, or None."""
    if eqn.primitive.name in ("scan", "while", "cond"):
        return None
    for name in ("jaxpr", "call_jaxpr", "fun_jaxpr"):
        inner = eqn.params.get(name)
        if inner is not None:
            return getattr(inner, "jaxpr", inner)
    return None


def inner_jaxprs(eqn):
    """Return all programs inside an equation: bodies of loops, branches, compiled functions."""
    items = [item for value in eqn.params.values() for item in (value if isinstance(value, list | tuple) else [value])]
    programs = [item.jaxpr if isinstance(item, core.ClosedJaxpr) else item for item in items]
    return [program for program in programs if isinstance(program, core.Jaxpr)]


def primitives(jaxpr):
    """Return the names of all primitives in a program, inner programs included."""
    names = set()
    for eqn in jaxpr.eqns:
        names.add(eqn.primitive.name)
        for inner in inner_jaxprs(eqn):
            names |= primitives(inner)
    return names


def multiply_adds(jaxpr):
    """Count the multiply-adds in matrix products and convolutions: a number, or a symbolic size.

    A loop of unknown length counts once.
    """
    total = 0
    for eqn in jaxpr.eqns:
        name = eqn.primitive.name
        if name == "dot_general":
            total += _product(eqn)
        elif name == "conv_general_dilated":
            total += _convolution(eqn)
        elif name == "cond":
            counts = [multiply_adds(branch.jaxpr) for branch in eqn.params["branches"]]
            total += counts[-1]
        else:
            repeats = eqn.params["length"] if name == "scan" else 1
            for inner in inner_jaxprs(eqn):
                total += repeats * multiply_adds(inner)
    return total


def _product(eqn):
    (contracted, _), _ = eqn.params["dimension_numbers"]
    count = 1
    for size in eqn.outvars[0].aval.shape:
        count = count * size
    for axis in contracted:
        count = count * eqn.invars[0].aval.shape[axis]
    return count


def _convolution(eqn):
    """Each output value takes one multiply-add per tap and channel of its group.

    Where the input is spread out with zeros between (`lhs_dilation`), it counts as the transposed convolution it
    is: each input value takes one per tap and filter.
    """
    kernel = eqn.invars[1].aval.shape
    out_axis = eqn.params["dimension_numbers"].rhs_spec[0]
    taps = 1
    for axis, size in enumerate(kernel):
        taps = taps * size if axis != out_axis else taps
    count = taps
    if max(eqn.params["lhs_dilation"], default=1) > 1:
        filters = kernel[out_axis]
        lhs = eqn.invars[0].aval.shape
        channel_axis = eqn.params["dimension_numbers"].lhs_spec[1]
        count = count * filters
        for axis, size in enumerate(lhs):
            count = count * size if axis != channel_axis else count
        return count
    for size in eqn.outvars[0].aval.shape:
        count = count * size
    return count


def per_sample(count, batch="b"):
    """Return a count that grows with the batch as a number for one sample; None if it depends on other sizes too."""
    text = formulas.formula(count)
    letters = formulas.letters_in(text)
    if letters - {batch}:
        return None
    return formulas.evaluate(text, {batch: 1})

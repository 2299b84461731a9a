"""What JAX computes, as ONNX nodes: one small function per primitive, for layers that have no nodes of their own.

The functions are in `elementwise`, `arrays`, `products` and `loops`.
"""

import jax
import numpy as np
from jax.extend import core as jax_core

from lamina.export.onnx.graph import Tensor

TABLE = {}
ELEMENTWISE = {}
TAKES_THIN = ("broadcast_in_dim", "transpose")
"""Primitives that can do with tensors that are not as long yet as their shape says."""


class NoSuchNodeError(Exception):
    """A primitive has no form in ONNX; the message names it."""


def primitive(*names):
    """Enter a function `(graph, inputs, equation) -> names of outputs` into the table."""

    def enter(function):
        TABLE.update(dict.fromkeys(names, function))
        return function

    return enter


def elementwise(*names):
    """Enter a function `(graph, names of inputs, equation) -> name of the output` into the elementwise table."""

    def enter(function):
        ELEMENTWISE.update(dict.fromkeys(names, function))
        return function

    return enter


def convert(graph, closed, inputs, wanted=None):
    """Add the nodes of a closed jaxpr.

    Args:
        graph: where they are added.
        closed: the program.
        inputs: its inputs, Tensors.
        wanted: which outputs are needed, a list of booleans; all by default.
    Returns:  list of Tensors, None for outputs that are not wanted.
    Raises:   NoSuchNodeError for a primitive that is not in the table.
    """
    jaxpr = closed.jaxpr
    wanted = [True] * len(jaxpr.outvars) if wanted is None else wanted
    consts = zip(jaxpr.constvars, closed.consts, strict=True)
    known = {variable: _constant(graph, value, variable.aval.dtype) for variable, value in consts}
    known.update(zip(jaxpr.invars, inputs, strict=True))

    def read(atom):
        return _constant(graph, atom.val, atom.aval.dtype) if isinstance(atom, jax_core.Literal) else known[atom]

    for equation in _needed(jaxpr, wanted):
        values = [read(atom) for atom in equation.invars]
        outputs = _outputs(graph, equation, values)
        known.update(zip(equation.outvars, outputs, strict=True))
    return [read(atom) if needed else None for atom, needed in zip(jaxpr.outvars, wanted, strict=True)]


def _needed(jaxpr, wanted):
    """Return the equations that the wanted outputs depend on, in order."""
    needed = {id(atom) for atom, is_wanted in zip(jaxpr.outvars, wanted, strict=True) if is_wanted}
    equations = []
    for equation in reversed(jaxpr.eqns):
        if any(id(variable) in needed for variable in equation.outvars):
            needed.update(id(atom) for atom in equation.invars)
            equations.append(equation)
    return reversed(equations)


def _outputs(graph, equation, values):
    name = equation.primitive.name
    if name in THROUGH:
        inner = equation.params[THROUGH[name]]
        inner = inner if hasattr(inner, "consts") else jax_core.ClosedJaxpr(inner, ())
        return convert(graph, inner, values)
    if any(np.issubdtype(x.dtype, np.complexfloating) for x in values) and name not in ("real", "imag"):
        raise NoSuchNodeError(f"{name} of complex numbers")
    if (known := _known(graph, equation, values)) is not None:
        return known
    if name in ELEMENTWISE:
        result = ELEMENTWISE[name](graph, [graph.ordered(x) for x in values], equation)
        thin = all(x.thin or not x.ndim for x in values) and any(x.thin for x in values)
        return [_tensor(result, equation.outvars[0].aval, thin)]
    if name not in TABLE:
        raise NoSuchNodeError(name)
    values = [graph.plain(x) if name not in TAKES_THIN else x for x in values]
    results = TABLE[name](graph, values, equation)
    results = results if isinstance(results, list) else [results]
    pairs = zip(results, equation.outvars, strict=True)
    return [x if isinstance(x, Tensor) else _tensor(x, variable.aval) for x, variable in pairs]


def _known(graph, equation, values):
    """Return the outputs that follow from constants alone, such as weights that are unpacked; None if there are others.

    What would make them larger stays a node.
    """
    arrays = [graph.known_value(x) for x in values]
    avals = [variable.aval for variable in equation.outvars]
    if not arrays or any(array is None for array in arrays) or not all(_is_plain(aval) for aval in avals):
        return None
    if sum(aval.size * aval.dtype.itemsize for aval in avals) > 2 * sum(array.nbytes for array in arrays):
        return None
    results = equation.primitive.bind(*arrays, **equation.params)
    results = results if equation.primitive.multiple_results else [results]
    return [_constant(graph, np.asarray(result), result.dtype) for result in results]


def _is_plain(aval):
    """Tell whether a size is known, and the dtype NumPy's own: not float8, nor a key of random numbers."""
    return all(isinstance(size, int) for size in aval.shape) and getattr(aval.dtype, "isbuiltin", 0) == 1


def _tensor(name, aval, thin=False):
    return Tensor(name, tuple(aval.shape), np.dtype(aval.dtype), thin=thin)


def _constant(graph, value, dtype):
    dtype = np.dtype(dtype)
    if dtype == jax.numpy.bfloat16:
        raise NoSuchNodeError("bfloat16")
    return Tensor(graph.constant(value, dtype), np.shape(value), dtype)


THROUGH = {
    "pjit": "jaxpr",
    "jit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr",
    "checkpoint": "jaxpr",
    "remat": "jaxpr",
}
"""Primitives that hold another program, and the parameter it is in."""

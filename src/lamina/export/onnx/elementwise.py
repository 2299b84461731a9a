"""Primitives that treat every element alike."""

import numpy as np

from lamina.export.onnx.graph import data_type
from lamina.export.onnx.primitives import NoSuchNodeError, elementwise

_UNARY = {
    "abs": "Abs",
    "acos": "Acos",
    "acosh": "Acosh",
    "asin": "Asin",
    "asinh": "Asinh",
    "atan": "Atan",
    "atanh": "Atanh",
    "ceil": "Ceil",
    "cos": "Cos",
    "cosh": "Cosh",
    "erf": "Erf",
    "exp": "Exp",
    "floor": "Floor",
    "log": "Log",
    "logistic": "Sigmoid",
    "neg": "Neg",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "sqrt": "Sqrt",
    "tan": "Tan",
    "tanh": "Tanh",
}
_BINARY = {
    "add": "Add",
    "add_any": "Add",
    "div": "Div",
    "eq": "Equal",
    "ge": "GreaterOrEqual",
    "gt": "Greater",
    "le": "LessOrEqual",
    "lt": "Less",
    "max": "Max",
    "min": "Min",
    "mul": "Mul",
    "pow": "Pow",
    "sub": "Sub",
}
_LOGICAL = {"and": "And", "or": "Or", "xor": "Xor"}


@elementwise(*_UNARY, *_BINARY)
def _same_name(graph, names, equation):
    return graph.add({**_UNARY, **_BINARY}[equation.primitive.name], *names)


@elementwise(*_LOGICAL)
def _logical(graph, names, equation):
    operator = _LOGICAL[equation.primitive.name]
    return graph.add(operator if _is_bool(equation) else f"Bitwise{operator}", *names)


@elementwise("shift_left", "shift_right_arithmetic", "shift_right_logical")
def _shift(graph, names, equation):
    """Multiply or divide by a power of two, in 32 bits: ONNX shifts unsigned numbers only."""
    kind, dtype = equation.primitive.name, np.dtype(equation.outvars[0].aval.dtype)
    if dtype.itemsize > 2 or (kind == "shift_right_logical" and dtype.kind == "i"):
        raise NoSuchNodeError(f"{kind} of {dtype}")
    x, count = (graph.add("Cast", name, to=data_type(np.int32)) for name in names)
    power = graph.add("Pow", graph.constant(2, np.int32), count)
    if kind == "shift_left":
        half = graph.constant(1 << 8 * dtype.itemsize - 1 if dtype.kind == "i" else 0, np.int32)
        whole = graph.constant(1 << 8 * dtype.itemsize, np.int32)
        shifted = graph.add("Add", graph.add("Mul", x, power), half)
        y = graph.add("Sub", graph.add("Mod", shifted, whole), half)
    else:
        y = graph.add("Div", graph.add("Sub", x, graph.add("Mod", x, power)), power)
    return graph.add("Cast", y, to=data_type(dtype))


@elementwise("not")
def _not(graph, names, equation):
    return graph.add("Not" if _is_bool(equation) else "BitwiseNot", *names)


@elementwise("erfc")
def _error_function_from_one(graph, names, equation):
    return graph.add("Sub", _like(graph, 1, equation), graph.add("Erf", names[0]))


@elementwise("ne")
def _not_equal(graph, names, equation):
    return graph.add("Not", graph.add("Equal", *names))


@elementwise("rem")
def _remainder(graph, names, equation):
    return graph.add("Mod", *names, fmod=1)


@elementwise("rsqrt")
def _reciprocal_root(graph, names, equation):
    return graph.add("Reciprocal", graph.add("Sqrt", *names))


@elementwise("cbrt")
def _cube_root(graph, names, equation):
    root = graph.add("Pow", graph.add("Abs", *names), _like(graph, 1 / 3, equation))
    return graph.add("Mul", graph.add("Sign", *names), root)


@elementwise("log1p")
def _log_of_one_more(graph, names, equation):
    return graph.add("Log", graph.add("Add", *names, _like(graph, 1, equation)))


@elementwise("expm1")
def _exp_less_one(graph, names, equation):
    return graph.add("Sub", graph.add("Exp", *names), _like(graph, 1, equation))


@elementwise("exp2")
def _power_of_two(graph, names, equation):
    return graph.add("Pow", _like(graph, 2, equation), *names)


@elementwise("square")
def _square(graph, names, equation):
    return graph.add("Mul", names[0], names[0])


@elementwise("integer_pow")
def _whole_power(graph, names, equation):
    if equation.params["y"] == 2:
        return graph.add("Mul", names[0], names[0])
    return graph.add("Pow", names[0], _like(graph, equation.params["y"], equation))


@elementwise("round")
def _round(graph, names, equation):
    if int(equation.params["rounding_method"]) == 1:  # to even
        return graph.add("Round", names[0])
    half = graph.add("Add", graph.add("Abs", names[0]), _like(graph, 0.5, equation))
    return graph.add("Mul", graph.add("Sign", names[0]), graph.add("Floor", half))


@elementwise("is_finite")
def _is_finite(graph, names, equation):
    return graph.add("Not", graph.add("Or", graph.add("IsInf", names[0]), graph.add("IsNaN", names[0])))


@elementwise("clamp")
def _clamp(graph, names, equation):
    low, x, high = names
    return graph.add("Min", graph.add("Max", x, low), high)


@elementwise("select_n")
def _select(graph, names, equation):
    condition, *cases = names
    if len(cases) != 2 or not _is_bool(equation):
        raise NoSuchNodeError("select_n")
    if equation.outvars[0].aval.dtype != bool:
        return graph.add("Where", condition, cases[1], cases[0])
    second = graph.add("And", condition, cases[1])  # not every runtime has a Where of booleans
    return graph.add("Or", second, graph.add("And", graph.add("Not", condition), cases[0]))


@elementwise("convert_element_type")
def _cast(graph, names, equation):
    if equation.invars[0].aval.dtype == equation.params["new_dtype"]:
        return names[0]
    return graph.add("Cast", names[0], to=data_type(equation.params["new_dtype"]))


@elementwise("stop_gradient", "copy", "copy_p", "optimization_barrier", "reduce_precision", "sharding_constraint")
def _nothing(graph, names, equation):
    return names[0]


def _is_bool(equation):
    return equation.invars[0].aval.dtype == bool


def _like(graph, value, equation):
    return graph.constant(value, equation.outvars[0].aval.dtype)

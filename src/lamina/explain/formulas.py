"""Axes by name, and sizes as formulas of these names, written as people write them."""

import ast
import functools
import math
import re

from jax import export

SYMBOLS = {
    "batch": "b",
    "steps": "t",
    "depth": "d",
    "height": "h",
    "width": "w",
    "channels": "c",
    "features": "f",
}
_LAYOUTS = {
    1: ("batch",),
    2: ("batch", "features"),
    3: ("batch", "steps", "features"),
    4: ("batch", "height", "width", "channels"),
    5: ("batch", "depth", "height", "width", "channels"),
}


def axis_names(ndim, channels_first=False, counts=False):
    """Return the names of the axes of an array of `ndim` axes.

    Args:
        channels_first: whether the channel axis follows the batch axis.
        counts: whether the array holds integers, such as words of a text, and so has no features axis.

    Example:
        >>> axis_names(4), axis_names(2, counts=True)
        (('batch', 'height', 'width', 'channels'), ('batch', 'steps'))
    """
    if counts and ndim == 2:
        return ("batch", "steps")
    names = _LAYOUTS.get(ndim) or ("batch", *(f"axis_{i}" for i in range(1, ndim)))[:ndim]
    return ("batch", names[-1], *names[1:-1]) if channels_first and ndim > 2 else names


def symbols(names):
    """Return the letters of axes, `n1, n2, …` for axes without a name of their own."""
    return tuple(SYMBOLS.get(name, name.replace("axis_", "n")) for name in names)


def symbolic_sizes(letters, at_least=None):
    """Return a dict from letters to fresh symbolic dimensions of one scope.

    Args:
        at_least: smallest size that a letter may stand for, by letter.
    """
    bounds = [f"{letter} >= {size}" for letter, size in (at_least or {}).items()]
    scope = export.SymbolicScope(bounds)
    return {letter: export.symbolic_shape(letter, scope=scope)[0] for letter in sorted(letters)}


def formula(size, order=()):
    """Return a size (number or symbolic dimension) as Python source.

    Args:
        order: letters in the order in which factors shall stand.

    Example:
        >>> h = export.symbolic_shape("h")[0]
        >>> formula((h - 3) // 2 + 1), formula((h - 2) // 2 + 1), formula(-(-h // 2))
        ('(h - 3)//2 + 1', 'h//2', 'ceil(h/2)')
    """
    if isinstance(size, int):
        return str(size)
    tree = _Readable(list(order)).visit(ast.parse(str(size), mode="eval"))
    return _source(tree.body)


def evaluate(text, values):
    """Return the number that a formula gives for the sizes in `values`, a dict from letters to numbers.

    Example:
        >>> evaluate("(h - 3)//2 + 1", {"h": 28})
        13
    """
    names = {"__builtins__": {}, "ceil": math.ceil, "max": max, "min": min, **values}
    return eval(text, names)  # text is written by `formula`, of numbers and letters only


def letters_in(text):
    """Return the letters that a formula depends on."""
    nodes = ast.walk(ast.parse(text, mode="eval"))
    return {node.id for node in nodes if isinstance(node, ast.Name)} - {"ceil", "max", "min"}


def put_in(text, values):
    """Return a formula with numbers in place of letters: "(28 - 3)//2 + 1"."""

    class Numbers(ast.NodeTransformer):
        def visit_Name(self, node):
            return ast.Constant(values[node.id]) if node.id in values else node

    return _source(Numbers().visit(ast.parse(text, mode="eval")).body)


class _Readable(ast.NodeTransformer):
    """floordiv and mod as operators, factors in the order of the axes, `-(-h // 2)` as `ceil(h/2)`, no `max(…, 0)`."""

    def __init__(self, order):
        self.order = order

    def visit_Call(self, node):
        self.generic_visit(node)
        if node.func.id == "max" and isinstance(node.args[1], ast.Constant) and node.args[1].value == 0:
            return node.args[0]  # below zero there is no output to speak of
        if node.func.id not in ("floordiv", "mod"):
            return node
        operator = ast.FloorDiv() if node.func.id == "floordiv" else ast.Mod()
        return ast.BinOp(node.args[0], operator, node.args[1])

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        inner = node.operand
        if _is(inner, ast.FloorDiv) and isinstance(inner.left, ast.UnaryOp):
            quotient = ast.BinOp(inner.left.operand, ast.Div(), inner.right)
            return ast.Call(ast.Name("ceil"), [quotient], [])
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if _is(node, ast.Mult):
            return _joined(sorted(_parts(node, ast.Mult), key=self._rank), ast.Mult)
        if _is(node, ast.Add) and all(isinstance(term, ast.Name) for term in _parts(node, ast.Add)):
            return _joined(sorted(_parts(node, ast.Add), key=self._rank), ast.Add)
        if isinstance(node.op, ast.Add) and isinstance(node.left, ast.UnaryOp):
            node = ast.BinOp(node.right, ast.Sub(), node.left.operand)
        return _without_whole_parts(node)

    def _rank(self, part):
        """Numbers first, then letters in the order of the axes."""
        if isinstance(part, ast.Constant):
            return -1
        return self.order.index(part.id) if getattr(part, "id", None) in self.order else len(self.order)


def _parts(node, operator):
    """Return what is multiplied (or added) in a chain."""
    return [*_parts(node.left, operator), *_parts(node.right, operator)] if _is(node, operator) else [node]


def _joined(parts, operator):
    return functools.reduce(lambda left, right: ast.BinOp(left, operator(), right), parts)


def _without_whole_parts(node):
    """Fold `(h - 2)//2 + 1` to `h//2`: what divides without rest needs no division."""
    quotient = node.left
    if not (isinstance(node.op, ast.Add | ast.Sub) and _is(quotient, ast.FloorDiv)):
        return node
    inside, divisor = quotient.left, quotient.right
    if not (_is(inside, ast.Add, ast.Sub) and all(map(_is_number, (inside.right, divisor, node.right)))):
        return node
    within = inside.right.value if isinstance(inside.op, ast.Add) else -inside.right.value
    beside = node.right.value if isinstance(node.op, ast.Add) else -node.right.value
    if within % divisor.value:
        return node
    beside += within // divisor.value
    quotient = ast.BinOp(inside.left, ast.FloorDiv(), divisor)
    if not beside:
        return quotient
    return ast.BinOp(quotient, ast.Add() if beside > 0 else ast.Sub(), ast.Constant(abs(beside)))


def _is(node, *operators):
    return isinstance(node, ast.BinOp) and isinstance(node.op, operators)


def _is_number(node):
    return isinstance(node, ast.Constant)


def _source(node):
    """Write sums with spaces and products without."""
    text = ast.unparse(node)
    for spaced, tight in ((" * ", "*"), (" // ", "//"), (" / ", "/"), (" % ", "%")):
        text = text.replace(spaced, tight)
    return text


def typeset(text):
    """Return a formula as it is printed: with a dot for products and a minus sign; as data it stays Python's.

    Example:
        >>> typeset("(b, h, 3) -> (b, (h - 3)//2 + 1, 3*h)")
        '(b, h, 3) -> (b, (h − 3)//2 + 1, 3·h)'
    """
    return _MINUS.sub("−", text.replace("*", "·"))


_MINUS = re.compile(r"(?<![^\s(\[])-(?=[\s\w(])")  # neither an arrow nor a hyphen


def shape_text(sizes):
    """Return sizes as a tuple is written.

    Example:
        >>> shape_text(("b", 3, "h - 2")), shape_text(("b",))
        ('(b, 3, h - 2)', '(b,)')
    """
    return "(" + ", ".join(map(str, sizes)) + (",)" if len(sizes) == 1 else ")")


def number(value):
    """Return a count with separators.

    Example:
        >>> number(18496)
        '18,496'
    """
    return f"{value:,}"

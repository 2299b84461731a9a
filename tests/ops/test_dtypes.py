"""Dtypes of results: for every dtype, every pair of dtypes and every Python number, those of Keras.

Nothing is computed: JAX derives the dtypes of both from the same functions that compute values. All calls of one
function are traced at once.
"""

import itertools
import warnings

import jax
import keras
import pytest
from tests.ops.cases import TABLE

from lamina import ops

BOTH = (ops, keras.ops)
DTYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "bfloat16", "float32")
WIDE = ("int64", "uint64", "float64")
# A float of 64 bits stays one, and whole numbers give the default float; in Keras, that depends on the function.
OF_WIDE = {"float64": ["float64"], "int64": ["float32"], "uint64": ["float32"]}
NUMBERS = (True, 2, 2.5)
BINARY = (
    *("add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "mod", "fmod", "power", "maximum"),
    *("minimum", "fmax", "fmin", "arctan2", "hypot", "logaddexp", "logaddexp2", "divide_no_nan", "heaviside"),
    *("nextafter", "ldexp", "equal", "less", "logical_and", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift"),
    *("right_shift", "gcd", "lcm", "matmul", "dot", "vdot", "inner", "outer", "kron", "tensordot", "append", "isclose"),
    "correlate",
)
NO_NUMBERS = {"matmul", "inner", "correlate"}  # they want vectors
# Functions of one array that need nothing else, found by the rows that call them with one argument.
UNARY = sorted(
    name
    for name, rows in TABLE.items()
    if len(rows[0].args) == 1 and not rows[0].kwargs and rows[0].compiled and getattr(rows[0].args[0], "ndim", 0) >= 2
)


def dtypes_of(function, calls, *shape):
    """Return for each call, a tuple of names of dtypes and of numbers, the dtypes of the results, or "error"."""
    found = {}

    def run(arrays):
        for call in calls:
            try:
                result = function(*(arrays[x] if isinstance(x, str) else x for x in call))
                found[call, *map(type, call)] = [str(x.dtype) for x in jax.tree.leaves(result)]
            except (TypeError, ValueError, NotImplementedError):
                found[call, *map(type, call)] = "error"

    names = {x for call in calls for x in call if isinstance(x, str)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the oracle asks for int64 here and there
        jax.eval_shape(run, {name: jax.ShapeDtypeStruct(shape, name) for name in names})
    return found


def check(name, calls, *shape):
    mine, theirs = (dtypes_of(getattr(library, name), calls, *shape) for library in BOTH)
    assert {call: mine[call] for call, dtype in theirs.items() if dtype not in ("error", mine[call])} == {}


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_array(name):
    check(name, [(dtype,) for dtype in DTYPES], 4, 4)


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_arrays_or_numbers(name):
    numbers = () if name in NO_NUMBERS else NUMBERS
    check(name, [*itertools.product(DTYPES, DTYPES + numbers), *itertools.product(numbers, DTYPES)], 4)


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_arrays_or_numbers_of_64_bits(name):
    numbers = () if name in NO_NUMBERS else NUMBERS
    with jax.enable_x64(True):
        check(name, list(itertools.product(WIDE, DTYPES + WIDE + numbers)), 4)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_array_of_64_bits(name):
    with jax.enable_x64(True):
        mine, theirs = (dtypes_of(getattr(library, name), [(dtype,) for dtype in WIDE], 4, 4) for library in BOTH)
    for call, dtype in theirs.items():
        assert mine[call] in (dtype, OF_WIDE[call[0][0]]), call


def together(library, name):
    return lambda *arrays: getattr(library, name)(arrays)


@pytest.mark.parametrize("name", ["concatenate", "stack", "hstack", "vstack", "dstack"])
def test_arrays_put_together(name):
    pairs = list(itertools.product(DTYPES, DTYPES))
    assert dtypes_of(together(ops, name), pairs, 4) == dtypes_of(together(keras.ops, name), pairs, 4)

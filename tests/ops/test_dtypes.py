"""Dtypes of results: for every dtype, every pair of dtypes and every Python number, those of Keras.

Nothing is computed: JAX derives the dtypes of both from the same functions that compute values.
"""

import itertools
import warnings

import jax
import keras
import pytest
from tests.ops.cases import TABLE

from lamina import ops

DTYPES = ("bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "bfloat16", "float32")
BINARY = (
    *("add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "mod", "fmod", "power", "maximum"),
    *("minimum", "fmax", "fmin", "arctan2", "hypot", "logaddexp", "logaddexp2", "divide_no_nan", "heaviside"),
    *("equal", "less", "logical_and", "bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "gcd"),
    *("lcm", "matmul", "dot", "vdot", "inner", "outer", "kron", "tensordot", "append", "isclose", "correlate"),
)
# Functions of one array that need nothing else, found by the rows that call them with one argument.
UNARY = sorted(
    name
    for name, rows in TABLE.items()
    if len(rows[0].args) == 1 and not rows[0].kwargs and rows[0].compiled and getattr(rows[0].args[0], "ndim", 0) >= 2
)


def dtype_of(function, *arguments):
    """Return the dtypes of the results, or the word "error"."""
    arrays = [x for x in arguments if isinstance(x, jax.ShapeDtypeStruct)]

    def call(*arrays):
        arrays = iter(arrays)
        return function(*(next(arrays) if isinstance(x, jax.ShapeDtypeStruct) else x for x in arguments))

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the oracle asks for int64 here and there
            return [str(x.dtype) for x in jax.tree.leaves(jax.eval_shape(call, *arrays))]
    except (TypeError, ValueError, NotImplementedError):
        return "error"


def array(dtype, *shape):
    return jax.ShapeDtypeStruct(shape, dtype)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_array(name):
    for dtype in DTYPES:
        expected = dtype_of(getattr(keras.ops, name), array(dtype, 4, 4))
        if expected != "error":
            assert dtype_of(getattr(ops, name), array(dtype, 4, 4)) == expected, dtype


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_arrays(name):
    for pair in itertools.product(DTYPES, DTYPES):
        arguments = [array(dtype, 4) for dtype in pair]
        expected = dtype_of(getattr(keras.ops, name), *arguments)
        if expected != "error":
            assert dtype_of(getattr(ops, name), *arguments) == expected, pair


@pytest.mark.parametrize("name", [name for name in BINARY if name not in ("matmul", "inner", "correlate")])
def test_arrays_with_python_numbers(name):
    for dtype, number in itertools.product(DTYPES, (True, 2, 2.5)):
        for arguments in ((array(dtype, 4), number), (number, array(dtype, 4))):
            expected = dtype_of(getattr(keras.ops, name), *arguments)
            if expected != "error":
                assert dtype_of(getattr(ops, name), *arguments) == expected, arguments


@pytest.mark.parametrize("pair", list(itertools.product(DTYPES, DTYPES)), ids="-".join)
def test_arrays_put_together(pair):
    arguments = [array(dtype, 4) for dtype in pair]
    for name in ("concatenate", "stack", "hstack"):
        expected = dtype_of(lambda *xs: getattr(keras.ops, name)(xs), *arguments)  # noqa: B023
        assert dtype_of(lambda *xs: getattr(ops, name)(xs), *arguments) == expected  # noqa: B023

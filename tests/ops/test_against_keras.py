"""Every public function of `keras.ops`: values, dtypes, gradients and inferred shapes as in Keras.

All calls of one function, ours and Keras's, are compiled as one program: compiling is what takes the time here. The
tests of one function stand together, so that those who share the work find it done.
"""

import functools
import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.ops.cases import EXCUSED, IMAGE_TABLE, TABLE

from lamina import ops
from lamina.core.tensor import KerasTensor

NAMESPACES = {"ops": (ops, keras.ops, TABLE), "ops.image": (ops.image, keras.ops.image, IMAGE_TABLE)}
ROWS = [(space, name) for space in NAMESPACES for name in NAMESPACES[space][2]]
# An axis of unknown size cannot be one that must have a certain size; Keras says so only when values come.
FIRST_AXIS_MATTERS = {"broadcast_to", "cross", "full", "logdet", "rgb_to_grayscale", "slogdet", "tensordot"}
# The smaller one of an unknown and a known size is taken for the known one.
FIRST_AXIS_MATTERS |= {"diag", "diagonal"}
# Keras takes sizes for known that depend on the unknown one.
KERAS_IS_SURE = {"corrcoef", "istft"}
CALLED_EAGERLY = (
    *("add", "mean", "reshape", "concatenate", "einsum", "get_item", "where", "take", "softmax", "conv", "max_pool"),
    *("one_hot", "cumsum", "sort", "solve", "scan", "cond", "slice_update", "segment_sum", "cast", "split", "top_k"),
)


@pytest.fixture(autouse=True, scope="module")
def _compile_quickly():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def public_functions(module):
    return {name for name in dir(module) if not name.startswith("_") and not inspect.ismodule(getattr(module, name))}


@pytest.mark.parametrize("space", NAMESPACES)
def test_every_public_function_exists_and_has_a_row(space):
    ours, theirs, table = NAMESPACES[space]
    assert public_functions(theirs) == public_functions(ours) == set(table)


@pytest.mark.parametrize("space", ["linalg", "nn", "numpy", "image"])
def test_the_namespaces_have_the_names_of_keras(space):
    assert public_functions(getattr(keras.ops, space)) <= public_functions(getattr(ops, space))


@pytest.mark.parametrize("space", NAMESPACES)
def test_signatures_are_those_of_keras(space):
    ours, theirs, table = NAMESPACES[space]
    for name in set(table) - {"layer_normalization", "multi_hot"}:  # Keras hides their old arguments in **kwargs
        assert str(inspect.signature(getattr(ours, name))) == str(inspect.signature(getattr(theirs, name))), name


def leaves(result):
    return jax.tree.leaves(result, is_leaf=lambda x: x is None)


def split(case):
    """Return the arrays of a call, and a function that puts other ones in their places."""
    values, treedef = jax.tree.flatten((case.args, case.kwargs))
    places = [i for i, x in enumerate(values) if isinstance(x, np.ndarray)]

    def fill(arrays):
        new = dict(zip(places, arrays, strict=True))
        return jax.tree.unflatten(treedef, [new.get(i, x) for i, x in enumerate(values)])

    return [values[i] for i in places], fill


def answers(function, case, arrays, fill):
    """Return the result of a call and, if wanted, the gradients of a weighted sum of it by its float arguments."""

    def loss(floats):
        floats = iter(floats)
        args, kwargs = fill([next(floats) if x.dtype.kind == "f" else x for x in arrays])
        result = function(*args, **kwargs)
        parts = [x for x in leaves(result) if jnp.issubdtype(x.dtype, jnp.inexact)]
        return sum(jnp.sum(jnp.abs(x) * jnp.cos(jnp.arange(x.size)).reshape(x.shape)) for x in parts), result

    if case.grad:
        return jax.grad(loss, has_aux=True)([x for x in arrays if x.dtype.kind == "f"])
    args, kwargs = fill(arrays)
    result = function(*args, **kwargs)
    return result(jnp.arange(3.0)) if callable(result) else result


@functools.cache
def results(space, name):
    """Return, for every case of a function, our answer and that of Keras."""
    *modules, table = NAMESPACES[space]
    functions = [getattr(module, name) for module in modules]

    def run(cases, inputs):
        return [
            [*(answers(function, case, arrays, split(case)[1]) for function in functions), *vmapped(case, arrays)]
            for case, arrays in zip(cases, inputs, strict=True)
        ]

    def vmapped(case, arrays):
        """Yield our answer for the second of two calls in one, if this is the function's first that can be that."""
        if case is not next(filter(WAYS["vmapped"], table[name]), None):
            return

        def call(arrays):
            args, kwargs = split(case)[1](arrays)
            return [x for x in jax.tree.leaves(functions[0](*args, **kwargs)) if isinstance(x, jax.Array)]

        pairs = [jnp.stack([jnp.roll(x, 1), x]) for x in arrays]
        yield [x[1] for x in jax.vmap(call)(pairs)]

    compiled = [case for case in table[name] if case.compiled]
    eager = [case for case in table[name] if not case.compiled]
    inputs = [[split(case)[0] for case in cases] for cases in (compiled, eager)]
    pairs = jax.jit(functools.partial(run, compiled))(inputs[0]) if compiled else []
    return list(zip(compiled + eager, pairs + run(eager, inputs[1]), strict=True))


def check_arrays(space, name):
    """Values, dtypes and gradients in compiled code are those of Keras; so are the values under `jax.vmap`."""
    for case, (result, expected, *vmapped) in results(space, name):
        assert isinstance(result, list) == isinstance(expected, list)
        compare(result, expected, case)
        for each in vmapped:
            compare(each, expected[1] if case.grad else expected, case)


def check_eager_calls(space, name):
    """Outside of compiled code the values are the same."""
    for case, (expected, *_) in results(space, name):
        compare(getattr(ops, name)(*case.args, **case.kwargs), expected[1] if case.grad else expected, case)


def compare(result, expected, case):
    result, expected = leaves(result), leaves(expected)
    assert len(result) == len(expected)
    for x, y in zip(result, expected, strict=True):
        assert getattr(x, "dtype", None) == getattr(y, "dtype", None)
        if isinstance(y, str | bool | None):
            assert x == y
        else:
            np.testing.assert_allclose(*(np.asarray(v).astype(wide(v)) for v in (x, y)), case.rtol, case.atol)


def wide(x):
    return "float32" if getattr(x, "dtype", None) == "bfloat16" else np.asarray(x).dtype


def symbolic_call(function, case, tensors, symbolic):
    """Call with `symbolic(array)` in the place of every array that is a tensor for the op."""
    bound = inspect.signature(function).bind(*case.args, **case.kwargs)
    for name, value in bound.arguments.items():
        if name in tensors:
            bound.arguments[name] = jax.tree.map(lambda x: symbolic(x) if isinstance(x, np.ndarray) else x, value)
    return leaves(function(*bound.args, **bound.kwargs))


def check_symbolic_tensors(space, name):
    """Symbolic tensors have the shape and dtype of the values; so they have with an axis of unknown size."""
    ours, theirs, _ = NAMESPACES[space]
    function, oracle = getattr(ours, name), getattr(theirs, name)
    tensors = getattr(function, "operation", ops.image.extract_patches.operation).tensors | {"volumes"}
    for case, (values, *_) in results(space, name):
        arrays, _ = split(case)
        if not case.symbolic or not arrays:
            continue
        values = leaves(values[1] if case.grad else values)
        known = symbolic_call(function, case, tensors, lambda x: KerasTensor(x.shape, x.dtype))
        assert [(x.shape, x.dtype) for x in known] == [(x.shape, str(x.dtype)) for x in values]
        if name not in FIRST_AXIS_MATTERS:
            check_unknown_axes(function, oracle, case, tensors, arrays[0], known)


def check_unknown_axes(function, oracle, case, tensors, first, known):
    """Where Keras infers with a first axis of unknown size, so do we, and no less of it."""

    def shape(x):
        return (None, *x.shape[1:]) if x.ndim and len(x) == len(first) else x.shape

    try:
        expected = symbolic_call(oracle, case, tensors, lambda x: keras.KerasTensor(shape(x), x.dtype))
    except Exception:  # noqa: BLE001 - whatever stops Keras
        return
    unknown = symbolic_call(function, case, tensors, lambda x: KerasTensor(shape(x), x.dtype))
    for x, right, theirs in zip(unknown, known, expected, strict=True):
        assert x.dtype == right.dtype
        assert len(x.shape) == len(right.shape)
        assert all(size in (None, value) for size, value in zip(x.shape, right.shape, strict=True))
        assert x.shape.count(None) <= theirs.shape.count(None) or function.__name__ in KERAS_IS_SURE


CHECKS = (check_arrays, check_symbolic_tensors, check_eager_calls)


@pytest.mark.parametrize(
    ("space", "name", "check"),
    [
        pytest.param(space, name, check, id=f"{space}.{name}-{check.__name__}")
        for space, name in ROWS
        for check in CHECKS
        if check is not check_eager_calls or (space == "ops" and name in CALLED_EAGERLY)
    ],
)
def test_the_answers_are_those_of_keras(space, name, check):
    check(space, name)


@pytest.mark.parametrize(
    "call", [lambda: ops.one_hot([1], 3, sparse=True), lambda: ops.multi_hot([1], 3, sparse=True),
             lambda: ops.bincount([1], sparse=True), lambda: ops.convert_to_tensor([1], ragged=True)],
)  # fmt: skip
def test_sparse_and_ragged_results_are_refused(call):
    with pytest.raises(ValueError, match="not supported"):
        call()


def test_inverses_of_several_matrices_at_once():  # Keras's shapes say so, and its values fail
    factors = np.linalg.cholesky(np.stack([np.eye(3) * 2, np.eye(3) + 1])).astype("float32")
    for upper, factor in ((False, factors), (True, factors.swapaxes(1, 2))):
        expected = [ops.cholesky_inverse(each, upper=upper) for each in factor]
        np.testing.assert_allclose(ops.cholesky_inverse(factor, upper=upper), expected, 1e-5)


def test_blurring_without_a_data_format_takes_the_default_one():  # Keras takes channels first, whatever the default is
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
    expected = keras.ops.image.gaussian_blur(x, data_format="channels_last")
    np.testing.assert_allclose(ops.image.gaussian_blur(x), expected, 1e-5, 1e-6)


def has_arrays(case):
    return bool(split(case)[0])


WAYS = {
    "differentiated": lambda case: case.grad,
    "compiled": lambda case: case.compiled,
    "symbolic": lambda case: case.symbolic and has_arrays(case),
    "vmapped": lambda case: case.symbolic and has_arrays(case),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_function_is_tested_in_every_way_or_excused(way):
    rows = {name: cases for *_, table in NAMESPACES.values() for name, cases in table.items()}
    excused = [name for names in EXCUSED[way].values() for name in names.split()]
    assert len(excused) == len(set(excused))
    assert set(excused) == {name for name, cases in rows.items() if not any(map(WAYS[way], cases))}


def test_what_is_excused_for_whole_numbers_has_no_floats_to_differentiate():
    for name in EXCUSED["differentiated"]["whole numbers or truth values go in or come out"].split():
        for case, (result, *_) in results("ops", name):
            floats_in = any(x.dtype.kind == "f" for x in split(case)[0])
            assert not (floats_in and any(jnp.issubdtype(x.dtype, jnp.inexact) for x in leaves(result))), name

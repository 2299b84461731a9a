"""Merging layers combine arrays, shapes and masks as Keras's do."""

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same, case, each

import lamina
from lamina import layers
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor

ELEMENTWISE = ["Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"]
PAIR = [(2, 3, 4), (2, 3, 4)]
NUMBERS = [np.array([[1, 2]], "int32"), np.array([[3, 5]], "int32")]
CASES = [
    *(case(name, PAIR) for name in ELEMENTWISE),
    *(case(name, [*PAIR, (2, 3, 4)]) for name in ELEMENTWISE if name != "Subtract"),
    *(case(name, [(2, 3, 4), (2, 1, 4)]).when(known=(1, 2)) for name in ELEMENTWISE),
    *(case(name, [(2, 3, 4), (2, 4)]).when(known=None) for name in ELEMENTWISE),
    *(case(name, NUMBERS).when(known=None) for name in ("Add", "Multiply", "Maximum")),
    case("Add", PAIR, dtype="mixed_bfloat16"),
    case("Concatenate", [(2, 3, 4), (2, 3, 2)]),
    case("Concatenate", [(2, 3, 4), (2, 5, 4), (2, 1, 4)], axis=1).when(known=(1, 2)),
    case("Dot", [(2, 4), (2, 4)], axes=1),
    case("Dot", [(2, 4), (2, 4)], axes=-1, normalize=True),
    case("Dot", [(2, 3, 4), (2, 5, 3)], axes=(1, 2)).when(known=(1, 2)),
    case("Dot", [(2, 3, 4), (2, 3)], axes=1).when(known=None),
    case("Dot", [(2, 4), (2, 3, 4)], axes=[1, 2]).when(known=None),
    case("Dot", [(2, 3, 4, 2), (2, 5, 3)], axes=(1, 2)).when(known=None),
]


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([c for c in CASES if c.inputs is not NUMBERS and "dtype" not in c.kwargs])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c for c in CASES if c.inputs is not NUMBERS])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each([c for c in CASES if c.kwargs or c.inputs is PAIR])
def test_configs_equal_those_of_keras(case):
    case.check_config()


FIRST = np.array([[1, 1, 0], [0, 1, 0]], bool)
SECOND = np.array([[1, 0, 0], [1, 1, 0]], bool)


@pytest.mark.parametrize("name", [*ELEMENTWISE, "Concatenate", "Dot"])
@pytest.mark.parametrize("masks", [(FIRST, SECOND), (FIRST, None), (None, None)], ids=["both", "one", "none"])
def test_masked_outputs_and_their_masks_equal_those_of_keras(name, masks):
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((2, 3, 4)).astype("float32") for _ in masks]
    kwargs = {"axes": 2} if name == "Dot" else {}
    outputs = []
    for library in (layers, keras.layers):
        inputs = [jnp.array(x) for x in arrays]
        for x, mask in zip(inputs, masks, strict=True):
            if mask is not None:
                set_mask(x, jnp.asarray(mask))
        outputs.append(getattr(library, name)(**kwargs)(inputs))
    assert_same(*outputs)
    assert_same(get_mask(outputs[0]), getattr(outputs[1], "_keras_mask", None))


def test_concatenating_steps_concatenates_masks():
    inputs = [jnp.ones((2, 3, 4)), jnp.ones((2, 2, 4))]
    set_mask(inputs[0], jnp.asarray(FIRST))
    expected = np.concatenate([FIRST, np.ones((2, 2), bool)], axis=1)
    assert_same(get_mask(layers.Concatenate(axis=1)(inputs)), expected)


@pytest.mark.parametrize(
    ("layer", "shapes", "expected"),
    [
        (layers.Add(), [(None, None, 4), (None, 5, 4)], (None, 5, 4)),
        (layers.Add(), [(None, None, 4), (2, 1, 4)], (2, None, 4)),
        (layers.Add(), [(None, 6, None, 4), (None, 5, 4)], (None, 6, 5, 4)),
        (layers.Concatenate(), [(None, None, 4), (2, 5, 3)], (2, 5, 7)),
        (layers.Concatenate(axis=1), [(None, None, None), (None, 5, 3)], (None, None, 3)),
        (layers.Dot(axes=(1, 2)), [(None, None, 4), (2, 5, 3)], (2, 4, 5)),
    ],
)
def test_a_size_that_one_input_leaves_unknown_is_that_of_the_others(layer, shapes, expected):
    assert layer([KerasTensor(shape) for shape in shapes]).shape == expected


def test_functions_are_layers_in_lower_case():
    rng = np.random.default_rng(1)
    inputs = [rng.standard_normal((2, 3)).astype("float32") for _ in range(2)]
    for name in ELEMENTWISE:
        assert_same(getattr(layers, name.lower())(inputs), getattr(keras.layers, name.lower())(inputs))
    assert_same(layers.concatenate(inputs, axis=0), keras.layers.concatenate(inputs, axis=0))
    assert_same(layers.dot(inputs, axes=1, normalize=True), keras.layers.dot(inputs, axes=1, normalize=True))
    assert layers.add([KerasTensor((None, 3))] * 2, name="sum").shape == (None, 3)


ONES = [np.ones((2, 3), "float32"), np.ones((2, 4), "float32")]


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
@pytest.mark.parametrize(
    ("name", "kwargs", "inputs"),
    [
        ("Add", {}, ONES),
        ("Add", {}, ONES[0]),
        ("Add", {}, [np.ones((2, 3)), np.ones((3, 3))]),
        ("Subtract", {}, [ONES[0]] * 3),
        ("Concatenate", {"axis": 0}, ONES),
        ("Concatenate", {}, [np.ones((2, 3)), np.ones((2, 3, 1))]),
        ("Concatenate", {}, ONES[0]),
        ("Dot", {"axes": 1}, ONES),
        ("Dot", {"axes": 0}, [ONES[0]] * 2),
        ("Dot", {"axes": 1}, [ONES[0]] * 3),
        ("Dot", {"axes": (1, 2, 3)}, ONES),
        ("Dot", {"axes": (1, "2")}, ONES),
        ("Dot", {"axes": "1"}, ONES),
    ],
)
def test_what_does_not_fit_is_refused(library, name, kwargs, inputs):
    with pytest.raises((ValueError, TypeError)):
        getattr(library.layers, name)(**kwargs)(inputs)

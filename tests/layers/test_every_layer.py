"""Every layer that is public has rows in the tables of these tests, for everything that is compared with Keras."""

import functools
import importlib
import inspect
import pathlib

import jax.numpy as jnp
import pytest
from tests.layers.oracle import Case

from lamina import layers
from lamina.layers import Layer
from lamina.layers.image_layer import ImageLayer

# Compared with Keras's in tests of their own: of calls with states, with several arrays, of functions; as pictures are.
OTHERWISE = {"Layer", "Wrapper", "InputLayer", "Lambda", "MultiHeadAttention", "GroupedQueryAttention"}
OTHERWISE |= {"SimpleRNNCell", "GRUCell", "LSTMCell", "StackedRNNCells"}
WORDS = {"HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"}
WITHOUT = {
    "check_outputs": set(),
    "check_gradients": {"CategoryEncoding", "Discretization"},  # what they return has none
    "check_symbolic": set(),
    "check_config": {"Pipeline"},  # Keras's cannot be written
}


def public():
    """Return the classes of layers that compute on numbers and are no augmentation, by the name Keras gives them."""
    classes = [x for x in vars(layers).values() if inspect.isclass(x) and issubclass(x, Layer)]
    return {x.__name__ for x in classes if not issubclass(x, ImageLayer)} - OTHERWISE - WORDS


@functools.cache
def rows_by_test():
    """Return pairs (source of a test, its cases) of all modules here."""
    found = []
    for path in sorted(set(pathlib.Path(__file__).parent.glob("test_*.py")) - {pathlib.Path(__file__)}):
        for value in vars(importlib.import_module(f"tests.layers.{path.stem}")).values():
            for mark in getattr(value, "pytestmark", ()):
                rows = [x for x in mark.args[1] if isinstance(x, Case)] if mark.name == "parametrize" else []
                if rows and inspect.isfunction(value):
                    found.append((inspect.getsource(value), rows))
    return found


def rows_of(check):
    """Return the cases that go through a check of the oracle."""
    return [case for source, rows in rows_by_test() for case in rows if f"{check}(" in source]


def class_name(case):
    return getattr(layers, case.layer).__name__


def told(missing):
    return f"no rows for {', '.join(sorted(missing))}" if missing else ""


@pytest.mark.parametrize("check", ["check_outputs", "check_gradients", "check_symbolic", "check_config"])
def test_every_layer_is_compared_with_that_of_keras(check):
    missing = public() - {class_name(case) for case in rows_of(check)} - WITHOUT[check]
    missing -= set(FEW) if check == "check_gradients" else set()
    assert told(missing) == ""


FIRST = {class_name(case): case for case in reversed(rows_of("check_outputs")) if case.inputs is not None}
FIRST = {name: case for name, case in FIRST.items() if name in public()}
FEW = ("Activation", "ActivityRegularization", "ConvLSTM2D", "ConvLSTM3D", "Identity", "Masking", "Normalization")
FEW = (*FEW, "SpatialDropout3D")


@pytest.mark.parametrize("name", FEW)
def test_gradients_equal_those_of_keras_where_no_other_test_compares_them(name):
    FIRST[name].check_gradients()


NOT_MIXED = {
    "Pipeline": "has no dtype of its own",
    "STFTSpectrogram": "has no Fourier transform of bfloat16, in Keras neither",
    "TimeDistributed": "the layer inside keeps its own policy; in Keras it takes the wrapper's",
}


@pytest.mark.parametrize("name", sorted(FIRST.keys() - NOT_MIXED.keys()))
def test_every_layer_is_compared_with_that_of_keras_in_mixed_precision(name):
    case = FIRST[name]
    case = case.when(kwargs={**case.kwargs, "dtype": "mixed_bfloat16"}, tolerance=max(case.tolerance or 0, 3e-2))
    if name in WITHOUT["check_gradients"]:
        case.check_outputs()
    else:
        case.check_outputs_and_gradients()


def test_a_layer_inside_another_keeps_its_own_policy():
    inner = layers.Dense(2, dtype="float32")
    assert layers.TimeDistributed(inner, dtype="mixed_bfloat16")(jnp.ones((1, 3, 4))).dtype == "float32"

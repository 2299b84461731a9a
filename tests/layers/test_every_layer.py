"""Every layer that is public has rows in the tables of these tests, for everything that is compared with Keras."""

import functools
import importlib
import inspect
import pathlib

import pytest
from tests.layers.oracle import Case

from lamina import layers
from lamina.layers import Layer

# Made by no table, and why.
OWN_TESTS = {
    "Layer": "computes nothing",
    "Wrapper": "computes nothing",
    "InputLayer": "takes no data",
}


def public():
    """Return the classes of layers by the name Keras gives them."""
    found = {value.__name__ for value in vars(layers).values() if inspect.isclass(value) and issubclass(value, Layer)}
    return found - set(OWN_TESTS)


@functools.cache
def tests_with_rows():
    """Return pairs (source of a test, its cases) of all modules here."""
    found = []
    for path in sorted(pathlib.Path(__file__).parent.glob("test_*.py")):
        for value in vars(importlib.import_module(f"tests.layers.{path.stem}")).values():
            for mark in getattr(value, "pytestmark", ()):
                rows = [x for x in mark.args[1] if isinstance(x, Case)] if mark.name == "parametrize" else []
                if rows and inspect.isfunction(value):
                    found.append((inspect.getsource(value), rows))
    return found


def rows_of(check):
    """Return the cases that go through a check of the oracle."""
    return [case for source, rows in tests_with_rows() for case in rows if f"{check}(" in source]


def class_name(case):
    return getattr(layers, case.layer).__name__


@pytest.mark.parametrize("check", ["check_outputs", "check_gradients", "check_symbolic", "check_config"])
def test_every_layer_is_compared_with_that_of_keras(check):
    assert sorted(public() - {class_name(case) for case in rows_of(check)}) == []


def test_every_layer_is_compared_with_that_of_keras_in_mixed_precision():
    mixed = [case for case in rows_of("check_outputs") if case.kwargs.get("dtype") == "mixed_bfloat16"]
    assert sorted(public() - {class_name(case) for case in mixed}) == []

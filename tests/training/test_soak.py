"""The soak test in short: what loops hold is counted after each quarter."""

import gc

import pytest
from tests.training import soak

import lamina


@pytest.mark.parametrize(("name", "count"), [("steps", 200), ("predictions", 64), ("fits", 40), ("models", 12)])
def test_nothing_grows_in_a_loop_of(name, count):
    rows = soak.measure(name, count)
    grown = soak.growth(name, count, rows)
    grown.pop("objects", None)  # exact over thousands of rounds only: caches of Python itself fill up in the first ones
    assert not grown, rows


def models():
    gc.collect()
    return [thing for thing in gc.get_objects() if isinstance(thing, lamina.Model)]


def test_a_dropped_model_leaves_nothing_behind():
    others = models()  # of tests that ran before
    soak.models()(2)
    assert [model for model in models() if not any(model is other for other in others)] == []

"""`axis` and `keepdims` in every form: where Keras answers, so do we, alike; and lists work where tuples do."""

import inspect

import jax
import keras
import numpy as np
import pytest
from tests.ops.cases import TABLE

from lamina import ops

FORMS = (-1, (0, -1), (), None, np.int64(1), (np.int32(-1), np.int64(0)))
ONE_AXIS_ONLY = {"trapezoid"}  # JAX takes a tuple of one, too
WITH_AXIS = [
    (name, word)
    for name in TABLE
    for word in ("axis", "axes", "reduction_axes")
    if word in inspect.signature(getattr(ops, name)).parameters
]


def arguments(name, **others):
    case = next(case for case in TABLE[name] if case.compiled)
    bound = inspect.signature(getattr(ops, name)).bind(*case.args, **case.kwargs)
    bound.arguments.update(others)
    return bound.args, bound.kwargs


def kinds(function, args, kwargs):
    """Return shapes and dtypes of the results, or None if there are none."""
    try:
        result = jax.eval_shape(lambda: function(*args, **kwargs))
    except Exception:  # noqa: BLE001 - that there is an error is all that counts
        return None
    return [(x.shape, x.dtype) for x in jax.tree.leaves(result)]


@pytest.mark.parametrize(("name", "word"), WITH_AXIS)
def test_every_form_of_axis(name, word):
    function, oracle = getattr(ops, name), getattr(keras.ops, name)
    has_keepdims = "keepdims" in inspect.signature(function).parameters
    for others in [{"keepdims": False}, {"keepdims": True}] if has_keepdims else [{}]:
        for form in FORMS:
            call = arguments(name, **{word: form}, **others)
            ours = kinds(function, *call)
            assert kinds(oracle, *call) in (ours, None), form
            if isinstance(form, tuple) and ours is not None and name not in ONE_AXIS_ONLY:
                assert kinds(function, *arguments(name, **{word: list(form)}, **others)) == ours, form

"""For every op: an axis that is not there is an error, and `jax.vmap` works. Only shapes are computed."""

import inspect

import jax
import numpy as np
import pytest
from tests.ops.cases import IMAGE_TABLE, TABLE

from lamina import ops

AXES = ("axis", "axes", "axis1", "source", "reduction_axes")
# Their `axes` may be a number of axes, or they have no axis to be wrong about in these rows.
OTHER_MEANING = {"tensordot"}
# Where the default is no number but a tuple, or stands for one.
IN_PAIRS = {"rot90": (0, 1), "transpose": (0, 1)}
WITH_AXIS = sorted(
    (name, word)
    for name in set(TABLE) - OTHER_MEANING
    for word in AXES
    if word in inspect.signature(getattr(ops, name)).parameters
)
FUNCTIONS = [(ops, name, TABLE) for name in TABLE] + [(ops.image, name, IMAGE_TABLE) for name in IMAGE_TABLE]


@pytest.mark.parametrize(("name", "word"), WITH_AXIS)
def test_an_axis_that_is_not_there_is_an_error(name, word):
    case = next(case for case in TABLE[name] if case.compiled)
    bound = inspect.signature(getattr(ops, name)).bind(*case.args, **case.kwargs)
    given = bound.arguments.get(word, IN_PAIRS.get(name))
    for wrong in (99, -99):
        bound.arguments[word] = type(given)([wrong, *given[1:]]) if isinstance(given, tuple | list) else wrong
        with pytest.raises((ValueError, IndexError)):
            getattr(ops, name)(*bound.args, **bound.kwargs)


@pytest.mark.parametrize(("module", "name", "table"), FUNCTIONS, ids=[f"{m.__name__}.{n}" for m, n, _ in FUNCTIONS])
def test_every_op_can_be_vmapped(module, name, table):
    for case in table[name]:
        values, treedef = jax.tree.flatten((case.args, case.kwargs))
        places = [i for i, x in enumerate(values) if isinstance(x, np.ndarray)]
        if not case.symbolic or not places:
            continue

        def call(*arrays, case=case, values=values, places=places, treedef=treedef):
            filled = dict(zip(places, arrays, strict=True))
            args, kwargs = jax.tree.unflatten(treedef, [filled.get(i, x) for i, x in enumerate(values)])
            result = getattr(module, name)(*args, **kwargs)
            return [x for x in jax.tree.leaves(result) if isinstance(x, jax.Array)]

        single = jax.eval_shape(call, *(values[i] for i in places))
        doubled = jax.eval_shape(jax.vmap(call), *(np.stack([values[i]] * 2) for i in places))
        assert [(x.shape, x.dtype) for x in doubled] == [((2, *x.shape), x.dtype) for x in single]

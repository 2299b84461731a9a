"""Variables are arrays that change; the state bridge makes what changes them pure."""

import copy
import pickle

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina.core import state
from lamina.core.context import entering, get_mask, set_mask, thread
from lamina.core.names import name_scope
from lamina.core.random import SeedGenerator, draw_seed, global_seed_generator, set_random_seed
from lamina.core.variable import AutocastScope, Variable

OPERATORS = [
    "__add__",
    "__radd__",
    "__sub__",
    "__rsub__",
    "__mul__",
    "__rmul__",
    "__truediv__",
    "__rtruediv__",
    "__floordiv__",
]
OPERATORS += ["__mod__", "__pow__", "__rpow__", "__matmul__", "__eq__", "__ne__", "__lt__", "__ge__"]


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_variable_is_an_operand_as_in_keras(operator):
    value, other = np.array([1.0, 2.0, 4.0], "float32"), np.array([3.0, 2.0, 1.0], "float32")
    mine = getattr(Variable(value), operator)(other)
    theirs = getattr(keras.Variable(value), operator)(other)
    np.testing.assert_allclose(mine, theirs, rtol=1e-6)


@pytest.mark.parametrize("left", [np.float32(2.0), np.ones(3, "float32"), jnp.ones(3), 2.0, [1.0, 1.0, 1.0]])
def test_whatever_stands_left_of_a_variable_gives_an_array(left):
    assert (left + Variable(np.ones(3, "float32"))).shape == (3,)


def test_assigning_another_shape_is_refused_and_changes_nothing():
    v = Variable(np.zeros((2, 3)), name="v")
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(3, 2\)"):
        v.assign(np.ones((3, 2)))
    np.testing.assert_array_equal(v.numpy(), 0)


@pytest.mark.parametrize(
    ("kwargs", "match"),
    [
        ({"initializer": 1.0, "name": "a/b"}, "name"),
        ({"initializer": 1.0, "aggregation": "max"}, "aggregation"),
        ({"initializer": 1.0, "synchronization": "never"}, "synchronization"),
        ({"initializer": lambda shape, dtype: np.zeros(shape, dtype)}, "shape"),
        ({"initializer": lambda shape, dtype: np.zeros(shape, dtype), "shape": (None, 2)}, "defined"),
    ],
)
def test_bad_arguments_of_a_variable_are_refused(kwargs, match):
    with pytest.raises(ValueError, match=match):
        Variable(**kwargs)


def test_paths_follow_the_open_scopes():
    with name_scope("model"), name_scope("dense"):
        assert Variable(0.0, name="kernel").path == "model/dense/kernel"


def test_a_variable_has_no_truth_value():
    with pytest.raises(TypeError):
        bool(Variable(1.0))


def test_inside_a_scope_assignments_stay_inside():
    v = Variable(1.0)
    with state.StatelessScope([(v, 5.0)]) as scope:
        v.assign_add(1.0)
        assert float(v) == 6.0
    assert float(v) == 1.0
    assert float(scope.get_current_value(v)) == 6.0


@pytest.mark.parametrize(("key", "value"), [("no variable", 1.0), (None, np.ones(2))])
def test_a_scope_refuses_what_does_not_fit(key, value):
    key = Variable(1.0) if key is None else key
    with pytest.raises(ValueError, match=r"Variable|shape"):
        state.StatelessScope([(key, value)])


def test_variables_made_in_a_trace_get_their_value_afterwards():
    made = []

    def trace(x):
        made.append(Variable(lambda shape, dtype: np.full(shape, 7.0, dtype), shape=(2,)))
        return x + made[0].value

    with state.StatelessScope():
        jax.eval_shape(trace, jnp.ones(2))
    np.testing.assert_array_equal(made[0].numpy(), [7.0, 7.0])


def test_a_plain_value_makes_no_variable_inside_a_trace():
    with state.StatelessScope(), pytest.raises(ValueError, match="build"):
        Variable(1.0)


def test_pure_functions_can_be_compiled_and_differentiated():
    v, count = Variable(3.0), Variable(0, dtype="int32")

    def square(x):
        count.assign_add(1)
        return x * v.value**2

    pure = state.pure(square, [v, count])
    result, (_, counted), losses = jax.jit(pure)([jnp.float32(3.0), jnp.int32(0)], 2.0)
    assert (float(result), int(counted), losses) == (18.0, 1, [])
    gradient = jax.grad(lambda value: pure([value, jnp.int32(0)], 2.0)[0])(jnp.float32(3.0))
    assert float(gradient) == 12.0
    assert int(count) == 0


def test_autocast_reads_floats_in_the_narrow_dtype_and_adds_in_the_kept_one():
    v, n = Variable(np.ones(2, "float32")), Variable(np.ones(2, "int32"))
    with AutocastScope("bfloat16"):
        assert (v.value.dtype, v.dtype, n.value.dtype) == ("bfloat16", "bfloat16", "int32")
        v.assign_add(np.float32(1e-4))
    np.testing.assert_allclose(v.numpy(), 1.0001, rtol=1e-6)


def test_masks_travel_with_arrays_and_with_tracers_and_end_with_the_scope():
    x = jnp.ones(2)
    set_mask(x, jnp.array([True, False]))
    assert get_mask(x).tolist() == [True, False]
    seen = []

    def inside(y):
        set_mask(y, y > 0)
        with state.StatelessScope():
            seen.append(get_mask(y) is not None)
        return y

    with state.StatelessScope() as scope:
        jax.eval_shape(inside, x)
        assert len(scope.notes) == 1
    for size in range(3, 103):
        jax.eval_shape(inside, jnp.ones(size))
    assert seen == [True] * 101
    assert len(thread.notes) <= 64


def test_settings_of_a_thread_are_restored_after_an_error():
    with pytest.raises(RuntimeError), entering(training=True):
        raise RuntimeError
    assert thread.training is None


def test_seeds_are_those_of_keras():
    mine, theirs = SeedGenerator(7), keras.random.SeedGenerator(7)
    for _ in range(3):
        np.testing.assert_array_equal(mine.next(), theirs.next())
    np.testing.assert_array_equal(draw_seed(11), [11, 0])


def test_one_integer_makes_a_run_repeatable():
    draws = []
    for _ in range(2):
        set_random_seed(3)
        draws.append((np.random.rand(), int(SeedGenerator().next()[0]), int(draw_seed(None)[0])))
    assert draws[0] == draws[1]


@pytest.mark.parametrize("bad", ["1", 1.5, None])
def test_seeds_are_integers(bad):
    with pytest.raises(ValueError, match="seed"):
        set_random_seed(bad)


def test_the_global_generator_is_refused_in_compiled_code():
    with pytest.raises(ValueError, match="SeedGenerator"):
        jax.jit(lambda x: x + global_seed_generator().next()[0])(jnp.uint32(1))


@pytest.mark.parametrize("one", [[1.5, 0.0], [3, 0]])
def test_and_or_xor_and_not_are_those_of_truth_values(one):
    variable, other = Variable(np.array(one)), np.array([2, 0])
    for result in (variable & other, other[0] & variable, variable | other, variable ^ np.array([0, 0])):
        assert result.tolist() == [True, False]
    assert (~variable).tolist() == [False, True]


def test_the_position_of_a_generator_is_laid_on_the_device_by_the_first_look():
    generator = SeedGenerator(7)
    assert "_value" not in vars(generator.state)
    again = pickle.loads(pickle.dumps(copy.deepcopy(generator)))
    drawn = jax.jit(lambda: generator.state.value + 0)()  # also within a program
    assert drawn.tolist() == generator.next().tolist() == again.next().tolist() == [7, 0]
    assert generator.state.numpy().tolist() == [7, 1]

"""`lamina.random`: the numbers of Keras on JAX for the same seed."""

import keras
import numpy as np
import pytest

from lamina import random
from lamina.core.random import set_random_seed
from lamina.core.tensor import KerasTensor

X = np.arange(12.0, dtype="float32").reshape(4, 3)
CALLS = {
    "normal": [((2, 3),), ((2, 3), 1.0, 2.0, "float16")],
    "truncated_normal": [((2, 3),), ([2, 3], 1.0, 2.0)],
    "uniform": [((2, 3),), ((2, 3), -1, 2)],
    "randint": [((2, 3), 0, 9), ((5,), -3, 3, "int8")],
    "gamma": [((4,), 2.0)],
    "beta": [((4,), 2.0, 3.0), ((2,), [1.0, 2.0], [3.0, 4.0])],
    "binomial": [((4,), 10, 0.3), ((2,), [10.0, 20.0], [0.5, 0.1])],
    "categorical": [(X, 5)],
    "shuffle": [(X,), (X, 1)],
    "dropout": [(X, 0.5), (X, 0.3, (4, 1)), (X, 0.3, (None, 1)), (X, 0.0), (X, 1.0)],
}


@pytest.mark.parametrize(("name", "args"), [(name, args) for name, calls in CALLS.items() for args in calls])
def test_a_seed_gives_the_numbers_of_keras(name, args):
    for ours, theirs in ((7, 7), (random.SeedGenerator(3), keras.random.SeedGenerator(3))):
        for _ in range(2):  # a generator goes on in the same way, too
            result = getattr(random, name)(*args, seed=ours)
            expected = getattr(keras.random, name)(*args, seed=theirs)
            assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
            np.testing.assert_allclose(result, expected, rtol=1e-6)


def test_the_global_seed_gives_the_numbers_of_keras():
    set_random_seed(5)
    ours = [random.normal((3,)) for _ in range(2)]
    keras.utils.set_random_seed(5)
    np.testing.assert_array_equal(ours, [keras.random.normal((3,)) for _ in range(2)])


def test_every_public_name_of_keras_is_there():
    assert {name for name in dir(keras.random) if not name.startswith("_")} == set(random.__all__)


def test_symbolic_tensors_go_through():
    x = KerasTensor((None, 3))
    assert random.dropout(x, 0.5, seed=1).shape == (None, 3)
    assert random.categorical(x, 5, seed=1).shape == (None, 5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: random.uniform((2,), dtype="int32"),
        lambda: random.randint((2,), 0, 3, dtype="float32"),
        lambda: random.categorical(np.zeros(3, "float32"), 2),
        lambda: random.normal((2,), seed="one"),
    ],
)
def test_what_has_no_meaning_is_a_value_error(call):
    with pytest.raises(ValueError, match="Received"):
        call()

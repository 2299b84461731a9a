"""Regularizers and constraints against Keras: values, gradients, configs, names."""

import jax
import keras
import numpy as np
import pytest

from lamina import constraints, regularizers
from lamina.core.variable import Variable

PENALTIES = [
    ("L1", {}),
    ("L1", {"l1": 0.3}),
    ("L2", {"l2": 0.3}),
    ("L2", {"l2": None}),
    ("L1L2", {}),
    ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("L1L2", {"l1": None, "l2": 0.2}),
    ("OrthogonalRegularizer", {}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]
PROJECTIONS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 0.5, "axis": (0, 1)}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.5, "max_value": 2.0, "rate": 0.7, "axis": 1}),
]


def sample(dtype="float32"):
    return jax.numpy.asarray(np.random.default_rng(0).normal(size=(4, 3)), dtype=dtype)


@pytest.mark.parametrize(("name", "arguments"), PENALTIES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_penalties_and_their_gradients_equal_keras(name, arguments, dtype):
    ours, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    x = sample(dtype)
    a, b = jax.value_and_grad(ours)(x), jax.value_and_grad(theirs)(x)
    tolerance = 1e-5 if dtype == "float32" else 3e-2
    for u, v in zip(a, b, strict=True):
        assert name == "OrthogonalRegularizer" or u.dtype == v.dtype
        np.testing.assert_allclose(np.asarray(u, "float32"), np.asarray(v, "float32"), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("name", "arguments"), PROJECTIONS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_projections_equal_keras(name, arguments, dtype):
    ours, theirs = getattr(constraints, name)(**arguments), getattr(keras.constraints, name)(**arguments)
    x = sample(dtype)
    a, b = ours(x), theirs(x)
    assert a.dtype == b.dtype
    np.testing.assert_allclose(
        np.asarray(a, "float32"), np.asarray(b, "float32"), rtol=2e-2 if dtype != "float32" else 1e-5
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "name", "arguments"),
    [(regularizers, keras.regularizers, *case) for case in PENALTIES]
    + [(constraints, keras.constraints, *case) for case in PROJECTIONS],
)
def test_configs_equal_keras_and_make_the_same_again(ours, theirs, name, arguments):
    mine, other = getattr(ours, name)(**arguments), getattr(theirs, name)(**arguments)
    config, expected = mine.get_config(), other.get_config()
    assert config.keys() == expected.keys()
    for key, value in expected.items():  # Keras rounds some factors to float32
        assert config[key] == (pytest.approx(value) if isinstance(value, float) else value)
    described = ours.serialize(mine)
    assert described | {"config": None} == theirs.serialize(other) | {"config": None}
    assert ours.deserialize(described).get_config() == config


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(regularizers, keras.regularizers), (constraints, keras.constraints)],
    ids=["penalty", "projection"],
)
def test_names_are_those_of_keras(ours, theirs):
    assert {name for name in dir(theirs) if not name.startswith("_")} == set(ours.__all__)
    known = (keras.src.regularizers if ours is regularizers else keras.src.constraints).ALL_OBJECTS_DICT
    for name in known:
        assert type(ours.get(name)).__name__ == type(theirs.get(name)).__name__
    assert ours.get(None) is None
    assert ours.get(abs) is abs
    for bad in ("l22", 3, {"class_name": "L5", "config": {}}):
        with pytest.raises(ValueError, match="Could not interpret"):
            ours.get(bad)


def test_variables_are_taken():
    variable = Variable(sample())
    assert float(regularizers.L2(1.0)(variable)) == pytest.approx(float((sample() ** 2).sum()), rel=1e-5)
    assert float(constraints.NonNeg()(variable).min()) == 0.0


def test_a_row_of_zeros_has_a_finite_gradient():
    x = sample().at[1].set(0.0)
    assert np.isfinite(jax.grad(regularizers.OrthogonalRegularizer())(x)).all()


@pytest.mark.parametrize("factor", [-1.0, float("nan"), float("inf"), "a"])
def test_bad_factors_are_value_errors(factor):
    for name, argument in (("L1", "l1"), ("L2", "l2"), ("L1L2", "l1"), ("OrthogonalRegularizer", "factor")):
        with pytest.raises(ValueError, match="non-negative float"):
            getattr(regularizers, name)(**{argument: factor})


def test_an_orthogonal_regularizer_wants_a_mode_and_a_matrix():
    with pytest.raises(ValueError, match="mode"):
        regularizers.OrthogonalRegularizer(mode="diagonals")
    with pytest.raises(ValueError, match="rank 2"):
        regularizers.OrthogonalRegularizer()(np.ones(3, "float32"))

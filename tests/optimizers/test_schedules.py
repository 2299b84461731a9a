"""Schedules give the learning rates of Keras's at every step."""

import inspect

import jax
import keras
import numpy as np
import pytest

from lamina.optimizers import schedules

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 13}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 13, "end_learning_rate": 0.01, "power": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 13, "power": 2.0, "cycle": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 11, 20], "values": [1.0, 0.5, 0.25, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [5], "values": [1.0, 0.5]}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 17}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 17, "alpha": 0.2}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 17, "alpha": 0.2, "warmup_target": 0.3, "warmup_steps": 6},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.7}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.5, "m_mul": 0.8, "alpha": 0.1},
    ),
]
NAMES = sorted({name for name, _ in CASES})


def pair(name, options):
    return getattr(schedules, name)(**options), getattr(keras.optimizers.schedules, name)(**options)


@pytest.mark.parametrize(("name", "options"), CASES)
def test_every_step_has_the_learning_rate_of_keras(name, options):
    ours, theirs = pair(name, options)
    compiled, compiled_theirs = jax.jit(ours), jax.jit(theirs)
    for step in range(60):
        step = np.int32(step)
        assert ours(step).dtype == "float32"
        np.testing.assert_allclose(compiled(step), compiled_theirs(step), rtol=1e-5, atol=1e-7, err_msg=f"{step}")


@pytest.mark.parametrize(("name", "options"), CASES)
def test_configs_are_those_of_keras_and_come_back(name, options):
    ours, theirs = pair(name, options)
    assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    again = schedules.deserialize(keras.optimizers.schedules.serialize(theirs))
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize("name", NAMES)
def test_constructors_have_the_arguments_of_keras(name):
    ours = inspect.signature(getattr(schedules, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.optimizers.schedules, name)).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs]


def test_public_names_are_those_of_keras():
    assert set(schedules.__all__) == {n for n in dir(keras.optimizers.schedules) if not n.startswith("_")}


@pytest.mark.parametrize("name", ["ExponentialDecay", "InverseTimeDecay"])
def test_decay_steps_must_be_positive(name):
    with pytest.raises(ValueError, match="`decay_steps` must be > 0"):
        getattr(schedules, name)(0.1, 0, 0.5)


def test_a_piecewise_constant_needs_one_value_more_than_boundaries():
    with pytest.raises(ValueError, match="1 less than the length of values"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])


def test_a_whole_number_as_the_initial_rate_stays_a_fraction_later():
    schedule = schedules.CosineDecay(0, decay_steps=10, warmup_target=0.5, warmup_steps=10)
    assert float(schedule(5)) == 0.25


def test_a_subclass_without_a_rule_or_a_config_says_what_is_missing():
    class Empty(schedules.LearningRateSchedule):
        pass

    with pytest.raises(NotImplementedError, match="must override `__call__"):
        Empty()(1)
    with pytest.raises(NotImplementedError, match="must override `get_config"):
        Empty().get_config()

"""Twenty steps of every optimizer, with every option, end where Keras's end."""

import inspect

import keras
import numpy as np
import pytest
from tests.optimizers import oracle

from lamina import optimizers
from lamina.optimizers import schedules

# Keras's own variables have an `__array__` of the old form.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

OWN_OPTIONS = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2}),
    ("Adam", {"amsgrad": True, "beta_2": 0.5}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.3, "amsgrad": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.5, "momentum": 0.7, "epsilon": 1e-2}),
    ("RMSprop", {"centered": True, "momentum": 0.2}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.5, "epsilon": 1e-2}),
    ("Adafactor", {}),
    ("Adafactor", {"beta_2_decay": -0.5, "epsilon_1": 1e-3, "epsilon_2": 2.0, "clip_threshold": 0.3}),
    ("Adafactor", {"relative_step": False}),
    ("Adagrad", {}),
    ("Adagrad", {"initial_accumulator_value": 0.5, "epsilon": 1e-2}),
    ("Adamax", {}),
    ("Adamax", {"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2}),
    ("Ftrl", {}),
    ("Ftrl", {"learning_rate_power": -0.7, "initial_accumulator_value": 0.5, "beta": 0.1}),
    (
        "Ftrl",
        {
            "l1_regularization_strength": 0.5,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
        },
    ),
    ("Lamb", {}),
    ("Lamb", {"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.5, "beta_2": 0.8}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "rms_rate": None, "momentum": 0.5, "ns_steps": 3, "weight_decay": None}),
    ("Muon", {"exclude_layers": ["kern.l"], "adam_lr_ratio": 0.3, "adam_weight_decay": 0.1}),
    ("Muon", {"adam_beta_1": 0.5, "adam_beta_2": 0.8, "epsilon": 1e-2, "muon_a": 3.0, "muon_b": -3.2, "muon_c": 1.2}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2}),
    ("ScheduleFreeAdamW", {}),
    ("ScheduleFreeAdamW", {"beta_1": 0.5, "beta_2": 0.8, "epsilon": 1e-2, "warmup_steps": 5, "weight_decay": 0.1}),
]
COMMON_OPTIONS = [
    {"weight_decay": 0.1},
    {"clipnorm": 0.5},
    {"clipvalue": 0.2},
    {"global_clipnorm": 0.5},
    {"global_clipnorm": 1e6},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 8.0},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "clipnorm": 0.5, "weight_decay": 0.1},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2},
    {"name": "mine"},
]
NAMES = sorted({name for name, _ in OWN_OPTIONS})


def check(name, options):
    ours, theirs = oracle.pair(name, options)
    grads = oracle.gradients()
    mine, others = oracle.variables("lamina"), oracle.variables("keras")
    oracle.run(ours, mine, grads)
    oracle.run(theirs, others, grads)
    oracle.assert_equal_values(mine, others)
    oracle.assert_equal_variables(ours.variables, theirs.variables)
    assert ours.get_config() == theirs.get_config()
    assert int(ours.iterations) == int(theirs.iterations)
    ours.finalize_variable_values(mine)
    theirs.finalize_variable_values(others)
    oracle.assert_equal_values(mine, others)


@pytest.mark.parametrize(("name", "options"), OWN_OPTIONS)
def test_twenty_steps_end_where_keras_ends(name, options):
    check(name, {"learning_rate": 0.05, **options})


@pytest.mark.parametrize("options", COMMON_OPTIONS)
@pytest.mark.parametrize("name", ["SGD", "Nadam"])
def test_twenty_steps_with_common_options_end_where_keras_ends(name, options):
    check(name, {"learning_rate": 0.05, **options})


@pytest.mark.parametrize("name", NAMES)
def test_constructor_has_the_arguments_of_keras(name):
    ours = inspect.signature(getattr(optimizers, name)).parameters.values()
    theirs = inspect.signature(getattr(keras.optimizers, name)).parameters.values()
    assert [(p.name, p.default, p.kind) for p in ours] == [(p.name, p.default, p.kind) for p in theirs]


@pytest.mark.parametrize("name", NAMES)
def test_defaults_give_the_config_of_keras_and_come_back_from_it(name):
    ours, theirs = oracle.pair(name, {})
    assert optimizers.serialize(ours) == keras.optimizers.serialize(theirs)
    again = optimizers.deserialize(keras.optimizers.serialize(theirs))
    assert type(again) is type(ours)
    assert again.get_config() == ours.get_config()


@pytest.mark.parametrize(("name", "options"), [*((name, {}) for name in NAMES), *(("SGD", o) for o in COMMON_OPTIONS)])
def test_steps_taken_eagerly_end_where_compiled_steps_end(name, options):
    oracle.reset()
    eager, compiled = (getattr(optimizers, name)(learning_rate=0.05, **options) for _ in range(2))
    mine, others = oracle.variables("lamina"), oracle.variables("lamina")
    grads = oracle.gradients(steps=4)
    for step in grads:
        eager.apply(step, mine)
    oracle.run(compiled, others, grads)
    oracle.assert_equal_values([*mine, *eager.variables], [*others, *compiled.variables], rtol=5e-4, atol=1e-5)


def test_a_stateless_step_changes_nothing():
    optimizer, parts = optimizers.Adam(), oracle.variables("lamina")
    optimizer.build(parts)
    state = [v.value for v in optimizer.variables], [v.value for v in parts]
    values, own = optimizer.stateless_apply(state[0], oracle.gradients(1)[0], state[1])
    assert [v.value for v in optimizer.variables] == state[0]
    assert all(v.value is value for v, value in zip(parts, state[1], strict=True))
    assert int(own[0]) == 1
    assert not np.allclose(values[0], state[1][0])


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_schedule_governs_every_step(name):
    check(name, {"learning_rate": schedules.ExponentialDecay(0.1, 5, 0.5)})


def test_a_schedule_counts_every_gradient_when_gradients_are_accumulated():
    rate = schedules.PiecewiseConstantDecay([6], [0.1, 0.01])
    check("SGD", {"learning_rate": rate, "gradient_accumulation_steps": 4})

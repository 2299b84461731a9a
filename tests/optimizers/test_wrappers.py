"""Optimizers made of other optimizers: LossScaleOptimizer, MultiOptimizer."""

import keras
import numpy as np
import pytest
from tests.optimizers import oracle

from lamina import optimizers
from lamina.core.registry import register_keras_serializable
from lamina.core.variable import Variable

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def scaled_gradients(scale):
    """Gradients of a scaled loss; the fourth and the seventh of them are not finite."""
    steps = [[g * np.float32(scale) for g in step] for step in oracle.gradients(10)]
    steps[3][0][0, 0] = np.inf
    steps[6][2][...] = np.nan
    return steps


def loss_scaling(library, inner="Adam", **options):
    module = optimizers if library == "lamina" else keras.optimizers
    return module.LossScaleOptimizer(getattr(module, inner)(0.05, **options), 16.0, dynamic_growth_steps=3)


@pytest.mark.parametrize("options", [{}, {"use_ema": True}, {"gradient_accumulation_steps": 2}, {"clipnorm": 0.1}])
def test_loss_scaling_steps_and_skips_as_in_keras(options):
    oracle.reset()
    ours, theirs = loss_scaling("lamina", **options), loss_scaling("keras", **options)
    mine, others = oracle.variables("lamina"), oracle.variables("keras")
    oracle.run(ours, mine, scaled_gradients(16.0))
    oracle.run(theirs, others, scaled_gradients(16.0))
    oracle.assert_equal_values(mine, others)
    oracle.assert_equal_variables(ours.variables, theirs.variables)
    assert optimizers.serialize(ours) == keras.optimizers.serialize(theirs)
    assert float(ours.scale_loss(2.0)) == float(theirs.scale_loss(2.0))
    assert int(ours.iterations) == int(theirs.iterations)


def test_loss_scaling_steps_eagerly_as_when_compiled():
    oracle.reset()
    eager, compiled = loss_scaling("lamina"), loss_scaling("lamina")
    mine, others = oracle.variables("lamina"), oracle.variables("lamina")
    for step in scaled_gradients(16.0):
        eager.apply(step, mine)
    oracle.run(compiled, others, scaled_gradients(16.0))
    oracle.assert_equal_values([*mine, *eager.variables], [*others, *compiled.variables])


def test_loss_scaling_comes_back_from_the_config_of_keras():
    config = keras.optimizers.serialize(loss_scaling("keras"))
    again = optimizers.deserialize(config)
    assert optimizers.serialize(again) == config
    old = {**config, "config": {**config["config"], "clipnorm": None, "ema_momentum": 0.99}}
    assert optimizers.serialize(optimizers.deserialize(old)) == config


def test_loss_scaling_has_the_learning_rate_of_the_inner_optimizer():
    inner = optimizers.SGD(0.5)
    outer = optimizers.LossScaleOptimizer(inner)
    outer.learning_rate = 0.25
    assert float(inner.learning_rate) == float(outer.learning_rate) == 0.25
    assert outer.scale_loss(1.0) == 2.0**15


@pytest.mark.parametrize("option", [{"clipnorm": 1.0}, {"speed": 1.0}, {"dynamic": False}, {"use_ema": True}])
def test_loss_scaling_refuses_options_of_the_inner_optimizer(option):
    with pytest.raises(ValueError, match=r"(does not support|no longer supports)"):
        optimizers.LossScaleOptimizer(optimizers.SGD(), **option)
    with pytest.raises(ValueError, match=r"(does not support|no longer supports)"):
        keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(), **option)


def by_map(library, **options):
    module = optimizers if library == "lamina" else keras.optimizers
    chosen = {"dense/bias": module.SGD(0.1, momentum=0.5), ".*/conv": module.RMSprop(0.02, use_ema=True)}
    return module.MultiOptimizer(module.OptimizerMap(module.Adam(0.05), chosen), **options)


@pytest.mark.parametrize("options", [{}, {"loss_scale_factor": 4.0, "name": "several"}])
def test_several_optimizers_step_as_in_keras(options):
    oracle.reset()
    ours, theirs = by_map("lamina", **options), by_map("keras", **options)
    mine, others = oracle.variables("lamina"), oracle.variables("keras")
    oracle.run(ours, mine, oracle.gradients())
    oracle.run(theirs, others, oracle.gradients())
    oracle.assert_equal_values(mine, others)
    oracle.assert_equal_variables(ours.variables, theirs.variables)
    assert optimizers.serialize(ours) == keras.optimizers.serialize(theirs)
    assert [o.loss_scale_factor for o in ours.optimizers] == [o.loss_scale_factor for o in theirs.optimizers]
    assert float(ours.scale_loss(2.0)) == float(theirs.scale_loss(2.0))
    ours.finalize_variable_values(mine)
    theirs.finalize_variable_values(others)
    oracle.assert_equal_values(mine, others)
    ours.set_weights([v.numpy() * 2 for v in ours.variables])
    assert int(ours.iterations) == 2 * oracle.STEPS


def test_several_optimizers_come_back_from_the_config_of_keras():
    config = keras.optimizers.serialize(by_map("keras"))
    again = optimizers.deserialize(config)
    assert optimizers.serialize(again) == config
    assert optimizers.get(config).optimizers[0].momentum == 0.5


@register_keras_serializable("test_wrappers")
def choose(variable, made={}):  # noqa: B006 - one optimizer for each kind, however often it is asked for
    kind = "vector" if len(variable.shape) < 2 else "matrix"
    return made.setdefault(kind, optimizers.SGD(0.5 if kind == "vector" else 0.25))


def test_a_function_may_choose_the_optimizer():
    parts = oracle.variables("lamina")
    first = [v.numpy() for v in parts]
    optimizer = optimizers.MultiOptimizer(choose)
    optimizer.apply([np.ones(v.shape, "float32") for v in parts], parts)
    steps = [np.unique((a - v.numpy()).round(4)).tolist() for a, v in zip(first, parts, strict=True)]
    assert steps == [[0.25], [0.5], [0.25], [0.5]]
    assert len(optimizer.optimizers) == 2
    assert optimizers.deserialize(optimizers.serialize(optimizer))._optimizer_map is choose


def test_several_optimizers_have_no_common_learning_rate():
    optimizer = by_map("lamina")
    with pytest.raises(AttributeError, match="no learning rate of its own"):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="no learning rate of its own"):
        optimizer.learning_rate = 0.1


def test_wrappers_cannot_be_inside_several_optimizers():
    v = [Variable([1.0])]
    for wrapper in (optimizers.LossScaleOptimizer(optimizers.SGD()), by_map("lamina"), "adam"):
        with pytest.raises(ValueError, match=r"(cannot be|must be a Keras Optimizer)"):
            optimizers.MultiOptimizer(lambda variable, wrapper=wrapper: wrapper).build(v)


def test_a_map_is_a_mapping_that_guards_its_entries():
    adam, sgd = optimizers.Adam(), optimizers.SGD()
    table = optimizers.OptimizerMap(sgd)
    table["encoder/.*"] = adam
    assert table["encoder/dense"] is adam
    assert table["encoder"] is table.default_optimizer is sgd
    assert (list(table), len(table)) == (["encoder/.*"], 1)
    for key, value in (("encoder/.*", adam), (3, adam), ("x", "adam"), ("x", by_map("lamina"))):
        with pytest.raises(ValueError, match=r".+"):
            table[key] = value
    table[".*/dense"] = sgd
    with pytest.raises(ValueError, match="Multiple optimizers"):
        table["encoder/dense"]
    del table[".*/dense"]
    assert len(table) == 1
    with pytest.raises(TypeError, match="must be a Keras Optimizer instance"):
        optimizers.OptimizerMap("adam")
    with pytest.raises(TypeError, match="must be a dictionary"):
        optimizers.OptimizerMap(sgd, [adam])

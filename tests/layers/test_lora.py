"""Low-rank adaptation of convolutions freezes, trains and saves what Keras's does."""

import numpy as np
import pytest
from tests.layers.oracle import case, each

from lamina import layers

CASES = [
    case("Conv1D", (2, 6, 3), filters=4, kernel_size=3, lora_rank=2),
    case("Conv2D", (2, 4, 4, 3), filters=4, kernel_size=2, lora_rank=2, lora_alpha=5, kernel_regularizer="l2"),
    case("Conv2D", (2, 4, 4, 4), filters=4, kernel_size=2, lora_rank=1, groups=2, use_bias=False),
]


@each(CASES)
def test_outputs_and_weights_equal_those_of_keras(case):
    case.check_outputs()


@each(CASES)
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


@each(CASES)
def test_what_is_saved_equals_what_keras_saves(case):
    ours, theirs = case.pair()
    given, wanted = {}, {}
    ours.save_own_variables(given)
    theirs.save_own_variables(wanted)
    assert sorted(given) == sorted(wanted)
    for key, value in wanted.items():
        np.testing.assert_allclose(np.asarray(given[key]), np.asarray(getattr(value, "value", value)), rtol=1e-5)
    ours.load_own_variables(given)
    np.testing.assert_array_equal(np.asarray(ours.kernel), np.asarray(given["0"]))


def test_enabling_it_changes_nothing_at_first():
    layer = layers.Conv2D(4, 2)
    x = np.ones((1, 3, 3, 2), "float32")
    before = np.asarray(layer(x))
    layer.enable_lora(2)
    np.testing.assert_allclose(np.asarray(layer(x)), before, rtol=1e-6)
    assert [w.name for w in layer.trainable_weights] == ["bias", "lora_kernel_a", "lora_kernel_b"]


def test_it_is_refused_where_keras_refuses_it():
    with pytest.raises(ValueError, match="isn't yet built"):
        layers.Conv2D(4, 2).enable_lora(2)
    with pytest.raises(ValueError, match="Dense received: lora_rank=-1"):
        layers.Dense(4, lora_rank=-1)
    layer = layers.Conv2D(4, 2, lora_rank=2)
    layer.build((None, 4, 4, 2))
    with pytest.raises(ValueError, match="already enabled"):
        layer.enable_lora(2)
    constrained = layers.Conv2D(4, 2, kernel_constraint="non_neg")
    constrained.build((None, 4, 4, 2))
    with pytest.raises(ValueError, match="constraint"):
        constrained.enable_lora(2)
    with pytest.raises(AttributeError, match="build"):
        layers.Conv2D(4, 2).kernel  # noqa: B018

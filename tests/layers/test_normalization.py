"""Normalization layers compute, remember and report what Keras's do."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import case, each

from lamina import layers
from lamina.core.errors import ShapeError
from lamina.core.tensor import KerasTensor

MASK = np.array([[1, 1, 0, 0], [1, 0, 1, 1]], dtype=bool)
PIXELS = np.arange(2 * 4 * 4 * 3, dtype="uint8").reshape(2, 4, 4, 3)
OPTIONS = {
    "gamma_initializer": "he_normal",
    "beta_initializer": "ones",
    "gamma_regularizer": "l2",
    "beta_regularizer": "l1",
    "gamma_constraint": "non_neg",
    "beta_constraint": "max_norm",
}
CLIPPING = {"rmax": 1.5, "rmin": 0.7, "dmax": 0.3}

BATCH = [
    case("BatchNormalization", (3, 5)),
    case("BatchNormalization", (3, 4, 5), momentum=0.7, epsilon=0.1),
    case("BatchNormalization", (2, 5, 3, 4), axis=1).when(known=(1,)),
    case("BatchNormalization", (2, 5, 3, 4), axis=-2).when(known=(2,)),
    case("BatchNormalization", (3, 5), center=False),
    case("BatchNormalization", (3, 5), scale=False),
    case("BatchNormalization", (3, 4, 5), renorm=True),
    case("BatchNormalization", (3, 4, 5), renorm=True, renorm_clipping=CLIPPING, renorm_momentum=0.5),
    case("BatchNormalization", (3, 5), trainable=False),
    case("BatchNormalization", (3, 5), dtype="mixed_float16").when(tolerance=3e-3),
    case("BatchNormalization", (3, 4, 5), dtype="bfloat16").when(tolerance=0.1),
    case("BatchNormalization", PIXELS),
    case(
        "BatchNormalization", (3, 5), moving_mean_initializer="ones", moving_variance_initializer="he_normal", **OPTIONS
    ),
]
BATCH += [row.when(call={"training": True}) for row in BATCH]
MASKED = [
    case("BatchNormalization", (2, 4, 3)).when(mask=MASK, call={"training": True}),
    case("BatchNormalization", (2, 4, 3), renorm=True).when(mask=MASK, call={"training": True}),
    case("BatchNormalization", (2, 4, 3)).when(mask=MASK),
    case("LayerNormalization", (2, 4, 3)).when(mask=MASK),
    case("GroupNormalization", (2, 4, 4), groups=2).when(mask=MASK),
    case("UnitNormalization", (2, 4, 3)).when(mask=MASK),
    case("RMSNormalization", (2, 4, 3)).when(mask=MASK),
]
WITHIN = [
    case("LayerNormalization", (2, 4, 5)),
    case("LayerNormalization", (2, 4, 5), axis=1, epsilon=0.1).when(known=(1,)),
    case("LayerNormalization", (2, 4, 5), axis=(2, 1)).when(known=(1, 2)),
    case("LayerNormalization", (2, 4, 5), axis=[-1, -2], scale=False).when(known=(1, 2)),
    case("LayerNormalization", (2, 4, 5), center=False, **OPTIONS),
    case("LayerNormalization", (2, 4, 5), dtype="mixed_float16").when(tolerance=3e-3),
    case("GroupNormalization", (2, 4, 4, 6), groups=3),
    case("GroupNormalization", (2, 6, 4, 4), groups=-1, axis=1, epsilon=0.1).when(known=(1,)),
    case("GroupNormalization", (2, 4, 6, 4), groups=2, axis=-2, center=False).when(known=(2,)),
    case("GroupNormalization", (2, 4, 6), groups=1, scale=False),
    case("GroupNormalization", (2, 4), groups=2, **OPTIONS),
    case("RMSNormalization", (2, 4, 5)),
    case("RMSNormalization", (2, 4, 5), axis=(1, 2), epsilon=0.1).when(known=(1, 2)),
    case("UnitNormalization", (2, 4, 5)),
    case("UnitNormalization", (2, 4, 5), axis=[1, 2]),
]
CASES = BATCH + MASKED + WITHIN


@each(CASES)
def test_outputs_and_statistics_equal_those_of_keras(case):
    case.check_outputs()


@each([c for c in CASES if isinstance(c.inputs, tuple) and c.mask is None])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c for c in CASES if c.mask is None])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_batch_statistics_keep_their_digits_when_the_mean_is_large():
    x = np.random.default_rng(0).normal(1e4, 1.0, (1000, 2)).astype("float32")
    layer = layers.BatchNormalization(momentum=0.0, epsilon=0.0)
    y = np.asarray(layer(x, training=True))
    np.testing.assert_allclose(layer.moving_variance.numpy(), x.astype("float64").var(0), rtol=1e-3)
    np.testing.assert_allclose(y, (x - x.astype("float64").mean(0)) / x.astype("float64").std(0), atol=2e-3)


def test_a_frozen_batch_normalization_works_as_in_inference_and_remembers_nothing():
    layer = layers.BatchNormalization(trainable=False)
    x = np.array([[1.0], [3.0]], "float32")
    np.testing.assert_allclose(layer(x, training=True), x / np.sqrt(1.001), rtol=1e-6)
    assert layer.moving_mean.numpy().item() == 0


def test_synchronized_statistics_are_accepted_where_keras_wants_tensorflow():
    with pytest.raises(ValueError, match="synchronized"):
        keras.layers.BatchNormalization(synchronized=True)
    assert layers.BatchNormalization(synchronized=True).get_config()["synchronized"] is True


def test_whole_numbers_are_normalized_where_keras_truncates_the_result():
    x = np.array([[0, 2]], "uint8")
    np.testing.assert_allclose(layers.LayerNormalization(epsilon=0.0)(x), [[-1.0, 1.0]])
    assert np.asarray(keras.layers.LayerNormalization(epsilon=0.0)(x))[0, 1] == 1.0
    assert np.asarray(layers.RMSNormalization()(x)).dtype == "float32"
    assert np.asarray(keras.layers.RMSNormalization()(x)).dtype == "uint8"


def test_a_vector_of_zeros_stays_when_scaled_to_length_one():
    assert np.asarray(layers.UnitNormalization()(np.zeros((1, 3), "float32"))).tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("name", "kwargs", "kind", "message"),
    [
        ("LayerNormalization", {"axis": "last"}, TypeError, "axis"),
        ("UnitNormalization", {"axis": None}, TypeError, "axis"),
        ("GroupNormalization", {"groups": 0}, ValueError, "groups"),
        ("GroupNormalization", {"groups": 2.0}, ValueError, "groups"),
        ("BatchNormalization", {"renorm": True, "renorm_clipping": {"max": 1}}, ValueError, "renorm_clipping"),
        ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmax": 1, "rmin": 2}}, ValueError, "rmax"),
        ("BatchNormalization", {"renorm": True, "renorm_clipping": {"dmax": -1}}, ValueError, "dmax"),
    ],
)
def test_arguments_out_of_range_are_named(name, kwargs, kind, message):
    with pytest.raises(kind, match=message):
        getattr(layers, name)(**kwargs)


@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"])
def test_an_axis_that_the_input_lacks_or_does_not_know_is_an_error(name):
    with pytest.raises(ValueError, match=r"(?i)axis"):
        getattr(layers, name)(axis=3)(np.ones((2, 4)))
    with pytest.raises(ValueError, match=r"(?i)axis"):
        getattr(layers, name)()(KerasTensor((2, None)))


def test_groups_must_divide_the_channels():
    with pytest.raises(ValueError, match="multiple of the number of groups"):
        layers.GroupNormalization(2)(np.ones((2, 3)))


def test_a_batch_normalization_keeps_to_the_channels_it_was_built_with():
    layer = layers.BatchNormalization()
    layer(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="value 3"):
        layer(np.ones((2, 4)))


def test_a_mask_of_another_rank_is_an_error():
    with pytest.raises(ValueError, match="one axis less"):
        layers.BatchNormalization()(np.ones((2, 4, 3)), mask=np.ones((2,), bool))


def test_group_normalization_leaves_the_samples_of_a_batch_apart():
    with pytest.raises(ValueError, match=r"GroupNormalization .* cannot be that of the batch. Received: axis=0"):
        layers.GroupNormalization(2, axis=0)(np.ones((2, 4, 4), "float32"))

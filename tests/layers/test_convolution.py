"""Convolutions of every kind compute what Keras's do, with every argument and in both axis orders."""

import numpy as np
import pytest
from tests.layers.oracle import case, each

from lamina import layers
from lamina.core.errors import ShapeError
from lamina.core.tensor import KerasTensor

FIRST = {"data_format": "channels_first"}
CHANNELS = (1,)

PLAIN = [
    case("Conv1D", (2, 7, 3), filters=4, kernel_size=3),
    case("Conv1D", (2, 7, 3), filters=4, kernel_size=(2,), strides=2, padding="same", activation="relu"),
    case("Conv1D", (2, 7, 3), filters=4, kernel_size=3, padding="causal", dilation_rate=2),
    case("Conv1D", (2, 7, 3), filters=4, kernel_size=3, padding="causal", strides=2),
    case("Conv1D", (2, 4, 7), filters=4, kernel_size=3, padding="causal", groups=2, **FIRST).when(known=CHANNELS),
    case("Conv2D", (2, 5, 6, 3), filters=4, kernel_size=3),
    case("Conv2D", (2, 5, 6, 3), filters=4, kernel_size=(3, 2), strides=(2, 1), padding="SAME", use_bias=False),
    case("Conv2D", (2, 5, 6, 3), filters=4, kernel_size=2, dilation_rate=(2, 1), activation="softmax"),
    case("Conv2D", (2, 4, 5, 6), filters=6, kernel_size=3, groups=2, activation="softmax", **FIRST).when(
        known=CHANNELS
    ),
    case("Conv2D", (2, 5, 6, 3), filters=4, kernel_size=1, strides=2),
    case("Conv2D", np.arange(96, dtype="uint8").reshape(2, 4, 4, 3), filters=2, kernel_size=2).when(tolerance=1e-3),
    case("Conv2D", (2, 5, 6, 3), filters=4, kernel_size=2, dtype="mixed_bfloat16").when(tolerance=0.05),
    case(
        "Conv2D",
        (2, 5, 6, 3),
        filters=4,
        kernel_size=3,
        kernel_initializer="he_normal",
        bias_initializer="ones",
        kernel_regularizer="l2",
        bias_regularizer="l1",
        activity_regularizer="l2",
        kernel_constraint="max_norm",
        bias_constraint="non_neg",
    ),
    case("Conv3D", (2, 4, 5, 4, 2), filters=3, kernel_size=2, strides=(1, 2, 1)),
    case("Conv3D", (2, 2, 4, 3, 4), filters=3, kernel_size=(1, 2, 3), padding="same", **FIRST).when(known=CHANNELS),
]
TRANSPOSED = [
    case("Conv1DTranspose", (2, 5, 3), filters=4, kernel_size=3, strides=2),
    case("Conv1DTranspose", (2, 3, 5), filters=4, kernel_size=2, strides=3, padding="same", **FIRST).when(
        known=CHANNELS
    ),
    case("Conv2DTranspose", (2, 3, 4, 3), filters=4, kernel_size=3),
    case("Conv2DTranspose", (2, 3, 4, 3), filters=4, kernel_size=(3, 2), strides=2, padding="same", activation="relu"),
    case("Conv2DTranspose", (2, 3, 4, 3), filters=4, kernel_size=3, strides=2, output_padding=1),
    case("Conv2DTranspose", (2, 3, 4, 3), filters=4, kernel_size=4, strides=2, output_padding=(0, 1), padding="same"),
    case("Conv2DTranspose", (2, 3, 3, 4), filters=2, kernel_size=3, dilation_rate=2, use_bias=False, **FIRST).when(
        known=CHANNELS
    ),
    case("Conv3DTranspose", (2, 2, 3, 2, 2), filters=3, kernel_size=2, strides=2),
    case("Conv3DTranspose", (2, 2, 2, 3, 2), filters=3, kernel_size=3, padding="same", **FIRST).when(known=CHANNELS),
]
SEPARABLE = [
    case("DepthwiseConv1D", (2, 7, 3), kernel_size=3, depth_multiplier=2),
    case("DepthwiseConv1D", (2, 3, 7), kernel_size=3, strides=2, padding="same", **FIRST).when(known=CHANNELS),
    case("DepthwiseConv2D", (2, 5, 6, 3), kernel_size=3),
    case("DepthwiseConv2D", (2, 5, 6, 3), kernel_size=(3, 2), strides=2, depth_multiplier=2, activation="relu"),
    case("DepthwiseConv2D", (2, 3, 5, 6), kernel_size=2, dilation_rate=2, padding="same", **FIRST).when(known=CHANNELS),
    case(
        "DepthwiseConv2D",
        (2, 5, 6, 3),
        kernel_size=3,
        use_bias=False,
        depthwise_initializer="he_normal",
        depthwise_regularizer="l2",
        depthwise_constraint="unit_norm",
    ),
    case("SeparableConv1D", (2, 7, 3), filters=4, kernel_size=3, depth_multiplier=2),
    case("SeparableConv1D", (2, 7, 3), filters=4, kernel_size=3, strides=2, padding="same", activation="relu"),
    case("SeparableConv2D", (2, 5, 6, 3), filters=4, kernel_size=3),
    case("SeparableConv2D", (2, 3, 5, 6), filters=4, kernel_size=2, strides=2, use_bias=False, **FIRST).when(
        known=CHANNELS
    ),
    case(
        "SeparableConv2D",
        (2, 5, 6, 3),
        filters=4,
        kernel_size=3,
        pointwise_initializer="ones",
        pointwise_regularizer="l1",
        pointwise_constraint="non_neg",
        dilation_rate=2,
    ),
]
CASES = PLAIN + TRANSPOSED + SEPARABLE


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each(CASES)
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(CASES)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("Conv2D", {"filters": 0, "kernel_size": 3}, "filters"),
        ("Conv2D", {"filters": 2, "kernel_size": 0}, "kernel_size"),
        ("Conv2D", {"filters": 2, "kernel_size": (3,)}, "kernel_size"),
        ("Conv2D", {"filters": 2, "kernel_size": "wide"}, "kernel_size"),
        ("Conv2D", {"filters": 2, "kernel_size": 3, "strides": 0}, "strides"),
        ("Conv2D", {"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "dilation_rate"),
        ("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "causal"}, "padding"),
        ("SeparableConv1D", {"filters": 2, "kernel_size": 3, "padding": "causal"}, "padding"),
        ("Conv2D", {"filters": 2, "kernel_size": 3, "data_format": "last"}, "data_format"),
        ("Conv2D", {"filters": 3, "kernel_size": 3, "groups": 2}, "groups"),
        ("Conv2D", {"filters": 3, "kernel_size": 3, "groups": 0}, "groups"),
        ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "output_padding": 1}, "output_padding"),
        ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 0}, "depth_multiplier"),
        ("SeparableConv2D", {"filters": 2, "kernel_size": 3, "depth_multiplier": 0}, "depth_multiplier"),
    ],
)
def test_arguments_out_of_range_are_named(name, kwargs, message):
    with pytest.raises(ValueError, match=message):
        getattr(layers, name)(**kwargs)


@pytest.mark.parametrize("name", ["Conv2D", "SeparableConv2D"])
@pytest.mark.parametrize("x", [np.ones((1, 2, 4, 3)), KerasTensor((None, 2, 4, 3))], ids=["eager", "symbolic"])
def test_a_window_larger_than_the_input_is_an_error(name, x):
    with pytest.raises(ShapeError, match=r"covers \(3, 3\) pixels, but the input has only \(2, 4\)"):
        getattr(layers, name)(2, 3)(x)


def test_another_number_of_channels_than_before_is_an_error():
    layer = layers.Conv2D(2, 3)
    layer(np.ones((1, 4, 4, 3)))
    with pytest.raises(ShapeError, match="axis -1 of input shape to have value 3"):
        layer(np.ones((1, 4, 4, 1)))


def test_channels_that_no_group_division_fits_are_an_error():
    with pytest.raises(ValueError, match="groups=2, but the input has 3 channels"):
        layers.Conv2D(4, 3, groups=2)(np.ones((1, 4, 4, 3)))


def test_an_unknown_number_of_channels_is_an_error():
    with pytest.raises(ValueError, match="number of channels"):
        layers.Conv2D(4, 3)(KerasTensor((None, 4, 4, None)))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_old_names_are_the_same_classes(rank):
    assert getattr(layers, f"Convolution{rank}D") is getattr(layers, f"Conv{rank}D")
    assert getattr(layers, f"Convolution{rank}DTranspose") is getattr(layers, f"Conv{rank}DTranspose")

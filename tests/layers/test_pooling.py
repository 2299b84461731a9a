"""Pooling layers keep and average what Keras's do."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import case, each

from lamina import layers
from lamina.core.errors import ShapeError
from lamina.core.tensor import KerasTensor

FIRST = {"data_format": "channels_first"}
PIXELS = np.arange(2 * 4 * 4 * 3, dtype="uint8").reshape(2, 4, 4, 3)
MASK = np.array([[1, 1, 0, 0], [1, 0, 1, 1]], dtype=bool)

WINDOWS = [
    case("MaxPooling1D", (2, 7, 3)),
    case("MaxPooling1D", (2, 3, 7), pool_size=3, strides=2, padding="same", **FIRST).when(known=(1,)),
    case("MaxPooling2D", (2, 5, 6, 3)),
    case("MaxPooling2D", (2, 5, 6, 3), pool_size=(3, 2), strides=(1, 2)),
    case("MaxPooling2D", (2, 3, 5, 6), pool_size=3, padding="same", **FIRST).when(known=(1,)),
    case("MaxPooling2D", PIXELS),
    case("MaxPooling2D", (2, 4, 4, 3), dtype="mixed_bfloat16").when(tolerance=0.05),
    case("MaxPooling3D", (2, 4, 5, 4, 2)),
    case("MaxPooling3D", (2, 2, 4, 5, 4), pool_size=(1, 2, 3), strides=1, padding="same", **FIRST).when(known=(1,)),
    case("AveragePooling1D", (2, 7, 3), pool_size=2),
    case("AveragePooling1D", (2, 3, 7), pool_size=3, strides=2, padding="same", **FIRST).when(known=(1,)),
    case("AveragePooling2D", (2, 5, 6, 3), pool_size=(3, 2), strides=(1, 2)),
    case("AveragePooling2D", (2, 3, 5, 6), pool_size=3, padding="same", **FIRST).when(known=(1,)),
    case("AveragePooling2D", PIXELS.astype("int32"), pool_size=2),
    case("AveragePooling3D", (2, 4, 5, 4, 2), pool_size=2),
    case("AveragePooling3D", (2, 2, 4, 5, 4), pool_size=(1, 2, 3), padding="same", **FIRST).when(known=(1,)),
]
GLOBAL = [
    case(f"Global{kind}Pooling{rank}D", shape, keepdims=keepdims, data_format=data_format).when(
        known=(-1,) if data_format == "channels_last" else (1,)
    )
    for kind in ("Max", "Average")
    for rank, shape in ((1, (2, 4, 3)), (2, (2, 4, 3, 5)), (3, (2, 2, 3, 4, 3)))
    for keepdims, data_format in ((False, "channels_last"), (True, "channels_first"))
]
MASKED = [
    case("GlobalAveragePooling1D", (2, 4, 3)).when(mask=MASK),
    case("GlobalAveragePooling1D", (2, 3, 4), keepdims=True, **FIRST).when(mask=MASK, known=(1,)),
    case("GlobalAveragePooling1D", (2, 4, 3)).when(call={"mask": MASK}),
    case("GlobalMaxPooling1D", (2, 4, 3)).when(mask=MASK),
    case("MaxPooling1D", (2, 4, 3)).when(mask=MASK),
]
INTEGERS = [case(f"Global{kind}Pooling2D", PIXELS) for kind in ("Max", "Average")]
ADAPTIVE = [
    case(f"Adaptive{kind}Pooling{rank}D", shape, output_size=size, **kwargs).when(
        known=(1,) if kwargs else (-1,), tolerance=1e-5
    )
    for kind in ("Max", "Average")
    for rank, shape, size, kwargs in (
        (1, (2, 7, 3), 3, {}),
        (1, (2, 3, 8), (4,), FIRST),
        (2, (2, 5, 6, 3), (2, 4), {}),
        (2, (2, 3, 5, 6), [3, 3], FIRST),
        (3, (2, 4, 5, 3, 2), (2, 3, 1), {}),
    )
]
CASES = WINDOWS + GLOBAL + MASKED + INTEGERS + ADAPTIVE


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([c for c in CASES if isinstance(c.inputs, tuple)])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c for c in CASES if not c.call and c.inputs is not PIXELS])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_bytes_are_averaged_without_overflow_where_keras_overflows():
    x = np.full((1, 2, 2, 1), 200, "uint8")
    assert np.asarray(layers.AveragePooling2D(2)(x)).item() == 200
    assert np.asarray(keras.layers.AveragePooling2D(2)(x)).item() == (4 * 200 % 256) / 4


@pytest.mark.parametrize("x", [np.ones((1, 2, 4, 3)), KerasTensor((None, 2, 4, 3))], ids=["eager", "symbolic"])
def test_a_window_larger_than_the_input_is_an_error(x):
    with pytest.raises(ShapeError, match=r"covers \(3, 3\) pixels, but the input has only \(2, 4\)"):
        layers.MaxPooling2D(3)(x)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"pool_size": 0}, "pool_size"),
        ({"pool_size": (2, 2, 2)}, "pool_size"),
        ({"strides": 0}, "strides"),
        ({"padding": "causal"}, "padding"),
        ({"data_format": "first"}, "data_format"),
    ],
)
def test_arguments_out_of_range_are_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        layers.MaxPooling2D(**kwargs)


def test_adaptive_pooling_wants_one_size_for_each_axis():
    with pytest.raises(ValueError, match="output_size"):
        layers.AdaptiveMaxPooling1D((2, 2))
    for size in ((2, 2, 2), "2"):
        with pytest.raises(TypeError, match="output_size"):
            layers.AdaptiveMaxPooling2D(size)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_short_names_are_the_same_classes(rank):
    for short, long in (("MaxPool", "MaxPooling"), ("AvgPool", "AveragePooling")):
        assert getattr(layers, f"{short}{rank}D") is getattr(layers, f"{long}{rank}D")
        assert getattr(layers, f"Global{short}{rank}D") is getattr(layers, f"Global{long}{rank}D")

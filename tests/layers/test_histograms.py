"""Layers that set the contrast right from how often values occur do it as Keras does."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import case, each

import lamina
from lamina import layers

PIXELS = (np.random.default_rng(0).random((3, 6, 5, 3)) * 255).astype("float32")
FIRST = np.moveaxis(PIXELS, -1, 1).copy()
UNIT = PIXELS / 255
BYTES = PIXELS.astype("uint8")
CONSTANT = np.where(np.arange(3) == 1, 7, PIXELS).astype("float32")
CLAHE = "ContrastLimitedAdaptiveHistogramEqualization"

CASES = [
    case("AutoContrast", PIXELS),
    case("AutoContrast", CONSTANT),
    case("AutoContrast", UNIT, value_range=(0, 1)),
    case("Equalization", BYTES),
    case("Equalization", CONSTANT, bins=16),
    case("Equalization", np.moveaxis(UNIT, -1, 1), value_range=[0, 1], data_format="channels_first"),
    case(CLAHE, BYTES, tile_grid_size=(2, 2)),
    case(CLAHE, UNIT, value_range=(0, 1), tile_grid_size=(2, 2), clip_limit=0),
    case(CLAHE, FIRST, tile_grid_size=(4, 3), clip_limit=2.0, data_format="channels_first"),
]
CASES = [c.when(call={"training": True}, tolerance=1e-3) for c in CASES]


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([c.when(inputs=None) for c in CASES])
def test_configs_equal_those_of_keras(case):
    case.check_config()


@each([CASES[0], CASES[3], CASES[6]])
def test_shapes_are_known_before_and_masks_stay(case):
    layer = case.make(lamina)
    out = layer(lamina.KerasTensor((None, None, None, 3), str(case.inputs.dtype)))
    data = {"images": case.inputs, "segmentation_masks": BYTES[..., :1], "labels": np.arange(3.0)}
    given = layer(data, training=True)
    assert (out.shape, out.dtype) == ((None, None, None, 3), given["images"].dtype)
    np.testing.assert_array_equal(given["segmentation_masks"], BYTES[..., :1])
    np.testing.assert_array_equal(given["labels"], data["labels"])


def test_contrast_is_stretched_per_channel_in_both_layouts():
    """Where Keras takes channels for rows."""
    last, first = layers.AutoContrast()(PIXELS), layers.AutoContrast(data_format="channels_first")(FIRST)
    np.testing.assert_allclose(np.moveaxis(np.asarray(first), 1, -1), last, rtol=1e-6)


def test_equalization_trains_only():
    np.testing.assert_array_equal(layers.Equalization()(PIXELS, training=False), PIXELS)


@pytest.mark.parametrize("name", ["AutoContrast", "Equalization"])
def test_ranges_are_two_numbers(name):
    for library in (keras, lamina):
        with pytest.raises((ValueError, AttributeError)):  # Keras looks for its message in vain
            getattr(library.layers, name)(value_range=(0, 1, 2))

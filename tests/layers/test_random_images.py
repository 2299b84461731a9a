"""Layers that change pictures at random draw what Keras draws, and do with it what Keras does."""

import jax
import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same, case, each

import lamina
from lamina import layers

# Keras asks for 64 bits in MixUp.
pytestmark = pytest.mark.filterwarnings("ignore:(?s).*Explicitly requested dtype")

RNG = np.random.default_rng(0)
PIXELS = (RNG.random((3, 6, 5, 3)) * 255).astype("float32")
FIRST = np.moveaxis(PIXELS, -1, 1).copy()
UNIT = PIXELS / 255

CASES = [
    case("RandomFlip", PIXELS, seed=1),
    case("RandomFlip", PIXELS, mode="horizontal", seed=1),
    case("RandomFlip", FIRST, mode="vertical", seed=3, data_format="channels_first"),
    case("RandomTranslation", PIXELS, height_factor=0.3, width_factor=(-0.2, 0.5), seed=1),
    case("RandomTranslation", FIRST, height_factor=0.3, width_factor=0.2, fill_mode="constant", fill_value=7.0, seed=2,
         interpolation="nearest", data_format="channels_first"),
    case("RandomRotation", PIXELS, factor=0.3, seed=1),
    case("RandomRotation", FIRST, factor=(-0.1, 0.4), fill_mode="wrap", seed=2, data_format="channels_first"),
    case("RandomZoom", PIXELS, height_factor=0.4, seed=1),
    case("RandomZoom", FIRST, height_factor=(-0.3, -0.2), width_factor=0.5, fill_mode="nearest", seed=2,
         data_format="channels_first"),
    case("RandomShear", PIXELS, x_factor=(0.1, 0.5), y_factor=0.2, seed=1),
    case("RandomPerspective", PIXELS, scale=0.5, seed=1),
    case("RandomCrop", PIXELS, height=4, width=3, seed=1),
    case("RandomCrop", FIRST, height=2, width=4, seed=2, data_format="channels_first"),
    case("RandomCrop", PIXELS, height=9, width=3, seed=3),
    case("RandomCrop", PIXELS, height=3, width=10, seed=4),
    case("RandomErasing", PIXELS, seed=1),
    case("RandomErasing", PIXELS, factor=(0.5, 1.0), scale=(0.1, 0.5), fill_value=5.0, seed=2),
    case("RandomErasing", FIRST, fill_value=9.0, seed=3, data_format="channels_first"),
    case("RandomBrightness", PIXELS, factor=0.5, seed=1),
    case("RandomBrightness", UNIT, factor=(0.1, 0.2), value_range=[0, 1], seed=2),
    case("RandomContrast", PIXELS, factor=0.5, seed=1),
    case("RandomContrast", FIRST, factor=(0.2, 0.9), seed=2, data_format="channels_first"),
    case("RandomGrayscale", PIXELS, factor=0.6, seed=1),
    case("RandomGrayscale", FIRST, factor=0.6, seed=2, data_format="channels_first"),
    case("RandomHue", PIXELS, factor=0.8, seed=1),
    case("RandomHue", np.moveaxis(UNIT, -1, 1), factor=(0.2, 0.5), value_range=(0, 1), seed=2,
         data_format="channels_first"),
    case("RandomSaturation", UNIT, factor=(0.1, 0.6), value_range=[0, 1], seed=1),
    case("RandomInvert", PIXELS, factor=(0.3, 0.9), seed=1),
    case("Solarization", PIXELS, addition_factor=0.2, threshold_factor=0.7, seed=1),
    case("Solarization", UNIT, addition_factor=0.1, threshold_factor=0.5, value_range=(0, 1), seed=2),
    case("RandomPosterization", PIXELS, factor=(1, 7), seed=1),
    case("RandomPosterization", UNIT, factor=3, value_range=(0, 1), seed=2),
    case("RandomColorDegeneration", PIXELS, factor=0.5, seed=1),
    case("RandomColorJitter", PIXELS, brightness_factor=0.3, contrast_factor=0.4, saturation_factor=(0.2, 0.6),
         hue_factor=0.2, seed=1),
    case("RandomGaussianBlur", PIXELS, seed=1),
    case("RandomGaussianBlur", FIRST, kernel_size=(3, 5), sigma=(0.5, 0.9), factor=(0.2, 0.9), seed=1,
         data_format="channels_first"),
    case("RandomSharpness", PIXELS, factor=(0.1, 0.9), seed=1),
    case("RandomElasticTransform", PIXELS, seed=3),
    case("RandomElasticTransform", FIRST, scale=(0.5, 0.9), factor=0.7, fill_mode="constant", fill_value=3.0, seed=3,
         data_format="channels_first"),
    case("MixUp", PIXELS, seed=1),
    case("CutMix", PIXELS, factor=(0.3, 0.8), seed=1),
    case("CutMix", FIRST, seed=1, data_format="channels_first"),
    case("RandAugment", PIXELS, num_ops=3, seed=1),
]  # fmt: skip
TRAINING = [c.when(call={"training": True}, tolerance=1e-3 if c.inputs.max() > 1 else 1e-5) for c in CASES]
ONE_EACH = list({c.layer: c for c in reversed(TRAINING)}.values())
SOME = [c for c in ONE_EACH if c.layer in ("RandomFlip", "RandomTranslation", "RandomCrop", "RandomErasing")]
SAME_DRAWN = [c for c in ONE_EACH if c.layer not in ("RandomColorJitter", "RandomElasticTransform", "CutMix")]
MOVING = [c for c in ONE_EACH if isinstance(c.make(lamina), layers.random_images.base.MovingLayer)]
COLOUR = [c for c in ONE_EACH if c not in MOVING]


def drawn(case, **call):
    return np.asarray(case.make(lamina)(case.inputs, **call))


@each(TRAINING)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()
    assert not np.array_equal(drawn(case, training=True), case.inputs)


@each(SAME_DRAWN)
def test_transformations_are_those_of_keras(case):
    given, wanted = (
        case.make(library).get_random_transformation(case.inputs, training=True) for library in (lamina, keras)
    )
    assert_same(jax.tree_util.tree_map(np.asarray, given), jax.tree_util.tree_map(np.asarray, wanted), 1e-5)


@each(SOME)
def test_one_picture_is_a_batch_of_one(case):
    one, batch = (np.asarray(case.make(lamina)(x, training=True)) for x in (case.inputs[0], case.inputs[:1]))
    np.testing.assert_allclose(one, batch[0], rtol=1e-3, atol=1e-3)


@each(ONE_EACH)
def test_inference_passes_the_data_through(case):
    np.testing.assert_array_equal(drawn(case, training=False), case.inputs)


def test_erased_windows_take_a_colour_in_both_layouts():
    """Where Keras fails on a list."""
    kwargs = {"factor": (1.0, 1.0), "scale": (1.0, 1.0), "fill_value": [1, 2, 3]}
    last = layers.RandomErasing(**kwargs)(PIXELS)
    np.testing.assert_array_equal(last, np.broadcast_to([1.0, 2.0, 3.0], PIXELS.shape))
    first = layers.RandomErasing(**kwargs, data_format="channels_first")(FIRST)
    np.testing.assert_array_equal(first, np.moveaxis(np.asarray(last), -1, 1))


@each([c.when(inputs=None) for c in CASES])
def test_configs_equal_those_of_keras(case):
    case.check_config()


@each([c.when(known=None) for c in SOME])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each([c for c in ONE_EACH if c.layer in ("RandomFlip", "RandomBrightness")])
def test_integers_become_floats(case):
    y = case.make(lamina)(case.inputs.astype("uint8"), training=True)
    z = case.make(lamina)(case.inputs.astype("uint8").astype("float32"), training=True)
    assert y.dtype == "float32"
    np.testing.assert_array_equal(y, z)


@each([c for c in MOVING if c in SOME])
def test_masks_move_with_the_pictures(case):
    masks = np.moveaxis(PIXELS, -1, 1)[:, :1] if "data_format" in case.kwargs else PIXELS[..., :1]
    masks = (masks // 64).astype("float32")
    data = {"images": case.inputs, "segmentation_masks": masks, "labels": np.arange(3.0, dtype="float32"), "more": 1}
    ours = case.make(lamina)({**data})
    assert_same(ours["images"], case.make(lamina)(case.inputs), 1e-3)
    np.testing.assert_array_equal(ours["labels"], data["labels"])
    assert ours["more"] == 1
    assert set(np.unique(ours["segmentation_masks"])) <= {
        0.0,
        1.0,
        2.0,
        3.0,
        *({7.0} if "fill_value" in case.kwargs else ()),
    }
    theirs = case.make(keras)({name: value for name, value in data.items() if name != "more"})
    assert_same(ours["segmentation_masks"], np.asarray(theirs["segmentation_masks"]))


@each([c for c in COLOUR if c in SOME])
def test_masks_and_boxes_stay_where_colours_change(case):
    boxes = {"boxes": np.ones((3, 1, 4), "float32"), "labels": np.ones((3, 1), "float32")}
    data = {"images": case.inputs, "bounding_boxes": boxes, "segmentation_masks": PIXELS[..., :1]}
    out = case.when(kwargs={**case.kwargs, "bounding_box_format": "xyxy"}).make(lamina)(data, training=True)
    np.testing.assert_array_equal(out["bounding_boxes"]["boxes"], boxes["boxes"])
    np.testing.assert_array_equal(out["segmentation_masks"], PIXELS[..., :1])
    assert_same(out["images"], case.make(lamina)(case.inputs, training=True), 1e-3)


def test_masks_are_warped_like_the_pictures():
    """Where Keras draws another field for the masks."""
    layer = layers.RandomElasticTransform(interpolation="nearest", scale=(1.0, 1.0), factor=(1.0, 1.0), seed=1)
    images = RNG.integers(0, 256, (1, 32, 32, 1)).astype("float32")
    out = layer({"images": images, "segmentation_masks": images.astype("int32")})
    np.testing.assert_array_equal(out["segmentation_masks"], out["images"].astype("int32"))
    assert not np.array_equal(out["images"], images)


def test_color_jitter_knows_its_layout():
    """Where Keras fails, or takes rows for channels."""
    factors = {"contrast_factor": 0.4, "hue_factor": 0.3, "seed": 1}
    last = layers.RandomColorJitter(**factors)(PIXELS)
    first = layers.RandomColorJitter(**factors, data_format="channels_first")(FIRST)
    np.testing.assert_allclose(np.moveaxis(np.asarray(first), 1, -1), last, atol=1e-3)


def test_fit_changes_pictures_and_predict_does_not():
    seen = layers.Lambda(lambda x: x)
    model = lamina.Sequential([
        layers.Input((6, 5, 3)), layers.RandomFlip(seed=1), layers.RandomRotation(0.2, seed=2),
        layers.RandomCrop(6, 5, seed=3), layers.RandomContrast(0.5, seed=4), seen,
    ])  # fmt: skip
    np.testing.assert_allclose(model.predict(PIXELS, verbose=0), PIXELS)
    before = [np.asarray(layer.generator.state.value) for layer in model.layers[:2]]
    head = lamina.Sequential([model, layers.Flatten(), layers.Dense(1)])
    head.compile("sgd", "mse")
    head.fit(PIXELS / 255, np.ones((3, 1)), epochs=2, verbose=0)
    assert all(np.any(layer.generator.state.value != b) for layer, b in zip(model.layers[:2], before, strict=True))


@pytest.mark.parametrize(
    ("name", "kwargs", "error"),
    [
        ("RandomFlip", {"mode": "diagonal"}, None),
        ("RandomTranslation", {"height_factor": 1.5, "width_factor": 0}, ValueError),
        ("RandomTranslation", {"height_factor": 0, "width_factor": (0, 1, 2)}, ValueError),
        ("RandomTranslation", {"height_factor": 0, "width_factor": 0, "fill_mode": "x"}, NotImplementedError),
        ("RandomRotation", {"factor": "x"}, ValueError),
        ("RandomRotation", {"factor": 0.1, "interpolation": "cubic"}, NotImplementedError),
        ("RandomZoom", {"height_factor": -1.0}, ValueError),
        ("RandomZoom", {"height_factor": 0.1, "width_factor": (-1.0, 0)}, ValueError),
        ("RandomShear", {"x_factor": -0.1}, ValueError),
        ("RandomPerspective", {"scale": 1.5}, ValueError),
        ("RandomPerspective", {"factor": -0.5}, ValueError),
        ("RandomErasing", {"scale": 2.0}, ValueError),
        ("RandomBrightness", {"factor": 1.5}, ValueError),
        ("RandomBrightness", {"factor": 0.5, "value_range": 255}, ValueError),
        ("RandomContrast", {"factor": -0.5}, ValueError),
        ("RandomGrayscale", {"factor": 1.5}, ValueError),
        ("RandomHue", {"factor": -0.1}, ValueError),
        ("RandomSaturation", {"factor": 0.1, "value_range": (1, 2, 3)}, ValueError),
        ("RandomInvert", {"factor": 2}, ValueError),
        ("Solarization", {"addition_factor": 1.5}, ValueError),
        ("RandomPosterization", {"factor": 9}, ValueError),
        ("RandomColorDegeneration", {"factor": 0.5, "value_range": 255}, ValueError),
        ("RandomColorJitter", {"brightness_factor": 2.0}, ValueError),
        ("RandomGaussianBlur", {"kernel_size": 4}, ValueError),
        ("RandomGaussianBlur", {"sigma": 2.0}, ValueError),
        ("RandomSharpness", {"factor": -0.1}, ValueError),
        ("RandomElasticTransform", {"scale": 2.0}, ValueError),
        ("RandomElasticTransform", {"fill_mode": "x"}, NotImplementedError),
        ("CutMix", {"factor": 2}, ValueError),
        ("RandAugment", {"factor": -0.1}, ValueError),
        ("RandAugment", {"interpolation": "cubic"}, NotImplementedError),
        ("AugMix", {"value_range": 255}, ValueError),
    ],
)
def test_arguments_are_refused_as_in_keras(name, kwargs, error):
    if error:
        with pytest.raises(error):
            getattr(keras.layers, name)(**kwargs)
    with pytest.raises(error or ValueError, match=r"Received|Expected one of"):
        getattr(layers, name)(**kwargs)

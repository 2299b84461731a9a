"""Resizing and CenterCrop give pictures, masks and boxes of the size that Keras gives."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same, case, each

import lamina
from lamina import layers

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 6, 8, 3)).astype("uint8")
SIZE = {"height": 4, "width": 5}

CASES = [
    case("Resizing", (2, 6, 8, 3), **SIZE),
    case("Resizing", IMAGES, **SIZE, interpolation="bicubic", antialias=True),
    case("Resizing", IMAGES[0], **SIZE, interpolation="nearest"),
    case("Resizing", (2, 3, 6, 8), **SIZE, crop_to_aspect_ratio=True, data_format="channels_first").when(known=(1,)),
    case("Resizing", (2, 6, 8, 3), height=9, width=4, pad_to_aspect_ratio=True, fill_value=0.5),
    case("Resizing", (2, 6, 8, 3), **SIZE, bounding_box_format="xywh"),
    case("CenterCrop", (2, 6, 8, 3), **SIZE),
    case("CenterCrop", IMAGES, height=6, width=3),
    case("CenterCrop", IMAGES[1], height=7, width=5),
    case("CenterCrop", (2, 3, 6, 8), height=3, width=4, data_format="channels_first").when(known=(1,)),
]


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each(CASES)
def test_symbolic_shapes_equal_those_of_keras(case):
    ours, theirs = case.make(lamina), case.make(keras)
    images = case.arrays()
    unknown = (None, *images.shape[1:]) if images.ndim == 4 else images.shape
    given = ours(lamina.KerasTensor(unknown, str(images.dtype)))
    assert given.shape == theirs.compute_output_shape(unknown)
    assert given.dtype == ours(images).dtype


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


FORMATS = ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"]
BOXES = [[[1, 1, 3, 4], [0, 0, 8, 6], [-1, -1, -1, -1]], [[7, 5, 1, 1], [2, 2, 2, 3], [0, 0, 0, 0]]]
KINDS = [
    ("Resizing", SIZE),
    ("Resizing", {**SIZE, "crop_to_aspect_ratio": True}),
    ("Resizing", {"height": 9, "width": 4, "pad_to_aspect_ratio": True}),
    ("CenterCrop", SIZE),
    ("CenterCrop", {"height": 7, "width": 5}),
]


def everything(box_format):
    scale = np.array([[[8, 6, 8, 6]]] if "yx" not in box_format else [[[6, 8, 6, 8]]], "float32")
    boxes = np.array(BOXES, "float32")
    relative = np.where(boxes < 0, boxes, boxes / scale)
    return {
        "images": IMAGES.astype("float32"),
        "labels": np.array([1, 2]),
        "segmentation_masks": IMAGES[..., :1] // 64,
        "bounding_boxes": {
            "boxes": relative if box_format.startswith("rel") else boxes,
            "labels": np.array([[1, 2, 3], [4, 5, -1]]),
        },
    }


@pytest.mark.parametrize("box_format", FORMATS)
@pytest.mark.parametrize(("name", "arguments"), KINDS, ids=str)
def test_what_belongs_to_pictures_follows_them_as_in_keras(name, arguments, box_format):
    ours, theirs = (
        getattr(library.layers, name)(**arguments, bounding_box_format=box_format) for library in (lamina, keras)
    )
    given, wanted = ours(everything(box_format)), theirs(everything(box_format))
    assert set(given) == set(wanted)
    assert_same(given, wanted, tolerance=1e-4)


@pytest.mark.parametrize(("name", "arguments"), KINDS[2:4], ids=str)
def test_single_pictures_are_changed_like_batches(name, arguments):
    layer = getattr(layers, name)(**arguments, bounding_box_format="xyxy")
    data = everything("xyxy")
    one = {key: value[1] for key, value in data.items() if key != "bounding_boxes"}
    one["bounding_boxes"] = {key: value[1] for key, value in data["bounding_boxes"].items()}
    batch, single = layer(data), layer(one)
    for key in ("images", "segmentation_masks", "labels"):
        assert_same(single[key], batch[key][1])
    assert_same(single["bounding_boxes"], {key: value[1] for key, value in batch["bounding_boxes"].items()})
    size = layer.get_random_transformation(one)
    assert_same(layer.transform_single_image(one["images"], size), single["images"])
    assert_same(layer.transform_single_bounding_box(one["bounding_boxes"], size), single["bounding_boxes"])


def test_pictures_are_fitted_in_models_and_files(tmp_path):
    stack = [layers.Resizing(8, 8, interpolation="bicubic"), layers.CenterCrop(4, 6), layers.Flatten()]
    model = lamina.Sequential([layers.Input((6, 8, 3)), *stack])
    x = IMAGES.astype("float32")
    expected = model.predict(x, verbose=0)
    assert expected.shape == (2, 72)
    model.save(tmp_path / "model.keras")
    assert_same(lamina.saving.load_model(tmp_path / "model.keras").predict(x, verbose=0), expected)
    assert_same(np.asarray(keras.saving.load_model(tmp_path / "model.keras")(x)), expected, tolerance=1e-3)


def test_what_has_no_meaning_is_refused():
    with pytest.raises(ValueError, match="rank 3"):
        layers.Resizing(2, 2)(np.ones((2, 2)))
    with pytest.raises(ValueError, match="Only one of"):
        layers.Resizing(2, 2, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)(IMAGES)
    with pytest.raises(ValueError, match="bounding box format"):
        layers.CenterCrop(2, 2)(everything("xyxy"))
    with pytest.raises(ValueError, match="Supported formats"):
        layers.CenterCrop(2, 2, bounding_box_format="corners")(everything("xyxy"))
    with pytest.raises(ValueError, match="'boxes' and 'labels'"):
        layers.CenterCrop(2, 2, bounding_box_format="xyxy")({"images": IMAGES, "bounding_boxes": {"boxes": BOXES[0]}})

"""Bounding boxes follow the pixels of pictures, and are converted, compared and encoded as by Keras."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same

import lamina
from lamina import layers
from lamina.utils import bounding_boxes as boxes

RNG = np.random.default_rng(0)
HEIGHT, WIDTH = 12, 30
CORNERS = np.array([[12, 4, 17, 8], [13, 3, 18, 8], [11, 4, 16, 7]], "float32")
IMAGES = np.zeros((3, HEIGHT, WIDTH, 1), "float32")
for image, (x1, y1, x2, y2) in zip(IMAGES, CORNERS.astype(int), strict=True):
    image[y1:y2, x1:x2] = 1

FLIP = ("RandomFlip", {"mode": "horizontal"})
MOVES = [
    FLIP,
    ("RandomFlip", {"mode": "vertical"}),
    ("RandomFlip", {}),
    ("RandomTranslation", {"height_factor": 0.3, "width_factor": (0.1, 0.2), "fill_mode": "constant"}),
    ("RandomRotation", {"factor": 0.3, "fill_mode": "constant"}),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": (-0.2, 0.4), "fill_mode": "constant"}),
    ("RandomShear", {"x_factor": 0.3, "y_factor": 0.2, "fill_mode": "constant"}),
    ("RandomPerspective", {"scale": 0.4, "factor": (1.0, 1.0)}),
]
CROPS = [
    ("RandomCrop", {"height": 9, "width": 20}),
    ("RandomCrop", {"height": 14, "width": 10}),
]


def data(corners=CORNERS[:, None]):
    """Pictures with a white rectangle each, in a box."""
    return {"images": IMAGES, "bounding_boxes": {"boxes": corners, "labels": np.array([[1], [2], [3]], "int32")}}


@pytest.mark.parametrize(("name", "arguments"), MOVES + CROPS, ids=str)
def test_boxes_are_around_what_they_were_around(name, arguments):
    out = getattr(layers, name)(**arguments, seed=1, bounding_box_format="xyxy")(data(), training=True)
    for image, box in zip(np.asarray(out["images"]), np.asarray(out["bounding_boxes"]["boxes"][:, 0]), strict=True):
        rows, columns, _ = np.nonzero(image > 0.3)
        seen = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(box, seen, atol=2)
    np.testing.assert_array_equal(out["bounding_boxes"]["labels"], data()["bounding_boxes"]["labels"])


# Keras takes rows for columns in RandomCrop and fractions of the width for those of the height in RandomShear.
@pytest.mark.parametrize(("name", "arguments"), [m for m in MOVES if m[0] != "RandomShear"], ids=str)
def test_boxes_go_where_keras_puts_them(name, arguments):
    ours, theirs = (
        getattr(library.layers, name)(**arguments, seed=1, bounding_box_format="xyxy") for library in (lamina, keras)
    )
    transformation = ours.get_random_transformation(data())
    more = np.concatenate([data()["bounding_boxes"]["boxes"], [[[-5, 2, -1, 3]], [[1, 0, 16, 9]], [[9, 9, 30, 40]]]], 1)
    given = ours.transform_bounding_boxes({"boxes": more, "labels": np.ones((3, 2), "int32")}, transformation)
    more = {"boxes": more.astype("float32"), "labels": np.ones((3, 2), "int32")}
    wanted = theirs.transform_bounding_boxes(more, transformation)
    if name == "RandomFlip":  # Keras cuts nothing off at the right and below
        wanted = boxes.clip_to_image_size(wanted, HEIGHT, WIDTH)
    assert_same(given, wanted, tolerance=1e-4)


@pytest.mark.parametrize(("name", "arguments"), [FLIP, MOVES[4], CROPS[1]], ids=str)
def test_boxes_keep_their_format(name, arguments):
    layer = getattr(layers, name)
    wanted = layer(**arguments, seed=1, bounding_box_format="xyxy")(data())
    size = wanted["images"].shape[1:3]
    relative = boxes.convert_format(CORNERS[:, None], "xyxy", "rel_center_xywh", HEIGHT, WIDTH)
    given = layer(**arguments, seed=1, bounding_box_format="rel_center_xywh")(data(relative))["bounding_boxes"]
    back = boxes.convert_format(given, "rel_center_xywh", "xyxy", *size)
    assert_same(back, wanted["bounding_boxes"], tolerance=1e-4)


def test_boxes_of_one_picture_are_a_batch_of_one():
    batch, one = (layers.RandomFlip(seed=1, bounding_box_format="xyxy") for _ in range(2))
    batch = batch({"images": IMAGES[:1], "bounding_boxes": {"boxes": CORNERS[:1, None], "labels": np.array([[1]])}})
    one = one({"images": IMAGES[0], "bounding_boxes": {"boxes": CORNERS[:1], "labels": np.array([1])}})
    assert_same(one["bounding_boxes"], {name: value[0] for name, value in batch["bounding_boxes"].items()})


def test_boxes_that_leave_the_picture_lose_their_class_and_filling_stays_filling():
    layer = layers.RandomTranslation((0.5, 0.5), 0.0, bounding_box_format="xyxy")
    given = {"boxes": np.array([[[0, 0, 4, 4], [0, 8, 4, 9], [-1, -1, -1, -1]]] * 3), "labels": [[7, 8, -1]] * 3}
    out = layer.transform_bounding_boxes(given, layer.get_random_transformation(IMAGES))
    assert out["labels"][0].tolist() == [7, -1, -1]
    assert out["boxes"][0, 0].tolist() == [0, 6, 4, 10]
    assert out["boxes"][0, 2].tolist() == [0, 0, 0, 0]


def test_boxes_on_a_picture_that_collapses_are_finite():
    layer = layers.RandomShear((1.0, 1.0), (1.0, 1.0), bounding_box_format="xyxy")
    out = layer.transform_bounding_boxes(data()["bounding_boxes"], layer.get_random_transformation(IMAGES))
    assert np.all(np.isfinite(out["boxes"]))


def test_boxes_pass_through_models_and_stay_in_inference():
    inputs = {
        "images": layers.Input((HEIGHT, WIDTH, 1)),
        "bounding_boxes": {"boxes": layers.Input((None, 4)), "labels": layers.Input((None,), dtype="int32")},
    }
    model = lamina.Model(inputs, layers.RandomFlip("vertical", seed=1, bounding_box_format="xyxy")(inputs))
    assert model.output["bounding_boxes"]["boxes"].shape == (None, None, 4)
    assert_same(model(data(), training=False), data())
    wanted = layers.RandomFlip("vertical", seed=1, bounding_box_format="xyxy")(data(), training=True)
    assert_same(model(data(), training=True), wanted)


@pytest.mark.parametrize("name", ["CutMix", "RandomElasticTransform"])
def test_boxes_are_refused_where_they_cannot_follow(name):
    with pytest.raises(NotImplementedError, match=name):
        getattr(layers, name)(bounding_box_format="xyxy").transform_bounding_boxes(data()["bounding_boxes"], {})
    with pytest.raises(ValueError, match="bounding box format"):
        getattr(layers, name)()(data())


@pytest.mark.parametrize(("number", "labels"), [(1, [[1], [2], [3]]), (3, [[1, 9, 9], [2, 9, 9], [3, 9, 9]])])
def test_boxes_are_cut_or_filled_up_to_a_number(number, labels):
    ours, theirs = (
        library.layers.MaxNumBoundingBoxes(number, fill_value=9, bounding_box_format="xyxy")
        for library in (lamina, keras)
    )
    given = ours(data())
    assert given["bounding_boxes"]["labels"].tolist() == labels
    assert_same(given, theirs(data()))
    again = layers.MaxNumBoundingBoxes.from_config(ours.get_config())
    assert (again.max_number, again.fill_value, again.bounding_box_format) == (number, 9, "xyxy")


# --- utils.bounding_boxes --------------------------------------------------------------------------------------

FORMATS = ["xyxy", "rel_yxyx", "yxyx", "rel_xywh", "center_xywh", "rel_center_xywh", "rel_xyxy", "xywh", "center_yxhw"]
SOME = RNG.random((2, 3, 4)).astype("float32") * 9
SOME = np.concatenate([SOME[..., :2], SOME[..., :2] + SOME[..., 2:] + 0.5], -1)
OTHERS = SOME[0] + RNG.random((3, 4)).astype("float32")
PAIRS = np.float32([[30, -70], [0.1, 0.3], [0.2, 0], [1, 1.5], [5, -9], [20, 0]])  # angle ... shear_y


@pytest.mark.parametrize(("source", "target"), list(zip(FORMATS, FORMATS[1:] + FORMATS[:1], strict=True)))
def test_formats_are_those_of_keras(source, target):
    given, wanted = (
        b.convert_format({"boxes": SOME, "labels": 1}, source.upper(), target, height=20, width=10)
        for b in (boxes, keras.utils.bounding_boxes)
    )
    assert_same(given["boxes"], wanted["boxes"])
    assert given["labels"] == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("clip_to_image_size", ({"boxes": SOME - 3, "labels": np.array([[1, 2, 3]] * 2)}, 5, 4)),
        ("clip_to_image_size", ({"boxes": SOME / 9 - 0.3}, None, None, "rel_xyxy")),
        ("crop", (SOME, 2, 1, 4, 3)),
        ("pad", (SOME, 2, 1)),
        ("affine_transform", (SOME, *PAIRS, 20, 10)),
        ("affine_transform", (SOME, *PAIRS, 20, 10, 0.2, 0.7)),
        ("encode_box_to_deltas", (OTHERS, SOME, "xyxy", "xyxy", "center_xywh", [0.1, 0.2, 0.3, 0.4])),
        ("encode_box_to_deltas", (OTHERS / 9, SOME, "rel_xyxy", "yxyx", "center_yxhw", None, (9, 9, 3))),
        ("decode_deltas_to_boxes", (OTHERS, SOME / 9, "xyxy", "xywh", "center_yxhw", [0.1, 0.2, 0.3, 0.4])),
        ("decode_deltas_to_boxes", ({1: OTHERS}, {1: SOME / 9}, "xyxy", "rel_xyxy", "center_xywh", None, (9, 9, 3))),
        ("compute_iou", (SOME, OTHERS, "xyxy")),
        ("compute_iou", (OTHERS, SOME, "yxyx")),
        ("compute_iou", (SOME / 9, SOME[:, :2] / 9, "rel_xywh", False, -1, (9, 12, 3))),
        ("compute_iou", (SOME - [[[30]], [[0]]], SOME[:, :2], "xyxy", True, -5)),
        ("compute_ciou", (SOME, OTHERS, "xyxy")),
    ],
)  # fmt: skip
def test_functions_are_those_of_keras(name, arguments):
    given, wanted = (getattr(b, name)(*arguments) for b in (boxes, keras.utils.bounding_boxes))
    assert_same(given, wanted, tolerance=1e-4)


def test_deltas_lead_back_to_the_boxes():
    arguments = "xyxy", "xywh", "center_yxhw", [0.1, 0.1, 0.2, 0.2]
    written = boxes.convert_format(SOME, "xyxy", "xywh")
    deltas = boxes.encode_box_to_deltas(OTHERS, written, *arguments)
    np.testing.assert_allclose(boxes.decode_deltas_to_boxes(OTHERS, deltas, *arguments), written, rtol=1e-4)


def test_relative_boxes_have_a_complete_iou():
    """Where Keras refuses them although it is told the size."""
    given = boxes.compute_ciou(SOME / 9, OTHERS / 9, "rel_xyxy", image_shape=(9, 9, 3))
    np.testing.assert_allclose(given, boxes.compute_ciou(SOME, OTHERS, "xyxy"), rtol=1e-4)


@pytest.mark.parametrize(
    ("error", "match", "call"),
    [
        (ValueError, "Supported formats", lambda b: b.convert_format(SOME, "corners", "xyxy")),
        (ValueError, "last dimension of 4", lambda b: b.convert_format(SOME[..., :3], "xyxy", "xywh")),
        (ValueError, "must receive `height` and `width`", lambda b: b.convert_format(SOME, "xyxy", "rel_xyxy")),
        (ValueError, "must be set", lambda b: b.clip_to_image_size({"boxes": SOME})),
        (NotImplementedError, None, lambda b: b.clip_to_image_size({"boxes": SOME}, 1, 1, "xywh")),
        (NotImplementedError, None, lambda b: b.crop(SOME, 1, 1, 2, 2, "xywh")),
        (NotImplementedError, None, lambda b: b.pad(SOME, 1, 1, bounding_box_format="xywh")),
        (NotImplementedError, None, lambda b: b.affine_transform(SOME, *[0] * 6, 1, 1, bounding_box_format="xywh")),
        (ValueError, "encoding_format", lambda b: b.encode_box_to_deltas(SOME[0], SOME, "xyxy", "xyxy", "xyxy")),
        (ValueError, "length 4", lambda b: b.decode_deltas_to_boxes(SOME[0], SOME, "xyxy", "xyxy", variance=[1, 2])),
        (ValueError, "compute_iou", lambda b: b.compute_iou(SOME[0, 0], SOME, "xyxy")),
        (ValueError, "image_shape", lambda b: b.compute_iou(SOME, SOME, "rel_xyxy")),
        (ValueError, "image_shape", lambda b: b.compute_ciou(SOME, SOME, "rel_xyxy")),
    ],
)
def test_what_has_no_meaning_is_refused_as_by_keras(error, match, call):
    for library in (keras.utils.bounding_boxes, boxes):
        with pytest.raises(error, match=match):
            call(library)

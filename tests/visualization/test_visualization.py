"""Boxes, names and masks in pictures; galleries, on a stand-in for matplotlib that keeps what it is told."""

import sys
import types

import keras
import numpy as np
import pytest

from lamina import visualization

GRAY = np.full((1, 11, 14, 3), 10, "uint8")
BOX = {"boxes": np.array([[[4.0, 4.0, 9.0, 7.0]]]), "labels": np.array([[1]])}
LINES = {  # the upper left quarter of the box's border, as OpenCV draws it for Keras
    1: ["........", "........", "........", "........", "....####", "....#..."],
    2: ["........", "........", "........", "....####", "...#####", "...#####"],
    3: ["........", "........", "....####", "...#####", "..######", "..######"],
}


@pytest.mark.parametrize("thickness", LINES)
def test_lines_lie_around_the_border_of_a_box(thickness):
    drawn = visualization.draw_bounding_boxes(GRAY, BOX, "xyxy", color=(7, 8, 9), line_thickness=thickness)
    is_drawn = (drawn[0] == (7, 8, 9)).all(-1)
    assert ["".join("#" if x else "." for x in row[:8]) for row in is_drawn[:6]] == LINES[thickness]
    np.testing.assert_array_equal(drawn[0][~is_drawn], 10)
    assert (GRAY == 10).all()


def test_boxes_come_in_any_format_and_pictures_in_any_range():
    relative = {"boxes": np.array([[[4 / 14, 4 / 11, 5 / 14, 3 / 11]]]) + 1e-6, "labels": BOX["labels"]}
    drawn = visualization.draw_bounding_boxes(GRAY.astype("float32") / 255, relative, "rel_xywh")
    np.testing.assert_array_equal(drawn, visualization.draw_bounding_boxes(GRAY, BOX, "xyxy"))
    nothing = {"boxes": BOX["boxes"], "labels": np.array([[-1]])}
    np.testing.assert_array_equal(visualization.draw_bounding_boxes(GRAY, nothing, "xyxy"), GRAY)


@pytest.mark.parametrize(("y", "rows"), [(40, slice(10, 40)), (5, slice(8, 40))])
def test_names_stand_above_the_box_or_inside_where_there_is_no_room(y, rows):
    pictures = np.zeros((1, 90, 120, 3), "uint8")
    boxes = {"boxes": np.array([[[5, y, 100, 80]]]), "labels": [[1]], "confidences": [[0.5]]}
    plain = visualization.draw_bounding_boxes(pictures, boxes, "xyxy", {2: "cat"}, line_thickness=1)
    named = visualization.draw_bounding_boxes(pictures, boxes, "xyxy", {1: "cat"}, line_thickness=1)
    changed = np.nonzero((plain != named).any(-1)[0])[0]
    assert changed.size > 50
    assert rows.start <= changed.min() <= changed.max() < rows.stop


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"num_classes": 4, "alpha": 0.3, "ignore_index": 2},
        {"num_classes": 3, "blend": False},
        {"num_classes": 3, "color_mapping": {0: (1, 2, 3), 1: (250, 0, 9), 2: (0, 99, 0)}},
    ],
)
def test_masks_are_those_of_keras(options):
    rng = np.random.default_rng(1)
    images, masks = rng.uniform(0, 255, (2, 5, 6, 3)), rng.integers(0, 4, (2, 5, 6, 1))
    found = visualization.draw_segmentation_masks(images, masks, **options)
    expected = keras.visualization.draw_segmentation_masks(images, masks, **options)
    np.testing.assert_array_equal(found, expected)
    first = visualization.draw_segmentation_masks(
        images.transpose(0, 3, 1, 2), masks.transpose(0, 3, 1, 2), data_format="channels_first", **options
    )
    np.testing.assert_array_equal(first, expected)


class Told:
    """Keep the names and arguments of all calls, and give itself where something is returned."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args, **kwargs):
            self.calls.append((name, args, kwargs))
            return self

        return call

    def of(self, name):
        return [args for called, args, _ in self.calls if called == name]


@pytest.fixture
def pyplot(monkeypatch):
    told = Told()

    def subplots(rows, cols, **kwargs):
        told.calls.append(("subplots", (rows, cols), kwargs))
        return told, np.array([[told] * cols] * rows)

    module = types.ModuleType("matplotlib")
    module.pyplot = types.SimpleNamespace(subplots=subplots, show=told.show, close=told.close)
    module.patches = types.SimpleNamespace(Patch=lambda **kwargs: kwargs["label"])
    for name, part in (("", module), (".pyplot", module.pyplot), (".patches", module.patches)):
        monkeypatch.setitem(sys.modules, f"matplotlib{name}", part)
    return told


def test_a_gallery_shows_every_picture_with_its_labels(pyplot):
    images = np.linspace(0, 1, 3 * 4 * 4 * 3).reshape(3, 4, 4, 3)
    labels = {"y_true": np.array([0, 1, 5]), "y_pred": [1, 1, 1], "label_map": {0: "cat", 1: "dog"}}
    visualization.plot_image_gallery(images, value_range=(0, 1), **labels)
    assert pyplot.of("subplots") == [(2, 2)]
    np.testing.assert_array_equal([picture for (picture,) in pyplot.of("imshow")], (images * 255).astype("uint8"))
    titles = [title for (title,) in pyplot.of("set_title")]
    assert titles == ["Label: cat  Pred: dog", "Label: dog  Pred: dog", "Label: Unknown  Pred: dog"]
    assert pyplot.of("show") == [()]


def test_a_gallery_is_written_to_a_file(pyplot):
    visualization.plot_image_gallery(np.zeros((2, 3, 4, 4)), path="gallery.png", data_format="channels_first", cols=2)
    assert pyplot.of("savefig") == [("gallery.png",)]
    assert pyplot.of("subplots") == [(1, 2)]
    assert pyplot.of("imshow")[0][0].shape == (4, 4, 3)
    assert pyplot.of("show") == []


def test_galleries_of_boxes_and_masks_show_what_is_drawn(pyplot):
    visualization.plot_bounding_box_gallery(GRAY, "xyxy", BOX, BOX, legend=True, rows=1, cols=1)
    (shown,) = pyplot.of("imshow")[0]
    np.testing.assert_array_equal(shown, visualization.draw_bounding_boxes(GRAY, BOX, "xyxy", color=(255, 235, 59))[0])
    assert ("legend", (), {"handles": ["Ground Truth", "Prediction"], "loc": "lower center"}) in pyplot.calls
    masks = np.ones((1, 11, 14, 1), "int32")
    visualization.plot_segmentation_mask_gallery(GRAY, 2, y_true=masks, y_pred=1 - masks)
    pictures = [picture for (picture,) in pyplot.of("imshow")[1:]]
    drawn = [visualization.draw_segmentation_masks(GRAY, x, 2)[0] for x in (masks, 1 - masks)]
    np.testing.assert_array_equal(pictures, [GRAY[0], *drawn])


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda v: v.draw_bounding_boxes(GRAY[0], BOX, "xyxy"), ValueError, "batched 4D"),
        (lambda v: v.draw_bounding_boxes(GRAY, [], "xyxy"), TypeError, "should be a dict"),
        (lambda v: v.draw_bounding_boxes(GRAY, {"boxes": 1}, "xyxy"), ValueError, "'labels'"),
        (lambda v: v.draw_segmentation_masks(GRAY[0], GRAY), ValueError, "batched 4D"),
        (lambda v: v.draw_segmentation_masks(GRAY, np.zeros((1, 11, 14, 1))), TypeError, "integer dtype"),
        (lambda v: v.plot_image_gallery(GRAY, path="x", show=True), ValueError, "either `path`"),
        (lambda v: v.plot_image_gallery(GRAY, y_true=[1]), ValueError, "`label_map` must also"),
        (lambda v: v.plot_image_gallery(GRAY[0]), ValueError, "batched 4D"),
        (lambda v: v.plot_bounding_box_gallery(GRAY, "xyxy", legend=True, legend_handles=[1]), ValueError, "OR"),
    ],
)
def test_what_cannot_be_drawn_is_told(pyplot, call, kind, text):
    with pytest.raises(kind, match=text):
        call(visualization)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"lamina\[plots\]"):
        visualization.plot_image_gallery(GRAY)

import re
import struct
import zlib
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from lamina.demo import charts, png, report


@pytest.fixture
def results():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3), size=40)
    return report.Results(
        title="Three <classes> & more",
        seconds=12.34,
        history={
            "accuracy": [0.5, 0.9],
            "loss": [1.0, 0.1],
            "val_accuracy": [0.6, 0.8],
            "val_loss": [0.9, float("nan")],
        },
        images=rng.integers(0, 256, (40, 5, 7), dtype="uint8"),
        labels=rng.integers(0, 3, 40),
        probabilities=probabilities,
        layers=[
            report.LayerRow("flatten", "Flatten", (None, 35), 0),
            report.LayerRow("dense", "Dense", (None, 3), 108_000),
        ],
        explanations={"What Flatten does": "[h, w] -> h*7 + w  <- row-major"},
        notes=("A line & another",),
    )


def parsed(text):
    """Read a page as XML, which fails where a tag is left open or an entity is unknown."""
    return ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def words_of(page):
    return " ".join(parsed(page).itertext())


class Attributes(HTMLParser):
    """Collect every attribute of a page."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [(tag, name, value) for name, value in attrs]


def test_the_page_is_well_formed(results):
    tree = parsed(report.page(results))
    assert tree.tag == "html"
    assert [child.tag for child in tree] == ["head", "body"]


def test_the_page_asks_for_nothing_outside_itself(results):
    page = report.page(results)
    assert "://" not in page
    assert "@import" not in page
    assert "url(" not in page
    tags = {tag for tag, _, _ in Attributes(page).found}
    assert not tags & {"script", "link", "iframe", "object"}
    sources = [value for _, name, value in Attributes(page).found if name in ("src", "href", "srcset")]
    assert sources
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_the_page_has_dark_and_light_colours(results):
    page = report.page(results)
    assert "prefers-color-scheme: dark" in page
    assert "color-scheme: light dark" in page


def test_text_from_outside_is_escaped(results):
    page = report.page(results)
    assert "<title>Three &lt;classes&gt; &amp; more</title>" in page
    assert "[h, w] -> h*7 + w  <- row-major" in words_of(page)


def test_the_head_says_how_many_were_right(results):
    right = (results.probabilities.argmax(1) == results.labels).sum()
    text = words_of(report.page(results))
    assert f"{right / 40:.2%}" in text
    assert f"{40 - right} of 40" in text
    assert "108,000" in text
    assert "12.3 s" in text


def test_layers_are_listed_in_order_with_their_shapes_and_the_total(results):
    text = words_of(report.page(results))
    assert re.search(r"flatten.*\(None, 35\).*dense.*\(None, 3\).*108,000.*all together.*108,000", text)


def test_every_metric_has_a_chart_with_both_curves(results):
    tree = parsed(report.page(results))
    drawn = list(tree.iter("svg"))
    assert [svg.get("aria-label") for svg in drawn] == ["accuracy per epoch", "loss per epoch"]
    assert [len(svg.findall("polyline")) for svg in drawn] == [2, 2]


def test_confusion_counts_truth_by_row_and_answer_by_column():
    matrix = report.confusion_matrix([0, 0, 1, 2, 2, 2], [0, 1, 1, 0, 2, 2], 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_confusion_of_uint8_labels_does_not_wrap_around():
    labels = np.full(3, 200, "uint8")
    assert report.confusion_matrix(labels, labels, 201)[200, 200] == 3


def test_the_confusion_table_holds_every_count(results):
    tree = parsed(report.page(results))
    table = next(table for table in tree.iter("table") if table.get("class") == "confusion")
    counts = [[int(cell.text) for cell in row.findall("td")] for row in table.find("tbody")]
    matrix = report.confusion_matrix(results.labels, results.probabilities.argmax(1), 3)
    assert counts == matrix.tolist()


def test_worst_mistakes_come_first_and_right_answers_never():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.1, 0.9], [0.99, 0.01]])
    assert report.worst_mistakes([0, 1, 1, 1], probabilities, 10).tolist() == [3, 1]
    assert report.worst_mistakes([0, 1, 1, 1], probabilities, 1).tolist() == [3]


def test_mistakes_are_shown_as_the_images_themselves(results):
    tree = parsed(report.page(results))
    shown = [image.get("src") for image in tree.iter("img")]
    worst = report.worst_mistakes(results.labels, results.probabilities, report.MISTAKES_SHOWN)
    assert shown == [png.data_uri(results.images[index]) for index in worst]


def test_a_model_without_mistakes_says_so(results):
    certain = np.eye(3)[results.labels]
    perfect = report.Results(**{**vars(results), "probabilities": certain})
    page = report.page(perfect)
    parsed(page)
    assert "every image was got right" in page


@pytest.mark.parametrize("epochs", [1, 2, 37])
def test_a_chart_has_one_dot_per_epoch_inside_its_frame(epochs):
    drawn = ElementTree.fromstring(charts.line_chart("loss", {"training": [1 / (n + 1) for n in range(epochs)]}))
    dots = drawn.findall("circle")
    assert len(dots) == epochs
    assert all(0 <= float(dot.get("cx")) <= charts.WIDTH for dot in dots)
    assert all(0 <= float(dot.get("cy")) <= charts.HEIGHT for dot in dots)


@pytest.mark.parametrize("values", [[], [float("nan")], [float("inf"), 1.0], [0.0, 0.0], [-3e9, 3e9]])
def test_a_chart_of_odd_values_is_still_well_formed(values):
    text = charts.line_chart("odd", {"training": values})
    ElementTree.fromstring(text)
    assert "nan" not in text
    assert "inf" not in text


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.913, 0.987), (1e-7, 3e-7), (-5.0, 5.0), (3.0, 3.0)])
def test_ticks_are_few_evenly_spaced_and_enclose_the_values(low, high):
    ticks = charts.nice_ticks(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 3 <= len(ticks) <= 8
    np.testing.assert_allclose(np.diff(ticks), ticks[1] - ticks[0])


def decoded(picture):
    """Read a grey PNG without filters back, checking every checksum."""
    chunks, rest = {}, picture[8:]
    while rest:
        size, kind = struct.unpack(">I4s", rest[:8])
        data, checksum = rest[8 : 8 + size], rest[8 + size : 12 + size]
        assert checksum == struct.pack(">I", zlib.crc32(kind + data))
        chunks[kind], rest = data, rest[12 + size :]
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 0)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), "uint8").reshape(height, width + 1)
    assert not rows[:, 0].any()
    return rows[:, 1:]


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (5, 9)])
def test_a_picture_can_be_read_back(shape):
    image = np.random.default_rng(1).integers(0, 256, shape, dtype="uint8")
    np.testing.assert_array_equal(decoded(png.encode(image)), image)
    np.testing.assert_array_equal(decoded(png.encode(image.T)), image.T)

"""The colours, as they are and as people see them who lack one kind of cones."""

import base64
import re

import numpy as np
import pytest

from lamina.view import page, palette

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency",
# table 1, severity 1.0; on linear RGB.
SEEN = {
    "by all": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# OKLab, B. Ottosson 2020: from linear RGB to cones, from their cube roots to lightness and two opponent axes.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
DIFFERENT = 0.08  # in OKLab, where 0.02 can just be told apart


def seen(colours, kind):
    """Return colours as OKLab, as somebody sees them."""
    curved = np.asarray(colours, "float64") / 255
    linear = np.where(curved <= 0.04045, curved / 12.92, ((curved + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(SEEN[kind]), 0, 1)
    return np.cbrt(linear @ CONES.T) @ OPPONENTS.T


@pytest.mark.parametrize("kind", SEEN)
def test_larger_values_are_lighter_in_even_steps(kind):
    lightness = seen(palette.SEQUENTIAL, kind)[:, 0]
    steps = np.diff(lightness[::16])
    assert steps.min() > 0.5 * steps.mean()
    assert steps.max() < 1.6 * steps.mean()
    assert lightness[-1] - lightness[0] > 0.6


@pytest.mark.parametrize("kind", SEEN)
def test_less_and_more_are_told_apart_and_both_grow_lighter(kind):
    table = seen(palette.DIVERGING, kind)
    below, above = table[:128][::-1], table[128:]
    for side in (below, above):
        assert (np.diff(side[::8, 0]) > 0).all()
    distance = np.linalg.norm(below - above, axis=1)
    assert distance[32:].min() > DIFFERENT  # from a quarter of the way on


@pytest.mark.parametrize("kind", SEEN)
def test_lines_and_letters_for_less_and_more_are_told_apart(kind):
    style = (page.WEB / "style.css").read_text()
    pairs = {name: re.search(rf"--{name}: light-dark\(#(\w+), #(\w+)\)", style).groups() for name in ("plus", "minus")}
    for plus, minus in zip(pairs["plus"], pairs["minus"], strict=True):
        colours = seen([list(bytes.fromhex(plus)), list(bytes.fromhex(minus))], kind)
        assert np.linalg.norm(colours[0] - colours[1]) > DIFFERENT


def test_the_page_has_its_colours_from_the_palette():
    module = palette.module()
    for name, table in (("sequential", palette.SEQUENTIAL), ("diverging", palette.DIVERGING)):
        written = re.search(rf'export const {name} = "([^"]+)"', module)[1]
        assert base64.b64decode(written) == table.tobytes()
        assert written in page.script()

"""The colours of values: two maps with even steps of lightness, which do not rely on telling red from green.

Both the still pictures and the page have them from here.

Source: OKLab by B. Ottosson 2020.
"""

import base64

import numpy as np


def colours(values):
    """Return the colours of some values: from 0 up, or even to both sides of 0 where some are below it.

    Shapes:   values (...) -> (..., 3) uint8.
    Example:
        >>> import numpy as np
        >>> colours(np.array([0.0, 1.0])).tolist()
        [[12, 7, 37], [244, 232, 187]]
    """
    most = max(values.max(initial=0), -values.min(initial=0)) or 1
    signed = values.min(initial=0) < 0
    t = (values / most + 1) / 2 if signed else values / most
    table = DIVERGING if signed else SEQUENTIAL
    return table[np.clip(np.round(255 * t), 0, 255).astype(int)]


def module():
    """Return the maps as a module for the page: base64 of 256 colours each, three bytes a colour."""
    texts = {name: base64.b64encode(table.tobytes()).decode() for name, table in _TABLES.items()}
    return "".join(f'export const {name} = "{text}";\n' for name, text in texts.items())


def _oklch(lightness, chroma, hue):
    """Return one colour as sRGB bytes, with less chroma where a screen has none so strong."""
    a, b = chroma * np.cos(np.radians(hue)), chroma * np.sin(np.radians(hue))
    cones = (
        np.array([[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.291485548]])
        @ [lightness, a, b]
    ) ** 3
    linear = _TO_RGB @ cones
    if chroma > 0.001 and ((linear < -0.002) | (linear > 1.002)).any():
        return _oklch(lightness, 0.97 * chroma, hue)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)
    return np.round(255 * np.clip(curved, 0, 1)).astype("uint8")


_TO_RGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.707614701],
    ]
)


def _sequential(t):
    """From dark indigo over teal to yellow."""
    return _oklch(0.16 + 0.77 * t, 0.06 + 0.03 * np.sin(np.pi * t), 285 - 190 * t)


def _diverging(t):
    """Blue below the middle, dark in the middle, orange above."""
    distance = abs(2 * t - 1)
    return _oklch(0.19 + 0.64 * distance, 0.145 * min(1, 1.4 * distance), 250 if t < 0.5 else 62)


SEQUENTIAL, DIVERGING = (np.array([map_(i / 255) for i in range(256)]) for map_ in (_sequential, _diverging))
_TABLES = {"sequential": SEQUENTIAL, "diverging": DIVERGING}

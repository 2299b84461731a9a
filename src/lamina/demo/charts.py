"""Learning curves as inline SVG. Colours are CSS variables, so that the page decides on dark and light."""

from html import escape
from math import floor, log10

WIDTH, HEIGHT = 460, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 14, 34


def nice_ticks(low, high, about=5):
    """Return round numbers from below `low` to above `high`.

    Args:
        about: how many are wanted [count].
    Example:
        >>> nice_ticks(0.03, 0.41)
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
        >>> nice_ticks(2.0, 2.0)
        [1.0, 1.5, 2.0, 2.5, 3.0]
    """
    if low == high:
        low, high = low - 1, high + 1
    rough = (high - low) / (about - 1)
    magnitude = 10.0 ** floor(log10(rough))
    step = next(unit * magnitude for unit in (1, 2, 2.5, 5, 10) if unit * magnitude >= rough * 0.999)
    first = floor(low / step + 1e-9)
    last = -floor(-high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def line_chart(title, series):
    """Draw lines over epochs 1, 2, ….

    Args:
        title: what the chart shows.
        series: dict of a line's name to its values, one per epoch; values that are not finite are left out.
    Returns:  the text of an `<svg>` element.
    Example:
        >>> line_chart("loss", {"training": [0.4, 0.1], "held out": [0.2, 0.15]})[:17]
        '<svg class="chart'
    """
    points = {name: _finite_points(values) for name, values in series.items()}
    shown = [value for curve in points.values() for _, value in curve] or [0.0]
    ticks = nice_ticks(min(shown), max(shown))
    epochs = max(1, *(len(values) for values in series.values()))

    def x(epoch):
        return LEFT + (WIDTH - LEFT - RIGHT) * ((epoch - 1) / (epochs - 1) if epochs > 1 else 0.5)

    def y(value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (ticks[-1] - value) / (ticks[-1] - ticks[0])

    lines = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">']
    for tick in ticks:
        lines += [
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" />',
            f'<text class="tick" x="{LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>',
        ]
    lines += [
        f'<text class="tick" x="{x(epoch):.1f}" y="{HEIGHT - 14}" text-anchor="middle">{epoch}</text>'
        for epoch in _epochs_to_label(epochs)
    ]
    for index, (name, curve) in enumerate(points.items()):
        path = " ".join(f"{x(epoch):.1f},{y(value):.1f}" for epoch, value in curve)
        lines.append(f'<polyline class="line line-{index}" points="{path}" />')
        lines += [
            f'<circle class="dot line-{index}" cx="{x(epoch):.1f}" cy="{y(value):.1f}" r="3.5">'
            f"<title>{escape(name)}, epoch {epoch}: {value:.4g}</title></circle>"
            for epoch, value in curve
        ]
    return "".join([*lines, "</svg>"])


def _finite_points(values):
    return [(epoch, value) for epoch, value in enumerate(values, 1) if abs(value) < float("inf")]


def _epochs_to_label(epochs, at_most=10):
    stride = -(-epochs // at_most)
    return range(1, epochs + 1, stride)

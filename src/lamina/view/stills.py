"""A still picture of a model at work, for print: its layers with their values, left to right, in shelves."""

import base64
import struct
import zlib
from dataclasses import dataclass
from html import escape
from math import ceil, sqrt

import numpy as np

from lamina.view import levels
from lamina.view.palette import colours

SIDE = 150  # of the largest pictures [pixels]
HEAD = 34  # for a layer's name and shape [pixels]
GAP = 34
ACROSS = 5  # layers on a shelf
PAPER, INK, SOFT = "#ffffff", "#1d2430", "#5d6675"
MOST_CELLS = 60_000  # of one layer's picture [count]


@dataclass
class Box:
    """One layer in the picture: where it stands, and its cells as colours."""

    node: object
    x: float
    y: float
    width: float
    height: float
    cells: np.ndarray


def svg(session):
    """Return a still picture as SVG."""
    boxes, width, height = _boxes(session)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="Helvetica, Arial, sans-serif">',
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
    ]
    for (x1, y1), (x2, y2) in _lines(boxes):
        parts.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{SOFT}" stroke-width="1"/>')
    for box in boxes:
        name, shape = escape(box.node.id), escape(_shape(box.node))
        parts.append(f'<text x="{box.x:g}" y="{box.y - 18:g}" font-size="12" fill="{INK}">{name}</text>')
        parts.append(f'<text x="{box.x:g}" y="{box.y - 5:g}" font-size="10" fill="{SOFT}">{shape}</text>')
        picture = base64.b64encode(_png(box.cells)).decode()
        parts.append(
            f'<image x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" '
            f'style="image-rendering: pixelated" preserveAspectRatio="none" href="data:image/png;base64,{picture}"/>'
        )
    return "\n".join([*parts, "</svg>\n"])


def png(session, file, scale=2):
    """Write a still picture as PNG.

    Raises: ImportError without pillow, the extra `view`.
    """
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ImportError("PNG pictures need pillow: pip install 'lamina[view]'. SVG needs nothing.") from error
    boxes, width, height = _boxes(session)
    sheet = Image.new("RGB", (round(scale * width), round(scale * height)), PAPER)
    draw = ImageDraw.Draw(sheet)
    for ends in _lines(boxes):
        draw.line([(scale * x, scale * y) for x, y in ends], fill=SOFT, width=scale)
    for box in boxes:
        size = round(scale * box.width), round(scale * box.height)
        place = round(scale * box.x), round(scale * box.y)
        cells = Image.fromarray(box.cells, "RGBA").resize(size, Image.Resampling.NEAREST)
        sheet.paste(cells, place, cells)
        for text, above, points, colour in ((box.node.id, 30, 12, INK), (_shape(box.node, "x"), 16, 10, SOFT)):
            font = ImageFont.load_default(points * scale)
            draw.text((place[0], place[1] - above * scale), text, fill=colour, font=font)
    sheet.save(file, "PNG")


def _shape(node, times="×"):
    return f" {times} ".join(map(str, node.shape)) or "1"


def _boxes(session):
    """Place the layers on shelves, in the order they run."""
    if not session.values:
        session.run(session.flat_sample(0))
    boxes, x, y, tallest, widest = [], GAP, GAP / 2 + HEAD, 0, 0
    for number, node in enumerate(session.scene.shown()):
        if number and number % ACROSS == 0:
            x, y, tallest = GAP, y + tallest + GAP + HEAD, 0
        cells = _cells(np.asarray(session.values[node.id][0]), node.layout)
        rows, cols = cells.shape[:2]
        unit = min(SIDE / max(rows, cols), 14)
        box = Box(node, x, y, unit * cols, unit * rows, cells)
        boxes.append(box)
        x += max(box.width, 7 * len(node.id), 60) + GAP
        tallest, widest = max(tallest, box.height), max(widest, x)
    return boxes, widest, y + tallest + GAP


def _cells(sample, layout):
    """Return the planes side by side, coloured: (rows, cols, 4) uint8; what is between them is clear."""
    level = levels.level(layout, MOST_CELLS)
    planes = np.asarray(levels.reduce(sample, layout, level))
    across = min(len(planes), max(1, round(sqrt(len(planes) * level.rows / level.cols))))
    margin = 1 if len(planes) > 1 else 0
    rows, cols = level.rows + margin, level.cols + margin
    sheet = np.zeros((rows * ceil(len(planes) / across) - margin, cols * across - margin, 4), "uint8")
    for number, plane in enumerate(colours(planes)):
        top, left = rows * (number // across), cols * (number % across)
        sheet[top : top + level.rows, left : left + level.cols] = np.dstack([plane, np.full(plane.shape[:2], 255)])
    if layout.order is None and level.block == 1:
        sheet.reshape(-1, 4)[layout.size :] = 0
    return sheet


def _lines(boxes):
    """Yield the ends of a line from each layer to those it feeds, on the same shelf."""
    by_id = {box.node.id: box for box in boxes}
    for box in boxes:
        for source in (by_id[id] for id in box.node.fed_by if id in by_id):
            if source.y == box.y and source.x < box.x:
                yield (source.x + source.width + 4, source.y + 12), (box.x - 4, box.y + 12)


def _png(cells):
    """Write coloured cells as PNG (W3C 2003, sections 5 and 11)."""
    height, width = cells.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in cells)  # each row says first that it is not filtered

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")

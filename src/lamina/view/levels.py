"""Levels of detail: large arrays as averaged blocks of chosen channels, so that an update stays small."""

from dataclasses import dataclass
from math import ceil, sqrt

import jax.numpy as jnp
import numpy as np

MOST_CELLS = 400_000  # of one update: 1.6 MB of float32 [count]


@dataclass(frozen=True)
class Level:
    """How much of a layout is shown.

    Attributes:
        chosen: numbers of the planes shown.
        block: cells along each side that are averaged to one [count].
        rows, cols: of a shown plane.
    """

    chosen: tuple
    block: int
    rows: int
    cols: int

    def to_dict(self):
        """Return plain data."""
        return {"chosen": list(self.chosen), "block": self.block, "rows": self.rows, "cols": self.cols}


def level(layout, most):
    """Return the finest Level of at most about `most` cells: first fewer planes, then coarser ones.

    Example:
        >>> from lamina.view.scene import layout
        >>> coarse = level(layout((224, 224, 64)), 20_000)
        >>> len(coarse.chosen), coarse.block, coarse.rows
        (16, 7, 32)
    """
    cells = layout.rows * layout.cols
    planes = min(layout.planes, max(16, most // cells), 256)
    block = max(1, ceil(sqrt(cells * planes / most)))
    chosen = tuple(layout.planes * i // planes for i in range(planes))
    return Level(chosen, block, ceil(layout.rows / block), ceil(layout.cols / block))


def levels(nodes):
    """Return a Level for each node, all of them together within one update."""
    small = [n.layout.planes * n.layout.rows * n.layout.cols for n in nodes]
    share, left, count = 0, MOST_CELLS, len(nodes)
    for size in sorted(small):  # what small ones leave is shared by the others
        share = left // count
        left, count = left - min(size, share), count - 1
    return {node.id: level(node.layout, max(256, share)) for node in nodes}


def arrange(sample, layout):
    """Return the values of one sample as (planes, rows, cols); empty cells of the last line are 0."""
    if layout.order is None:
        flat = jnp.ravel(sample)
        return jnp.pad(flat, (0, layout.rows * layout.cols - layout.size)).reshape(1, layout.rows, layout.cols)
    return jnp.transpose(sample, layout.order).reshape(layout.planes, layout.rows, layout.cols)


def reduce(sample, layout, level):
    """Return the cells that a level shows: the chosen planes, with the mean of each block.

    Shapes:   sample -> (planes shown, rows shown, cols shown) float32.
    """
    cells = arrange(sample, layout).astype("float32")
    if len(level.chosen) < layout.planes:
        cells = cells[np.asarray(level.chosen)]
    if level.block == 1:
        return cells
    sums = _blocks(cells, level).sum((2, 4))
    counts = _blocks(jnp.ones((1, layout.rows, layout.cols), "float32"), level).sum((2, 4))
    return sums / counts


def reached(elements, layout, level):
    """Return which shown cells hold one of some elements: flat numbers of cells.

    Args:
        elements: bool array with the shape of the sample.
    """
    cells = np.asarray(arrange(elements, layout))[np.asarray(level.chosen)]
    return np.flatnonzero(np.asarray(_blocks(cells, level)).any((2, 4)))


def _blocks(cells, level):
    planes, rows, cols = cells.shape
    margins = ((0, 0), (0, level.rows * level.block - rows), (0, level.cols * level.block - cols))
    return jnp.pad(cells, margins).reshape(planes, level.rows, level.block, level.cols, level.block)

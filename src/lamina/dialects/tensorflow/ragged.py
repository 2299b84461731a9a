"""`tf.ragged`: rows of different lengths."""

import itertools

import numpy as np

from lamina.dialects.tensorflow import arrays
from lamina.dialects.tensorflow.shapes import TensorShape

__all__ = ["constant", "stack"]


class RaggedTensor:
    """Rows of different lengths, which `to_tensor` fills up.

    Args:
        rows: lists of numbers, texts or further lists.
        dtype: by default that of the numbers.
    """

    def __init__(self, rows, dtype=None):
        self._rows = [_listed(row) for row in rows]
        self.dtype = str(dtype) if dtype is not None else str(arrays.constant(_flat(self._rows) or [0.0]).dtype)

    @classmethod
    def from_row_splits(cls, values, row_splits, name=None, validate=True):
        """Make rows of values, given where each row ends."""
        values = _listed(values)
        return cls([values[start:end] for start, end in itertools.pairwise(row_splits)])

    @classmethod
    def from_row_lengths(cls, values, row_lengths, name=None, validate=True):
        """Make rows of values, given their lengths."""
        return cls.from_row_splits(values, [0, *np.cumsum(row_lengths).tolist()])

    @classmethod
    def from_tensor(cls, tensor, lengths=None, padding=None, name=None):
        """Make rows of an array's: the first so many entries of each, or those before the last that is no `padding`."""
        rows = np.asarray(tensor).tolist()
        if lengths is None:
            lengths = [_length(row, padding) for row in rows]
        return cls([row[: int(length)] for row, length in zip(rows, lengths, strict=True)], np.asarray(tensor).dtype)

    @property
    def flat_values(self):
        """All values, one after another."""
        return arrays.constant(_flat(self._rows), None if self.dtype.startswith("<U") else self.dtype)

    values = flat_values

    @property
    def row_splits(self):
        """Where each row ends, after a zero."""
        return arrays.constant([0, *np.cumsum([len(row) for row in self._rows]).tolist()])

    @property
    def shape(self):
        """Number of rows, and None."""
        return TensorShape((len(self._rows), *[None] * (_depth(self._rows) - 1)))

    def row_lengths(self, axis=1, name=None):
        """Return the length of each row."""
        return arrays.constant([len(row) for row in self._rows])

    def nrows(self, name=None):
        """Return the number of rows."""
        return len(self._rows)

    def to_list(self):
        """Return the rows as lists."""
        return self._rows

    def to_tensor(self, default_value=None, name=None, shape=None):
        """Return an array, the shorter rows filled up."""
        sizes = _longest(self._rows)
        if shape is not None:
            sizes = [full if size is None else int(size) for full, size in zip(sizes, shape, strict=True)]
        text = self.dtype.startswith("<U")
        filler = ("" if text else 0) if default_value is None else default_value
        filled = _filled(self._rows, sizes, filler)
        return arrays.constant(np.array(filled).reshape(sizes), None if text else self.dtype)

    def mapped(self, function):
        """Return rows of these lengths, of what a function makes of all values."""
        values = iter(_listed(function(self.flat_values)))
        return RaggedTensor(_in_rows(self._rows, values))

    def joined_with(self, others, axis):
        """Return these rows and after them those of others; along axis 1, each row and after it theirs."""
        lists = [self._rows, *(RaggedTensor(other).to_list() for other in others)]
        if axis == 0:
            return RaggedTensor([row for rows in lists for row in rows])
        return RaggedTensor([[value for row in rows for value in row] for rows in zip(*lists, strict=True)])

    def numpy(self):
        """Return an array of arrays."""
        return np.array([*map(np.asarray, self._rows), None], dtype=object)[:-1]

    def __len__(self):
        return len(self._rows)

    def __iter__(self):
        return (self[number] for number in range(len(self._rows)))

    def __getitem__(self, key):
        if isinstance(key, slice):
            return RaggedTensor(self._rows[key], None if self.dtype.startswith("<U") else self.dtype)
        row = self._rows[int(key)]
        return RaggedTensor(row) if row and isinstance(row[0], list) else arrays.constant(row or np.zeros(0, "float32"))

    def __repr__(self):
        return f"<tf.RaggedTensor {self._rows}>"


def _in_rows(rows, values):
    return [_in_rows(x, values) if isinstance(x, list) else next(values) for x in rows]


def constant(pylist, dtype=None, **options):
    """Return rows of different lengths."""
    return RaggedTensor(pylist, dtype)


def stack(values, axis=0, name=None):
    """Return arrays of different lengths as rows."""
    if axis != 0:
        raise NotImplementedError(f"tf.ragged.stack(axis={axis}) is not covered; stack along the first axis.")
    return RaggedTensor(values)


def _listed(row):
    return (
        row.to_list() if isinstance(row, RaggedTensor) else np.asarray(row).tolist() if hasattr(row, "shape") else row
    )


def _flat(rows):
    return [value for row in rows for value in (_flat(row) if row and isinstance(row[0], list) else row)]


def _depth(rows):
    return 1 + max((_depth(row) for row in rows if isinstance(row, list)), default=0)


def _longest(rows):
    inner = [_longest(row) for row in rows if isinstance(row, list)]
    deepest = max(map(len, inner), default=0)
    padded = [[*sizes, *[0] * (deepest - len(sizes))] for sizes in inner]
    return [len(rows), *(max(column) for column in zip(*padded, strict=True))]


def _filled(row, sizes, filler):
    row = list(row[: sizes[0]])
    if len(sizes) == 1:
        return row + [filler] * (sizes[0] - len(row))
    return [_filled(part, sizes[1:], filler) for part in row + [[]] * (sizes[0] - len(row))]


def _length(row, padding):
    length = len(row)
    while padding is not None and length and row[length - 1] == padding:
        length -= 1
    return length

"""Dataset: elements that can be run through again and again, for code written for `tf.data`."""

import itertools
import operator
import random

import numpy as np

from lamina.core import tree


class Dataset:
    """Elements (arrays, tuples or dicts of arrays) made anew each time they are iterated over.

    It has the methods of `tf.data.Dataset` that programs for Keras use most; each returns another Dataset.

    Args:
        make: `make()` returns an iterator over the elements.
        length: number of elements [count], None if unknown.
    Example:
        >>> data = Dataset.from_tensor_slices(np.arange(5)).map(lambda x: 10 * x).batch(2)
        >>> [batch.tolist() for batch in data], len(data)
        ([[0, 10], [20, 30], [40]], 3)
    """

    def __init__(self, make, length=None):
        self._make = make
        self._length = length

    @classmethod
    def from_tensor_slices(cls, arrays):
        """Return a Dataset of the rows of arrays in any structure."""
        arrays = tree.map_structure(np.asarray, arrays)
        count = len(tree.flatten(arrays)[0])
        return cls(lambda: (tree.map_structure(operator.itemgetter(i), arrays) for i in range(count)), count)

    def __iter__(self):
        return iter(self._make())

    def __len__(self):
        if self._length is None:
            raise TypeError("The dataset has no known length.")
        return self._length

    def cardinality(self):
        """Return the number of elements; -2 if it is unknown, as in TensorFlow."""
        return -2 if self._length is None else self._length

    def as_numpy_iterator(self):
        """Return an iterator over the elements."""
        return iter(self)

    def map(self, function, **options):
        """Apply a function to each element; tuples become its arguments."""

        def make():
            return (function(*element) if isinstance(element, tuple) else function(element) for element in self)

        return Dataset(make, self._length)

    def batch(self, batch_size, drop_remainder=False, **options):
        """Stack each `batch_size` elements along a new first axis."""

        def make():
            elements = iter(self)
            while rows := list(itertools.islice(elements, batch_size)):
                if len(rows) == batch_size or not drop_remainder:
                    yield tree.map_structure(lambda *parts: np.stack(parts), *rows)

        if self._length is None:
            return Dataset(make)
        return Dataset(make, self._length // batch_size if drop_remainder else -(-self._length // batch_size))

    def unbatch(self):
        """Take the first axis of the elements apart."""
        return Dataset(lambda: (row for batch in self for row in Dataset.from_tensor_slices(batch)))

    def shuffle(self, buffer_size, seed=None, **options):
        """Bring the elements in another order each time, drawn from a buffer of `buffer_size`."""
        numbers = random.Random(seed if seed is not None else random.random())

        def make():
            buffer = []
            for element in self:
                buffer.append(element)
                if len(buffer) > buffer_size:
                    yield buffer.pop(numbers.randrange(len(buffer)))
            numbers.shuffle(buffer)
            yield from buffer

        return Dataset(make, self._length)

    def take(self, count):
        """Keep the first elements only."""
        length = None if self._length is None else min(count, self._length)
        return Dataset(lambda: itertools.islice(self, count), length)

    def skip(self, count):
        """Leave the first elements out."""
        length = None if self._length is None else max(self._length - count, 0)
        return Dataset(lambda: itertools.islice(self, count, None), length)

    def repeat(self, count=None):
        """Begin anew at the end, `count` times or for ever."""
        rounds = itertools.count if count is None else lambda: range(count)
        length = None if self._length is None or count is None else self._length * count
        return Dataset(lambda: (element for _ in rounds() for element in self), length)

    def cache(self, *options):
        """Keep the elements in memory once they have been made."""
        kept = []

        def make():
            if not kept:
                kept.append(list(self))
            return iter(kept[0])

        return Dataset(make, self._length)

    def prefetch(self, *options):
        """Return the same elements: the next batch is always made while the step before it computes."""
        return self


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None):
    """Cut samples into two Datasets of samples.

    Args:
        dataset: array, list or tuple of arrays of one length, a Dataset or another iterable of samples.
        left_size, right_size: share [fraction 0-1] or number [count] of the samples; by default the rest.
        shuffle: whether the samples are brought in any order first.
        seed: for that order.
        preferred_backend: kept for Keras's sake.
    Returns:  (left, right); give them to `fit` by `left.batch(32)`.
    Raises:   TypeError for other data, ValueError for sizes that leave one side empty.
    Source:   Keras 3 `split_dataset`.
    Example:
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), list(right)
        (8, [np.int64(8), np.int64(9)])
    """
    if left_size is None and right_size is None:
        raise ValueError("At least one of the `left_size` or `right_size` must be specified.")
    if isinstance(dataset, np.ndarray | list | tuple):
        samples = list(Dataset.from_tensor_slices(tuple(dataset) if isinstance(dataset, list) else dataset))
    elif hasattr(dataset, "__iter__"):
        samples = list(dataset)
    else:
        raise TypeError(
            "The `dataset` argument must be a list/tuple of arrays or an iterable of samples. "
            f"Received: dataset={dataset} of type {type(dataset)}"
        )
    if shuffle:
        random.Random(seed).shuffle(samples)
    left, right = _sizes(left_size, right_size, len(samples))
    return _of(samples[:left]), _of(samples[len(samples) - right :])


def _of(samples):
    return Dataset(lambda: iter(samples), len(samples))


def _sizes(left, right, total):
    """Return both sizes as numbers of samples."""
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        if type(size) not in (int, float):
            raise TypeError(f"Invalid `{name}` Type. Expected: int or float or None, Received: {type(size)}.")
        if not 0 < size < (total if type(size) is int else 1):
            raise ValueError(
                f"`{name}` should be either a positive integer smaller than {total}, or a float within the range "
                f"`[0, 1]`. Received: {name}={size}"
            )
    if type(left) is float and type(right) is float and left + right > 1:
        raise ValueError(f"The sum of `left_size` and `right_size` is greater than 1: {left} + {right}.")
    left, right = (round(size * total) if type(size) is float else size for size in (left, right))
    left = total - right if left is None else left
    right = total - left if right is None else right
    if left + right > total:
        raise ValueError(f"The sum of `left_size` and `right_size` should be at most {total}. Received: {left + right}")
    if not left or not right:
        raise ValueError(f"With `dataset` of length={total}, one side of the split would be empty: {left} and {right}.")
    return left, right

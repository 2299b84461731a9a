"""Feed: a source of batches that can be run through once per epoch."""

import sys

import numpy as np

from lamina.core import config, tree
from lamina.core.errors import DataError, message
from lamina.core.placement import place_batch
from lamina.training.data.arrays import ArrayFeed, class_weights, warn_of_end
from lamina.training.data.conversion import is_arrays, to_batch
from lamina.training.data.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from lamina.training.data.py_dataset import DatasetBatches, PyDataset

_NOTHING = object()


class Feed:
    """Batches, packed as `train_step` gets them, from any iterable or generator.

    Args:
        source: an iterable, or an iterator that is run through over several epochs. Its methods `on_epoch_begin` and
            `on_epoch_end` are called, if it has them.
        steps: number of batches in an epoch [count]; None runs until the source ends.
        class_weight: dict from class to weight.
    Attributes:
        num_batches: batches in an epoch [count], None if unknown.
    """

    def __init__(self, source, steps=None, class_weight=None):
        self.source = source
        self.steps = steps
        self.class_weight = class_weight
        self.num_batches = steps if steps is not None else _length(source)
        self._restarts = not hasattr(source, "__next__")
        self._iterator = None
        self._next = _NOTHING
        self._count = 0

    def peek(self):
        """Return the first batch of the next epoch without using it up.

        Raises: ValueError if there is none.
        """
        if not self._has_more():
            raise DataError(
                message(
                    "L347",
                    "the data set is empty: the source gave no batch.",
                    where=f"the {type(self.source).__name__} given as `x`",
                    why="it has been used up before, or its length is 0.",
                    fix="print(next(iter(x)))    # should show one batch, `(x, y)`",
                )
            )
        return self._next

    def restart(self):
        """Let the next epoch begin with the source's first batch, if it can begin anew."""
        if self._restarts and self._count:
            self._iterator, self._next, self._count = None, _NOTHING, 0

    def batches(self):
        """Yield the batches of one epoch; with `steps` the next epoch goes on where this one stopped."""
        if self.steps is None:
            self.restart()
        self._tell("on_epoch_begin")
        done = 0
        while done != self.steps and self._has_more(fresh=not done):
            batch, self._next = self._next, _NOTHING
            done += 1
            self._count += 1
            yield place_batch(batch)
        if self.steps is not None and done < self.steps:
            warn_of_end(done, self.steps)
        if self._count == _length(self.source):
            self.restart()
        self._tell("on_epoch_end")

    def _has_more(self, fresh=True):
        """Look whether there is a batch, and keep it; a source at its end begins anew if `fresh`."""
        if self._next is _NOTHING:
            self._next = self._pull()
        if self._next is _NOTHING and fresh and self._restarts and self._count:
            self.restart()
            self._next = self._pull()
        return self._next is not _NOTHING

    def _pull(self):
        if self._iterator is None:
            self._iterator = iter(self.source)
        try:
            batch = next(self._iterator, _NOTHING)
            return batch if batch is _NOTHING else self._prepared(batch)
        except Exception as error:
            error.add_note(f"  while the data source made batch {self._count + 1}; the model keeps what it has learnt.")
            raise

    def _prepared(self, batch):
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        if self.class_weight:
            sample_weight = class_weights(y, self.class_weight, sample_weight)
        parts = zip((x, y, sample_weight), ("x", "y", "sample_weight"), strict=True)
        return _own(pack_x_y_sample_weight(*[None if p is None else to_batch(p, name) for p, name in parts]))

    def _tell(self, event):
        if hasattr(self.source, event):
            getattr(self.source, event)()


def _own(batch):
    """A step reads its batch while the source may already write the next one into the same array: give it a copy."""
    return tree.map_structure(lambda x: x.copy() if isinstance(x, np.ndarray) else x, batch)


def _length(source):
    """Return how many batches a source has, None if it does not know or has no end."""
    try:
        length = len(source)
    except TypeError:
        return None
    return length if length < sys.maxsize else None  # as Grain says of data sets that repeat


def feed_for(x, y=None, sample_weight=None, *, batch_size=None, steps=None, shuffle=False, class_weight=None):
    """Return a feed for what `fit` was given: arrays in any structure, a generator, an iterable or a `PyDataset`.

    Data sets of TensorFlow, loaders of PyTorch and data sets of Grain are iterables of batches like any other.

    Raises: ValueError if `y` or `sample_weight` come beside a source that brings its own, or for a count below zero.
    """
    assert_count("batch_size", batch_size)
    assert_count("steps", steps)
    if isinstance(x, Feed | ArrayFeed):
        return x
    steps = min(filter(None, (steps, config.max_steps_per_epoch())), default=None)
    if is_arrays(x):
        return ArrayFeed(
            x, y, sample_weight, batch_size=batch_size, steps=steps, shuffle=shuffle, class_weight=class_weight
        )
    _assert_complete(x, y, sample_weight)
    source = DatasetBatches(x, shuffle) if isinstance(x, PyDataset) else x
    return Feed(source, steps=steps, class_weight=class_weight)


def assert_count(name, value):
    """Raise TypeError or ValueError for what is no number of batches, samples or epochs; 0 and None are the default."""
    if value is not None and not isinstance(value, int | np.integer):
        raise TypeError(f"`{name}` must be an integer. Received: {name}={value!r} (of type {type(value).__name__})")
    if value is not None and value < 0:
        raise ValueError(f"`{name}` must be at least 1. Received: {name}={value}")


def _assert_complete(x, y, sample_weight):
    """Refuse what gives no batches, and labels beside a source that brings its own."""
    kind = type(x).__name__
    if not hasattr(x, "__iter__") and not hasattr(x, "__getitem__"):
        raise ValueError(f"Unrecognized data type: x={x} (of type {type(x)}). Give arrays, a generator or a PyDataset.")
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"When passing `x` as a {kind}, `{name}` should not be passed: the source yields it with each batch."
            )

"""Arrays in memory (or memory-mapped) as batches."""

import numpy as np

from lamina.core import tree
from lamina.core.errors import DataError, message, warn
from lamina.core.placement import place_batch
from lamina.training.data.conversion import dense, is_arrays, to_arrays
from lamina.training.data.packing import pack_x_y_sample_weight

_NAMES = ("x", "y", "sample_weight")


class Lot:
    """Several batches of full size.

    Args:
        steps: how many [count].
        batches: packed as one batch is, with an axis for the batches in front, `(steps or more, batch, ...)`.
    """

    def __init__(self, steps, batches):
        self.steps = steps
        self.batches = batches

    def last(self):
        """Return the last batch."""
        return tree.map_structure(lambda a: a if a is None else a[self.steps - 1], self.batches)


class ArrayFeed:
    """Batches of arrays, shuffled anew in each epoch if asked.

    Args:
        x, y, sample_weight: arrays in any structure, first axis the samples.
        batch_size: samples in a batch [count]; by default 32, or what gives `steps` batches.
        steps: number of batches in an epoch [count]; by default all.
        shuffle: True for samples in any order, "batch" for whole batches, False for the given order.
        class_weight: dict from class to weight.
    Raises: ValueError if the arrays do not fit together or are empty.
    """

    def __init__(self, x, y=None, sample_weight=None, *, batch_size=None, steps=None, shuffle=False, class_weight=None):
        arrays = zip((x, y, sample_weight), _NAMES, strict=True)
        self.arrays = tuple(None if part is None else to_arrays(part, name) for part, name in arrays)
        self.count = sample_count(self.arrays)
        if class_weight:
            self.arrays = (*self.arrays[:2], class_weights(self.arrays[1], class_weight, self.arrays[2]))
        self.batch_size = batch_size or (-(-self.count // steps) if steps else 32)
        self.steps = steps
        self.shuffle = shuffle
        self.total_batches = -(-self.count // self.batch_size)
        self.num_batches = steps or self.total_batches
        self._position = 0
        self._order = None

    @property
    def full_batches(self):
        """Batches of `batch_size` samples [count]."""
        return self.count // self.batch_size

    @property
    def last_size(self):
        """Samples in the last batch [count]."""
        return self.count - (self.total_batches - 1) * self.batch_size

    def peek(self):
        """Return the first batch in the given order."""
        return self.example(self.batch_size)

    def example(self, size):
        """Return some batch of `size` samples."""
        return self._slice(slice(0, size))

    def again(self, index):
        """Return batch number `index` of the epoch just run, None if that epoch did not begin with the first batch."""
        return self._at(index) if self.steps is None and index < self.total_batches else None

    def restart(self):
        """Let the next epoch begin with the first batch."""
        self._position = 0

    def batches(self, lot=1):
        """Yield the batches of one epoch; with `steps` the next epoch goes on where this one stopped.

        Args:
            lot: how many batches of full size come together, as a `Lot`, as far as there are [count].
        """
        if self.steps is None:
            self.restart()
        done = 0
        while done < self.num_batches:
            if self._position == self.total_batches:
                warn_of_end(done, self.num_batches)
                break
            if self._position == 0:
                self._order = self._new_order()
            start = self._position
            steps = min(lot, self.num_batches - done, self.full_batches - start) if lot > 1 else 0
            self._position += steps or 1
            done += steps or 1
            yield Lot(steps, self._together(start, lot)) if steps else place_batch(self._at(start))
        if self._position == self.total_batches:
            self.restart()

    def _at(self, number):
        start = number * self.batch_size
        stop = min(start + self.batch_size, self.count)
        return self._slice(slice(start, stop) if self._order is None else self._order[start:stop])

    def _together(self, number, count):
        """Return `count` batches, `(count, batch, ...)`; the last sample fills up what is missing."""
        samples = np.arange(number * self.batch_size, (number + count) * self.batch_size).clip(max=self.count - 1)
        batches = self._slice(samples if self._order is None else self._order[samples])
        shape = count, self.batch_size
        return tree.map_structure(lambda a: a if a is None else a.reshape(*shape, *a.shape[1:]), batches)

    def _new_order(self):
        if not self.shuffle:
            return None
        if self.shuffle == "batch":
            starts = np.random.permutation(self.total_batches) * self.batch_size
            return np.concatenate([np.arange(s, min(s + self.batch_size, self.count)) for s in starts])
        return np.random.permutation(self.count)

    def _slice(self, index):
        return pack_x_y_sample_weight(*[_take(part, index) for part in self.arrays])


def warn_of_end(done, wanted):
    """Say that a source ended before the epoch did."""
    warn(
        "L349",
        f"the data ran out after {done} of {wanted} batches of this epoch, which ends here. Fix: leave "
        "`steps_per_epoch` (`validation_steps`, `steps`) out, or give a source that goes on, such as a generator with "
        "`while True`.",
    )


def sample_count(arrays, names=_NAMES):
    """Return the common length of all arrays [samples].

    Raises: ValueError if the lengths differ or there are no samples.
    """
    sizes = {}
    for name, structure in zip(names, arrays, strict=False):
        for path, leaf in tree.flatten_with_path(structure):
            if leaf is not None:
                if not leaf.ndim:
                    raise ValueError(
                        f"Unrecognized data type: `{name}` holds a single number; expected arrays whose first axis is "
                        "the samples."
                    )
                sizes["/".join(map(str, (name, *path)))] = leaf.shape[0]
    if len(set(sizes.values())) > 1:
        _refuse_lengths(sizes)
    count = next(iter(sizes.values()), 0)
    if not count:
        raise DataError(
            message(
                "L347",
                "the data set is empty: there are 0 samples to train on or predict from.",
                where=", ".join(f"{name} has 0 samples" for name in sizes) or None,
                why="the files were not found, or a filter or a slice left nothing.",
                fix="print(x.shape)    # right after it is made",
            )
        )
    return count


def _refuse_lengths(sizes):
    shortest = min(sizes, key=sizes.get)
    longest = max(sizes, key=sizes.get)
    raise DataError(
        message(
            "L346",
            "all arrays must have the same number of samples, but "
            + ", ".join(f"{name} has {size}" for name, size in sizes.items())
            + ".",
            where="the first axis of the arrays given",
            why="samples were dropped from one array only, or the first axis is not the samples.",
            fix=f"{longest} = {longest}[:{sizes[shortest]}]    # if the first {sizes[shortest]} belong together",
        )
    )


def _take(structure, index):
    """Cut samples out of all arrays; what is on disk or sparse is read here, and texts become numbers."""
    if structure is None:
        return None
    if type(structure) is np.ndarray and structure.dtype.kind not in "OSU":
        return structure[index]
    return dense(tree.map_structure(lambda a: None if a is None else a[index], structure))


def class_weights(y, class_weight, sample_weight=None):
    """Return the weight of each sample by its class.

    Args:
        y: labels, `(n,)` or `(n, 1)` integers, or `(n, classes)` one-hot.
        class_weight: dict from class to weight.
    Raises: ValueError for several outputs, or beside `sample_weight`.
    """
    if sample_weight is not None:
        raise ValueError("Arguments `sample_weight` and `class_weight` cannot be specified at the same time.")
    if tree.is_nested(y) or y is None:
        raise ValueError("`class_weight` is only supported for models with a single output, and needs `y`.")
    y = np.asarray(y)
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y), -1)[:, 0]
    weights = np.ones(labels.shape, dtype="float32")
    for label, weight in class_weight.items():
        weights[np.round(labels).astype("int64") == int(label)] = weight
    return weights


def split(arrays, validation_split):
    """Cut the last share off each array.

    Args:
        arrays: structures of arrays, or None.
        validation_split: share that goes to validation [fraction 0-1].
    Returns: (training parts, validation parts).
    Raises: ValueError if one part would be empty, or there are no arrays to cut.
    """
    if not all(part is None or is_arrays(part) for part in arrays):
        raise ValueError(
            "Argument `validation_split` is only supported for arrays. Give the last batches of the source as "
            f"`validation_data`. Received: x of type {type(arrays[0]).__name__}"
        )
    arrays = tuple(to_arrays(part, name) for part, name in zip(arrays, _NAMES, strict=False))
    count = sample_count(arrays)
    at = int(count * (1.0 - validation_split))
    if at == 0 or at == count:
        raise ValueError(
            f"Training data contains {count} samples, which is not sufficient to split it into a validation and "
            "training set as specified "
            f"by `validation_split={validation_split}`. Either provide more data, or a different value."
        )
    return (
        tuple(_cut(part, slice(0, at)) for part in arrays),
        tuple(_cut(part, slice(at, None)) for part in arrays),
    )


def _cut(structure, index):
    return tree.map_structure(lambda a: None if a is None else a[index], structure)

"""What `tf.data` does with a stream of elements: batches, windows, turns, chances."""

import itertools

import numpy as np

from lamina.core import tree


def lines(path):
    """Give the lines of a text file; nothing but the end of a line parts them."""
    with open(path, encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n").removesuffix("\r")


def batches(elements, size, drop_remainder, join):
    """Give joined groups of so many elements, the last of which may be smaller."""
    elements = iter(elements)
    while group := list(itertools.islice(elements, size)):
        if len(group) == size or not drop_remainder:
            yield join(group)


def stack(group):
    """Join elements of one shape along a new first axis."""
    return tree.map_structure(lambda *parts: np.stack(parts), *group)


def padding(shapes=None, values=None, length=None):
    """Return a function that joins elements of different sizes.

    Args:
        shapes: sizes in the structure of the elements; -1, None and a shape that is not given mean the longest.
        values: what is put in the gaps, in the same structure or one for all; zero or an empty text by default.
        length: what -1 and None mean in place of the longest [count].
    """

    def join(group):
        leaves = [tree.flatten(element) for element in group]
        sizes = [None] * len(leaves[0]) if shapes is None else _shapes(shapes)
        fillers = _fillers(values, len(leaves[0]))
        columns = zip(*leaves, strict=True)
        joined = [
            _fill(parts, wanted, filler, length) for parts, wanted, filler in zip(columns, sizes, fillers, strict=True)
        ]
        return tree.pack_sequence_as(group[0], joined)

    return join


def _shapes(shapes):
    """Return the shapes in a structure of tuples, lists and dicts: those that hold sizes."""
    if isinstance(shapes, dict):
        return [found for part in shapes.values() for found in _shapes(part)]
    if all(size is None or isinstance(size, (int, np.integer)) for size in shapes):
        return [tuple(shapes)]
    return [found for part in shapes for found in _shapes(part)]


def _fillers(values, count):
    if values is None or not isinstance(values, (tuple, list, dict)):
        return [values] * count
    return list(values.values()) if isinstance(values, dict) else list(values)


def _fill(parts, wanted, filler, length):
    parts = [np.asarray(part) for part in parts]
    longest = np.max([part.shape for part in parts], axis=0).astype(int)
    if length is not None:
        longest = [length] * len(longest)
    wanted = (
        longest if wanted is None else [full if n in (None, -1) else n for n, full in zip(wanted, longest, strict=True)]
    )
    if filler is None:
        filler = "" if parts[0].dtype.kind in "US" else 0
    margins = ([(0, full - n) for n, full in zip(part.shape, wanted, strict=True)] for part in parts)
    if any(after < 0 for part in parts for after in np.subtract(wanted, part.shape)):
        raise ValueError(f"An element of shape {max(part.shape for part in parts)} does not fit into {tuple(wanted)}.")
    return np.stack(
        [
            np.pad(part, margin, constant_values=filler) if margin else part
            for part, margin in zip(parts, margins, strict=True)
        ]
    )


def interleaved(made, cycle_length, block_length):
    """Give so many elements of each of several iterators in turn; one that ends is followed by the next."""
    open_ = list(itertools.islice(made, cycle_length))
    while open_:
        for iterator in list(open_):
            yield from itertools.islice(iterator, block_length - 1)
            try:
                yield next(iterator)
            except StopIteration:
                place = open_.index(iterator)
                open_[place : place + 1] = itertools.islice(made, 1)


def choose(datasets, choices, stop_on_empty):
    """Give the next element of the dataset whose number comes next; an empty one ends all, or is passed over."""
    iterators, ended = [iter(dataset) for dataset in datasets], set()
    for number in choices:
        try:
            yield next(iterators[number])
        except StopIteration:
            ended.add(number)
            if stop_on_empty or len(ended) == len(datasets):
                return


def shuffled(elements, size, rng):
    """Give elements in random order, drawing from a buffer."""
    buffer = []
    for element in elements:
        buffer.append(element)
        if len(buffer) >= size:
            yield buffer.pop(int(rng.integers(len(buffer))))
    while buffer:
        yield buffer.pop(int(rng.integers(len(buffer))))


def windows(elements, size, step, stride, drop_remainder):
    """Give lists of neighbours: so many, each `stride` after the other, each list `step` after the one before."""
    span = (size - 1) * stride + 1
    elements, kept = iter(elements), []
    while kept := kept + list(itertools.islice(elements, span - len(kept))):
        part = kept[::stride]
        if len(part) == size or not drop_remainder:
            yield part
        for _ in itertools.islice(elements, max(step - len(kept), 0)):
            pass  # lies between two windows
        kept = kept[step:]


def scanned(elements, state, function):
    """Give what a function makes of a state and each element; it returns the next state too."""
    for element in elements:
        state, output = function(state, element)
        yield output


def unique(elements):
    """Leave out elements that have been there."""
    seen = set()
    for element in elements:
        key = np.asarray(element).tobytes()
        if key not in seen:
            seen.add(key)
            yield element


def by_window(elements, key_of, reduce, size_of):
    """Collect elements with the same key; a full window, and at the end any, gives what `reduce(key, window)` has."""
    kept = {}
    for element in elements:
        key = key_of(element)
        window = kept.setdefault(key, [])
        window.append(element)
        if len(window) == int(size_of(key)):
            yield from reduce(np.int64(key), kept.pop(key))
    for key, window in kept.items():
        yield from reduce(np.int64(key), window)


def resampled(elements, class_of, wanted, known, rng):
    """Leave elements out at random until classes are as frequent as wanted; give (class, element)."""
    wanted = np.asarray(wanted, "float64")
    counts = np.ones(len(wanted)) if known is None else np.asarray(known, "float64")
    for element in elements:
        kind = class_of(element)
        if known is None:
            counts[kind] += 1
        rarity = wanted / np.maximum(counts / counts.sum(), 1e-12)
        if rng.random() < rarity[kind] / rarity.max():
            yield np.int64(kind), element

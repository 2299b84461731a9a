"""`tf.data.Dataset` on NumPy: a pipeline is an iterable of structures that can be gone through again."""

import itertools

import jax
import numpy as np

from lamina.core import tree
from lamina.core.texts import to_numpy
from lamina.dialects.tensorflow.shapes import HostTensor

AUTOTUNE = -1
__all__ = ["AUTOTUNE", "Dataset", "experimental"]


class experimental:  # noqa: N801 -- TensorFlow's name
    """Names that were experimental once."""

    AUTOTUNE = AUTOTUNE


class Dataset:
    """Elements that come one after another; every method returns a new dataset.

    Args:
        make: function without arguments that returns an iterator, anew each time.
        size: number of elements [count], `None` if unknown.
    Example:
        >>> [int(x) for x in Dataset.range(6).map(lambda x: x * x).skip(2)]
        [4, 9, 16, 25]
    """

    def __init__(self, make, size=None):
        self._make = make
        self._size = size

    def __iter__(self):
        return (tree.map_structure(_tensor, element) for element in self._make())

    def __len__(self):
        if self._size is None:
            raise TypeError("The dataset length is unknown.")
        return self._size

    @staticmethod
    def from_tensor_slices(tensors):
        """Give the entries of arrays, one by one."""
        arrays = tree.map_structure(np.asarray, _tuples(tensors))
        size = len(tree.flatten(arrays)[0])
        if any(len(array) != size for array in tree.flatten(arrays)):
            raise ValueError(f"Sizes differ: {[array.shape for array in tree.flatten(arrays)]}")
        return Dataset(lambda: (tree.map_structure(lambda x, i=i: x[i], arrays) for i in range(size)), size)

    @staticmethod
    def from_tensors(tensors):
        """Give one element."""
        element = tree.map_structure(np.asarray, _tuples(tensors))
        return Dataset(lambda: iter([element]), 1)

    @staticmethod
    def from_generator(generator, output_types=None, output_shapes=None, args=(), output_signature=None):
        """Give what a generator function yields."""
        return Dataset(lambda: (tree.map_structure(np.asarray, element) for element in generator(*args)))

    @staticmethod
    def range(*limits, output_type="int64"):
        """Give whole numbers."""
        numbers = np.arange(*limits, dtype=str(output_type))
        return Dataset(lambda: iter(numbers), len(numbers))

    @staticmethod
    def zip(*datasets):
        """Give the elements of several datasets side by side."""
        datasets = datasets[0] if len(datasets) == 1 and isinstance(datasets[0], tuple) else datasets
        sizes = [dataset._size for dataset in datasets]
        return Dataset(lambda: zip(*datasets, strict=False), None if None in sizes else min(sizes))

    def map(self, map_func, num_parallel_calls=None, deterministic=None, name=None):
        """Apply a function to every element; it gets the parts of a tuple one by one."""

        def apply(element):
            result = map_func(*element) if isinstance(element, tuple) else map_func(element)
            return jax.tree.map(to_numpy, result)

        return Dataset(lambda: map(apply, self), self._size)

    def filter(self, predicate, name=None):
        """Keep the elements for which the function holds."""
        return Dataset(lambda: (e for e in self if (predicate(*e) if isinstance(e, tuple) else predicate(e))))

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None, name=None):
        """Join elements along a new first axis."""

        def batches():
            elements = iter(self)
            while group := list(itertools.islice(elements, int(batch_size))):
                if len(group) == batch_size or not drop_remainder:
                    yield tree.map_structure(lambda *xs: np.stack(xs), *group)

        size = (
            self._size
            if self._size is None
            else (self._size // batch_size if drop_remainder else -(-self._size // batch_size))
        )
        return Dataset(batches, size)

    def unbatch(self, name=None):
        """Take batches apart."""
        return self.flat_map(lambda *parts: Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]))

    def flat_map(self, map_func, name=None):
        """Give all elements of the dataset that the function makes of each element."""
        parts = lambda e: map_func(*e) if isinstance(e, tuple) else map_func(e)  # noqa: E731
        return Dataset(lambda: itertools.chain.from_iterable(parts(e) for e in self))

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        """Give elements in random order, drawing from a buffer."""
        rng = np.random.default_rng(seed)

        def shuffled():
            order = rng if reshuffle_each_iteration else np.random.default_rng(seed)
            buffer = []
            for element in self:
                buffer.append(element)
                if len(buffer) >= buffer_size:
                    yield buffer.pop(int(order.integers(len(buffer))))
            while buffer:
                yield buffer.pop(int(order.integers(len(buffer))))

        return Dataset(shuffled, self._size)

    def repeat(self, count=None, name=None):
        """Start again at the end; without a count, for ever."""
        if count is None or count < 0:
            return Dataset(lambda: itertools.chain.from_iterable(self for _ in itertools.count()))
        size = None if self._size is None else self._size * count
        return Dataset(lambda: itertools.chain.from_iterable(self for _ in range(count)), size)

    def take(self, count, name=None):
        """Give the first elements only."""
        size = None if self._size is None else min(count, self._size)
        return Dataset(lambda: itertools.islice(iter(self), count), size)

    def skip(self, count, name=None):
        """Leave the first elements out."""
        size = None if self._size is None else max(self._size - count, 0)
        return Dataset(lambda: itertools.islice(iter(self), count, None), size)

    def concatenate(self, dataset, name=None):
        """Give another dataset's elements after these."""
        sizes = (self._size, dataset._size)
        return Dataset(lambda: itertools.chain(self, dataset), None if None in sizes else sum(sizes))

    def enumerate(self, start=0, name=None):
        """Number the elements."""
        return Dataset(lambda: enumerate(self, start), self._size)

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Give datasets of neighbouring elements."""
        step = shift or size

        def windows():
            elements = list(self)
            for start in range(0, len(elements), step):
                part = elements[start : start + (size - 1) * stride + 1 : stride]
                if len(part) == size or not drop_remainder:
                    yield Dataset(lambda part=part: iter(part), len(part))

        return Dataset(windows)

    def cache(self, filename="", name=None):
        """Keep the elements of the first time."""
        kept = []

        def cached():
            if not kept:
                kept.append(list(self))
            return iter(kept[0])

        return Dataset(cached, self._size)

    def prefetch(self, buffer_size, name=None):
        """Accept: elements are made when they are needed."""
        return self

    def shard(self, num_shards, index, name=None):
        """Give every so many-th element."""
        return Dataset(lambda: itertools.islice(iter(self), index, None, num_shards))

    def reduce(self, initial_state, reduce_func, name=None):
        """Fold the elements into one."""
        state = initial_state
        for element in self:
            state = reduce_func(state, element)
        return state

    def cardinality(self, name=None):
        """Return the number of elements, -2 if unknown."""
        return np.int64(-2 if self._size is None else self._size)

    def as_numpy_iterator(self):
        """Return an iterator over plain arrays and numbers of NumPy."""
        return (tree.map_structure(lambda x: x.numpy(), element) for element in self)


def _tensor(value):
    return value if isinstance(value, Dataset) else np.asarray(value).view(HostTensor)


def _tuples(tensors):
    """Lists are arrays in TensorFlow, tuples and dicts are structures."""
    if isinstance(tensors, dict):
        return {name: _tuples(value) for name, value in tensors.items()}
    if type(tensors) is tuple:
        return tuple(map(_tuples, tensors))
    return np.asarray(tensors) if isinstance(tensors, list) else tensors

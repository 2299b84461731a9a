"""`tf.data.Dataset` on NumPy: a pipeline is an iterable of structures that can be gone through again."""

import glob
import itertools
import math

import jax
import numpy as np

from lamina.core import tree
from lamina.core.random import get_random_seed, make_default_seed
from lamina.core.texts import to_numpy
from lamina.dialects.tensorflow import streams
from lamina.dialects.tensorflow.recording import require_values
from lamina.dialects.tensorflow.records import records
from lamina.dialects.tensorflow.shapes import HostTensor, TensorSpec
from lamina.dialects.tensorflow.sparse import SparseTensor

AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -1, -2
__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "Options",
    "TFRecordDataset",
    "TextLineDataset",
    "experimental",
]


class Options:
    """Accept any wish about how a pipeline is run."""

    def __init__(self):
        self.deterministic = True

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        self.__dict__[name] = Options()
        return self.__dict__[name]


class _Elements:
    """The elements of a dataset, as tensors; none is taken while a function is traced."""

    def __init__(self, elements):
        self._elements = elements

    def __iter__(self):
        return self

    def __next__(self):
        require_values("an iterator of a dataset")
        return tree.map_structure(_tensor, next(self._elements))


class Dataset:
    """Elements that come one after another; every method returns a new dataset.

    Args:
        make: function without arguments that returns an iterator, anew each time.
        size: number of elements [count], `None` if unknown, `math.inf` if it does not end.
    Example:
        >>> [int(x) for x in Dataset.range(6).map(lambda x: x * x).skip(2)]
        [4, 9, 16, 25]
    """

    def __init__(self, make, size=None):
        self._make = make
        self._size = size

    def __iter__(self):
        require_values("a dataset")
        return _Elements(iter(self._make()))

    def __len__(self):
        if self._size is None:
            raise TypeError("The dataset length is unknown.")
        if self._size == math.inf:
            raise TypeError("The dataset is infinite.")
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
    def from_generator(generator, output_types=None, output_shapes=None, args=(), output_signature=None, name=None):
        """Give what a generator function yields, in the dtypes that are named."""
        kinds = output_types if output_signature is None else tree.map_structure(lambda x: x.dtype, output_signature)
        return Dataset(lambda: (_of_dtypes(element, kinds) for element in generator(*args)))

    @staticmethod
    def list_files(file_pattern, shuffle=True, seed=None, name=None):
        """Give the names of the files that match a pattern, or several, in random order."""
        patterns = np.atleast_1d(np.asarray(file_pattern)).tolist()
        files = sorted(name for pattern in patterns for name in glob.glob(str(pattern)))
        if not files:
            raise ValueError(f"No files matched pattern: {', '.join(map(str, patterns))}")
        dataset = Dataset.from_tensor_slices(files)
        return dataset.shuffle(len(files), seed) if shuffle else dataset

    @staticmethod
    def sample_from_datasets(datasets, weights=None, seed=None, stop_on_empty_dataset=False, **options):
        """Give elements of several datasets, each time from one chosen at random."""
        rng = _numbers(seed)
        weights = np.ones(len(datasets)) if weights is None else np.asarray(weights, "float64")
        choices = iter(lambda: rng.choice(len(datasets), p=weights / weights.sum()), None)
        return Dataset(lambda: streams.choose(datasets, choices, stop_on_empty_dataset))

    @staticmethod
    def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=True):
        """Give elements of several datasets, each time from the one whose number comes next."""
        return Dataset(lambda: streams.choose(datasets, map(int, choice_dataset), stop_on_empty_dataset))

    @staticmethod
    def range(*limits, output_type="int64"):
        """Give whole numbers."""
        numbers = np.arange(*limits, dtype=str(output_type))
        return Dataset(lambda: iter(numbers), len(numbers))

    @staticmethod
    def zip(*datasets):
        """Give the elements of several datasets side by side."""
        structure = datasets[0] if len(datasets) == 1 else datasets
        flat = tree.flatten(structure)
        sizes = [dataset._size for dataset in flat]
        together = lambda: (tree.pack_sequence_as(structure, parts) for parts in zip(*flat, strict=False))  # noqa: E731
        return Dataset(together, None if None in sizes else min(sizes))

    @staticmethod
    def counter(start=0, step=1, dtype="int64", name=None):
        """Give whole numbers without end."""
        return Dataset(lambda: map(np.dtype(str(dtype)).type, itertools.count(start, step)), math.inf)

    def map(self, map_func, num_parallel_calls=None, deterministic=None, name=None):
        """Apply a function to every element; it gets the parts of a tuple one by one."""

        def apply(element):
            return jax.tree.map(_array, _tuples(_call(map_func, element)))

        return Dataset(lambda: map(apply, self), self._size)

    def filter(self, predicate, name=None):
        """Keep the elements for which the function holds."""
        return Dataset(lambda: (element for element in self if _call(predicate, element)))

    def take_while(self, predicate, name=None):
        """Give the elements until the function does not hold."""
        return Dataset(lambda: itertools.takewhile(lambda element: _call(predicate, element), self))

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None, name=None):
        """Join elements along a new first axis."""
        return self._joined(int(batch_size), drop_remainder, streams.stack)

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None):
        """Join elements along a new first axis, the shorter ones filled up: to given sizes, or to the longest."""
        return self._joined(int(batch_size), drop_remainder, streams.padding(padded_shapes, padding_values))

    def _joined(self, size, drop_remainder, join):
        count = self._size
        if count not in (None, math.inf):
            count = count // size if drop_remainder else -(-count // size)
        return Dataset(lambda: streams.batches(self, size, drop_remainder, join), count)

    def bucket_by_sequence_length(
        self,
        element_length_func,
        bucket_boundaries,
        bucket_batch_sizes,
        padded_shapes=None,
        padding_values=None,
        pad_to_bucket_boundary=False,
        no_padding=False,
        drop_remainder=False,
        name=None,
    ):
        """Join elements of similar length, filled up to the longest, or to the bucket's limit - 1."""
        limits = np.asarray(bucket_boundaries)

        def bucket(*parts):
            return np.searchsorted(limits, int(element_length_func(*parts)), side="right")

        def batch(key, group):
            if pad_to_bucket_boundary and key == len(limits):
                raise ValueError(f"An element is as long as the last of {bucket_boundaries}, or longer.")
            length = int(limits[key]) - 1 if pad_to_bucket_boundary else None
            join = streams.stack if no_padding else streams.padding(padded_shapes, padding_values, length)
            return streams.batches(group, bucket_batch_sizes[key], drop_remainder, join)

        return self.group_by_window(bucket, batch, window_size_func=lambda key: bucket_batch_sizes[key])

    def group_by_window(self, key_func, reduce_func, window_size=None, window_size_func=None, name=None):
        """Collect elements with the same key; a full window goes through `reduce_func(key, window)`."""
        size = window_size_func or (lambda key: window_size)
        key = lambda element: int(_call(key_func, element))  # noqa: E731
        return Dataset(lambda: streams.by_window(self, key, lambda key, group: reduce_func(key, _listed(group)), size))

    def rejection_resample(self, class_func, target_dist, initial_dist=None, seed=None, name=None):
        """Leave elements out at random until classes are as frequent as wanted; give (class, element)."""
        rng = _numbers(seed)
        kind = lambda element: int(_call(class_func, element))  # noqa: E731
        return Dataset(lambda: streams.resampled(self, kind, target_dist, initial_dist, rng))

    def unbatch(self, name=None):
        """Take batches apart."""
        return self.flat_map(lambda *parts: Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0]))

    def flat_map(self, map_func, name=None):
        """Give all elements of the dataset that the function makes of each element."""
        return Dataset(lambda: itertools.chain.from_iterable(_call(map_func, element) for element in self))

    def interleave(self, map_func, cycle_length=None, block_length=1, num_parallel_calls=None, **options):
        """Give elements of the datasets that the function makes, of several in turn."""
        cycle = 10 if cycle_length in (None, AUTOTUNE) else int(cycle_length)
        made = lambda: (iter(_call(map_func, element)) for element in self)  # noqa: E731
        return Dataset(lambda: streams.interleaved(made(), cycle, int(block_length)))

    def scan(self, initial_state, scan_func, name=None):
        """Give what a function makes of a state and each element; it returns the next state too."""
        return Dataset(lambda: streams.scanned(self, initial_state, scan_func), self._size)

    def unique(self, name=None):
        """Leave out elements that have been there."""
        return Dataset(lambda: streams.unique(self))

    def apply(self, transformation_func):
        """Return what a function makes of the dataset."""
        return transformation_func(self)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        """Give elements in random order, drawing from a buffer."""
        rng = _numbers(seed)
        first = rng.bit_generator.state

        def shuffled():
            if not reshuffle_each_iteration:
                rng.bit_generator.state = first
            return streams.shuffled(self, int(buffer_size), rng)

        return Dataset(shuffled, self._size)

    def repeat(self, count=None, name=None):
        """Start again at the end; without a count, for ever."""
        if self._size == 0:
            return self
        if count is None or count < 0:
            return Dataset(lambda: itertools.chain.from_iterable(self for _ in itertools.count()), math.inf)
        size = None if self._size is None else self._size * count if count else 0
        return Dataset(lambda: itertools.chain.from_iterable(self for _ in range(count)), size)

    def take(self, count, name=None):
        """Give the first elements only; all for -1."""
        if count < 0:
            return self
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
        parts = lambda: streams.windows(self, int(size), int(shift or size), int(stride), drop_remainder)  # noqa: E731
        return Dataset(lambda: map(_in_parts, parts()))

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

    def snapshot(self, path, **options):
        """Accept: elements are made anew each time."""
        return self

    def with_options(self, options, name=None):
        """Accept wishes about how the pipeline is run."""
        return self

    def options(self):
        """Return wishes about how the pipeline is run: none are needed."""
        return Options()

    def ignore_errors(self, log_warning=False, name=None):
        """Refuse: an element that fails is an error here."""
        raise NotImplementedError("Dataset.ignore_errors is not covered: catch the error inside the mapped function.")

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
        """Return the number of elements, -2 if unknown, -1 if they do not end."""
        special = {None: UNKNOWN_CARDINALITY, math.inf: INFINITE_CARDINALITY}
        return _tensor(np.int64(special.get(self._size, self._size)))

    def get_single_element(self, name=None):
        """Return the only element.

        Raises: ValueError if there are none or several.
        """
        elements = list(itertools.islice(iter(self), 2))
        if len(elements) != 1:
            raise ValueError(f"The dataset has {'more than one element' if elements else 'no element'}.")
        return elements[0]

    @property
    def element_spec(self):
        """Shape and dtype of the first element; batches may differ in their size."""
        return tree.map_structure(lambda x: TensorSpec(x.shape, x.dtype.name), next(iter(self)))

    def as_numpy_iterator(self):
        """Return an iterator over plain arrays and numbers of NumPy."""

        def plain(element):
            return tree.map_structure(lambda x: x.numpy(), element)

        return map(plain, self)  # a generator would end where a function that is traced may not ask it


def TextLineDataset(filenames, **options):  # noqa: N802 -- TensorFlow's name
    """Give the lines of text files."""
    names = [str(name) for name in np.atleast_1d(np.asarray(filenames)).tolist()]
    return Dataset(lambda: (line for name in names for line in streams.lines(name)))


def TFRecordDataset(filenames, compression_type=None, **options):  # noqa: N802 -- the same
    """Give the records of files as bytes."""
    if compression_type:
        raise NotImplementedError("TFRecordDataset reads files without compression.")
    names = list(filenames) if isinstance(filenames, Dataset) else np.atleast_1d(np.asarray(filenames))
    texts = [str(np.asarray(name).item()) for name in names]
    return Dataset(lambda: (np.array(data, object) for name in texts for data in records(name)))


class experimental:  # noqa: N801 -- TensorFlow's name
    """Names that were experimental once."""

    AUTOTUNE = AUTOTUNE
    INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
    cardinality = staticmethod(Dataset.cardinality)
    Counter = staticmethod(Dataset.counter)
    choose_from_datasets = staticmethod(Dataset.choose_from_datasets)
    get_single_element = staticmethod(Dataset.get_single_element)
    sample_from_datasets = staticmethod(Dataset.sample_from_datasets)


def _numbers(seed):
    """Return a generator of NumPy; without a seed it follows that of `tf.random.set_seed`."""
    if seed is None and get_random_seed() is not None:
        seed = make_default_seed()
    return np.random.default_rng(seed)


def _call(function, element):
    return function(*element) if isinstance(element, tuple) else function(element)


def _tensor(value):
    return value if isinstance(value, (Dataset, SparseTensor)) else to_numpy(value).view(HostTensor)


def _array(value):
    return value if isinstance(value, (Dataset, SparseTensor)) else to_numpy(value)


def _tuples(tensors):
    """Lists are arrays in TensorFlow, tuples and dicts are structures."""
    if type(tensors) is tuple:
        return tuple(map(_tuples, tensors))
    if isinstance(tensors, dict):
        return {name: _tuples(value) for name, value in tensors.items()}
    return np.asarray(tensors) if isinstance(tensors, list) else tensors


def _of_dtypes(element, kinds):
    if kinds is None:
        return _tuples(element)
    if isinstance(kinds, (tuple, list)):
        return tuple(_of_dtypes(part, kind) for part, kind in zip(element, kinds, strict=True))
    if isinstance(kinds, dict):
        return {name: _of_dtypes(element[name], kind) for name, kind in kinds.items()}
    return np.asarray(element, None if kinds == "string" else str(kinds))


def _listed(elements):
    return Dataset(lambda: iter(elements), len(elements))


def _in_parts(elements):
    """Return the elements as a dataset; of tuples and dicts, one dataset for each part."""
    return tree.map_structure(lambda *parts: _listed(parts), *elements)

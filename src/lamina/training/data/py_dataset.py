"""PyDataset: batches by number, made by the user's code, if asked in several threads or processes."""

import collections
import itertools
import multiprocessing
import random
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


class PyDataset:
    """A data set that gives batch number `index` when asked for it; a subclass defines `__len__` and `__getitem__`.

    Args:
        workers: how many batches are made at a time [count].
        use_multiprocessing: whether the workers are processes, for code that computes, or threads, for code that reads.
        max_queue_size: how many batches may be made ahead of the training [count].
    Source:   Keras 3 `PyDataset`; `Sequence` is its older name.
    Example:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> list(Squares())
        [0, 1, 4]
    """

    workers = 1  # here, so that a subclass need not call `super().__init__()`
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index):
        """Return batch number `index`: `(x,)`, `(x, y)`, `(x, y, sample_weight)` or a dict of inputs."""
        raise NotImplementedError(f"{type(self).__name__} must define `__getitem__(index)`.")

    def __iter__(self):
        return (self[index] for index in _numbers(self))

    @property
    def num_batches(self):
        """Batches in an epoch [count], None if they never end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} must define `__len__`, or the property `num_batches`.")

    def on_epoch_begin(self):
        """Called before the first batch of an epoch; a subclass may define it."""

    def on_epoch_end(self):
        """Called after the last batch of an epoch; a subclass may define it."""


class DatasetBatches:
    """The batches of a PyDataset as an iterable, which starts anew, in a new order, when it is iterated over again.

    Args:
        dataset: the PyDataset.
        shuffle: whether the batches come in any order.
    """

    def __init__(self, dataset, shuffle=False):
        self.dataset = dataset
        self.shuffle = shuffle

    def __len__(self):
        count = self.dataset.num_batches
        if count is None:
            raise TypeError("A data set without an end has no length.")
        return count

    def __iter__(self):
        numbers = _numbers(self.dataset)
        if self.shuffle and isinstance(numbers, range):
            numbers = list(numbers)
            random.shuffle(numbers)
        dataset = self.dataset
        if dataset.workers > 1 or (dataset.workers > 0 and dataset.use_multiprocessing):
            return _made_ahead(dataset, numbers)
        return (dataset[number] for number in numbers)

    def on_epoch_begin(self):
        """Tell the data set."""
        self.dataset.on_epoch_begin()

    def on_epoch_end(self):
        """Tell the data set."""
        self.dataset.on_epoch_end()


def _numbers(dataset):
    count = dataset.num_batches
    return itertools.count() if count is None else range(count)


def _made_ahead(dataset, numbers):
    """Yield the batches in order while workers make the next ones."""
    executor = _processes(dataset) if dataset.use_multiprocessing else ThreadPoolExecutor(dataset.workers)
    make = _make_in_process if dataset.use_multiprocessing else dataset.__getitem__
    waiting = collections.deque()
    try:
        for number in numbers:
            waiting.append(executor.submit(make, number))
            if len(waiting) > max(dataset.max_queue_size, 1):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _processes(dataset):
    """Workers begin as copies of this process where that exists, so that data sets made in notebooks can be sent."""
    method = "fork" if sys.platform.startswith("linux") else None
    executor = ProcessPoolExecutor(
        dataset.workers,
        mp_context=multiprocessing.get_context(method),
        initializer=_remember,
        initargs=(dataset,),
    )
    with warnings.catch_warnings():
        # Python and JAX warn of copying a process that has threads; these copies run the data set's code only.
        warnings.simplefilter("ignore")
        executor.submit(int).result()  # makes the processes, and tells at once if they cannot begin
    return executor


_dataset = None  # in a worker process: the data set it makes batches of


def _remember(dataset):
    global _dataset
    _dataset = dataset


def _make_in_process(number):
    return _dataset[number]

"""Series in windows and words in pairs, as Keras 1 and 2 had it: today's `timeseries_dataset_from_array`."""

import json
import math
import random

import numpy as np

from lamina.utils import PyDataset


class TimeseriesGenerator(PyDataset):
    """Give batches of windows of a series, each with the target of the step after it.

    Shapes:   samples (batch, length / sampling_rate, features), targets (batch, …)
    Args:
        data: array or list, time along the first axis.
        targets: as many as there are data.
        length: steps of a window [steps].
        sampling_rate: distance of the steps in a window [steps].
        stride: distance of windows [steps].
        start_index, end_index: part of the series that is used.
        shuffle: whether windows are drawn at random.
        reverse: whether the latest step of a window comes first.
        batch_size: windows in a batch [count].
    Raises:   ValueError if no window fits.
    Source:   Keras 2 `TimeseriesGenerator`.
    Example:
        >>> samples, targets = TimeseriesGenerator(np.arange(6), np.arange(6), length=3, batch_size=2)[0]
        >>> samples.tolist(), targets.tolist()
        ([[0, 1, 2], [1, 2, 3]], [3, 4])
    """

    def __init__(
        self,
        data,
        targets,
        length,
        sampling_rate=1,
        stride=1,
        start_index=0,
        end_index=None,
        shuffle=False,
        reverse=False,
        batch_size=128,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise ValueError(
                f"Data and targets have to be of same length. Data length is {len(data)} while target length is "
                f"{len(targets)}"
            )
        self.data, self.targets, self.length = data, targets, length
        self.sampling_rate, self.stride = sampling_rate, stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"`start_index+length={self.start_index} > end_index={self.end_index}` is disallowed, as no part of "
                "the sequence would be left to be used as current step."
            )

    def __len__(self):
        return math.ceil((self.end_index - self.start_index + 1) / (self.batch_size * self.stride))

    def __getitem__(self, index):
        if self.shuffle:
            steps = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            steps = range(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        samples = np.array([self.data[step - self.length : step : self.sampling_rate] for step in steps])
        targets = np.array([self.targets[step] for step in steps])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self):
        """Return the arguments, the data as JSON."""
        plain = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse", "batch_size")
        series = {name: json.dumps(np.asarray(getattr(self, name)).tolist()) for name in ("data", "targets")}
        return series | {name: getattr(self, name) for name in plain}

    def to_json(self, **kwargs):
        """Return the arguments as JSON; keyword arguments go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def make_sampling_table(size, sampling_factor=1e-5):
    """Return how likely the words of each rank are to be kept, so that frequent ones do not crowd out the others.

    Maths:    p = min(1, sqrt(factor * f)),  f = rank (log(rank) + 0.577) + 1/2 - 1/(12 rank)
    Source:   Keras 2; Mikolov et al. 2013, section 2.3; Zipf's law for the frequencies.
    """
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + 0.577) + 0.5 - 1 / (12 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(
    sequence,
    vocabulary_size,
    window_size=4,
    negative_samples=1.0,
    shuffle=True,
    categorical=False,
    sampling_table=None,
    seed=None,
):
    """Return pairs of word numbers and whether they stand near each other: 1, or 0 for pairs drawn at random.

    Args:
        sequence: word numbers; 0 is no word.
        vocabulary_size: one more than the largest number [count].
        window_size: how far apart words may stand [words].
        negative_samples: random pairs for each real one [ratio].
        categorical: whether the labels are [0, 1] and [1, 0].
        sampling_table: how likely the words of each number are to be kept.
        seed: seed of the order.
    Source:   Keras 2 `skipgrams`; Mikolov et al. 2013.
    """
    yes, no = ([0, 1], [1, 0]) if categorical else (1, 0)
    couples = []
    for place, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        near = range(max(0, place - window_size), min(len(sequence), place + window_size + 1))
        couples += [[word, sequence[other]] for other in near if other != place and sequence[other]]
    labels = [yes] * len(couples)
    count = int(len(labels) * negative_samples)
    if count:
        words = [word for word, _ in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)]
        labels += [no] * count
    if shuffle:
        seed = random.randint(0, 10**7) if seed is None else seed
        for items in (couples, labels):
            random.Random(seed).shuffle(items)
    return couples, labels

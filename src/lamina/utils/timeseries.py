"""Windows over a series of measurements."""

import numpy as np

from lamina.utils.dataset import Dataset


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
    format="tf",
):
    """Return a Dataset of windows that slide over a series.

    Shapes:   data (steps, …) -> windows (batch, sequence_length, …); targets (steps, …) -> (batch, …)
    Args:
        data: measurements in the order of time.
        targets: for each step what a window beginning there shall predict, or None.
        sequence_length: length of a window [steps].
        sequence_stride: step between two windows [steps].
        sampling_rate: step between two measurements in a window [steps].
        batch_size: windows in a batch [count]; None gives single windows.
        shuffle: whether the windows come in another order each time.
        seed: for that order.
        start_index, end_index: the part of the series that is used.
        format: kept for Keras's sake: the same Dataset stands for "tf" and "grain".
    Raises:   ValueError for sizes that the series does not have.
    Source:   Keras 3 `timeseries_dataset_from_array`.
    Example:
        >>> data = timeseries_dataset_from_array(np.arange(5), np.arange(5) * 10, sequence_length=3, batch_size=2)
        >>> [(x.tolist(), y.tolist()) for x, y in data]
        [([[0, 1, 2], [1, 2, 3]], [0, 10]), ([[2, 3, 4]], [20])]
    """
    _assert_sizes(len(data), start_index, end_index, sampling_rate=sampling_rate, sequence_stride=sequence_stride)
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    used = slice(start_index or 0, len(data) if end_index is None else end_index)
    series = np.asarray(data)[used]
    count = len(series) - (sequence_length - 1) * sampling_rate
    if targets is not None:
        count = min(count, len(targets))
        targets = np.asarray(targets)[used]
    starts = np.arange(0, count, sequence_stride)
    within = np.arange(sequence_length) * sampling_rate
    numbers = np.random.default_rng(seed if seed is not None else np.random.randint(2**31))
    size = batch_size or 1

    def make():
        order = numbers.permutation(starts) if shuffle else starts
        for first in range(0, len(order), size):
            at = order[first : first + size]
            windows = series[at[:, None] + within]
            yield windows if targets is None else (windows, targets[at])

    batches = Dataset(make, -(-len(starts) // size))
    return batches.unbatch() if batch_size is None else batches


def _assert_sizes(length, start, end, **steps):
    if start and not 0 <= start < length:
        raise ValueError(f"`start_index` must be 0 or greater, and lower than {length}. Received: start_index={start}")
    if end is not None and not (start or 0) < end < length:
        raise ValueError(
            f"`end_index` must be higher than {start or 0}, and lower than the length of the data, {length}. Received: "
            f"end_index={end}"
        )
    for name, value in steps.items():
        if not 0 < value < length:
            raise ValueError(f"`{name}` must be higher than 0, and lower than {length}. Received: {name}={value}")

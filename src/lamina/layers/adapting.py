"""What layers learn their state from: an array, or anything that gives batches."""

import itertools


def batches_of(data, steps=None):
    """Yield the inputs of each batch; an array is one batch.

    Args:
        data: an array, a data frame, or an iterable of batches: a data set, a list, a generator. Of a batch that is a
            tuple, such as `(x, y)`, the first entry counts.
        steps: how many batches to take at most [count]; None takes all.
    Raises: TypeError for what is neither.
    """
    if hasattr(data, "__array__"):
        yield data
        return
    if not hasattr(data, "__iter__"):
        raise TypeError(
            f"Unsupported data type: {type(data)}. `adapt` takes an array, or an iterable of batches: a data set, a "
            "list of arrays, a generator."
        )
    for batch in itertools.islice(data, steps):
        yield batch[0] if isinstance(batch, tuple) else batch

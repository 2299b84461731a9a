"""A batch as `fit` and `train_step` know it: `x`, `(x, y)` or `(x, y, sample_weight)`."""


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """Return `x`, `(x, y)` or `(x, y, sample_weight)`, whichever says all there is.

    Example:
        >>> pack_x_y_sample_weight(1), pack_x_y_sample_weight(1, 2), pack_x_y_sample_weight([1, 2])
        (1, (1, 2), ([1, 2],))
    """
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data):
    """Return (x, y, sample_weight) of a batch given as x, (x,), (x, y) or (x, y, sample_weight).

    Raises: ValueError for a longer tuple.
    Example:
        >>> unpack_x_y_sample_weight((1, 2))
        (1, 2, None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 0 < len(data) <= 3:
        raise ValueError(
            f"Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, found: {len(data)} "
            "items."
        )
    return (*data, None, None)[:3]

"""Rows of an array grouped by number and reduced."""

import jax

from lamina.core.op import op


@op("data", "segment_ids")
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """Add up the rows of each segment.

    Shapes:   data (rows, …), segment_ids (rows,) -> (segments, …)
    Args:
        segment_ids: which segment each row belongs to.
        num_segments: how many segments there are; required [count].
        sorted: whether the numbers are known to rise, which is faster.
    Raises:   ValueError if the shapes do not fit or `num_segments` is missing.

    Example:
        >>> segment_sum([1, 2, 3], [0, 1, 0], num_segments=2).tolist()
        [4, 2]
    """
    return _reduce(jax.ops.segment_sum, data, segment_ids, num_segments, sorted)


@op("data", "segment_ids")
def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """Multiply the rows of each segment; see `segment_sum`."""
    return _reduce(jax.ops.segment_prod, data, segment_ids, num_segments, sorted)


@op("data", "segment_ids")
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """Return the largest elements of each segment; see `segment_sum`."""
    return _reduce(jax.ops.segment_max, data, segment_ids, num_segments, sorted)


@op("data", "segment_ids")
def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """Return the smallest elements of each segment; see `segment_sum`."""
    return _reduce(jax.ops.segment_min, data, segment_ids, num_segments, sorted)


def _reduce(function, data, segment_ids, num_segments, is_sorted):
    if segment_ids.ndim > 1:
        raise ValueError(f"Argument `segment_ids` should be an 1-D vector, got shape: {segment_ids.shape}.")
    if data.shape[0] != segment_ids.shape[0]:
        raise ValueError(
            "Argument `segment_ids` and `data` should have same leading dimension. "
            f"Received: {segment_ids.shape} and {data.shape}."
        )
    if num_segments is None:
        raise ValueError("Argument `num_segments` must be set when using the JAX backend. Received: num_segments=None")
    return function(data, segment_ids, num_segments, indices_are_sorted=is_sorted)

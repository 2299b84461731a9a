"""Blocks and single elements read and written at places that are known only when the program runs."""

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core.context import is_known, thread
from lamina.core.op import op
from lamina.core.shapes import unknown_size


@op("inputs", "start_indices", lists=("start_indices",))
def slice(inputs, start_indices, shape):
    """Take the block of `shape` that begins at `start_indices`; -1 in `shape` means up to the end.

    Example:
        >>> slice([[1, 2, 3], [4, 5, 6]], (0, 1), (-1, 2)).tolist()
        [[2, 3], [5, 6]]
    """
    if not len(shape) == len(start_indices) == inputs.ndim:
        raise ValueError(
            "The number of dimensions in `shape` and in `start_indices` must match the number of dimensions in "
            f"`inputs`. Received: inputs.shape={inputs.shape}, start_indices={start_indices}, shape={shape}"
        )
    sizes = [
        _to_the_end(inputs.shape[i], start_indices[i]) if isinstance(size, int) and size == -1 else size
        for i, size in enumerate(shape)
    ]
    if thread.shape_trace and not all(map(is_known, sizes)):
        return jnp.zeros(sizes, inputs.dtype)
    return lax.dynamic_slice(inputs, start_indices, sizes)


def _to_the_end(size, start):
    if thread.shape_trace and isinstance(start, jax.core.Tracer):
        return unknown_size()
    return size - (int(start) if isinstance(start, jax.Array) else start)


@op("inputs", "start_indices", "updates", lists=("start_indices",))
def slice_update(inputs, start_indices, updates):
    """Return `inputs` with the block that begins at `start_indices` replaced by `updates`."""
    return lax.dynamic_update_slice(inputs, updates.astype(inputs.dtype), [as_places(x) for x in start_indices])


@op("indices", "values")
def scatter(indices, values, shape):
    """Return zeros of `shape` with `values` added at the places `indices`.

    Shapes:   indices (…, axes), values (…, *rest) -> shape
    Example:
        >>> scatter([[0], [2], [0]], [1, 2, 3], (4,)).tolist()
        [4, 0, 2, 0]
    """
    return jnp.zeros(shape, values.dtype).at[_places(indices)].add(values)


@op("inputs", "indices", "updates")
def scatter_update(inputs, indices, updates, reduction=None):
    """Return `inputs` with `updates` put at the places `indices`.

    Shapes:   inputs any, indices (updates, axes), updates (updates, *rest) -> as inputs
    Args:
        reduction: how an update meets what stands there: None (takes its place), "add", "max", "min" or "mul".
    Raises: ValueError for another reduction.
    """
    at = inputs.at[_places(indices)]
    writers = {None: at.set, "add": at.add, "max": at.max, "min": at.min, "mul": at.multiply}
    if reduction not in writers:
        raise ValueError(f"Unsupported reduction: {reduction!r}. Expected one of {list(writers)}.")
    return writers[reduction](jnp.asarray(updates, inputs.dtype))


def _places(indices):
    return tuple(jnp.moveaxis(as_places(indices), -1, 0))


def as_places(x):
    """Return whole numbers given as floats, as those of symbolic tensors often are, as integers."""
    return x.astype("int32") if jnp.issubdtype(jnp.result_type(x), jnp.floating) else x

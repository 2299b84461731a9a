"""Blocks and single elements read and written at places that are known only when the program runs."""

import jax.numpy as jnp
from jax import lax

from lamina.core.op import op


@op("inputs", "start_indices", lists=("start_indices",))
def slice(inputs, start_indices, shape):
    """Take the block of `shape` that begins at `start_indices`; -1 in `shape` means up to the end.

    Example:
        >>> slice([[1, 2, 3], [4, 5, 6]], (0, 1), (-1, 2)).tolist()
        [[2, 3], [5, 6]]
    """
    if not len(shape) == len(start_indices) == inputs.ndim:
        raise ValueError(
            "The number of dimensions in `inputs` must match the number of dimensions in `shape` and in "
            f"`start_indices`. Received: inputs.shape={inputs.shape}, start_indices={start_indices}, shape={shape}"
        )
    sizes = [
        inputs.shape[i] - start_indices[i] if isinstance(size, int) and size == -1 else size
        for i, size in enumerate(shape)
    ]
    return lax.dynamic_slice(inputs, start_indices, sizes)


@op("inputs", "start_indices", "updates", lists=("start_indices",))
def slice_update(inputs, start_indices, updates):
    """Return `inputs` with the block that begins at `start_indices` replaced by `updates`."""
    return lax.dynamic_update_slice(inputs, updates.astype(inputs.dtype), start_indices)


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
    return tuple(jnp.moveaxis(indices, -1, 0))

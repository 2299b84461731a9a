"""Functions that move elements and compute nothing."""

import jax.numpy as jnp
import numpy as np

from lamina.core import dtypes
from lamina.core.allowance import take_steps
from lamina.core.op import op


@op
def reshape(x, newshape):
    """Arrange the elements, in row-major order, in another shape; one size may be -1, what is left over.

    Raises: ValueError for other negative sizes, or several -1.
    """
    sizes = [newshape] if isinstance(newshape, int) else [size for size in newshape if isinstance(size, int)]
    if min(sizes, default=0) < -1:
        raise ValueError(f"Each size must be a non-negative integer or -1. Received: newshape={newshape}")
    if sizes.count(-1) > 1:
        raise ValueError(f"There can be at most one unknown dimension, -1. Received: newshape={newshape}")
    return jnp.reshape(x, newshape)


@op
def ravel(x):
    """Arrange the elements, in row-major order, along one axis."""
    return jnp.ravel(x)


@op
def expand_dims(x, axis):
    """Insert axes of size 1 at `axis`, an integer or a tuple of them."""
    return jnp.expand_dims(x, axis)


@op
def squeeze(x, axis=None):
    """Remove the axes of size 1, or those of them in `axis`.

    Raises: ValueError if an axis in `axis` has another size.
    """
    return jnp.squeeze(x, axis)


@op
def transpose(x, axes=None):
    """Put the axes in the order `axes`, by default the reverse.

    Raises: ValueError if `axes` does not name each axis once.
    """
    if axes is not None and sorted(axis + x.ndim * (axis < 0) for axis in axes) != [*range(x.ndim)]:
        raise ValueError(f"`axes` must be a valid permutation of {x.ndim} axes. Received: axes={axes}")
    return jnp.transpose(x, axes)


@op
def swapaxes(x, axis1, axis2):
    """Exchange two axes."""
    return jnp.swapaxes(x, axis1, axis2)


@op
def moveaxis(x, source, destination):
    """Move the axes `source` to the places `destination`; the others keep their order."""
    return jnp.moveaxis(x, source, destination)


@op
def broadcast_to(x, shape):
    """Repeat along axes of size 1 and along new axes in front until the shape is `shape`."""
    return jnp.broadcast_to(x, shape)


@op
def flip(x, axis=None):
    """Reverse the order along `axis`, along all axes if None."""
    return jnp.flip(x, axis)


@op
def fliplr(x):
    """Reverse the order along the second axis."""
    return jnp.fliplr(x)


@op
def flipud(x):
    """Reverse the order along the first axis."""
    return jnp.flipud(x)


@op
def rot90(array, k=1, axes=(0, 1)):
    """Turn the plane of two axes by `k` quarter turns, from the first axis towards the second.

    Raises: ValueError for fewer than two axes or twice the same.
    """
    if array.ndim < 2:
        raise ValueError(f"`rot90` wants at least two axes. Received: array.ndim={array.ndim}")
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"`axes` must be two different axes. Received: axes={axes}")
    return jnp.rot90(array, k, tuple(axes))


@op
def roll(x, shift, axis=None):
    """Move the elements by `shift` places along `axis`; what leaves at the end comes in at the beginning."""
    return jnp.roll(x, shift, axis)


@op
def repeat(x, repeats, axis=None):
    """Repeat each element `repeats` times along `axis`, in the flat array if None."""
    return jnp.repeat(x, np.asarray(repeats) if isinstance(repeats, tuple) else repeats, axis)


@op
def tile(x, repeats):
    """Repeat the whole array `repeats` times along each axis."""
    return jnp.tile(x, repeats)


@op("x", "constant_values")
def pad(x, pad_width, mode="constant", constant_values=None):
    """Add elements in front of and behind each axis.

    Args:
        pad_width: (before, after) for each axis, or one pair or one number for all [count].
        mode: "constant", "reflect", "symmetric", "edge", "wrap", … as in NumPy.
        constant_values: what is added in mode "constant", by default 0.
    Raises: ValueError for `constant_values` in another mode.
    """
    if constant_values is None:
        return jnp.pad(x, pad_width, mode)
    if mode != "constant":
        raise ValueError(
            f"Argument `constant_values` can only be provided when `mode == 'constant'`. Received: mode={mode}"
        )
    return jnp.pad(x, pad_width, mode, constant_values=constant_values)


@op("xs", lists=("xs",))
def concatenate(xs, axis=0):
    """Put arrays one behind the other along `axis`."""
    return jnp.concatenate(xs, axis)


@op("x", lists=("x",))
def stack(x, axis=0):
    """Put arrays of one shape side by side along a new axis."""
    return jnp.stack(x, axis)


@op("xs", lists=("xs",))
def hstack(xs):
    """Concatenate along the second axis, vectors along their only one."""
    return jnp.hstack(xs)


@op("xs", lists=("xs",))
def vstack(xs):
    """Concatenate along the first axis, vectors as rows."""
    return jnp.vstack(xs)


@op("xs", lists=("xs",))
def dstack(xs):
    """Concatenate along the third axis."""
    return jnp.dstack(xs)


@op("x1", "x2")
def append(x1, x2, axis=None):
    """Put x2 behind x1 along `axis`, both flat if None."""
    return jnp.append(x1, x2, axis)


@op
def split(x, indices_or_sections, axis=0):
    """Cut into equal parts along `axis`, or in front of the given places."""
    return jnp.split(x, _counted(indices_or_sections), axis)


@op
def array_split(x, indices_or_sections, axis=0):
    """Cut into parts along `axis` whose sizes differ by at most 1."""
    return jnp.array_split(x, _counted(indices_or_sections), axis)


@op
def hsplit(x, indices_or_sections):
    """Cut along the second axis, a vector along its only one; see `split`."""
    return jnp.hsplit(x, _counted(indices_or_sections))


@op
def vsplit(x, indices_or_sections):
    """Cut along the first axis; see `split`."""
    return jnp.vsplit(x, _counted(indices_or_sections))


@op
def dsplit(x, indices_or_sections):
    """Cut along the third axis; see `split`."""
    return jnp.dsplit(x, _counted(indices_or_sections))


def _counted(parts):
    """Return the number of parts, or the places between them, where a file may ask for so many."""
    take_steps(len(parts) if isinstance(parts, list | tuple) else parts, "`split`")
    return parts


@op("x")
def meshgrid(*x, indexing="xy"):
    """Repeat vectors to a grid, one array for each vector.

    Args:
        indexing: "ij": the axes are those of the vectors; "xy": the first two axes change places.
    """
    return jnp.meshgrid(*x, indexing=indexing)


@op
def diag(x, k=0):
    """Make a matrix with the vector `x` on its `k`-th diagonal, or take that diagonal out of a matrix."""
    return jnp.diag(x, k)


@op
def diagflat(x, k=0):
    """Make a matrix with the elements of `x` on its `k`-th diagonal."""
    return jnp.diagflat(x, k)


@op
def diagonal(x, offset=0, axis1=0, axis2=1):
    """Take out the diagonal of the plane of two axes; it becomes the last axis.

    Raises: ValueError if the two are the same.
    """
    if axis1 == axis2 or (min(axis1, axis2) < 0 and min(axis1, axis2) + x.ndim == max(axis1, axis2)):
        raise ValueError(f"`axis1` and `axis2` cannot be the same. Received: axis1={axis1}, axis2={axis2}")
    return jnp.diagonal(x, offset, axis1, axis2)


@op
def trace(x, offset=0, axis1=0, axis2=1):
    """Add up the diagonal of the plane of two axes."""
    return jnp.trace(x, offset, axis1, axis2)


@op
def tril(x, k=0):
    """Set to 0 what lies above the `k`-th diagonal."""
    return jnp.tril(x, k)


@op
def triu(x, k=0):
    """Set to 0 what lies below the `k`-th diagonal."""
    return jnp.triu(x, k)


@op
def ndim(x):
    """Return the number of axes."""
    return jnp.ndim(x)


@op
def size(x):
    """Return the number of elements."""
    return jnp.size(x)


@op
def array(x, dtype=None):
    """Return a new array of `x`."""
    return jnp.array(x, dtype if dtype is None else dtypes.standardize_dtype(dtype))

"""Dot: the product of two arrays along one axis of each."""

import jax.numpy as jnp
from jax import lax

from lamina.core.errors import ShapeError, message
from lamina.layers.demands import assert_axes
from lamina.layers.merging import Merge, require_list


class Dot(Merge):
    """Multiply two arrays along one axis of each, sample by sample, and sum.

    Maths:    y[b, i, j] = sum_k x1[b, i, k] * x2[b, j, k]    for axes=2
    Shapes:   [x1 (batch, ..., n), x2 (batch, ..., n)] -> (batch, the other axes of x1, the other axes of x2);
              (batch, 1) if there are no others
    Args:
        axes: the axis of both, or a pair of axes; not the batch axis 0.
        normalize: whether to scale to length 1 along the axis first, which makes the result the cosine of the angle.
    Mask:     dropped
    Raises:   TypeError or ValueError for axes of another form; ValueError unless there are two arrays of equal size
              along them.
    Source:   Keras 3 `Dot`.
    Example:
        >>> Dot(axes=1)([jnp.array([[1.0, 2.0]]), jnp.array([[3.0, 4.0]])]).tolist()
        [[11.0]]
    """

    _may_repeat = False

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        self.axes = _checked_axes(axes)
        self.normalize = normalize

    def build(self, input_shape):
        """Check that the sizes along the axes agree."""
        require_list(self, input_shape)
        if len(input_shape) != 2:
            raise ValueError(f"A `Dot` layer should be called on a list of 2 inputs. Received: {list(input_shape)}")
        first, second = input_shape
        if min(len(first), len(second)) < 2:
            raise ValueError(f"A `Dot` layer needs inputs of at least 2 axes. Received: {first} and {second}")
        for shape, axis in zip(input_shape, [self.axes] * 2 if isinstance(self.axes, int) else self.axes, strict=True):
            assert_axes(self, "axes", axis, shape)
        left, right = self._axis_of(0, len(first)), self._axis_of(1, len(second))
        if 0 in (left, right):
            raise ValueError(
                f"A `Dot` layer cannot sum over the batch axis 0. Received: axes={self.axes}. If the inputs have no "
                "batch axis, add one: x[None]."
            )
        if None not in (first[left], second[right]) and first[left] != second[right]:
            raise ShapeError(
                message(
                    "L106",
                    f"Incompatible input shapes: '{self.name}' sums over axis {left} of {first} and axis {right} of "
                    f"{second}, whose sizes {first[left]} and {second[right]} differ.",
                )
            )

    def call(self, inputs):
        """Compute on arrays."""
        if len(inputs) != 2:
            raise ValueError(f"A `Dot` layer should be called on exactly 2 inputs. Received {len(inputs)}.")
        axes = [self._axis_of(i, x.ndim) for i, x in enumerate(inputs)]
        if self.normalize:
            inputs = [_unit_length(x, axis) for x, axis in zip(inputs, axes, strict=True)]
        y = lax.dot_general(*inputs, ((axes[:1], axes[1:]), ((0,), (0,))))
        return y if y.ndim > 1 else y[:, None]

    def _equal_axes(self, ranks):
        return [[(0, 0), (1, 0)], [(i, self._axis_of(i, rank)) for i, rank in enumerate(ranks)]]

    def _axis_of(self, which, rank):
        axis = self.axes if isinstance(self.axes, int) else self.axes[which]
        return axis % rank if axis < 0 else axis

    def compute_mask(self, inputs, mask=None):
        """Return None: a sum over steps has no steps."""


def dot(inputs, axes=-1, **kwargs):
    """Multiply two arrays or symbolic tensors along an axis and sum; the arguments are those of `Dot`."""
    return Dot(axes=axes, **kwargs)(inputs)


def _unit_length(x, axis):
    """Scale `x` to length 1 along `axis`; zeros stay zeros."""
    return x * lax.rsqrt(jnp.maximum(jnp.sum(jnp.square(x), axis, keepdims=True), 1e-14))


def _checked_axes(axes):
    if isinstance(axes, int):
        return axes
    if not isinstance(axes, list | tuple):
        raise TypeError(f"Argument `axes` should be an integer or a pair of integers. Received: axes={axes!r}")
    if len(axes) != 2 or not all(isinstance(axis, int) for axis in axes):
        raise ValueError(f"Argument `axes` should be an integer or a pair of integers. Received: axes={axes!r}")
    return axes

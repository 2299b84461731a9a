"""Layers that make one array of several: Add, Subtract, Multiply, Average, Maximum, Minimum, Concatenate."""

import functools

import jax.numpy as jnp

from lamina import ops
from lamina.core import dtypes
from lamina.core.context import get_mask, set_mask
from lamina.core.errors import ShapeError, message
from lamina.core.tensor import KerasTensor
from lamina.layers.demands import axis_or_axes
from lamina.layers.layer import Layer


class Merge(Layer):
    """Combine arrays element by element; an array of lower rank is repeated along the axes after the batch."""

    _may_repeat = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        """Check that the shapes can be combined."""
        require_list(self, input_shape)
        batch_sizes = {shape[0] for shape in input_shape if shape} - {None}
        if len(batch_sizes) > 1:
            raise ValueError(
                f"Cannot merge tensors with different batch sizes. '{self.name}' received tensors with the shapes "
                f"{list(input_shape)}."
            )
        rank = max(map(len, input_shape))
        aligned = [shape[:1] + (1,) * (rank - len(shape)) + shape[1:] for shape in input_shape]
        for sizes in list(zip(*aligned, strict=True))[1:]:
            if len(set(sizes) - {None, 1}) > 1:
                raise ShapeError(
                    message(
                        "L106",
                        f"Inputs have incompatible shapes: '{self.name}' received {list(input_shape)}.",
                        why="apart from the batch axis, sizes must be equal, or 1 where values shall be repeated.",
                    )
                )

    def compute_output_spec(self, inputs):
        """Return what a call would return; a size that one input leaves unknown is that of the others."""
        if all(isinstance(x, KerasTensor) for x in inputs):
            inputs = _share_sizes(inputs, self._equal_axes([x.ndim for x in inputs]), self._may_repeat)
        return super().compute_output_spec(inputs)

    def _equal_axes(self, ranks):
        """Return lists of pairs (input, axis) that must be of equal size, apart from repetition."""
        last = max(ranks)
        spatial = range(1, last)
        aligned = [[(i, axis - last + rank) for i, rank in enumerate(ranks) if axis > last - rank] for axis in spatial]
        return [[(i, 0) for i in range(len(ranks))], *aligned]

    def call(self, inputs):
        """Compute on arrays."""
        rank = max(x.ndim for x in inputs)
        aligned = [
            x if x.ndim == rank else jnp.expand_dims(x, tuple(range(1, 1 + rank - x.ndim))) for x in inputs
        ]  # (batch, features) -> (batch, 1, features)
        return self._merge(aligned)

    def _merge(self, inputs):
        raise NotImplementedError

    def compute_mask(self, inputs, mask=None):
        """Return where any of the inputs has data; None if one of them has no mask."""
        masks = _masks_for(inputs, mask)
        if masks is None or any(m is None for m in masks):
            return None
        return functools.reduce(ops.logical_or, masks)


class Add(Merge):
    """Add arrays element by element.

    Maths:    y = x1 + x2 + ...
    Shapes:   [x (batch, ...), ...] of equal shapes, or shapes that broadcast -> the same
    Mask:     of what is masked in all inputs; none if one of them has none
    Raises:   ValueError for a single array, different batch sizes or shapes that do not broadcast.
    Source:   Keras 3 `Add`.
    Example:
        >>> Add()([jnp.array([[1.0]]), jnp.array([[2.0]])]).tolist()
        [[3.0]]
    """

    def _merge(self, inputs):
        return functools.reduce(jnp.add, inputs)


class Subtract(Merge):
    """Subtract the second array from the first.

    Maths:    y = x1 - x2
    Shapes:   [x1 (batch, ...), x2 (batch, ...)] -> the same
    Mask:     of what is masked in both; none if one of them has none
    Raises:   ValueError unless there are two arrays whose shapes broadcast.
    Source:   Keras 3 `Subtract`.
    Example:
        >>> Subtract()([jnp.array([[3.0]]), jnp.array([[2.0]])]).tolist()
        [[1.0]]
    """

    def build(self, input_shape):
        """Check that the shapes can be combined."""
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(
                f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={list(input_shape)}"
            )

    def _merge(self, inputs):
        if len(inputs) != 2:
            raise ValueError(f"A `Subtract` layer should be called on exactly 2 inputs. Received {len(inputs)}.")
        return inputs[0] - inputs[1]


class Multiply(Merge):
    """Multiply arrays element by element.

    Maths:    y = x1 * x2 * ...; masked steps count as 1, and are 0 in the output where all inputs are masked
    Shapes:   [x (batch, ...), ...] of equal shapes, or shapes that broadcast -> the same
    Mask:     of what is masked in all inputs; none if one of them has none
    Raises:   ValueError for a single array, different batch sizes or shapes that do not broadcast.
    Source:   Keras 3 `Multiply`.
    Example:
        >>> Multiply()([jnp.array([[3.0]]), jnp.array([[2.0]])]).tolist()
        [[6.0]]
    """

    def _merge(self, inputs):
        masks = [_spread(get_mask(x), x) for x in inputs]
        kept = [x if mask is None else jnp.where(mask, x, 1) for x, mask in zip(inputs, masks, strict=True)]
        y = functools.reduce(jnp.multiply, kept)
        if any(mask is None for mask in masks):
            return y
        return jnp.where(functools.reduce(jnp.logical_or, masks), y, 0)


class Average(Merge):
    """Average arrays element by element.

    Maths:    y = (x1 + x2 + ... + xn) / n
    Shapes:   [x (batch, ...), ...] of equal shapes, or shapes that broadcast -> the same
    Mask:     of what is masked in all inputs; none if one of them has none
    Raises:   ValueError for a single array, different batch sizes or shapes that do not broadcast.
    Source:   Keras 3 `Average`.
    Example:
        >>> Average()([jnp.array([[3.0]]), jnp.array([[2.0]])]).tolist()
        [[2.5]]
    """

    def _merge(self, inputs):
        return functools.reduce(jnp.add, inputs) / len(inputs)


class Maximum(Merge):
    """Take the largest of the values, element by element.

    Maths:    y = max(x1, x2, ...) over the inputs that are not masked there
    Shapes:   [x (batch, ...), ...] of equal shapes, or shapes that broadcast -> the same
    Mask:     of what is masked in all inputs; none if one of them has none
    Raises:   ValueError for a single array, different batch sizes or shapes that do not broadcast.
    Source:   Keras 3 `Maximum`.
    Example:
        >>> Maximum()([jnp.array([[3.0]]), jnp.array([[2.0]])]).tolist()
        [[3.0]]
    """

    def _merge(self, inputs):
        return _reduce_unmasked(jnp.maximum, inputs)


class Minimum(Merge):
    """Take the smallest of the values, element by element.

    Maths:    y = min(x1, x2, ...) over the inputs that are not masked there
    Shapes:   [x (batch, ...), ...] of equal shapes, or shapes that broadcast -> the same
    Mask:     of what is masked in all inputs; none if one of them has none
    Raises:   ValueError for a single array, different batch sizes or shapes that do not broadcast.
    Source:   Keras 3 `Minimum`.
    Example:
        >>> Minimum()([jnp.array([[3.0]]), jnp.array([[2.0]])]).tolist()
        [[2.0]]
    """

    def _merge(self, inputs):
        return _reduce_unmasked(jnp.minimum, inputs)


class Concatenate(Merge):
    """Join arrays end to end along one axis.

    Shapes:   [x1 (batch, ..., n1), x2 (batch, ..., n2)] -> (batch, ..., n1 + n2)    for axis=-1
    Args:
        axis: the axis along which they are joined.
    Mask:     with masks on some inputs: of what is masked in all parts; a part without mask counts as unmasked
    Raises:   ValueError for a single array, or arrays that differ along another axis.
    Source:   Keras 3 `Concatenate`.
    Example:
        >>> Concatenate()([jnp.ones((1, 2)), jnp.ones((1, 3))]).shape
        (1, 5)
    """

    _may_repeat = False

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis_or_axes(self, "axis", axis, several=False)

    def _equal_axes(self, ranks):
        return [[(i, axis) for i in range(len(ranks))] for axis in range(ranks[0]) if axis != self.axis % ranks[0]]

    def build(self, input_shape):
        """Check that the shapes differ along `axis` only."""
        require_list(self, input_shape)
        others = [list(shape) for shape in input_shape]
        for shape in others:
            if -len(shape) <= self.axis < len(shape):
                del shape[self.axis]
        same_rank = len(set(map(len, others))) == 1
        if not same_rank or any(len(set(sizes) - {None}) > 1 for sizes in zip(*others, strict=True)):
            raise ShapeError(
                message(
                    "L106",
                    "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
                    f"'{self.name}' with axis={self.axis} received {list(input_shape)}.",
                )
            )

    def call(self, inputs):
        """Compute on arrays."""
        return jnp.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs, mask=None):
        """Return where any of the values that are joined to one step is data; None without any mask."""
        masks = _masks_for(inputs, mask)
        if masks is None or all(m is None for m in masks):
            return None
        full = [ops.ones_like(x, dtype="bool") for x in inputs]
        for i, m in enumerate(masks):
            if m is not None:
                full[i] = ops.logical_and(full[i], ops.expand_dims(m, tuple(range(m.ndim, full[i].ndim))))
        return ops.any(ops.concatenate(full, axis=self.axis), axis=-1)


def add(inputs, **kwargs):
    """Add arrays or symbolic tensors element by element; the arguments are those of `Add`."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """Subtract the second array or symbolic tensor from the first; the arguments are those of `Subtract`."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """Multiply arrays or symbolic tensors element by element; the arguments are those of `Multiply`."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """Average arrays or symbolic tensors element by element; the arguments are those of `Average`."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """Take the largest values, element by element; the arguments are those of `Maximum`."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """Take the smallest values, element by element; the arguments are those of `Minimum`."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """Join arrays or symbolic tensors along an axis; the arguments are those of `Concatenate`."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def require_list(layer, shapes):
    """Raise ValueError unless `shapes` is a list of shapes."""
    if not shapes or not isinstance(shapes[0], list | tuple):
        raise ValueError(
            f"A `{type(layer).__name__}` layer should be called on a list of at least 1 input. "
            f"Received: input_shape={shapes} (not a list of shapes)"
        )


def _share_sizes(tensors, equal_axes, may_repeat):
    """Return symbolic tensors whose unknown sizes are filled in where axes of equal size are known."""
    shapes = [list(x.shape) for x in tensors]
    for axes in equal_axes:
        known = {shapes[i][axis] for i, axis in axes} - ({None, 1} if may_repeat else {None})
        if len(known) == 1:
            (size,) = known
            for i, axis in axes:
                shapes[i][axis] = size if shapes[i][axis] is None else shapes[i][axis]
    filled = [KerasTensor(shape, x.dtype) for shape, x in zip(shapes, tensors, strict=True)]
    for x, tensor in zip(filled, tensors, strict=True):
        if get_mask(tensor) is not None:
            set_mask(x, get_mask(tensor))
    return filled


def _masks_for(inputs, mask):
    """Return one mask, or None, per input; None without any.

    Raises: ValueError unless `mask` is a list as long as `inputs`.
    """
    if mask is None:
        return None
    if not isinstance(mask, list | tuple):
        raise ValueError(f"`mask` should be a list, one for each input. Received: mask={mask}")
    if not isinstance(inputs, list | tuple):
        raise ValueError(f"`inputs` should be a list. Received: inputs={inputs}")
    if len(mask) != len(inputs):
        raise ValueError(
            "The lists `inputs` and `mask` should have the same length. Received: "
            f"inputs={inputs} of length {len(inputs)}, and mask={mask} of length {len(mask)}"
        )
    return [m if m is None or isinstance(m, KerasTensor) else dtypes.as_array(m) for m in mask]


def _spread(mask, x):
    """Give `mask` the rank of `x`: (batch, steps) -> (batch, steps, 1)."""
    return None if mask is None else mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))


def _reduce_unmasked(function, inputs):
    """Combine `inputs` by `function`; where one of two is masked, the other one is the result."""
    result, mask = inputs[0], _spread(get_mask(inputs[0]), inputs[0])
    for x in inputs[1:]:
        x_mask = _spread(get_mask(x), x)
        x = x if x_mask is None else jnp.where(x_mask, x, result)
        result = function(result if mask is None else jnp.where(mask, result, x), x)
        mask = None if mask is None or x_mask is None else mask | x_mask
    return result

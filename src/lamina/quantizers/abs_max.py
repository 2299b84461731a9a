"""Integers for floats by their largest magnitude: one scale for a row, a column or a block of numbers."""

import jax.numpy as jnp
import numpy as np

from lamina.core import dtypes

EPSILON = 1e-7
INT8_RANGE = (-127, 127)
INT4_RANGE = (-8, 7)


class Quantizer:
    """Base of what turns floats into integers: `quantizer(x)` returns the integers and the scale.

    Args:
        output_dtype: dtype of the integers.
    """

    def __init__(self, output_dtype="int8"):
        self.output_dtype = output_dtype

    def __call__(self, x):
        """Return the integers for `x`; here `x` itself."""
        return x

    def get_config(self):
        """Return the constructor's arguments; a subclass defines it."""
        raise NotImplementedError(f"{self} does not implement get_config()")

    @classmethod
    def from_config(cls, config):
        """Make the quantizer that `config` describes."""
        return cls(**config)


class AbsMaxQuantizer(Quantizer):
    """Map the largest magnitude along an axis to the end of a range of integers, and zero to zero.

    Args:
        axis: axis (or axes) that share a scale; may be given in the call instead.
        value_range: smallest and largest integer.
        epsilon: added to the largest magnitude, so that zeros have a scale too.
        output_dtype: dtype of the integers.
    Raises:   ValueError for a range outside of int8.
    Source:   Keras 3 `AbsMaxQuantizer`.
    Example:
        >>> values, scale = AbsMaxQuantizer(axis=-1)(jnp.array([[0.25, -1.0]]))
        >>> values.tolist(), scale.round().tolist()
        ([[32, -127]], [[127.0]])
    """

    def __init__(self, axis=None, value_range=INT8_RANGE, epsilon=EPSILON, output_dtype="int8"):
        super().__init__(output_dtype)
        self.axis = (axis,) if isinstance(axis, int) else axis if axis is None else tuple(axis)
        self.value_range = tuple(value_range)
        self.epsilon = epsilon
        if output_dtype == "int8" and (value_range[0] < -128 or value_range[1] > 127):
            raise ValueError(
                "Quantizer with output_dtype='int8' requires value_range to be within the interval [-128, 127]. "
                f"Received: value_range={value_range}"
            )

    def __call__(self, x, axis=None, to_numpy=False):
        """Return the integers for `x`, and what it was multiplied by."""
        axis = axis if axis is not None else self.axis if self.axis is not None else -1
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon, to_numpy)

    def get_config(self):
        """Return the constructor's arguments."""
        config = {"value_range": self.value_range, "epsilon": self.epsilon, "output_dtype": self.output_dtype}
        return config if self.axis is None else {**config, "axis": self.axis}


def abs_max_quantize(inputs, axis, value_range=INT8_RANGE, dtype="int8", epsilon=EPSILON, to_numpy=False):
    """Round `inputs * scale` to integers, with the scale that brings the largest magnitude to the end of the range.

    Maths:    scale = most / (max|x| + epsilon); q = clip(round(x * scale), least, most)
    Args:
        inputs: floats of any shape.
        axis: axis, or axes, that share a scale.
        value_range: (least, most).
        dtype: of the integers.
        epsilon: added to the largest magnitude.
        to_numpy: whether to compute on the host, which saves memory of the device.
    Returns:  the integers and the scale, which has size 1 along `axis`.
    """
    inputs = dtypes.as_array(inputs)
    xp, x = (np, np.asarray(inputs)) if to_numpy else (jnp, inputs)
    axis = tuple(axis) if isinstance(axis, list | tuple) else axis
    scale = (value_range[1] / (xp.max(xp.abs(x), axis=axis, keepdims=True) + epsilon)).astype(inputs.dtype)
    values = xp.clip(xp.round(x * scale), *value_range).astype(dtype)
    return jnp.asarray(values), jnp.asarray(scale)


def abs_max_quantize_grouped_with_zero_point(
    inputs, block_size, value_range=INT4_RANGE, dtype="int8", epsilon=EPSILON, to_numpy=False
):
    """Round a matrix to integers, with a scale and a zero of its own for every `block_size` rows of a column.

    Maths:    scale = (max - min + epsilon) / (most - least); zero = round(-min / scale) + least
              q = clip(round(x / scale) + zero, least, most); min and max of the block and of 0
    Args:
        inputs: floats (rows, columns).
        block_size: rows of a block; the last one may have fewer [count].
        value_range: (least, most).
        dtype: of the integers.
        epsilon: added to the extent of a block.
        to_numpy: whether to compute on the host.
    Returns:  integers (rows, columns), scale (blocks, columns), zero (blocks, columns) int8.
    Source:   Keras 3; there blocks whose numbers have all the same sign are cut off, here they are kept.
    """
    inputs = dtypes.as_array(inputs)
    xp, x = (np, np.asarray(inputs)) if to_numpy else (jnp, inputs)
    rows, columns = x.shape
    least, most = value_range
    blocks = -(-rows // block_size)
    x = xp.pad(x, ((0, blocks * block_size - rows), (0, 0))).reshape(blocks, block_size, columns)
    low = xp.minimum(xp.min(x, axis=1, keepdims=True), 0)
    high = xp.maximum(xp.max(x, axis=1, keepdims=True), 0)
    scale = (high - low + epsilon) / (most - least)
    zero = xp.clip(xp.round(-low / scale) + least, least, most)
    values = xp.clip(xp.round(x / scale) + zero, least, most).astype(dtype).reshape(-1, columns)[:rows]
    scale, zero = scale.squeeze(1).astype(inputs.dtype), zero.squeeze(1).astype("int8")
    return jnp.asarray(values), jnp.asarray(scale), jnp.asarray(zero)

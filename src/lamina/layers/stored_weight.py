"""A layer's weight in few bits: the variables it is made of, and the way from floats to them and back.

Source:   Keras 3; the variables have its names, shapes and dtypes, so that either reads the other's files.
"""

import dataclasses
import functools
import math

import jax.numpy as jnp
import numpy as np

from lamina.quantizers.abs_max import INT4_RANGE, AbsMaxQuantizer, abs_max_quantize_grouped_with_zero_point
from lamina.quantizers.int4 import pack_int4, unpack_int4
from lamina.quantizers.zero_point import dequantize_with_sz_map


@dataclasses.dataclass(frozen=True)
class Weight:
    """What a layer says of a weight that may be kept in few bits.

    Args:
        name: of its variable; those of scale and zero are named after it.
        shape: of the floats.
        scale_axes: for each axis of the scale, the axis of the weight that it runs along, None for one of size 1.
            Products sum over the axes that are left out.
        attribute: where the layer keeps it.
        summed_axis: which axis of the weight as a matrix products sum over, 0 or -1.
        packed_axis: along which axis of that matrix two 4-bit integers share a byte.
        zero_dtype: dtype of the zeros.
    """

    name: str
    shape: tuple
    scale_axes: tuple
    attribute: str
    summed_axis: int = 0
    packed_axis: int = -1
    zero_dtype: str | None = "int8"

    @property
    def summed_axes(self):
        """The axes of the weight that products sum over."""
        return tuple(axis for axis in range(len(self.shape)) if axis not in self.scale_axes)

    @property
    def matrix(self):
        """The shape of the weight as a matrix."""
        if self.summed_axis:
            return self.shape
        rows = math.prod(self.shape[axis] for axis in self.summed_axes)
        return rows, math.prod(self.shape) // max(rows, 1)

    @property
    def summed(self):
        """How many numbers a product sums over."""
        return self.matrix[self.summed_axis]

    @property
    def outputs(self):
        """How many sums a product makes."""
        return self.matrix[1 + self.summed_axis]

    def read(self, layer, part=""):
        """Return the array of the layer's variable, or of its "_scale" or "_zero"."""
        return getattr(layer, f"{self.name}{part}" if part else self.attribute).value


def arrange(scale, axes):
    """Return `scale` with its axes in the order of `axes`, a new one for each None; those left out have size 1."""
    kept = [axis for axis in axes if axis is not None]
    rest = [axis for axis in range(scale.ndim) if axis not in kept]
    scale = scale.transpose(*rest, *kept).squeeze(tuple(range(len(rest))))
    return scale[tuple(None if axis is None else slice(None) for axis in axes)]


class Int8:
    """An integer for each float, and a scale for each output."""

    @staticmethod
    def build(layer, weight):
        """Make the variables of the layer."""
        sizes = tuple(1 if axis is None else weight.shape[axis] for axis in weight.scale_axes)
        layer._add_fixed(weight.attribute, weight.name, weight.shape, "zeros", "int8")
        layer._add_fixed(f"{weight.name}_scale", f"{weight.name}_scale", sizes, "ones")

    @staticmethod
    def encode(layer, weight, value, quantizer):
        """Return the values of the variables for the floats `value`, by attribute."""
        quantizer = quantizer or AbsMaxQuantizer()
        integers, scale = quantizer(value, axis=weight.summed_axes, to_numpy=True)
        return {weight.attribute: integers, f"{weight.name}_scale": arrange(scale, weight.scale_axes)}

    @staticmethod
    def restore(layer, weight, dtype, integers=None, scale=None):
        """Return the floats."""
        integers = weight.read(layer) if integers is None else integers
        scale = weight.read(layer, "_scale") if scale is None else scale
        back = [weight.scale_axes.index(axis) if axis in weight.scale_axes else None for axis in range(integers.ndim)]
        return integers.astype(dtype) / arrange(scale, back)

    @staticmethod
    def rows(layer, weight, ids, dtype):
        """Return the rows `ids` of the floats; the weight is summed over its last axis."""
        integers, scale = (jnp.take(x, ids, axis=0) for x in (weight.read(layer), weight.read(layer, "_scale")))
        return integers.astype(dtype) / scale[..., None]


class Int4:
    """Two integers in a byte, and a scale for each output, or a scale and a zero for each block of an output."""

    @staticmethod
    def build(layer, weight):
        """Make the variables of the layer."""
        packed = list(weight.matrix)
        packed[weight.packed_axis] = -(-packed[weight.packed_axis] // 2)
        block = layer._block
        sizes = (weight.outputs,)
        if block:
            blocks = -(-weight.summed // block)
            sizes = (weight.outputs, blocks) if weight.summed_axis else (blocks, weight.outputs)
        layer._add_fixed(weight.attribute, weight.name, tuple(packed), "zeros", "int8")
        layer._add_fixed(f"{weight.name}_scale", f"{weight.name}_scale", sizes, "ones")
        if block:
            layer._add_fixed(f"{weight.name}_zero", f"{weight.name}_zero", sizes, "zeros", weight.zero_dtype)
            if not hasattr(layer, "g_idx"):
                groups = functools.partial(_block_of_each, block=block)
                layer._add_fixed("g_idx", "g_idx", (weight.summed,), groups, "float32")

    @staticmethod
    def encode(layer, weight, value, quantizer):
        """Return the values of the variables for the floats `value`, by attribute."""
        matrix = np.asarray(value).reshape(weight.matrix)
        axis, block = weight.summed_axis, layer._block
        if block:
            turned = (x.T if axis else x for x in _grouped(matrix.T if axis else matrix, block))
            integers, scale, zero = turned
            zeros = {f"{weight.name}_zero": zero}
        else:
            quantizer = quantizer or AbsMaxQuantizer(value_range=INT4_RANGE)
            integers, scale = quantizer(matrix, axis=axis, to_numpy=True)
            scale, zeros = scale.squeeze(axis), {}
        packed = pack_int4(integers, axis=weight.packed_axis)[0]
        return {weight.attribute: packed, f"{weight.name}_scale": scale, **zeros}

    @staticmethod
    def integers(layer, weight):
        """Return the integers, in the shape of the weight."""
        length = weight.matrix[weight.packed_axis]
        return unpack_int4(weight.read(layer), length, axis=weight.packed_axis).reshape(weight.shape)

    @staticmethod
    def restore(layer, weight, dtype):
        """Return the floats."""
        integers = Int4.integers(layer, weight).reshape(weight.matrix)
        scale = weight.read(layer, "_scale")
        if not layer._block:
            return (integers.astype(dtype) / jnp.expand_dims(scale, weight.summed_axis)).reshape(weight.shape)
        zero = weight.read(layer, "_zero")
        restored = dequantize_with_sz_map(integers, scale, zero, layer.g_idx, group_axis=weight.summed_axis)
        return restored.reshape(weight.shape).astype(dtype)

    @staticmethod
    def rows(layer, weight, ids, dtype):
        """Return the rows `ids` of the floats; the weight is summed over its last axis."""
        packed, scale = (jnp.take(x, ids, axis=0) for x in (weight.read(layer), weight.read(layer, "_scale")))
        integers = unpack_int4(packed, weight.shape[-1], axis=-1)
        if not layer._block:
            return integers.astype(dtype) / scale[..., None]
        zero = jnp.take(weight.read(layer, "_zero"), ids, axis=0)
        return dequantize_with_sz_map(integers.astype(dtype), scale, zero, layer.g_idx).astype(dtype)


FORMATS = {"int8": Int8, "int4": Int4}


def _grouped(matrix, block):
    return abs_max_quantize_grouped_with_zero_point(matrix, block_size=block, to_numpy=True)


def _block_of_each(shape, dtype, block):
    return (np.arange(shape[0]) // block).astype(dtype)

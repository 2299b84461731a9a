"""Tensors, slices, branches and loops."""

# ruff: noqa: F401, I001 - a list of public names
# fmt: off
from lamina.ops.core.control import associative_scan, cond, fori_loop, map, scan, switch, vectorized_map, while_loop
from lamina.ops.core.slicing import scatter, scatter_update, slice, slice_update
from lamina.ops.core.tensors import (
    cast, convert_to_numpy, convert_to_tensor, custom_gradient, dtype, is_tensor, saturate_cast, shape,
    stop_gradient, unstack,
)

__all__ = [name for name, value in globals().items() if callable(value)]  # not the files

"""`keras.src.ops`: the classes of operations, such as `keras.src.ops.numpy.Add`."""

from lamina import ops as ops  # fills the table below
from lamina.core.op import OPERATIONS

globals().update(OPERATIONS)
Abs, Conj = OPERATIONS["Absolute"], OPERATIONS["Conjugate"]

__all__ = [*OPERATIONS, "Abs", "Conj"]

"""TensorFlow's dtypes: names with a few attributes."""

import numpy as np


class DType(str):
    """The name of a dtype, as TensorFlow spells it."""

    @property
    def name(self):
        """The name as text."""
        return str(self)

    @property
    def as_numpy_dtype(self):
        """The NumPy type."""
        return np.dtype(str(self)).type

    @property
    def is_floating(self):
        """Whether it is a float type."""
        return "float" in self

    @property
    def is_integer(self):
        """Whether it is a type of whole numbers."""
        return "int" in self

    @property
    def base_dtype(self):
        """The type itself."""
        return self

    @property
    def size(self):
        """Number of bytes."""
        return np.dtype(str(self)).itemsize

    @property
    def min(self):
        """The smallest number."""
        return self._limits().min

    @property
    def max(self):
        """The largest number."""
        return self._limits().max

    def _limits(self):
        import jax.numpy as jnp

        return jnp.iinfo(str(self)) if self.is_integer else jnp.finfo(str(self))


bfloat16 = DType("bfloat16")
bool = DType("bool")
complex128 = DType("complex128")
complex64 = DType("complex64")
float16 = DType("float16")
float32 = DType("float32")
float64 = DType("float64")
int16 = DType("int16")
int32 = DType("int32")
int64 = DType("int64")
int8 = DType("int8")
string = DType("string")
uint16 = DType("uint16")
uint32 = DType("uint32")
uint64 = DType("uint64")
uint8 = DType("uint8")
double = DType("float64")
half = DType("float16")


def as_dtype(value):
    """Return a dtype of TensorFlow for a name or a NumPy type."""
    return DType(np.dtype(value).name)


__all__ = [
    "DType",
    "as_dtype",
    "bfloat16",
    "bool",
    "complex64",
    "complex128",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int8",
    "int16",
    "int32",
    "int64",
    "string",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]

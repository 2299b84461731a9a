"""Two 4-bit integers in a byte."""

import jax.numpy as jnp

from lamina.core import dtypes

_BYTES = ("int8", "uint8")


def pack_int4(arr, axis=0, dtype="int8"):
    """Put neighbours along an axis into one byte: the first in the low four bits, the second in the high ones.

    Args:
        arr: int8 values from -8 to 7, or uint8 values from 0 to 15.
        axis: along which the array becomes half as long.
        dtype: "int8" or "uint8", that of `arr`.
    Returns:  the bytes, their shape, and the length of the axis before.
    Raises:   ValueError for another `dtype`, TypeError if the array has another one.
    Example:
        >>> packed, shape, length = pack_int4(jnp.array([1, -1, 3], dtype="int8"))
        >>> packed.tolist(), shape, length
        ([-15, 3], (2,), 3)
    """
    arr = dtypes.as_array(arr)
    _assert_bytes(dtype)
    if arr.dtype != dtype:
        raise TypeError(f"Expected {dtype} tensor for packing, got {arr.dtype}.")
    arr = jnp.moveaxis(arr, axis, 0)
    length = arr.shape[0]
    arr = jnp.pad(arr, [(0, length % 2)] + [(0, 0)] * (arr.ndim - 1))
    packed = jnp.moveaxis((arr[::2] & 15) | (arr[1::2] << 4), 0, axis)
    return packed, tuple(packed.shape), length


def unpack_int4(packed, orig_len, axis=0, dtype="int8"):
    """Return the 4-bit integers that `pack_int4` put into bytes.

    Args:
        packed: int8 or uint8 bytes.
        orig_len: length of the axis before packing [count].
        axis: along which they were packed.
        dtype: "int8" for integers from -8 to 7, "uint8" for 0 to 15.
    Raises:   ValueError for another `dtype`, TypeError if `packed` are no bytes.
    Example:
        >>> unpack_int4(jnp.array([-15, 3], dtype="int8"), 3).tolist()
        [1, -1, 3]
    """
    packed = dtypes.as_array(packed)
    _assert_bytes(dtype)
    if str(packed.dtype) not in _BYTES:
        raise TypeError(f"Expected int8 or uint8 tensor for unpacking, got {packed.dtype}")
    axis %= packed.ndim
    halves = jnp.stack([packed & 15, (packed >> 4) & 15], axis=axis + 1)
    if dtype == "int8":
        halves = (halves ^ 8) - 8
    shape = (*packed.shape[:axis], 2 * packed.shape[axis], *packed.shape[axis + 1 :])
    cut = tuple(slice(orig_len if i == axis else None) for i in range(packed.ndim))
    return halves.reshape(shape)[cut].astype(dtype)


def _assert_bytes(dtype):
    if dtype not in _BYTES:
        raise ValueError(f"Expected dtype to be 'int8' or 'uint8', but got '{dtype}'.")

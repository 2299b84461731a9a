"""Unsigned integers for floats by a scale and a zero, shared by a row or by a group of a row's numbers."""

import jax.numpy as jnp

from lamina.core import dtypes


def compute_quantization_parameters(
    x,
    *,
    bits,
    symmetric=False,
    per_channel=False,
    group_size=-1,
    compute_dtype="float32",
    epsilon=0.0,
    signed=False,
):
    """Return the scales and zeros that bring a matrix into `bits` bits.

    Maths:    scale = (max - min + epsilon) / (2^bits - 1); zero = round(-min / scale); min and max of the group and 0
    Args:
        x: floats (rows, columns).
        bits: size of the integers [bits].
        symmetric: whether min and max are made to have equal magnitude.
        per_channel: whether each row has a scale of its own.
        group_size: columns of a row that share a scale; -1 for all [count].
        compute_dtype: dtype of the largest integer returned.
        epsilon: added to max - min.
        signed: whether the integers go from -2^(bits-1).
    Returns:  scale and zero (rows, groups), and the largest integer.
    Raises:   ValueError for no matrix, or an empty one.
    Source:   Keras 3 `compute_quantization_parameters`; here groups of one sign are kept, there they are cut off.
    """
    if x is None:
        raise ValueError(f"Input tensor {x} cannot be None.")
    x = dtypes.as_array(x)
    if x.ndim < 2:
        raise ValueError(f"Input weight tensor {x} must have a rank of at least 2, but got rank {x.ndim}.")
    if not x.size:
        raise ValueError("Input tensor 'x' cannot be empty.")
    rows, columns = x.shape[:2]
    if not per_channel:
        grouped = x.reshape(1, 1, -1)
    elif 0 < group_size < columns:
        grouped = jnp.pad(x, ((0, 0), (0, -columns % group_size))).reshape(rows, -1, group_size)
    else:
        grouped = x.reshape(rows, 1, -1)
    low, high = jnp.minimum(grouped.min(axis=2), 0), jnp.maximum(grouped.max(axis=2), 0)
    if symmetric:
        high = jnp.maximum(-low, high)
        low = jnp.where(low < 0, -high, low)
    empty = low == high
    low, high = jnp.where(empty, low - 1, low), jnp.where(empty, high + 1, high)
    most = jnp.asarray(2**bits - 1, compute_dtype)
    scale = (high - low + epsilon) / most
    zero = jnp.full_like(scale, 2 ** (bits - 1)) if symmetric else jnp.round(-low / scale)
    if signed:
        half = 2 ** (bits - 1)
        zero = jnp.clip(zero - half, -half, half - 1)
    if not per_channel:
        scale, zero = jnp.tile(scale, (rows, 1)), jnp.tile(zero, (rows, 1))
    return scale, zero.astype("int8" if signed else "uint8"), most


def quantize_with_zero_point(input_tensor, scale, zero, maxq):
    """Return `clip(round(x / scale + zero), 0, maxq)`."""
    scale = jnp.where(scale == 0, 1e-8, scale).astype(scale.dtype)
    return jnp.clip(jnp.round(input_tensor / scale + zero.astype(scale.dtype)), 0, maxq)


def dequantize_with_zero_point(input_tensor, scale, zero):
    """Return `scale * (q - zero)`."""
    return scale * (input_tensor - zero.astype(scale.dtype))


def quantize_with_sz_map(weights_matrix, scale, zero, g_idx, maxq, group_axis=-1):
    """Quantize with a scale and a zero for each group.

    Args:
        weights_matrix: floats.
        scale, zero: one for each group along `group_axis`.
        g_idx: group of each number along `group_axis`.
        maxq: largest integer.
    """
    scale, zero = (jnp.take(x, g_idx.astype("int32"), axis=group_axis) for x in map(dtypes.as_array, (scale, zero)))
    return quantize_with_zero_point(weights_matrix, scale, zero, maxq)


def dequantize_with_sz_map(weights_matrix, scale, zero, g_idx, group_axis=-1):
    """Return the floats for what `quantize_with_sz_map` returned, with the same arguments."""
    groups = dtypes.as_array(g_idx).astype("int32")
    scale, zero = (jnp.take(x, groups, axis=group_axis) for x in map(dtypes.as_array, (scale, zero)))
    return (weights_matrix - zero.astype(scale.dtype)) * scale

"""Numbers in eight bits with a floating point: the scale is fitted to the largest values of the last steps."""

import jax.numpy as jnp
import ml_dtypes


def compute_float8_scale(amax, scale, dtype_max, margin=0):
    """Return the scale by which values up to `amax` fit into a dtype, the old one where `amax` says nothing.

    Maths:    scale = amax * 2^margin / dtype_max
    Args:
        amax: largest magnitude of the last steps.
        scale: the scale so far.
        dtype_max: largest number of the dtype.
        margin: bits of room left.
    """
    fits = (dtype_max / amax) / 2**margin
    known = (amax > 0.0) & jnp.isfinite(amax)
    return 1 / jnp.where(known, fits, 1 / scale)


def compute_float8_amax_history(x, amax_history):
    """Return the history of largest magnitudes, with that of `x` in the first place and the oldest gone."""
    return jnp.roll(amax_history, -1).at[0].set(jnp.max(jnp.abs(x)).astype(amax_history.dtype))


def quantize_and_dequantize(inputs, scale, quantized_dtype, compute_dtype):
    """Return `inputs` with what is lost by keeping `inputs / scale` in eight bits.

    Args:
        inputs: floats.
        scale: of the inputs.
        quantized_dtype: "float8_e4m3fn" or "float8_e5m2".
        compute_dtype: dtype of the result.
    """
    most = jnp.asarray(float(ml_dtypes.finfo(quantized_dtype).max), compute_dtype)
    scale = scale.astype(compute_dtype)
    return jnp.clip(inputs / scale, -most, most).astype(quantized_dtype).astype(compute_dtype) * scale

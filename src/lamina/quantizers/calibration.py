"""Rounding a matrix with its inputs in mind: GPTQ and AWQ, as functions over arrays."""

import jax.numpy as jnp
import numpy as np

from lamina.quantizers.zero_point import (
    compute_quantization_parameters,
    dequantize_with_sz_map,
    quantize_with_sz_map,
)


def gptq_quantize_matrix(weights, hessian, config):
    """Round the columns of a matrix one after the other; what follows makes up for each error.

    Args:
        weights: floats (outputs, inputs).
        hessian: sum of the outer products of the inputs (inputs, inputs).
        config: GPTQConfig.
    Returns:  integers (outputs, inputs), scale and zero (outputs, groups), group of each input (inputs,).
    Source:   Frantar et al. 2022, algorithm 1.
    """
    weights = np.array(weights, "float64")
    inputs = weights.shape[1]
    order = np.argsort(-np.diagonal(hessian), kind="stable") if config.activation_order else np.arange(inputs)
    weights = weights[:, order]
    upper = _inverse_factor(np.array(hessian, "float64")[np.ix_(order, order)], config.hessian_damping)
    size = inputs if config.group_size == -1 else config.group_size
    integers, scales, zeros = np.zeros(weights.shape), [], []
    for i in range(inputs):
        if i % size == 0:
            scale, zero, most = compute_quantization_parameters(
                weights[:, i : i + size].astype("float32"),
                bits=config.weight_bits,
                symmetric=config.symmetric,
                per_channel=config.per_channel,
            )
            scales.append(scale)
            zeros.append(zero)
            scale, zero = np.asarray(scale, "float64")[:, 0], np.asarray(zero, "float64")[:, 0]
        integers[:, i] = np.clip(np.round(weights[:, i] / scale + zero), 0, float(most))
        error = (weights[:, i] - (integers[:, i] - zero) * scale) / upper[i, i]
        weights[:, i + 1 :] -= np.outer(error, upper[i, i + 1 :])
    back = np.argsort(order)
    groups = (np.arange(inputs) // size)[back].astype("float32")
    return integers[:, back].astype("uint8"), jnp.concatenate(scales, 1), jnp.concatenate(zeros, 1), groups


def _inverse_factor(hessian, damping):
    """Return the upper triangular factor of the inverse of the damped Hessian."""
    diagonal = np.diagonal(hessian)
    hessian = hessian + np.diag(np.where(diagonal == 0, 1.0, 0.0))
    hessian += np.eye(len(hessian)) * max(damping * np.diagonal(hessian).mean(), 1e-8)
    return np.linalg.cholesky(np.linalg.inv(hessian)).T


def awq_quantize_matrix(weights, magnitudes, config):
    """Round a matrix after scaling up the columns of strong inputs, as strongly as loses least.

    Args:
        weights: floats (outputs, inputs).
        magnitudes: largest magnitude of each input (inputs,).
        config: AWQConfig.
    Returns:  integers (outputs, inputs), scale and zero (outputs, groups), factor of each input (inputs,), group of
        each input (inputs,).
    Source:   Lin et al. 2023, section 3.2.
    """
    weights = jnp.asarray(weights, "float32")
    magnitudes = jnp.where(magnitudes < 1e-8, 1.0, magnitudes)
    inputs = weights.shape[1]
    size = inputs if config.group_size == -1 else config.group_size
    groups = jnp.arange(inputs) // size
    tried = []
    for i in range(config.num_grid_points + 1):
        factors = jnp.maximum(magnitudes ** (i / config.num_grid_points), 1e-4)
        factors = factors / jnp.sqrt(factors.max() * factors.min())
        rounded = _round(weights * factors, groups, size)
        error = (weights - dequantize_with_sz_map(*rounded, groups) / factors) * magnitudes
        tried.append((float(jnp.mean(error**2)), factors, rounded))
    _, factors, (integers, scale, zero) = min(tried, key=lambda attempt: attempt[0])
    return integers.astype("uint8"), scale, zero, factors, groups.astype("float32")


def _round(weights, groups, size):
    scale, zero, most = compute_quantization_parameters(weights, bits=4, per_channel=True, group_size=size)
    return quantize_with_sz_map(weights, scale, zero, groups, most), scale, zero

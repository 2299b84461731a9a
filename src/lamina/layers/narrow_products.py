"""Products of inputs and weights in few bits, with the gradients of the products that they stand for."""

import functools

import jax
import jax.numpy as jnp
import ml_dtypes

from lamina.quantizers.float8 import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize


def accumulator(*arrays):
    """Return the dtype that a product of these arrays is summed in: int32 for bytes, None for what is usual."""
    return "int32" if all(x.dtype == "int8" for x in arrays) else None


def integer_product(product, quantize, restore, x, weight, scale):
    """Return `product(x, restore(weight, scale))`, computed on integers.

    Args:
        product: function of inputs and a weight.
        quantize: function that returns integers and their scale for `x`; None multiplies floats by the integers.
        restore: function that returns the floats of the weight, for the gradient.
        x: floats.
        weight: integers.
        scale: what products of the weight are divided by.
    """

    def forward(x, weight, scale):
        if quantize is None:
            return product(x, weight.astype(x.dtype)) / scale
        integers, input_scale = quantize(x)
        return product(integers, weight).astype(x.dtype) / (input_scale * scale)

    def remembering(x, weight, scale):
        return forward(x, weight, scale), (x, weight, scale)

    def backward(saved, gradient):
        x, weight, scale = saved
        floats = restore(weight, scale)
        return (*jax.vjp(lambda x: product(x, floats), x)[1](gradient), None, None)

    differentiable = jax.custom_vjp(forward)
    differentiable.defvjp(remembering, backward)
    return differentiable(x, weight, jnp.asarray(scale))


def _updated(x, scale, history, dtype):
    """Return the next scale and history, which take the place of their gradients."""
    most = jnp.asarray(float(ml_dtypes.finfo(dtype).max), "float32")
    return compute_float8_scale(jnp.max(history), scale, most), compute_float8_amax_history(x, history)


@functools.partial(jax.custom_vjp, nondiff_argnums=(3,))
def narrowed(x, scale, history, dtype):
    """Return `x` with what float8 (e4m3) keeps of it; gradients pass, those of scale and history are their next values.

    Source:   Keras 3; Micikevicius et al. 2022.
    """
    return quantize_and_dequantize(x, scale, "float8_e4m3fn", dtype)


def _narrowed_forward(x, scale, history, dtype):
    return narrowed(x, scale, history, dtype), _updated(x, scale, history, "float8_e4m3fn")


narrowed.defvjp(_narrowed_forward, lambda dtype, updated, gradient: (gradient, *updated))


@functools.partial(jax.custom_vjp, nondiff_argnums=(3,))
def with_narrowed_gradient(x, scale, history, dtype):
    """Return `x`; its gradient passes with what float8 (e5m2) keeps of it."""
    return x


def _backward(dtype, saved, gradient):
    scale, history = saved
    kept = quantize_and_dequantize(gradient, scale, "float8_e5m2", dtype)
    return kept, *_updated(gradient, scale, history, "float8_e5m2")


with_narrowed_gradient.defvjp(lambda x, scale, history, dtype: (x, (scale, history)), _backward)

"""Attention: every query takes a mean of the values, weighted by how well their keys fit."""

import jax

from lamina.core import dtypes
from lamina.core.op import op
from lamina.kernels.attention import implementation


@op("query", "key", "value", "bias", "mask", "scale")
def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    scale=None,
    is_causal=False,
    flash_attention=None,
    attn_logits_soft_cap=None,
):
    """Average the values with weights softmax(query . key * scale + bias).

    Maths:    y[b,t,h] = sum_s softmax_s(q[b,t,h] . k[b,s,h] * scale + bias[b,h,t,s]) * v[b,s,h]
    Shapes:   query (batch, steps, heads, features), key and value (batch, source_steps, heads, features)
              -> (batch, steps, heads, features)
    Args:
        bias, mask: shaped as (batch, heads, steps, source_steps) or broadcast to it; False hides a source step.
        scale: by default 1 / sqrt(features).
        is_causal: whether later source steps are hidden.
        flash_attention: True for cuDNN's kernel, False for XLA's; by default cuDNN's where the device has it, it takes
            such arrays and `config.enable_flash_attention` was called.
        attn_logits_soft_cap: not supported.
    Raises:   ValueError for another rank.
    """
    if attn_logits_soft_cap is not None:
        raise ValueError(f"`attn_logits_soft_cap` is not supported. Received: {attn_logits_soft_cap}")
    if not query.ndim == key.ndim == value.ndim == 4:
        raise ValueError(
            "`dot_product_attention` only supports 4D inputs. "
            f"Received: query.shape={query.shape}, key.shape={key.shape}, value.shape={value.shape}."
        )
    dtype = dtypes.result_type(query.dtype, key.dtype, value.dtype)
    query, key, value = (x.astype(dtype) for x in (query, key, value))
    bias = None if bias is None else bias.astype(dtype)
    kernel = implementation(flash_attention, query, key, value, bias, mask)
    return jax.nn.dot_product_attention(
        query, key, value, bias, mask, scale=scale, is_causal=is_causal, implementation=kernel
    )

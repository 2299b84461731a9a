"""Which kernel of JAX attends: XLA's own form, or the fused one of cuDNN, which keeps no scores in memory."""

import functools

import jax

from lamina.core.config import is_flash_attention_enabled
from lamina.core.context import thread


def implementation(flash_attention, query, key, value, bias=None, mask=None):
    """Return "cudnn" or "xla", as `jax.nn.dot_product_attention` calls them.

    Args:
        flash_attention: True for the fused kernel, which then says itself what it misses; False for XLA's; None for the
            fused one where that is enabled and takes the arrays.
        query, key, value: arrays (batch, steps, heads, features).
        bias, mask: arrays that are broadcast to (batch, heads, steps, source_steps).
    Example:
        >>> x = jax.numpy.ones((1, 2, 3, 4))
        >>> implementation(None, x, x, x)
        'xla'
    """
    if thread.shape_trace:  # where nothing is computed, no device is asked for
        return "xla"
    if flash_attention is None:
        enabled = is_flash_attention_enabled() and jax.default_backend() == "gpu"
        flash_attention = enabled and _takes(*map(_spec, (query, key, value, bias, mask)))
    return "cudnn" if flash_attention else "xla"


def _spec(x):
    return None if x is None else jax.ShapeDtypeStruct(x.shape, x.dtype)


@functools.lru_cache(maxsize=1000)
def _takes(query, key, value, bias, mask):
    """Tell whether the fused kernel takes arrays of these shapes and dtypes, and has gradients: traced, it says so."""

    def total(*arrays):
        return jax.nn.dot_product_attention(*arrays, implementation="cudnn").astype("float32").sum()

    try:
        jax.eval_shape(jax.grad(total, argnums=(0, 1, 2)), query, key, value, bias, mask)
    except Exception:  # noqa: BLE001 -- of whatever kind: another device, library, dtype or layout than it is made for
        return False
    return True

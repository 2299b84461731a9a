"""Axes split, ordered anew and merged, as a pattern says."""

import math
import re

import jax.numpy as jnp

from lamina.core.op import op


@op("tensor", "pattern")
def rearrange(tensor, pattern, **axes_lengths):
    """Split, reorder and merge axes after a pattern such as "b (h p) c -> b h (p c)".

    Args:
        pattern: names of the axes before and after; parentheses stand around names that make up one axis together.
        **axes_lengths: sizes of the names in parentheses on the left, but for one in each.
    Source:   einops, Rogozhnikov 2022.

    Example:
        >>> rearrange([[1, 2, 3, 4]], "b (h p) -> (b p) h", p=2).tolist()
        [[1, 3], [2, 4]]
    """
    before, after = (_groups(side) for side in pattern.split("->"))
    sizes = dict(axes_lengths)
    for names, size in zip(before, tensor.shape, strict=True):
        unknown = [name for name in names if name not in sizes]
        if unknown:
            sizes[unknown[0]] = size // math.prod(sizes[name] for name in names if name in sizes)
    names = [name for group in before for name in group]
    x = jnp.reshape(tensor, [sizes[name] for name in names])
    x = jnp.transpose(x, [names.index(name) for group in after for name in group])
    return jnp.reshape(x, [math.prod(sizes[name] for name in group) for group in after])


def _groups(side):
    """Read "b (h p)" as [["b"], ["h", "p"]]."""
    return [re.findall(r"\w+", group) for group in re.findall(r"\w+|\(.*?\)", side)]

"""How much memory and work a model that is being read may take: a file of some bytes must not keep a machine busy."""

import math

import jax.numpy as jnp

from lamina.core import errors
from lamina.core.context import entering, thread

_FREE = 1 << 26  # bytes that are never worth a refusal
_FACTOR = 16  # an optimizer's slots, and statistics, that are made anew and were not stored
_STEPS = 20_000  # that functions of all nodes write out one by one


class _Allowance:
    def __init__(self, stored):
        self.left = _FREE + _FACTOR * stored
        self.stored = stored
        self.steps = _STEPS

    def take(self, path, shape, dtype):
        self.left -= math.prod(shape) * jnp.dtype(dtype).itemsize
        if self.left < 0:
            raise errors.FileError(
                f"L404: refused: with '{path}' of shape {tuple(shape)} the model in the file takes far more memory "
                f"than the {self.stored:,} bytes of its weights."
            )


def allowing(stored):
    """Open a block in which new variables may take only what `stored` bytes of weights justify."""
    return entering(allowance=_Allowance(stored))


def take(path, shape, dtype):
    """Count a new variable; raise FileError L404 if the file that is being read does not justify it."""
    if thread.allowance is not None:
        thread.allowance.take(path, shape, dtype)


def take_steps(count, doing):
    """Count what a function writes out step by step; raise FileError L404 if a file asks for more than any model has.

    Args:
        count: how many steps.
        doing: what they do, for the message.
    """
    if thread.allowance is not None and isinstance(count, int):
        thread.allowance.steps -= max(count, 0)
        if thread.allowance.steps < 0:
            raise errors.FileError(
                f"L404: refused: with {doing} the functions of the model in the file write out "
                f"{_STEPS - thread.allowance.steps:,} steps; models have {_STEPS:,} at most."
            )

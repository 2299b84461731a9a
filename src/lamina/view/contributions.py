"""What each input element of one call contributes to one output element: activation × weight, before the curve."""

from contextlib import contextmanager
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from lamina import activations, layers
from lamina.core import tree
from lamina.core.context import entering
from lamina.core.state import unchecked_scope
from lamina.layers.convolution import Convolution

SUMS = (layers.Dense, layers.EinsumDense, Convolution, layers.DepthwiseConv1D, layers.DepthwiseConv2D)
"""Layers whose output is `activation(sum of inputs × weights + bias)`."""


@dataclass
class Part:
    """What one element of an input contributes.

    Attributes:
        input: number of the input of the call.
        index: of the element in a sample.
        value, weight, contribution: contribution = value × weight; the weight of a layer that is no weighted sum is
            its slope at this input.
    """

    input: int
    index: tuple
    value: float
    weight: float
    contribution: float


@dataclass
class Contributions:
    """How the inputs make one output value.

    Attributes:
        value: of the element.
        before: its value before the activation; the parts and the rest add up to it.
        rest: what no input element scales: the bias.
        parts: list of Parts, largest first, those of 0 left out.
    """

    value: float
    before: float
    rest: float
    parts: list


class Contributing:
    """The contributions to the output of one call; compiled once for all its elements.

    Args:
        call: Call of a layer, whose first output is meant.
    """

    def __init__(self, call):
        self.call = call
        self.variables = list(getattr(call.layer, "variables", ()))
        self._jitted = jax.jit(self._slopes)

    def __call__(self, arrays, index):
        """Return the Contributions to an element.

        Args:
            arrays: the call's inputs, with a batch axis of 1.
            index: tuple, of the element in the sample.
        """
        arrays = [jnp.asarray(x) for x in arrays]
        inexact = [i for i, x in enumerate(arrays) if jnp.issubdtype(x.dtype, jnp.inexact)]
        values = [v.value for v in self.variables]
        (before, value), slopes = self._jitted(
            [arrays[i] for i in inexact], {i: x for i, x in enumerate(arrays) if i not in inexact}, values, index
        )
        parts = []
        for number, slope in zip(inexact, slopes, strict=True):
            parts += _parts(number, np.asarray(arrays[number][0], "float64"), np.asarray(slope[0], "float64"))
        parts.sort(key=lambda part: -abs(part.contribution))
        before = float(before)
        return Contributions(float(value), before, before - sum(p.contribution for p in parts), parts)

    def _slopes(self, floats, others, values, index):
        def at(floats):
            floats = iter(floats)
            arrays = [others[i] if i in others else next(floats) for i in range(len(self.call.inputs))]
            args, kwargs = self.call.with_arrays(arrays)
            with unchecked_scope(self.variables, values), entering(training=False, layer=None):
                value = _first(self.call.layer(*args, **kwargs))[0][index]
                with without_activation(self.call.layer):
                    before = _first(self.call.layer(*args, **kwargs))[0][index]
            return before.astype("float32"), value

        return jax.value_and_grad(at, has_aux=True)(floats)


def _parts(number, values, slopes):
    with np.errstate(invalid="ignore"):  # infinite values have no contribution that is a number
        products = values * slopes
    return [
        Part(number, tuple(map(int, place)), float(values[place]), float(slopes[place]), float(products[place]))
        for place in zip(*np.nonzero(products), strict=True)
    ]


def _first(outputs):
    return next(x for x in tree.flatten(outputs) if isinstance(x, jax.Array))


@contextmanager
def without_activation(layer):
    """Let a layer that is a weighted sum with an activation give the sum itself."""
    if not isinstance(layer, SUMS):
        yield
        return
    kept = layer.activation
    object.__setattr__(layer, "activation", activations.linear)
    try:
        yield
    finally:
        object.__setattr__(layer, "activation", kept)

"""Lots: many steps in one program, for models so small that starting a step is a good part of its time."""

import math

import jax
from jax.extend import core

from lamina.core import placement
from lamina.engine import compile as engine
from lamina.engine.devices import tuned_for_cpu
from lamina.training.data import ArrayFeed

SIZE = 16  # steps in a lot, at most [count]: so few that Ctrl-C and the progress display need not wait
BYTES = 2**26  # of the samples in a lot, at most
SMALL = 2e8  # work of a step up to which lots gain 8 % or more [floating-point operations]
ALONE = {"pure_callback", "while"}
"""Primitives of steps that stay single, as they were not measured in loops."""
CHANNELS_LAST = (0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2)
"""How axes lie in convolutions that are fast in loops; `kernels/` writes them so, those of gradients too."""


class Lots:
    """Run the steps of a small model over arrays many at a time, with the results of single steps, to the last bit.

    Args:
        traced: the step, as JAX has traced it.
    """

    def __init__(self, traced):
        self.program = engine.jit(_in_a_loop(traced), donate=(0,))
        self.before = None  # logs of the lot before

    @classmethod
    def of(cls, model, feed, step, values):
        """Return what runs the lots of a feed; None where steps stay single.

        Args:
            step: the compiled step.
            values: the state.
        """
        compiled = hasattr(step, "trace") and placement.distribution() is None and tuned_for_cpu()
        if not compiled or not isinstance(feed, ArrayFeed) or min(feed.num_batches, feed.full_batches) < SIZE:
            return None
        batch = feed.peek()
        arrays = jax.tree_util.tree_leaves(batch)
        key = ("lots", step, jax.tree_util.tree_structure((values, batch)), *_specs((values, batch)))
        if key not in model._programs:
            fits = SIZE * sum(x.nbytes for x in arrays) <= BYTES
            traced = step.trace(values, batch) if fits else None
            model._programs[key] = cls(traced) if fits and gains(traced) else None
        return model._programs[key]

    def run(self, values, lot):
        """Make the steps; return `(logs, state)`."""
        return self.program(values, lot.batches, lot.steps)

    def wait(self, logs):
        """Wait for the lot before, so that Ctrl-C finds at most two; by now whoever asks holds the new state."""
        before, self.before = self.before, logs
        jax.block_until_ready(before)


def gains(traced):
    """Tell whether a step has little work, and nothing in it that had better not be in a loop."""
    (values, _), _ = traced.args_info
    same_state = _specs(values) == _specs(traced.out_info[1])
    return same_state and not traced.jaxpr.effects and _operations(traced.jaxpr.jaxpr) <= SMALL


def _specs(values):
    return [(x.shape, x.dtype) for x in jax.tree_util.tree_leaves(values)]


def _operations(jaxpr):
    """Count one for each number that is computed, and two for each product in it; infinite for what stays single."""
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name in ALONE or total > SMALL:
            return math.inf
        repeats = equation.params["length"] if equation.primitive.name == "scan" else 1
        inner = sum(map(_operations, core.jaxprs_in_params(equation.params)))
        numbers = sum(math.prod(out.aval.shape) for out in equation.outvars)
        total += repeats * inner or numbers * _each(equation)
    return total


def _each(equation):
    """How many operations a number takes that comes out of an equation."""
    if equation.primitive.name == "dot_general":
        (contracted, _), _ = equation.params["dimension_numbers"]
        return 2 * math.prod(equation.invars[0].aval.shape[axis] for axis in contracted)
    if equation.primitive.name == "conv_general_dilated":
        canonical = tuple(equation.params["dimension_numbers"]) == CHANNELS_LAST
        return 2 * math.prod(equation.invars[1].aval.shape[:-1]) if canonical else math.inf
    return 1


def _in_a_loop(traced):
    step, structure = core.jaxpr_as_fun(traced.jaxpr), traced.out_tree

    def many(values, batches, steps):
        def one(number, carry):
            values, _ = carry
            batch = jax.tree_util.tree_map(lambda x: jax.lax.dynamic_index_in_dim(x, number, keepdims=False), batches)
            logs, values = structure.unflatten(step(*jax.tree_util.tree_leaves((values, batch))))
            return values, logs

        no_logs = jax.tree_util.tree_map(lambda x: jax.numpy.zeros(x.shape, x.dtype), traced.out_info[0])
        values, logs = jax.lax.fori_loop(0, steps, one, (values, no_logs))
        return logs, values

    return many

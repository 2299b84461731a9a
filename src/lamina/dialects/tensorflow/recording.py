"""What a function does to variables while it is traced for `tf.function`."""

import contextlib
import itertools
import weakref

import jax
import numpy as np
from jax.extend.core import set_current_trace

from lamina.core.context import entering, thread
from lamina.core.random import SeedGenerator, get_random_seed
from lamina.core.state import StatelessScope
from lamina.dialects.tensorflow.tape import current_trace
from lamina.layers.losses import layers_with_losses


class NeedsValuesError(RuntimeError):
    """What a function does cannot be traced: it runs as plain Python."""


class MadeInsideError(NeedsValuesError):
    """A variable begins with what the function has computed: once it is there, the function can be traced."""


class Recording(StatelessScope):
    """Let every variable that is read show a tracer, made where the tracing began, and keep what is assigned.

    Args:
        seeds: list that holds the function's SeedGenerator once it has asked for one.
    """

    def __init__(self, seeds):
        super().__init__(collect_losses=True)
        self.seeds = seeds
        self.variables = {}  # all that the function has met, by id
        self.shown = {}  # the tracers of their first values, by id
        self.trace = current_trace()
        self.made = False  # whether variables were made, which the next time are there

    def read(self, variable, own):
        """Return what the variable shows here."""
        if id(variable) not in self.values:
            with set_current_trace(self.trace):
                self.shown[id(variable)] = jax.lax.optimization_barrier(own)
            self._keep(variable, self.shown[id(variable)])
        return self.values[id(variable)]

    def add_update(self, update):
        """Keep a value; `update` is a pair (variable, value).

        Raises: NeedsValuesError in a branch or loop, which is traced though it may not be run.
        """
        trace = current_trace()
        while hasattr(trace, "around"):  # tapes
            trace = trace.around
        if trace is not self.trace:
            raise NeedsValuesError("A variable is assigned in a branch or a loop.")
        self._keep(*update)

    def _keep(self, variable, value):
        self.variables[id(variable)] = variable
        super().add_update((variable, value))

    def add_loss(self, loss, owner=None):
        """Keep a loss, until its layer is called again."""
        super().add_loss(loss, owner)
        layers_with_losses.add(owner)

    def clear_losses(self, owners):
        """Forget the losses of layers that are called once more, as outside of a function."""
        layers = set(map(id, owners))
        kept = [pair for pair in zip(self.losses, self.loss_owners, strict=True) if id(pair[1]) not in layers]
        self.losses, self.loss_owners = [loss for loss, _ in kept], [owner for _, owner in kept]

    def born(self, variable):
        """Give a new variable its value at once: it is not the function's."""
        self.made = True
        with outside():
            variable.initialize_now()

    def changed(self):
        """Return the variables that have other values now."""
        return [v for key, v in self.variables.items() if self.values[key] is not self.shown.get(key)]


def recording():
    """Return the recording that is under way, or None."""
    scope = thread.scope
    while scope is not None and not isinstance(scope, Recording):
        scope = scope.outer
    return scope


def require_values(what):
    """Raise NeedsValuesError while a function is traced, where each round of `what` would be compiled apart."""
    if recording() is not None:
        raise NeedsValuesError(f"{what} is gone through inside tf.function")


@contextlib.contextmanager
def outside():
    """Compute in a block what does not belong to the function being traced."""
    if recording() is None:
        yield
        return
    with jax.ensure_compile_time_eval(), entering(scope=None):
        yield


def seeds_of_function():
    """Return the seed generator of the function being traced, made when it first asks; None outside of one."""
    found = recording()
    if found is None:
        return None
    if not found.seeds:
        with outside():
            number = next(_counted)
            found.seeds.append(SeedGenerator(_seed_of(number)))
        _numbers[found.seeds[0]] = number
    return found.seeds[0]


_counted = itertools.count()
_numbers = weakref.WeakKeyDictionary()  # of the seed generators of functions


def begin_anew():
    """Let the random numbers of all functions begin where the seed of the process says."""
    for generator, number in _numbers.items():
        generator.state.assign(np.array([_seed_of(number), 0], "uint32"))


def _seed_of(number):
    seed = get_random_seed()
    return None if seed is None else int(np.random.SeedSequence([seed, number]).generate_state(1)[0])

"""Optimizers that programs wrote for Keras 1 and 2: `get_updates(loss, params)` builds a graph of new values.

Here it runs in each step. What `K.update` is given waits until it is done, as nothing changed in a graph while it was
built, and variables that it makes are made once.
"""

import functools

from lamina import ops
from lamina.core.variable import Variable
from lamina.dialects import old_slots
from lamina.legacy import backend
from lamina.optimizers import Optimizer

_running = []
"""The steps that run, the innermost last."""


class _Step:
    """One run of `get_updates`: the gradients it asks for, the variables it makes, the values it wants to set."""

    def __init__(self, grads, kept):
        self.grads = grads
        self.kept = kept
        self.made = 0
        self.pending = []

    def __enter__(self):
        _running.append(self)
        return self

    def __exit__(self, *exception):
        _running.pop()

    def variable(self, make):
        """Return the variable that was made at this place in the first step."""
        if self.made == len(self.kept):
            self.kept.append(make())
        self.made += 1
        return self.kept[self.made - 1]


def later(change, value_of):
    """Return a function of K that changes a variable: in a step, it waits.

    Args:
        change: the function.
        value_of: from its arguments to the new value.
    """

    @functools.wraps(change)
    def changing(x, *args):
        if not _running:
            return change(x, *args)
        _running[-1].pending.append((x, value_of(x, *args)))
        return _running[-1].pending[-1]

    return changing


def once(make):
    """Return a function of K that makes a variable: each place in a step makes it once."""

    @functools.wraps(make)
    def making(*args, **options):
        return _running[-1].variable(lambda: make(*args, **options)) if _running else make(*args, **options)

    return making


update = later(backend.update, lambda x, value: value)
update_add = later(backend.update_add, lambda x, value: x + value)
update_sub = later(backend.update_sub, lambda x, value: x - value)
moving_average_update = later(
    backend.moving_average_update, lambda x, value, momentum: x * momentum + value * (1 - momentum)
)
ones, variable, zeros = map(once, (backend.ones, backend.variable, backend.zeros))


def without_rate(optimizer, args, kwargs):
    """A class with `get_updates` keeps its learning rate itself, and gives none to `Optimizer.__init__`."""
    if hasattr(optimizer, "get_updates") and not args:
        kwargs.setdefault("learning_rate", 0.01)
    return args, kwargs


def _build(build):
    @functools.wraps(build)
    def build_and_make(self, variables):
        build(self, variables)
        if hasattr(self, "get_updates"):
            object.__setattr__(self, "_kept", [])
            variables = list(variables)
            with _Step([ops.zeros_like(v) for v in variables], self._kept):
                self.get_updates(None, variables)
            self._track(v for v in self._kept if isinstance(v, Variable))
        elif old_slots.is_written_so(self):
            old_slots.build(self, list(variables))

    return build_and_make


def _change(change):
    @functools.wraps(change)
    def change_all(self, grads, variables):
        if old_slots.is_written_so(self):
            return old_slots.change(self, grads, variables)
        if not hasattr(self, "get_updates"):
            return change(self, grads, variables)
        with _Step(self._clip_gradients(grads), self._kept) as step:
            self.get_updates(None, variables)
        for x, value in step.pending:
            if x is not self._iterations:  # the step counts itself
                x.assign(ops.cast(value, x.dtype))
        return None

    return change_all


def _get_gradients(self, loss, params):
    """Return the gradients of the step that runs; outside a step, those of a tensor of a graph."""
    return list(_running[-1].grads) if _running else backend.gradients(loss, params)


def _set_iterations(self, value):
    """Count on from a number; a counter of the program's own is not needed."""
    if "_iterations" in vars(self):
        self._iterations.assign(ops.cast(ops.convert_to_tensor(value), "int32"))


def table():
    """Return (class, name, value) for what such optimizers call."""
    return (
        (Optimizer, "build", _build(Optimizer.build)),
        (Optimizer, "_change", _change(Optimizer._change)),
        (Optimizer, "get_gradients", _get_gradients),
        (Optimizer, "iterations", property(Optimizer.iterations.fget, _set_iterations)),
        *old_slots.table(),
    )

"""What is true for the running thread only: the open state scope, autocast dtype, running layer and name scopes."""

import threading
import types

import jax
import jax.numpy as jnp


class _ThreadContext(threading.local):
    """Defaults of a fresh thread; each name is owned by the module in the comment."""

    scope = None  # state.py: the innermost open StatelessScope
    autocast = None  # variable.py: floating dtype that variables are read in, or None
    layer = None  # layers/layer.py: the innermost running layer
    training = None  # layers/layer.py: its `training` value, None while nobody has said
    said = types.MappingProxyType({})  # layers/layer.py: further arguments that reach inner layers, by name
    names = ()  # names.py: the open name scopes, outermost first
    shape_trace = False  # shapes.py: shapes are being inferred, values have no meaning
    probe = None  # shapes.py: the size that stands for every unknown one, while no letter can
    custom_objects = None  # registry.py: names in the open custom object scopes
    remat = None  # remat.py: the innermost open RematScope
    symbolic = None  # shapes.py: the innermost open SymbolicScope
    safe_mode = None  # serialization.py: the open safe mode scope
    postponed = None  # variable.py: variables of the model being read, whose first values wait
    allowance = None  # allowance.py: the memory that variables of the file being read may take
    taped = False  # dialects/tensorflow/tape.py: operations are watched, to be differentiated by what they made
    shared_objects = None  # serialization.py: what was met in the model being written or read

    def __init__(self):
        self.notes = {}  # below: what travels beside tracers where no scope is open


thread = _ThreadContext()


class entering:  # noqa: N801 -- used like a function
    """Set attributes of the thread's context for the time of a `with` block.

    Example:
        >>> with entering(training=True):
        ...     thread.training
        True
    """

    def __init__(self, **values):
        self.values = values

    def __enter__(self):
        self.previous = {name: getattr(thread, name) for name in self.values}
        for name, value in self.values.items():
            setattr(thread, name, value)
        return self

    def __exit__(self, *exception):
        for name, value in self.previous.items():
            setattr(thread, name, value)


def is_known(size):
    """Tell whether a size is a number of the user's, and does not stand for an unknown one."""
    return isinstance(size, int) and size != thread.probe


def is_tracing():
    """Tell whether a function is being traced for compilation or shapes: whatever is computed now is abstract.

    Example:
        >>> is_tracing()
        False
    """
    return isinstance(jnp.zeros(()), jax.core.Tracer)


# Tracers take no attributes. What travels beside one (its mask, the logits behind it) is kept by the open state scope,
# and ends
# with it; in a trace without a scope, such as a user's own `jax.jit`, a short list keeps the latest.
_KEPT_WITHOUT_SCOPE = 64


def note(x, name, value):
    """Attach `value` to the array, tracer or symbolic tensor `x` under `name` (such as "_keras_mask")."""
    if not isinstance(x, jax.core.Tracer):
        setattr(x, name, value)
        return
    table = thread.notes if thread.scope is None else thread.scope.notes
    table.setdefault(id(x), (x, {}))[1][name] = value
    if table is thread.notes and len(table) > _KEPT_WITHOUT_SCOPE:
        del table[next(iter(table))]


def noted(x, name):
    """Return what was attached to `x` under `name`, or None."""
    if not isinstance(x, jax.core.Tracer):
        return getattr(x, name, None)
    return notes_of(x).get(name)


def notes_of(x):
    """Return all that was attached to the tracer `x`, as a dict, to attach it to another one."""
    scope = thread.scope
    while scope is not None:
        if id(x) in scope.notes:
            return dict(scope.notes[id(x)][1])
        scope = scope.outer
    return dict(thread.notes[id(x)][1]) if id(x) in thread.notes else {}


def get_mask(x):
    """Return the boolean mask that travels with `x`, shape `(batch, steps)`, or None."""
    return noted(x, "_keras_mask") if isinstance(x, jax.core.Tracer) else getattr(x, "_keras_mask", None)


def set_mask(x, mask):
    """Let `mask` travel with `x`; None removes it."""
    note(x, "_keras_mask", mask)

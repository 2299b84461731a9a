"""The state bridge: methods that read and write variables, as pure functions of the variables' values.

Layers, metrics and optimizers are written as if state were mutable. Inside a `StatelessScope` every
read of a variable gives the value bound to it there, and every assignment stays there.
`pure` is what compiled steps, gradients, sharding and checkpoints go through.
"""

import jax

from lamina.core import dtypes, tree
from lamina.core.context import note, notes_of, thread


class StatelessScope:
    """Bind values to variables for the time of a `with` block and keep what is assigned meanwhile.

    Args:
        state_mapping: pairs (variable, value); the other variables show their own value.
        collect_losses: whether `add_loss` is kept in `losses`.
    Raises: ValueError if a key is no variable or a value has another shape than its variable.

    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable(1.0)
        >>> with StatelessScope([(v, 5.0)]) as scope:
        ...     _ = v.assign_add(1.0)
        >>> float(scope.get_current_value(v)), float(v)
        (6.0, 1.0)
    """

    def __init__(self, state_mapping=None, collect_losses=False, initialize_variables=True):
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses = []
        self.loss_owners = []
        self.uninitialized = []
        self.notes = {}
        self.kept = []
        self.outer = None
        self.values = {}
        for variable, value in state_mapping or ():
            self.values[id(variable)] = _checked(variable, value)

    def add_loss(self, loss, owner=None):
        """Keep one scalar loss and the layer it came from."""
        self.losses.append(loss)
        self.loss_owners.append(owner)

    def clear_losses(self, owners):
        """Do nothing: inside a step the losses of all calls count; a recording of TensorFlow's forgets them."""

    def add_update(self, update):
        """Bind a new value: `update` is a pair (variable, value)."""
        variable, value = update
        self.values[id(variable)] = value

    def read(self, variable, own):
        """Return what `variable` shows here; `own` is its value outside of all scopes."""
        if id(variable) in self.values:
            return self.values[id(variable)]
        return own if self.outer is None else self.outer.read(variable, own)

    def born(self, variable):
        """Take note of a variable made here, which has no value yet."""
        if self.outer is None:
            self.uninitialized.append(variable)
        else:
            self.outer.born(variable)

    def keep(self, structure):
        """Let what travels beside arrays (masks, logits) outlive this scope."""
        self.kept += [(x, notes_of(x)) for x in tree.flatten(structure) if isinstance(x, jax.core.Tracer)]

    def get_current_value(self, variable):
        """Return the value bound to `variable` here, or None."""
        return self.values.get(id(variable))

    def __enter__(self):
        self.outer = thread.scope
        thread.scope = self
        return self

    def __exit__(self, *exception):
        thread.scope = self.outer
        for x, found in self.kept:
            for name, value in found.items():
                note(x, name, value)
        if self.initialize_variables:
            for variable in self.uninitialized:
                variable.initialize_now()


def _checked(variable, value):
    if not hasattr(variable, "_keras_variable"):
        raise ValueError(f"StatelessScope: all keys in argument `mapping` must be Variables. Received: {variable}")
    value = dtypes.as_array(value, dtype=variable.stored_dtype)
    if tuple(value.shape) != tuple(variable.shape):
        raise ValueError(
            "StatelessScope: all values in argument `mapping` must be tensors with the shape of their variable. "
            f"Variable '{variable.path}' has shape {variable.shape}; the value given for it has {value.shape}."
        )
    return value


def in_stateless_scope():
    """Tell whether variables are bound by a scope at the moment."""
    return thread.scope is not None


def get_stateless_scope():
    """Return the innermost open scope, or None."""
    return thread.scope


def unchecked_scope(variables, values):
    """Return a scope with `values` bound to `variables`, taken as they are (tracers, placements)."""
    scope = StatelessScope()
    scope.values = {id(variable): value for variable, value in zip(variables, values, strict=True)}
    return scope


def pure(function, variables):
    """Turn `function`, which reads and writes `variables`, into a function of their values.

    Args:
        function: any callable.
        variables: list of Variables.
    Returns: `f(values, *args, **kwargs) -> (result, new_values, losses)`, free of side effects.
    """

    def stateless(values, *args, **kwargs):
        scope = unchecked_scope(variables, values)
        scope.collect_losses = True
        with scope:
            result = function(*args, **kwargs)
        return result, [scope.values[id(variable)] for variable in variables], scope.losses

    return stateless

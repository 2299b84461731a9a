"""What an object owns: variables, sublayers, metrics, seed generators; its attributes, in the order they came."""

from lamina.core.random import SeedGenerator
from lamina.core.variable import Variable
from lamina.metrics import Metric

_CONTAINERS = (list, tuple, dict, set)
_PLAIN = frozenset({str, int, float, bool, type(None)})  # most attributes; told apart in a third of the time


_changes = [0]


def changes():
    """Return how often state was added, removed or switched anywhere: what lists of variables are cached by."""
    return _changes[0]


def count_change():
    """Say that lists of variables may be out of date."""
    _changes[0] += 1


class Tracked:
    """Base of everything that owns state by attribute: assigning an attribute is all it takes.

    Lists, tuples and dicts are looked through when state is asked for, so that appending to them later works too.
    """

    _tracked = None
    _locked = False
    _learned = 0  # how often it learned something that is no variable, so that programs would not see it
    _untracked = frozenset({"_losses", "_inbound_nodes", "_outbound_nodes", "_build_shapes"})

    def __setattr__(self, name, value):
        if type(value) not in _PLAIN and isinstance(value, _HOLDS_STATE) and name not in self._untracked:
            self._track(value, name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name):
        value = self.__dict__.get(name)
        if self._tracked:
            self._tracked[:] = [item for item in self._tracked if item is not value]
            count_change()
        object.__delattr__(self, name)

    def _track(self, value, name=None):
        if self._tracked is None:  # before `super().__init__()`
            object.__setattr__(self, "_tracked", [])
        if any(item is value for item in self._tracked):
            return
        if self._locked and next(_state_in(value), None) is not None:
            raise ValueError(
                "You cannot add new elements of state (variables or sub-layers) to a layer that is already built: "
                f"{type(self).__name__}.{name or ''}. All state must be created in `__init__()` or in `build()`."
            )
        previous = self.__dict__.get(name)
        if previous is not None:
            self._tracked[:] = [item for item in self._tracked if item is not previous]
        self._tracked.append(value)
        count_change()

    @property
    def _tracker(self):
        """What code written for Keras opens to add state to a layer that is built, and closes again."""
        return _Lock(self)

    def _untrack_variable(self, variable):
        """Own a variable no longer; its attribute stays."""
        self._tracked[:] = [item for item in self._tracked if item is not variable]
        count_change()

    def _owned(self, kind):
        """Return the owned objects of a kind, once each, in the order they came."""
        seen = {}
        for item in self._tracked or ():
            for state in _state_in(item):
                if isinstance(state, kind):
                    seen.setdefault(id(state), state)
        return list(seen.values())

    @property
    def _trainable_variables(self):
        return [v for v in self._owned(Variable) if v.born_trainable]

    @property
    def _non_trainable_variables(self):
        return [v for v in self._owned(Variable) if not v.born_trainable]

    @property
    def _seed_generators(self):
        return self._owned(SeedGenerator)

    @property
    def _metrics(self):
        return self._owned(Metric)

    @property
    def _layers(self):
        return self._owned(Tracked)

    @property
    def trainable(self):
        """Whether optimizers change the weights of the layer and of the layers in it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        self._trainable = bool(value)
        count_change()
        for variable in self._trainable_variables:
            variable.trainable = self._trainable
        for layer in self._layers:
            layer.trainable = self._trainable

    def _compiled_in(self):
        """Return what programs of this object are compiled for: which parts are trainable, and what they learned."""
        return tuple((layer.trainable, layer._learned) for layer in self._flatten_layers())

    @property
    def variables(self):
        """All state: weights and positions of random generators, without metrics."""
        own = [*self._trainable_variables, *self._non_trainable_variables, *(g.state for g in self._seed_generators)]
        return _once([*own, *(v for layer in self._layers for v in layer.variables)])

    @property
    def trainable_variables(self):
        """The state that optimizers change."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self):
        """The state that optimizers leave alone."""
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def weights(self):
        """The weights of the layer and of the layers in it, trainable ones of each layer first."""
        own = [*self._trainable_variables, *self._non_trainable_variables]
        return _once([*own, *(w for layer in self._layers for w in layer.weights)])

    @property
    def trainable_weights(self):
        """The weights that optimizers change."""
        return [w for w in self.weights if w.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self):
        """The weights that optimizers leave alone."""
        return [w for w in self.weights if not w.trainable] if self.trainable else self.weights

    @property
    def metrics(self):
        """The metrics of the layer and of the layers in it."""
        return [*self._metrics, *(m for layer in self._layers for m in layer.metrics)]

    @property
    def metrics_variables(self):
        """The variables of all metrics."""
        return [v for metric in self.metrics for v in metric.variables]

    def get_weights(self):
        """Return the values of `weights` as NumPy arrays."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, weights):
        """Give `weights` new values.

        Raises: ValueError, before anything is changed, if the number or a shape differs.
        """
        own = self.weights
        if len(own) != len(weights):
            raise ValueError(
                f"You called `set_weights(weights)` on layer '{self.name}' with a weight list of length "
                f"{len(weights)}, but the layer was expecting {len(own)} weights."
            )
        for variable, value in zip(own, weights, strict=True):
            if tuple(variable.shape) != tuple(getattr(value, "shape", ())):
                raise ValueError(
                    f"Layer {self.name} weight shape {variable.shape} is not compatible with provided weight shape "
                    f"{getattr(value, 'shape', ())} (weight '{variable.path}')."
                )
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def count_params(self):
        """Return the number of weights [count].

        Raises: ValueError if the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. "
                "You can build it manually via: `layer.build(input_shape)`."
            )
        return sum(w.size for w in self.weights)


_STATE = (Variable, Metric, SeedGenerator, Tracked)
_HOLDS_STATE = (*_STATE, *_CONTAINERS)


class _Lock:
    """Whether an object takes new state.

    Args:
        owner: the object.
    """

    def __init__(self, owner):
        self.owner = owner

    @property
    def locked(self):
        """Whether new state is refused."""
        return self.owner._locked

    def unlock(self):
        """Let new state be added."""
        object.__setattr__(self.owner, "_locked", False)

    def lock(self, message=None):
        """Refuse new state from now on."""
        object.__setattr__(self.owner, "_locked", True)


def _state_in(item, around=()):
    """Yield the state in `item`, through containers at any depth, but not into those it stands in itself."""
    if not isinstance(item, _CONTAINERS):
        yield item
        return
    for child in list(item.values()) if isinstance(item, dict) else item:
        if isinstance(child, _CONTAINERS):
            if not any(child is outer for outer in (*around, item)):
                yield from _state_in(child, (*around, item))
        elif isinstance(child, _STATE):
            yield child


def _once(items):
    return list({id(item): item for item in items}.values())

"""Rematerialization: compute activations again for the gradient instead of keeping them, to save memory."""

import functools
import math

import jax

from lamina.core import state, tree
from lamina.core.context import entering, get_mask, note, notes_of, thread
from lamina.core.tensor import KerasTensor

MODES = ("full", "activations", "larger_than", "list_of_layers", None)


def remat(f):
    """Return `f` as a function that forgets what it computed and computes it again for its gradient.

    Args:
        f: function of arrays, without side effects.
    Source:   Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost".
    Example:
        >>> import jax
        >>> float(jax.grad(remat(lambda x: x**3))(2.0))
        12.0
    """
    return functools.wraps(f)(jax.checkpoint(f)) if hasattr(f, "__name__") else jax.checkpoint(f)


class RematScope(entering):
    """Let the layers made inside a `with` block rematerialize.

    Args:
        mode: "full" for every layer; "activations" for the activation functions alone; "larger_than" for layers whose
            output has more entries than the threshold; "list_of_layers" for those with the given names; None for none.
        output_size_threshold: for "larger_than" [entries].
        layer_names: for "list_of_layers".
    Raises:   ValueError for another mode.
    Source:   Keras 3 `RematScope`.
    Example:
        >>> with RematScope("larger_than", output_size_threshold=2048) as scope:
        ...     current_scope() is scope
        True
    """

    def __init__(self, mode="full", output_size_threshold=1024, layer_names=None):
        if mode not in MODES:
            raise ValueError(f"Invalid mode '{mode}'. Supported modes are: {', '.join(map(repr, MODES))}.")
        super().__init__(remat=self)
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = layer_names or []

    def applies_to(self, layer, outputs):
        """Tell whether the whole call of a layer is to be rematerialized; `outputs()` infers what it returns."""
        if self.mode == "list_of_layers":
            return layer.name in self.layer_names
        if self.mode == "larger_than":
            sizes = [math.prod(size or 1 for size in x.shape) for x in tree.flatten(outputs())]
            return sum(sizes) > self.output_size_threshold
        return self.mode == "full"


def current_scope():
    """Return the innermost open RematScope, or None."""
    return thread.remat


def call(scope, layer, *args, **kwargs):
    """Call a layer as the scope that it was made in wants it."""
    function = functools.partial(type(layer).call, layer)
    if not layer._called and (layer._closed_by_call or not layer.built):  # the first call makes variables
        return function(*args, **kwargs)
    if scope.mode == "activations" and getattr(layer, "activation", None) is not None:
        return _with_activation(layer, remat(layer.activation), function, args, kwargs)
    if scope.applies_to(layer, functools.partial(_outputs, function, layer, args, kwargs)):
        return recompute(function, layer.variables, *args, **kwargs)
    return function(*args, **kwargs)


def _with_activation(layer, activation, function, args, kwargs):
    original = layer.activation
    object.__setattr__(layer, "activation", activation)
    try:
        return function(*args, **kwargs)
    finally:
        object.__setattr__(layer, "activation", original)


def _outputs(function, layer, args, kwargs):
    values = [variable.value for variable in layer.variables]

    def run(args, kwargs):
        with state.unchecked_scope(layer.variables, values):
            return function(*args, **kwargs)

    arrays, rebuild = _arrays((args, kwargs))
    return jax.eval_shape(lambda arrays: run(*rebuild(arrays)), arrays)


def recompute(function, variables, *args, **kwargs):
    """Call `function`, which reads and writes `variables`, so that its inner values are computed again for gradients.

    Returns: what `function` returns, with masks and logits where they belong; the variables have their new values.
    """
    arrays, rebuild = _arrays((args, kwargs))
    notes = [_notes(x) for x in arrays]
    rest = {}

    def run(values, arrays):
        scope = state.unchecked_scope(variables, values)
        scope.collect_losses = True
        with scope:
            for x, found in zip(arrays, notes, strict=True):
                _attach(x, found)
            new_args, new_kwargs = rebuild(arrays)
            result = function(*new_args, **new_kwargs)
            results, rest["rebuild"] = _arrays(result)
            left, rest["notes"] = _arrays([_notes(x) for x in results])
        rest["owners"] = scope.loss_owners
        changed = {i: scope.values[id(v)] for i, v in enumerate(variables) if scope.values[id(v)] is not values[i]}
        return results, left, scope.losses, changed

    with entering(autocast=None):  # what the variables hold, not what the layer is shown of it
        values = [variable.value for variable in variables]
    results, left, losses, changed = jax.checkpoint(run)(values, arrays)
    for i, value in changed.items():
        variables[i].assign(value)
    for owner, loss in zip(rest["owners"], losses, strict=True):
        owner.add_loss(loss)
    for x, found in zip(results, rest["notes"](left), strict=True):
        _attach(x, found)
    return rest["rebuild"](results)


def _arrays(structure):
    """Return the arrays of a structure as a list, and a function that puts other ones in their places."""
    leaves, treedef = jax.tree_util.tree_flatten(structure, is_leaf=lambda x: isinstance(x, KerasTensor))
    places = [i for i, x in enumerate(leaves) if isinstance(x, jax.Array)]

    def rebuild(arrays):
        filled = dict(zip(places, arrays, strict=True))
        return jax.tree_util.tree_unflatten(treedef, [filled.get(i, x) for i, x in enumerate(leaves)])

    return [leaves[i] for i in places], rebuild


def _notes(x):
    """What travels beside an array."""
    if isinstance(x, jax.core.Tracer):
        return notes_of(x)
    return {} if get_mask(x) is None else {"_keras_mask": get_mask(x)}


def _attach(x, notes):
    for name, value in notes.items():
        note(x, name, value)

"""The options that come with each weight: how it starts, what is added to the loss for it, what keeps it in bounds."""

from lamina import constraints, initializers, regularizers


def keep_options(layer, weight, initializer, regularizer=None, constraint=None):
    """Store the options of a weight as `layer.<weight>_initializer`, `_regularizer` and `_constraint`.

    Args:
        weight: "kernel", "bias", "gamma", ...
        initializer, regularizer, constraint: names or objects.
    """
    setattr(layer, f"{weight}_initializer", initializers.get(initializer))
    setattr(layer, f"{weight}_regularizer", regularizers.get(regularizer))
    setattr(layer, f"{weight}_constraint", constraints.get(constraint))


def add_weight(layer, weight, shape, name=None, autocast=True, initializer=None):
    """Make a weight with the options kept for it.

    Args:
        weight: under which the options were kept.
        name: of the variable; by default `weight`.
        autocast: see `Variable`.
        initializer: by default the one kept.
    Returns:  the Variable.
    """
    return layer.add_weight(
        name=name or weight,
        shape=shape,
        initializer=initializer or getattr(layer, f"{weight}_initializer"),
        regularizer=getattr(layer, f"{weight}_regularizer"),
        constraint=getattr(layer, f"{weight}_constraint"),
        autocast=autocast,
    )


def take(store, key):
    """Return an array that a layer loads; one that was read from a file for it alone is not copied again."""
    return store.take(key) if hasattr(store, "take") else store[key]

"""What saving needs to know about an object it meets while it walks through a model."""


class KerasSaveable:
    """An object whose state a file can hold: a layer, a model, a metric, a loss, an optimizer.

    A saveable may define any of `save_own_variables(store)`, `load_own_variables(store)`, `save_assets(folder)` and
    `load_assets(folder)`. Saving visits it, and then the saveables found among its attributes, by attribute name.

    The class that begins a family (`Layer`, `Metric`, `Optimizer`, …) sets both facts; its subclasses inherit them.
    What such a class itself defines is never searched for saveables, only what its subclasses and instances add.
    """

    _saveable_kind = None
    """Name of the family: "Operation", "Layer", "Functional", "Sequential", "Model", "Metric", "Optimizer", "Loss"."""

    _internal_attributes = frozenset()
    """Instance attributes in which the family keeps saveables that are reached by other names, such as `_layers`."""

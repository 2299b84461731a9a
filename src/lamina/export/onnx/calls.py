"""The table of layers: which function writes the nodes of which layer."""

import dataclasses

import numpy as np

TABLE = {}


@dataclasses.dataclass
class Call:
    """One call of a layer.

    Attributes:
        layer: what is called.
        args, kwargs: its arguments, Tensors among them.
        outputs: list of objects with `shape` and `dtype`, what it returns.
    """

    layer: object
    args: tuple
    kwargs: dict
    outputs: list

    @property
    def inputs(self):
        """The first argument, a Tensor or a structure of them."""
        return self.args[0]


def layer(*classes):
    """Enter a function `(graph, call) -> Tensor, list of Tensors or None` for layers of exactly these classes.

    None says that the layer, with these arguments, has no nodes of its own.
    """

    def enter(function):
        TABLE.update(dict.fromkeys(classes, function))
        return function

    return enter


def array(variable, dtype=np.float32):
    """Return the value of a variable, or zeros or ones where `variable` is a pair (value, size)."""
    if isinstance(variable, tuple):
        return np.full(variable[1], variable[0], dtype)
    return np.asarray(getattr(variable, "value", variable), dtype)

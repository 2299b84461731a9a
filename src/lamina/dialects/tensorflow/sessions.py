"""What programs of TensorFlow 1 wrote around Keras: sessions that are configured and set, graphs that are entered."""

import contextlib

import numpy as np

from lamina.core import tree
from lamina.core.tensor import KerasTensor
from lamina.legacy import backend

__all__ = [
    "ConfigProto",
    "GPUOptions",
    "Graph",
    "InteractiveSession",
    "Session",
    "get_default_graph",
    "global_variables_initializer",
    "local_variables_initializer",
    "reset_default_graph",
]


class ConfigProto:
    """Accept any wish about how a session is run."""

    def __init__(self, **options):
        self.__dict__.update(options)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        self.__dict__[name] = ConfigProto()
        return self.__dict__[name]


GPUOptions = ConfigProto


class Graph:
    """The graph there is: what is computed belongs to no other."""

    def as_default(self):
        """Accept a `with` block."""
        return contextlib.nullcontext(self)

    def finalize(self):
        """Accept."""


class Session:
    """Compute tensors of a model's graph, given its inputs."""

    def __init__(self, target="", graph=None, config=None):
        self.graph = graph or Graph()

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """Return the values of tensors and variables; `feed_dict` has the arrays of the inputs."""
        flat = [x for x in tree.flatten(fetches) if isinstance(x, KerasTensor)]
        fed = {x: value for x, value in (feed_dict or {}).items() if isinstance(x, KerasTensor)}
        found = iter(backend.function(list(fed), flat)(list(fed.values())) if flat else ())
        return tree.map_structure(lambda x: next(found) if isinstance(x, KerasTensor) else _value(x), fetches)

    def as_default(self):
        """Accept a `with` block."""
        return contextlib.nullcontext(self)

    def close(self):
        """Accept."""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


InteractiveSession = Session


def _value(x):
    return None if x is None else np.asarray(x)


def get_default_graph():
    """Return the graph there is."""
    return Graph()


def reset_default_graph():
    """Begin numbering names anew."""
    backend.reset_uids()


def global_variables_initializer():
    """Do nothing: variables have their first values."""


local_variables_initializer = global_variables_initializer

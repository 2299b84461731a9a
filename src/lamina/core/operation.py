"""Operations and the nodes that their symbolic calls leave behind: the graph of a functional model."""

import collections
import functools
import inspect

from lamina.core import shapes, tree
from lamina.core.blame import with_context
from lamina.core.names import auto_name
from lamina.core.saveable import KerasSaveable
from lamina.core.tensor import KerasTensor, any_symbolic

KerasHistory = collections.namedtuple("KerasHistory", ["operation", "node_index", "tensor_index"])
KerasHistory.__doc__ = "Which call made a symbolic tensor: the operation, its how-manieth call, its how-manieth output."

_PLAIN = (str, int, float, bool, type(None))
_NOW = {"name", "trainable", "dtype"}  # configs tell what these are, not what the constructor was given


class Node:
    """One symbolic call of an operation: its arguments and its outputs.

    Args:
        operation: what was called.
        call_args, call_kwargs: the call's arguments, KerasTensors at any depth among them.
        outputs: KerasTensors in any structure.
    Raises: ValueError if an output is no KerasTensor.
    """

    def __init__(self, operation, call_args=(), call_kwargs=None, outputs=None):
        self.operation = operation
        # copies of the lists and dicts: the caller may go on filling his own
        self.args, self.kwargs = tree.map_structure(lambda x: x, (tuple(call_args), call_kwargs or {}))
        self.input_tensors = [x for x in tree.flatten((self.args, self.kwargs)) if isinstance(x, KerasTensor)]
        self.outputs = [] if outputs is None else tree.flatten(outputs)
        for x in self.outputs:
            if not isinstance(x, KerasTensor):
                raise ValueError(
                    f"All operation outputs must be tensors. Operation {operation} returned a non-tensor: {x}"
                )
        self.is_input = not self.input_tensors
        self._connect()

    def _connect(self):
        operation = self.operation
        for x in self.input_tensors:
            if not hasattr(x, "_keras_history"):
                x._keras_history = KerasHistory(None, 0, 0)
            if x._keras_history.operation is not None:
                x._keras_history.operation._outbound_nodes.append(self)
        operation._inbound_nodes.append(self)
        if all(x.record_history for x in self.input_tensors):
            for i, x in enumerate(self.outputs):
                x._keras_history = KerasHistory(operation, len(operation._inbound_nodes) - 1, i)

    @property
    def output_tensors(self):
        """The call's outputs as a list."""
        return self.outputs

    @property
    def parent_nodes(self):
        """The nodes that made the inputs."""
        histories = [x._keras_history for x in self.input_tensors]
        return [h.operation._inbound_nodes[h.node_index] for h in histories if h.operation is not None]

    def fill_in(self, values):
        """Return (args, kwargs) with each KerasTensor replaced by `values[id(tensor)]`."""

        def fill(x):
            return values[id(x)] if isinstance(x, KerasTensor) else x

        if len(self.args) == 1 and not self.kwargs and isinstance(self.args[0], KerasTensor):
            return (fill(self.args[0]),), {}
        return tree.map_structure(fill, (self.args, self.kwargs))

    def __repr__(self):
        return f"<Node operation={self.operation.name}>"


class Operation(KerasSaveable):
    """Something that can be called on arrays, or on symbolic tensors to become part of a graph.

    Args:
        name: without "/"; by default the class name in snake case, numbered.
    Raises: ValueError for a name with "/".
    """

    _saveable_kind = "Operation"

    def __new__(cls, *args, **kwargs):
        """Remember the constructor's arguments, for the config."""
        operation = super().__new__(cls)
        object.__setattr__(operation, "_given", (args, kwargs))
        return operation

    def __init__(self, name=None):
        if name is None:
            name = auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name} (of type "
                f"{type(name)})"
            )
        self.name = name
        self._inbound_nodes = []
        self._outbound_nodes = []

    def __call__(self, *args, **kwargs):
        """Compute on arrays; add a node to the graph on symbolic tensors."""
        if any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def symbolic_call(self, *args, **kwargs):
        """Return the symbolic outputs of a call and remember it as a node."""
        try:
            outputs = self.compute_output_spec(*args, **kwargs)
        except Exception as error:
            told = with_context(error, self, args, kwargs)
            if told is error:
                raise
            raise told from error
        Node(self, args, kwargs, outputs)
        return outputs

    def call(self, *args, **kwargs):
        """Compute on arrays."""
        raise NotImplementedError(f"{type(self).__name__} defines no `call`.")

    def compute_output_spec(self, *args, **kwargs):
        """Return what a call would return, as KerasTensors."""
        return shapes.infer(self.call, *args, **kwargs)

    def get_config(self):
        """Return the constructor's arguments as a dict; a subclass with plain arguments need not define it.

        Raises: NotImplementedError if an argument is no number, string or None and `get_config` is not overridden.
        """
        config = {"name": self.name}
        if is_overridden(self, "get_config", Operation):
            return config
        return own_config(self, config)

    @classmethod
    def from_config(cls, config):
        """Make the operation that `config` describes."""
        return cls(**config)

    @property
    def input(self):
        """The input tensors of the first symbolic call."""
        return _one_or_list(self._first_node("input").input_tensors)

    @property
    def output(self):
        """The output tensors of the first symbolic call."""
        return _one_or_list(self._first_node("output").output_tensors)

    def _first_node(self, what):
        if not self._inbound_nodes:
            raise AttributeError(f"The layer {self.name} has never been called and thus has no defined {what}.")
        return self._inbound_nodes[0]

    def __repr__(self):
        return f"<Operation name={self.name}>"


def _one_or_list(tensors):
    return tensors[0] if len(tensors) == 1 else tensors


def is_overridden(instance, method, base):
    """Tell whether the class of `instance` has its own `method` instead of that of `base`."""
    return getattr(type(instance), method) is not getattr(base, method)


@functools.cache
def parameters(cls):
    """Return the parameters of a class's constructor, without `self`."""
    return dict(list(inspect.signature(cls.__init__).parameters.items())[1:])


def accepts(cls, name):
    """Tell whether a class's constructor takes a keyword of this name."""
    accepted = parameters(cls)
    return name in accepted or any(p.kind is inspect.Parameter.VAR_KEYWORD for p in accepted.values())


def given_arguments(instance):
    """Return the constructor arguments of `instance` by name, defaults included; None if they have no names."""
    args, kwargs = instance._given
    try:
        bound = inspect.signature(type(instance).__init__).bind(instance, *args, **kwargs)
    except TypeError:
        return None
    bound.apply_defaults()
    named = dict(list(bound.arguments.items())[1:])
    for name, parameter in parameters(type(instance)).items():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL and named.pop(name):
            return None
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            named.update(named.pop(name))
    return named


def own_config(instance, config):
    """Add the constructor arguments of a user's class, which must be plain values, to `config`."""
    given = given_arguments(instance)
    if given is not None:  # a base of the library has written what it knows, such as the layer in a wrapper
        given = {key: value for key, value in given.items() if key not in config or _is_plain(value)}
    if given is None or not _is_plain(given):
        raise NotImplementedError(
            f"{type(instance).__name__} was made with arguments that are no plain values (numbers, strings, lists of "
            "them), so its config "
            "cannot be derived. Define it:\n"
            "    def get_config(self):\n"
            '        return {**super().get_config(), "units": self.units}'
        )
    if not accepts(type(instance), "name"):
        config.pop("name", None)
    return {**config, **{key: value for key, value in given.items() if key not in _NOW}}


def _is_plain(structure):
    return all(isinstance(x, _PLAIN) for x in tree.flatten(structure))

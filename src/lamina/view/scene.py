"""What there is to see of a model: its calls as nodes, how the values of each are laid out, and who feeds whom."""

from dataclasses import dataclass, field
from math import ceil, prod

from lamina import activations as functions
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor
from lamina.explain.calls import Call, calls_of, connected
from lamina.explain.layer_outputs import LayerOutputs
from lamina.explain.listening import graph_of
from lamina.explain.origins import Walk
from lamina.view.folding import fold

MOST_UNFOLDED = 60  # nodes that are shown at once [count]


@dataclass(frozen=True)
class Layout:
    """How the values of one sample are laid out: as `planes` of `rows` by `cols` cells.

    Attributes:
        order: which axis of the sample goes to planes, rows and columns; None where a row of values is wrapped.
        size: number of values; a wrapped row may leave cells of the last line empty [count].
    """

    planes: int
    rows: int
    cols: int
    size: int
    order: tuple | None = None


def layout(shape, channels_first=False, line=None):
    """Lay out the values of one sample.

    Args:
        shape: of the sample, without batch axis.
        channels_first: whether the channels are the first axis.
        line: length of the lines in which a single row of values is wrapped; near a square by default.

    Example:
        >>> layout((26, 24, 32))
        Layout(planes=32, rows=26, cols=24, size=19968, order=(2, 0, 1))
        >>> layout((128,))
        Layout(planes=1, rows=8, cols=16, size=128, order=None)
    """
    size = prod(shape)
    if len(shape) < 2:
        cols = line or (1 if size <= 16 else 2 ** (((size - 1).bit_length() + 1) // 2))
        return Layout(1, ceil(size / cols), cols, size)
    if len(shape) == 2:
        return Layout(1, shape[0], shape[1], size, (0, 1))
    if channels_first:
        return Layout(prod(shape[:-2]), shape[-2], shape[-1], size, tuple(range(len(shape))))
    planes = (len(shape) - 1, *range(len(shape) - 3))
    return Layout(prod(shape[:-3]) * shape[-1], *shape[-3:-1], size, (*planes, len(shape) - 3, len(shape) - 2))


@dataclass(eq=False)
class PlacedCall(Call):
    """A call at its place in the model, also inside of nested models, on tensors of known sizes.

    Attributes:
        path: the names of the models around and of the layer, as `model.activations` has them.
    """

    path: str = ""

    @property
    def name(self):
        """The path."""
        return self.path


@dataclass
class Node:
    """One thing to see: an input of the model or what a call gives.

    Attributes:
        id: path of the call, as `model.activations` names it; the name of an input.
        call: the PlacedCall; None for an input.
        tensor: its symbolic output, of known size.
        shape: of one sample.
        sources: for each tensor that the call reads, the id of its node; None if there is none.
        group: id of the block it is folded into, "" if it stands by itself.
    """

    id: str
    call: object
    tensor: object
    shape: tuple
    dtype: str
    layout: Layout
    sources: list = field(default_factory=list)
    group: str = ""

    @property
    def fed_by(self):
        """The ids of the nodes that feed it, each once."""
        return list(dict.fromkeys(source for source in self.sources if source))

    @property
    def tensors(self):
        """All tensors that it gives."""
        return self.call.outputs if self.call else [self.tensor]

    @property
    def layer(self):
        """The layer called; None for an input."""
        return self.call and self.call.layer

    def to_dict(self):
        """Return what the page needs to know."""
        layer = self.layer
        return {
            "id": self.id,
            "name": self.id.rsplit("/", 1)[-1],
            "kind": type(layer).__name__ if layer else "Input",
            "shape": list(self.shape),
            "dtype": self.dtype,
            "from": self.fed_by,
            "group": self.group,
            "parameters": layer.count_params() if hasattr(layer, "count_params") and layer.built else 0,
            "activation": activation_name(layer),
            "planes": self.layout.planes,
            "rows": self.layout.rows,
            "cols": self.layout.cols,
            "order": self.layout.order and list(self.layout.order),
        }


def activation_name(layer):
    """Return the name of the activation that ends a layer, "" if there is none or it does nothing."""
    function = getattr(layer, "activation", None)
    if not callable(function) or function is functions.linear:
        return ""
    return getattr(function, "__name__", type(function).__name__)


class Scene:
    """The nodes of a model, for inputs of given shapes.

    Args:
        model: any model that is built or can be called on `x`.
        x: what the model is called on: an array of one sample with batch axis, or a structure of them.

    Attributes:
        nodes: list of Nodes, inputs first, each after those that feed it.
        outputs: `LayerOutputs` of the model, one compiled program for all that is shown.
        calls: the PlacedCalls the model consists of, those of nested models among them.
        groups: dict from ids of blocks to what they are called; blocks are made where there is too much to show.
    """

    def __init__(self, model, x):
        self.model = model
        self.outputs = LayerOutputs(model)
        arrays = x if isinstance(x, (list, tuple)) else list(x.values()) if isinstance(x, dict) else [x]
        calls = calls_of(model, None if graph_of(model) else _shapes(x))
        self.nodes = _nodes(calls, arrays, self.outputs.shapes(x))
        self.calls = connected([node.call for node in self.nodes if node.call])
        self._by_id = {node.id: node for node in self.nodes}
        self.groups = fold(self.nodes, MOST_UNFOLDED)

    def __getitem__(self, id):
        """Return a Node by its id."""
        if id not in self._by_id:
            raise KeyError(f"There is no node {id!r}. There are {list(self._by_id)}.")
        return self._by_id[id]

    @property
    def inputs(self):
        """The Nodes of the model's inputs."""
        return [node for node in self.nodes if node.call is None]

    def shown(self, opened=()):
        """Return the nodes to show: the last one of each block that is not among those opened."""
        last = {node.group: node for node in self.nodes}
        return [n for n in self.nodes if not n.group or n.group in opened or last[n.group] is n]

    def to_dict(self):
        """Return what the page needs to know."""
        return {
            "name": self.model.name,
            "kind": type(self.model).__name__,
            "parameters": self.model.count_params(),
            "nodes": [node.to_dict() for node in self.nodes],
            "groups": self.groups,
            "inputs": [node.id for node in self.inputs],
        }


def _shapes(x):
    if isinstance(x, dict):
        return {name: _shapes(item) for name, item in x.items()}
    return [_shapes(item) for item in x] if isinstance(x, (list, tuple)) else (None, *x.shape[1:])


class SceneWalk(Walk):
    """A Walk through the calls of a Scene, inputs under the names they have there."""

    def __init__(self, scene):
        super().__init__(scene.calls)
        self._names = {id(node.tensor): node.id for node in scene.inputs}

    def name(self, tensor):
        """Return the id of the node whose output a tensor is; of several outputs with a number behind it."""
        return self._names.get(id(tensor)) or super().name(tensor)


def _nodes(calls, arrays, found):
    """Return the nodes for calls, those of nested models in their place."""
    made = {id(x) for call in calls for x in call.outputs}
    tensors = list({id(x): x for call in calls for x in call.inputs if id(x) not in made}.values())
    placed, nodes = {}, []
    for number, (tensor, array) in enumerate(zip(tensors, arrays, strict=False)):
        history = getattr(tensor, "_keras_history", None)
        name = history.operation.name if history and history.operation else "input" + (str(number) if number else "")
        shape = tuple(array.shape[1:])
        placed[id(tensor)] = _sized(tensor, array)
        nodes.append(Node(name, None, placed[id(tensor)], shape, str(array.dtype), layout(shape)))
    _add_calls(nodes, calls, placed, found, "")
    return nodes


def _add_calls(nodes, calls, placed, found, prefix):
    """Add nodes for calls.

    Args:
        placed: dict from ids of the calls' tensors to those in their place, of known sizes; outputs are added.
        found: dict from paths to arrays (or lists of them), or their ShapeDtypeStructs.
    """
    makers = {id(x): node for node in nodes for x in node.tensors}
    for call in calls:
        path = prefix + call.name
        inputs = [placed.get(id(x), x) for x in call.inputs]
        inner = graph_of(call.layer)
        if inner is not None:
            inside = dict(zip(map(id, inner.inputs), inputs, strict=False))
            _add_calls(nodes, calls_of(call.layer), inside, found, path + "/")
            placed.update((id(x), inside.get(id(y), x)) for x, y in zip(call.outputs, inner.outputs, strict=True))
            makers = {id(x): node for node in nodes for x in node.tensors}
            continue
        if path not in found:
            continue
        arrays = found[path] if isinstance(found[path], list) else [found[path]]
        outputs = [_sized(x, array) for x, array in zip(call.outputs, arrays, strict=True)]
        placed.update(zip(map(id, call.outputs), outputs, strict=True))
        args, kwargs = call.with_arrays(inputs)
        feeding = [makers.get(id(x)) for x in inputs]
        shape = tuple(arrays[0].shape[1:])
        channels_first = getattr(call.layer, "data_format", None) == "channels_first"
        laid_out = layout(shape, channels_first, _line(shape, feeding[0] and feeding[0].shape if feeding else None))
        made = PlacedCall(call.layer, args, kwargs, outputs, path=path)
        sources = [source and source.id for source in feeding]
        nodes.append(Node(path, made, outputs[0], shape, str(arrays[0].dtype), laid_out, sources))
        makers.update((id(x), nodes[-1]) for x in outputs)


def _sized(tensor, array):
    """Return a tensor with the sizes of an array, and a mask if the given one has one."""
    sized = KerasTensor((None, *array.shape[1:]), str(array.dtype))
    mask = get_mask(tensor)
    if mask is not None:
        set_mask(sized, mask)
    return sized


def _line(shape, before):
    """Wrap what was unrolled from a block after each run of its last axis, so that a line is one place of it."""
    unrolled = before and len(shape) == 1 and len(before) > 1 and prod(before) == shape[0]
    return before[-1] if unrolled and 4 <= before[-1] <= 256 else None

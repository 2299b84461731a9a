"""An ONNX graph while it is written: nodes, constants, sizes, and tensors that know in which order their axes lie."""

import dataclasses
import hashlib
import itertools
import math

import numpy as np
import onnx

OLDEST_OPSET, OPSET = 18, 20


@dataclasses.dataclass(eq=False)
class Tensor:
    """A tensor of the graph.

    Attributes:
        name: what the file calls it.
        shape: sizes in Lamina's order of axes; some may be symbolic.
        dtype: of NumPy.
        order: which axis of `shape` each axis in the file is; images lie as (batch, channels, height, width) there.
        thin: whether axes may have size 1 in the file that `shape` says are longer, as in NumPy's broadcasting.
        mask: Tensor of booleans, or None.
    """

    name: str
    shape: tuple
    dtype: np.dtype
    order: tuple = None
    thin: bool = False
    mask: "Tensor | None" = None

    def __post_init__(self):
        self.order = tuple(range(len(self.shape))) if self.order is None else self.order

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.shape)


def channels_first(ndim):
    """Return the order that windows slide over: batch, channels, then the spatial axes."""
    return (0, ndim - 1, *range(1, ndim - 1)) if ndim > 2 else tuple(range(ndim))


class Graph:
    """Nodes and constants of a graph; a graph inside a node shares the constants of the one around it.

    Args:
        opset: version of the operators.
        parent: the graph around.
    """

    def __init__(self, opset=OPSET, parent=None):
        self.nodes = []
        self.opset = opset
        self.parent = parent
        self._root = self if parent is None else parent._root
        self._forms = {} if parent is None else dict(parent._forms)  # (name, order) -> name
        if parent is None:
            self.constants = {}  # name -> array
            self.sizes = {}  # symbol -> (name of an input, axis)
            self._known = {}  # shape, dtype and digest of a constant -> its name
            self._numbers = itertools.count()

    def unique(self, stem):
        """Return a name that nothing has yet."""
        return f"{stem}_{next(self._root._numbers)}"

    def add(self, operator, *inputs, outputs=1, **attributes):
        """Add a node and return the name of its output, or a list of names."""
        names = [self.unique(operator) for _ in range(outputs)]
        node = onnx.helper.make_node(operator, [x or "" for x in inputs], names, name=names[0], **attributes)
        self.nodes.append(node)
        return names[0] if outputs == 1 else names

    def constant(self, value, dtype=None):
        """Return the name of an array that is part of the file; equal arrays are kept once."""
        array = np.ascontiguousarray(np.asarray(value, dtype)).reshape(np.shape(value))
        key = array.shape, array.dtype.str, hashlib.blake2b(array.data.cast("B") if array.size else b"").digest()
        if key not in self._root._known:
            self._root._known[key] = self.unique("constant")
            self._root.constants[self._root._known[key]] = array
        return self._root._known[key]

    def known_value(self, x):
        """Return the array of a tensor that is a constant, None for others."""
        return self._root.constants.get(x.name) if x.order == tuple(range(x.ndim)) and not x.thin else None

    def whole_numbers(self, *values):
        """Return the name of a vector of integers, such as axes."""
        return self.constant(np.array(values, np.int64))

    def ordered(self, x, order=None):
        """Return the name of a tensor with its axes in an order, Lamina's own by default; transposed if need be."""
        order = tuple(range(x.ndim)) if order is None else order
        if order == x.order:
            return x.name
        if (x.name, x.order, order) not in self._forms:
            turn = [x.order.index(axis) for axis in order]
            name = self.add("Transpose", x.name, perm=turn)
            self._forms[x.name, x.order, order] = name
            self._forms[name, order, x.order] = x.name
        return self._forms[x.name, x.order, order]

    def plain(self, x):
        """Return a tensor with its axes in Lamina's order, and as long as its shape says."""
        if x.thin:
            name = self.add("Expand", self.ordered(x), self.shape(x.shape))
            return dataclasses.replace(x, name=name, order=None, thin=False)
        return dataclasses.replace(x, name=self.ordered(x), order=None)

    def size(self, size):
        """Return the name of a vector of one integer: a size, perhaps computed when the file is run."""
        if isinstance(size, int | np.integer):
            return self.whole_numbers(int(size))
        symbols = {symbol: _Size(self, self._symbol(symbol)) for symbol in size._get_vars()}
        return size._evaluate(symbols).name

    def _symbol(self, symbol):
        name, axis = self._root.sizes[symbol]
        return self.add("Shape", name, start=axis, end=axis + 1)

    def shape(self, sizes):
        """Return the name of a vector of sizes."""
        if all(isinstance(size, int | np.integer) for size in sizes):
            return self.whole_numbers(*sizes)
        return self.add("Concat", *(self.size(size) for size in sizes), axis=0)

    def reshaped(self, name, old, new):
        """Return the name of a tensor of shape `old` in shape `new`."""
        old, new = list(old), list(new)
        if old == new:
            return name
        unknown = [i for i, size in enumerate(new) if not isinstance(size, int)]
        if len(unknown) == 1 and math.prod(size for size in new if isinstance(size, int)):
            new[unknown[0]] = -1
            return self.add("Reshape", name, self.whole_numbers(*new))
        if all(i < len(old) and old[i] is new[i] for i in unknown):
            return self.add("Reshape", name, self.whole_numbers(*(0 if i in unknown else n for i, n in enumerate(new))))
        return self.add("Reshape", name, self.shape(new))

    def inner(self):
        """Return a new graph for the inside of a node."""
        return Graph(self.opset, parent=self)


class _Size:
    """A size that is computed when the file is run, with the arithmetic that symbolic sizes are made of."""

    def __init__(self, graph, name):
        self.graph, self.name = graph, name

    def _with(self, operator, other, swapped=False):
        other = other.name if isinstance(other, _Size) else self.graph.whole_numbers(int(other))
        pair = (other, self.name) if swapped else (self.name, other)
        return _Size(self.graph, self.graph.add(operator, *pair))

    def __add__(self, other):
        return self._with("Add", other)

    def __mul__(self, other):
        return self._with("Mul", other)

    def __sub__(self, other):
        return self._with("Sub", other)

    def __rsub__(self, other):
        return self._with("Sub", other, swapped=True)

    def __floordiv__(self, other):
        return self._with("Div", other)  # sizes are not negative, so that both round alike

    def __mod__(self, other):
        return self._with("Mod", other)

    __radd__, __rmul__ = __add__, __mul__


def data_type(dtype):
    """Return ONNX's number of a dtype."""
    return onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

"""Where a layer's parameters come from: each weight as a product of sizes that have names."""

from dataclasses import dataclass
from functools import singledispatch
from math import prod

from lamina import layers
from lamina.core import operation
from lamina.explain.formulas import number


@dataclass
class Weight:
    """One weight as a product.

    Attributes:
        name: such as "kernel"; with the owner in front if a wrapper's inner layer owns it.
        factors: sizes whose product is the count.
        factor_names: a name or None for each factor.
        trainable: whether optimizers change it.
    """

    name: str
    factors: tuple
    factor_names: tuple
    trainable: bool

    @property
    def count(self):
        """Number of parameters."""
        return prod(self.factors)

    def __str__(self):
        return f"{'*'.join(map(str, self.factors)) or '1'} {self.name}"


def weights_of(layer, input_shapes):
    """Return the weights of a layer and of the layers in it, in the order of `layer.weights`."""
    owners = {id(v): owner for owner in reversed(_layers_in(layer)) for v in _own(owner)}
    pairs = [(v, owners.get(id(v), layer)) for v in layer.weights]
    return [_weight(*pair, name, layer, input_shapes) for pair, name in zip(pairs, _names(layer, pairs), strict=True)]


def _layers_in(layer):
    return layer._flatten_layers() if hasattr(layer, "_flatten_layers") else []


def _own(layer):
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _names(layer, pairs):
    """Name weights after themselves, with their owner's name in front where there are several owners.

    Where owners have one name, such as the cells of two recurrent layers, what stands around them tells them apart.
    """
    if len({id(owner) for _, owner in pairs}) == 1:
        return [v.name for v, _ in pairs]
    around = [v.path.split(f"{layer.name}/", 1)[-1].split("/")[:-1] or [owner.name] for v, owner in pairs]
    owners = [owner.name for _, owner in pairs]
    for labels in (owners, [path[0] for path in around], ["/".join(path) for path in around]):
        names = ["" if owner is layer else label for label, (_, owner) in zip(labels, pairs, strict=True)]
        if len(set(names)) == len({id(owner) for _, owner in pairs}):
            break
    return [f"{name} {v.name}".strip() for name, (v, _) in zip(names, pairs, strict=True)]


def _weight(variable, owner, name, layer, input_shapes):
    named = factor_names(layer).get(name) or factor_names(owner).get(variable.name)
    factors, names = _split(variable.shape, named) if named else (variable.shape, None)
    if names is None:
        factors, names = variable.shape, _matched(variable.shape, owner, input_shapes)
    return Weight(name, tuple(factors), tuple(names), variable.trainable and layer.trainable)


def _split(shape, named):
    """Put names to sizes; a name `(4, "gates")` splits its number off the size of the next axis name."""
    sizes, factors, names = list(shape), [], []
    for name in named:
        if isinstance(name, tuple):
            count, label = name
            if not sizes or sizes[0] % count:
                return shape, None
            factors.append(count)
            names.append(label)
            sizes[0] //= count
        elif sizes:
            factors.append(sizes.pop(0))
            names.append(name)
    return (factors, names) if not sizes and prod(factors) == prod(shape) else (shape, None)


def _matched(shape, owner, input_shapes):
    """Name each size after the one constructor argument or input axis of that size; None where there is a choice."""
    given = operation.given_arguments(owner) or {}
    known = {name: value for name, value in given.items() if isinstance(value, int) and not isinstance(value, bool)}
    if len(input_shapes) == 1 and input_shapes[0] and isinstance(input_shapes[0][-1], int):
        known["input features"] = input_shapes[0][-1]
    names = []
    for size in shape:
        found = [name for name, value in known.items() if value == size]
        names.append(found[0].replace("_", " ") if len(found) == 1 else None)
    return names


def sum_of_products(weights):
    """Return the parameter count as a sum: "3*3*1*32 kernel + 32 bias = 320"."""
    if not weights:
        return "0"
    terms = " + ".join(map(str, weights))
    total = sum(w.count for w in weights)
    if len(weights) == 1 and len(weights[0].factors) == 1:
        return terms
    return f"{terms} = {number(total)}"


def legend(weights):
    """Return what the factors are: "kernel: kernel height × kernel width × channels × filters"."""
    alike = {}
    for w in weights:
        if len(w.factors) > 1 and all(w.factor_names):
            alike.setdefault(" × ".join(w.factor_names), []).append(w.name)
    return "\n".join(f"{', '.join(names)}: {product}" for product, names in alike.items())


@singledispatch
def factor_names(layer):
    """Return the names of the axes of each weight: a dict from the weight's name to a tuple of names."""
    return {}


@factor_names.register
def _(layer: layers.Dense):
    return {"kernel": ("features", "units"), "bias": ("units",)}


@factor_names.register
def _(layer: layers.Embedding):
    return {"embeddings": ("rows", "length of a row")}


_WINDOW = {
    1: ("kernel size",),
    2: ("kernel height", "kernel width"),
    3: ("kernel depth", "kernel height", "kernel width"),
}


def _register_windows():
    """Convolutions of every kind, as far as the library has them."""

    def plain(layer):
        channels = "channels" if layer.groups == 1 else "channels per group"
        return {"kernel": (*_WINDOW[layer.rank], channels, "filters"), "bias": ("filters",)}

    def transposed(layer):
        return {"kernel": (*_WINDOW[layer.rank], "filters", "channels"), "bias": ("filters",)}

    def depthwise(layer):
        return {"kernel": (*_WINDOW[layer.rank], "channels", "depth multiplier"), "bias": ("channels",)}

    def separable(layer):
        ones = {1: ("1",), 2: ("1", "1")}[layer.rank]
        return {
            "depthwise_kernel": (*_WINDOW[layer.rank], "channels", "depth multiplier"),
            "pointwise_kernel": (*ones, "channels × depth multiplier", "filters"),
            "bias": ("filters",),
        }

    for kind, names in (
        (("Conv1D", "Conv2D", "Conv3D"), plain),
        (("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), transposed),
        (("DepthwiseConv1D", "DepthwiseConv2D"), depthwise),
        (("SeparableConv1D", "SeparableConv2D"), separable),
    ):
        for name in kind:
            if hasattr(layers, name):
                factor_names.register(getattr(layers, name), names)


_register_windows()


def _register_cells():
    """Recurrent cells: one block of columns per gate."""

    def lstm(cell):
        gates = (4, "gates")
        return {
            "kernel": ("features", gates, "units"),
            "recurrent_kernel": ("units", gates, "units"),
            "bias": (gates, "units"),
        }

    def gru(cell):
        gates = (3, "gates")
        bias = ("input and recurrent", gates, "units") if cell.reset_after else (gates, "units")
        return {
            "kernel": ("features", gates, "units"),
            "recurrent_kernel": ("units", gates, "units"),
            "bias": bias,
        }

    def simple(cell):
        return {"kernel": ("features", "units"), "recurrent_kernel": ("units", "units"), "bias": ("units",)}

    for name, names in (("LSTMCell", lstm), ("GRUCell", gru), ("SimpleRNNCell", simple)):
        if hasattr(layers, name):
            factor_names.register(getattr(layers, name), names)


_register_cells()


def _attending(query, value):
    """Name the axes of the projections of an attention layer: heads of the query, and of key and value."""
    return {
        "query kernel": ("features", query, "key size"),
        "query bias": (query, "key size"),
        "key kernel": ("features", value, "key size"),
        "key bias": (value, "key size"),
        "value kernel": ("features", value, "value size"),
        "value bias": (value, "value size"),
        "attention_output kernel": (query, "value size", "output features"),
        "attention_output bias": ("output features",),
    }


@factor_names.register
def _(layer: layers.MultiHeadAttention):
    return _attending("heads", "heads")


@factor_names.register
def _(layer: layers.GroupQueryAttention):
    return _attending("query heads", "key heads")


@factor_names.register
def _(layer: layers.BatchNormalization):
    return dict.fromkeys(
        ("gamma", "beta", "moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"),
        ("channels",),
    )

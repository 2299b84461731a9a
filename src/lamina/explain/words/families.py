"""What a layer of each family does to the data, in one or two sentences around the facts of the layer at hand."""

import inspect
from functools import singledispatch

from lamina import layers, models
from lamina.core.op import FunctionOperation
from lamina.explain.formulas import number
from lamina.explain.words import counted, reads, then, times

_WHAT = {1: "sequence", 2: "image", 3: "volume"}
_STEP = {1: "step", 2: "pixel", 3: "voxel"}
_ANY_SUBCLASS = (models.Model, FunctionOperation)


def sentence(layer, facts):
    """Say what `layer` does to the data in the call that `facts` are about: in its family's words, if it has any."""
    return does(layer, facts) if has_own_sentence(layer) else _derived(layer, facts)


def has_own_sentence(layer):
    """Tell whether there is a sentence for `layer`: one for its class, or for the class whose `call` it inherits.

    A relative inside the library that has no sentence may do something else by other means than its `call`.
    """
    kind = type(layer)
    family = next((base for base in kind.__mro__ if base in does.registry and base is not object), None)
    if family is None or kind is family or family in _ANY_SUBCLASS:
        return family is not None
    return not kind.__module__.startswith("lamina.") and kind.call is family.call


def _derived(layer, facts):
    own = _first_sentence(layer)
    if own and facts.action == "passes on" and facts.training["differs"]:
        return own  # it is about training
    derived = {
        "moves": "Each value of the output is a copy of one value of the input.",
        "looks up": "Each value of the output is a copy of a weight, chosen by the input.",
        "passes on": "Passes the data on as they are.",
        "computes": reads(facts) or f"Computes ({', '.join(facts.arithmetic[:6])}).",
    }[facts.action]
    return f"{own} {derived}".strip()


@singledispatch
def does(layer, facts):
    """Say in one or two sentences what a layer of a family does; see `sentence`."""
    return _derived(layer, facts)


def _first_sentence(obj):
    text = inspect.getdoc(type(obj)) or ""
    if type(obj).__doc__ is None:  # an inherited docstring is about another class
        return ""
    return text.strip().split("\n")[0]


@does.register
def _(layer: models.Model, facts):
    inside = layer.layers
    return f"A model by itself, used as a layer: {counted(len(inside), 'layer')} inside."


@does.register
def _(layer: layers.Dense, facts):
    shape, units = facts.inputs[0], layer.units
    bias = " plus a bias" if layer.use_bias else ""
    if len(shape) == 2:
        whole = (
            f"Each of the {number(units)} outputs is a weighted sum of all {number(shape[-1])} features"
            if units > 1
            else f"The one output is a weighted sum of all {number(shape[-1])} features"
        )
        return f"{whole}{bias}{then(layer.activation)}."
    positions = times(shape[1:-1])
    return (
        f"Each of the {positions} positions goes through the same {shape[-1]} × {units} kernel{bias}"
        f"{then(layer.activation)}; positions are not mixed."
    )


@does.register
def _(layer: layers.Activation, facts):
    name = then(layer.activation).removeprefix(", then ") or "nothing (linear)"
    return f"Applies {name}; it has no weights."


@does.register
def _(layer: layers.ReLU, facts):
    if layer.max_value is None and not layer.negative_slope and not layer.threshold:
        return "Replaces values below zero by zero; it has no weights."
    return _derived(layer, facts)


@does.register
def _(layer: layers.Flatten, facts):
    sizes = facts.inputs[0][1:]
    if len(sizes) == 0:
        return "Gives each single value an axis of its own."
    if len(sizes) == 1:
        return "Changes nothing: each sample already is one row."
    first = " The channels axis counts as the last one." if _channels_first(layer) and len(sizes) > 1 else ""
    row = f"one row{_of(facts.outputs[0][1])}"
    return f"Lays the {times(sizes)} values of each sample in {row}, the last axis fastest.{first}"


def _of(size):
    return "" if size is None else f" of {number(size)}"


@does.register
def _(layer: layers.Reshape, facts):
    return (
        f"Reads the values of each sample row by row and lays them out as {times(facts.outputs[0][1:])}; "
        "their order does not change."
    )


@does.register
def _(layer: layers.Permute, facts):
    return "Puts the axes of each sample in another order; every value moves with its place."


@does.register
def _(layer: layers.RepeatVector, facts):
    return f"Copies each vector {layer.n} times along a new steps axis."


@does.register
def _(layer: layers.Rescaling, facts):
    return "Multiplies every value by `scale` and adds `offset`."


@does.register
def _(layer: layers.Normalization, facts):
    if layer.invert:
        return "Multiplies by the standard deviation of the data and adds their mean: back from normalized values."
    return "Subtracts the mean of the data and divides by their standard deviation."


@does.register
def _(layer: layers.CategoryEncoding, facts):
    vector = f"a vector of {layer.num_tokens} places"
    told = {
        "one_hot": f"Turns each class number into {vector}, zero but for a one at its own.",
        "multi_hot": f"Turns each sample into {vector}, with ones at its class numbers.",
        "count": f"Turns each sample into {vector}: how often each class number is in it.",
    }
    return told[layer.output_mode]


@does.register
def _(layer: layers.Discretization, facts):
    bins = layer.num_bins if layer.bin_boundaries is None else len(layer.bin_boundaries) + 1
    form = "" if layer.output_mode == "int" else f", as a {layer.output_mode} vector"
    return f"Replaces each value by the number of the bin it falls into, of {bins}{form}."


@does.register
def _(layer: layers.Resizing, facts):
    means = "cutting off" if layer.crop_to_aspect_ratio else "a border" if layer.pad_to_aspect_ratio else ""
    how = f"; {means} keeps their proportions" if means else ""
    return f"Scales pictures to {layer.height} x {layer.width} pixels ({layer.interpolation}){how}."


@does.register
def _(layer: layers.CenterCrop, facts):
    return f"Cuts out the middle {layer.height} x {layer.width} pixels; scales pictures that are smaller."


@does.register
def _(layer: layers.Dropout, facts):
    return (
        f"In training, sets {layer.rate:.0%} of the values to zero at random and divides the others by "
        f"{1 - layer.rate:g}; in inference, nothing."
    )


@does.register
def _(layer: layers.Conv1D, facts):
    return _convolution(layer, facts)


@does.register
def _(layer: layers.Conv2D, facts):
    return _convolution(layer, facts)


@does.register
def _(layer: layers.Conv3D, facts):
    return _convolution(layer, facts)


def _convolution(layer, facts):
    what, step = _WHAT[layer.rank], _STEP[layer.rank]
    channels = facts.inputs[0][1 if _channels_first(layer) else -1]
    window = times(layer.kernel_size)
    kernels = "one kernel" if layer.filters == 1 else f"{number(layer.filters)} kernels"
    seen = channels if layer.groups == 1 else channels // layer.groups
    stride = "" if set(layer.strides) == {1} else f", {times(layer.strides)} {step}s apart"
    spread = "" if set(layer.dilation_rate) == {1} else f" with taps {times(layer.dilation_rate)} {step}s apart"
    groups = "" if layer.groups == 1 else f" of its group ({layer.groups} groups)"
    return (
        f"Slides {kernels} of {window} {step}s{spread} over the {what}{stride}; each output value sees one window in "
        f"{'its one channel' if seen == 1 and layer.groups == 1 else f'all {number(seen)} channels'}{groups}"
        f"{then(layer.activation)}.{_padding(layer, what)}"
    )


def _padding(layer, what):
    if layer.padding == "same":
        return f" Zeros around the {what} keep its size." if set(layer.strides) == {1} else f" Zeros pad the {what}."
    if layer.padding == "causal":
        return " Zeros in front: no output sees a later step than its own."
    return ""


@does.register
def _(layer: layers.Conv1DTranspose, facts):
    return _transposed(layer, facts)


@does.register
def _(layer: layers.Conv2DTranspose, facts):
    return _transposed(layer, facts)


@does.register
def _(layer: layers.Conv3DTranspose, facts):
    return _transposed(layer, facts)


def _transposed(layer, facts):
    what, step = _WHAT[layer.rank], _STEP[layer.rank]
    return (
        f"Spreads every input value over a window of {times(layer.kernel_size)} {step}s of the output, "
        f"{times(layer.strides)} {step}{'s' if max(layer.strides) > 1 else ''} from one to the next, through "
        f"{number(layer.filters)} kernels; where windows overlap, they are added{then(layer.activation)}. "
        f"The {what} grows."
        if max(layer.strides) > 1
        else f"Spreads every input value over a window of {times(layer.kernel_size)} {step}s of the output through "
        f"{number(layer.filters)} kernels; where windows overlap, they are added{then(layer.activation)}."
    )


def _pooling(verb):
    def sentence(layer, facts):
        what, step = _WHAT[layer.rank], _STEP[layer.rank]
        overlap = ""
        if layer.strides != layer.pool_size:
            overlap = f", {times(layer.strides)} {step}s apart"
        left = _left_over(layer, facts)
        return (
            f"{verb} each window of {times(layer.pool_size)} {step}s{overlap}, channel by channel: the {what} shrinks, "
            f"the channels stay.{left}"
        )

    return sentence


def _left_over(layer, facts):
    """Say which rows at the end are in no window."""
    if layer.padding != "valid":
        return ""
    sizes = facts.inputs[0][2:] if _channels_first(layer) else facts.inputs[0][1:-1]
    pairs = zip(sizes, layer.pool_size, layer.strides, strict=True)
    rest = [None if size is None else (size - pool) % stride for size, pool, stride in pairs]
    names = {1: ("steps",), 2: ("rows", "columns"), 3: ("slices", "rows", "columns")}[layer.rank]
    lost = [
        f"the last {count if count > 1 else ''} {name if count > 1 else name.removesuffix('s')}".replace("  ", " ")
        for count, name in zip(rest, names, strict=True)
        if count
    ]
    if not lost:
        return ""
    return f" No window reaches {' and '.join(lost)}."


for _rank in (1, 2, 3):
    does.register(getattr(layers, f"MaxPooling{_rank}D"), _pooling("Keeps the largest value of"))
    does.register(getattr(layers, f"AveragePooling{_rank}D"), _pooling("Averages"))


def _global_pooling(verb):
    def sentence(layer, facts):
        sizes = facts.inputs[0][2:] if _channels_first(layer) else facts.inputs[0][1:-1]
        channels = facts.inputs[0][1 if _channels_first(layer) else -1]
        kept = "one number per channel" if channels is None else f"{number(channels)} numbers, one per channel"
        return f"{verb} all {times(sizes)} positions: {kept}; where something was is lost."

    return sentence


for _rank in (1, 2, 3):
    does.register(getattr(layers, f"GlobalMaxPooling{_rank}D"), _global_pooling("Keeps the largest value of"))
    does.register(getattr(layers, f"GlobalAveragePooling{_rank}D"), _global_pooling("Averages over"))


@does.register
def _(layer: layers.BatchNormalization, facts):
    frozen = "" if layer.trainable else " It is frozen: training, too, uses the remembered ones."
    return (
        "Shifts and scales each channel: in training by the mean and deviation of the batch, in inference by those "
        f"remembered from training (momentum {layer.momentum:g}).{frozen}"
    )


@does.register
def _(layer: layers.LayerNormalization, facts):
    axes = layer.axis if isinstance(layer.axis, list | tuple) else (layer.axis,)
    rank = len(facts.inputs[0])
    names = [facts.input_axes[0][axis % rank] for axis in axes]
    return (
        f"Brings the values along {' and '.join(names)} to mean 0 and deviation 1, for each position of each sample by "
        "itself, then scales and shifts them; the same in training and inference."
    )


@does.register
def _(layer: layers.Embedding, facts):
    zero = " 0 means padding and is masked; its row is not zero." if layer.mask_zero else ""
    return (
        f"Replaces each integer from 0 to {number(layer.input_dim - 1)} by its row of {number(layer.output_dim)} "
        f"numbers in a table.{zero}"
    )


@does.register
def _(layer: layers.Masking, facts):
    return (
        f"Marks the steps whose features all equal {layer.mask_value:g}, so that layers behind can skip them; sets "
        "them to zero."
    )


@does.register
def _(layer: layers.Concatenate, facts):
    axis = facts.output_axes[0][layer.axis % len(facts.outputs[0])]
    sizes = [shape[layer.axis] for shape in facts.inputs]
    parts = " + ".join("?" if size is None else str(size) for size in sizes)
    total = facts.outputs[0][layer.axis]
    return f"Lays {len(sizes)} arrays side by side along {axis}: {parts} = {'?' if total is None else total}."


def _merging(verb):
    def sentence(layer, facts):
        return f"{verb} {len(facts.inputs)} arrays element by element."

    return sentence


for _name, _verb in {
    "Add": "Adds",
    "Multiply": "Multiplies",
    "Average": "Averages",
    "Maximum": "Keeps the largest of",
    "Minimum": "Keeps the smallest of",
}.items():
    if hasattr(layers, _name):
        does.register(getattr(layers, _name), _merging(_verb))


@does.register
def _(layer: layers.Lambda, facts):
    name = getattr(layer.function, "__name__", type(layer.function).__name__)
    called = "an anonymous function" if name == "<lambda>" else f"the function `{name}`"
    tail = {
        "moves": "; it only moves data",
        "passes on": "; it changes nothing",
        "looks up": "",
        "computes": f" ({', '.join(facts.arithmetic[:6])})",
    }[facts.action]
    return f"Applies {called}{tail}."


@does.register
def _(layer: FunctionOperation, facts):
    text = (inspect.getdoc(type(layer)) or "").strip().split("\n")[0]
    return text or f"Applies {type(layer).__name__}."


def _pads(layer, facts):
    pairs = " and ".join(f"{low} + {high}" for low, high in layer.padding)
    return f"Puts zeros around: {pairs} along {' and '.join(_spatial_names(layer, facts))}."


def _crops(layer, facts):
    pairs = " and ".join(f"{low} + {high}" for low, high in layer.cropping)
    return f"Cuts off the edges: {pairs} along {' and '.join(_spatial_names(layer, facts))}."


for _rank in (2, 3):
    does.register(getattr(layers, f"ZeroPadding{_rank}D"), _pads)
    does.register(getattr(layers, f"Cropping{_rank}D"), _crops)


@does.register
def _(layer: layers.UpSampling2D, facts):
    if layer.interpolation == "nearest":
        return f"Repeats every pixel as a block of {times(layer.size)}."
    return f"Enlarges the image {times(layer.size)} times by {layer.interpolation} interpolation."


def _spatial_names(layer, facts):
    return [name for name in facts.input_axes[0][1:] if name not in ("channels", "features")]


def _channels_first(layer):
    return getattr(layer, "data_format", None) == "channels_first"


def _recurrent(layer, facts):
    steps, features = facts.inputs[0][1], facts.inputs[0][2]
    given = "all its states, one per step" if layer.return_sequences else "its last state"
    direction = "from the last to the first" if layer.go_backwards else "one after the other"
    return (
        f"Reads {'the' if steps is None else number(steps)} steps {direction}, mixing {number(features)} features "
        f"with its {number(layer.units)} state values at each; it gives {given}."
    )


for _name in ("LSTM", "GRU", "SimpleRNN"):
    if hasattr(layers, _name):
        does.register(getattr(layers, _name), _recurrent)


def _attends(heads):
    def sentence(layer, facts):
        (_, *queries, _), (_, *values, _) = facts.inputs[:2]
        each = f"For each of the {times(queries)} positions of the query, {heads(layer)} the {times(values)} positions"
        causal = "; none of them sees a later position than its own" if facts.options.get("use_causal_mask") else ""
        return (
            f"{each} of the value by how well their keys fit, and the output is made of their weighted means{causal}."
        )

    return sentence


does.register(layers.Attention, _attends(lambda layer: "it weighs"))
does.register(layers.AdditiveAttention, _attends(lambda layer: "it weighs"))
does.register(layers.MultiHeadAttention, _attends(lambda layer: f"each of its {layer.num_heads} heads weighs"))


def input_dtype(layer):
    """Return the dtype that a layer expects when nothing is said: integers for an Embedding."""
    return "int32" if isinstance(layer, layers.Embedding) else layer.compute_dtype

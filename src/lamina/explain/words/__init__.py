"""The sentences that hold for every layer: what an answer is put in words with."""

from lamina import activations
from lamina.explain.formulas import number


def without_sentence(name, found):
    """Say what the next layer with weights would be without the layer called `name`."""
    if found.error:
        return f"Without {name}, {found.name} could not be built: {found.error}"
    now, then = number(found.parameters), counted(found.other_parameters, "parameter")
    if found.other_shape == found.shape:
        return f"Without {name}, {found.name} would have {then} instead of {now}."
    start = f"Without {name}, {found.name} would give {shown(found.other_shape)}"
    if found.other_parameters == found.parameters:
        return f"{start} instead of {shown(found.shape)}, with the same {then}."
    return f"{start} with {then} instead of {shown(found.shape)} with {now}."


def again(name):
    """Say that a layer was called before."""
    return f"The same layer as {name}, called once more, with the same weights."


def inside(parameters):
    """Say where the parameters of a model inside a model are told."""
    return f"{number(parameters)}, of the layers inside"


def cost(facts, known=False):
    """Say what the layer costs: arithmetic and memory.

    Args:
        known: whether its weights were told of before.
    """
    count = counted(facts.parameters, "parameter")
    if facts.action == "passes on":
        return f"{count}, no arithmetic: the data pass as they are"
    output = f"{amount(facts.output_bytes)} of output for one sample" if facts.output_bytes else ""
    if facts.multiply_adds:
        work = counted(facts.multiply_adds, "multiply-add")
        work = f"{work} and {output}" if output else f"{work} for one sample"
    else:
        nothing = {"moves": "no arithmetic: it only moves data", "looks up": "no arithmetic: it only looks up"}
        work = f"{count}, {nothing.get(facts.action, 'no matrix product')}" + (f"; {output}" if output else "")
    return work + (f"; {amount(facts.weight_bytes)} of weights" if facts.weight_bytes and not known else "")


def amount(count):
    """Write a number of bytes: "812 bytes", "20.5 kB", "3.1 MB"."""
    for unit, size in (("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def not_trained(count, parameters):
    """Say how many of the parameters are not trained, "" if all are."""
    if not count:
        return ""
    return " (not trained)" if count == parameters else f" ({number(count)} of them not trained)"


def work(facts):
    """Say how much the layer computes."""
    if facts.multiply_adds:
        return f"{counted(facts.multiply_adds, 'multiply-add')} for one sample"
    return {"moves": "only moves data", "passes on": "passes the data on", "looks up": "only looks up"}.get(
        facts.action, "no matrix product"
    )


def verdict(first, second, outcome):
    """Say how the outputs of two layers or models are related."""
    a, b = first.name, second.name
    if a == b:
        a, b = f"the first {a}", f"the second {b}"
    if outcome.relation == "equal":
        weights = ", with the same weights" if outcome.same_weights else ""
        masks = " Only their masks differ." if outcome.masks_differ else ""
        return (
            f"{a} and {b} are the same function of this input: outputs equal, 0 differences over "
            f"{counted(outcome.samples, 'random input')}{weights}.{masks}"
        )
    if outcome.relation == "part":
        small, large = (b, a) if outcome.smaller == "second" else (a, b)
        return f"{small} gives {_part(outcome, first if outcome.smaller == 'second' else second, large)}."
    return {
        "reordered": f"{a} and {b} give the same values in another order.",
        "reshaped": f"{a} and {b} give the same values in the same order, in another shape.",
        "different": f"{a} and {b} compute different values: {number(outcome.differences or 0)} of "
        f"{number(outcome.values)} differ.",
        "shapes": f"{a} and {b} give outputs of different shapes, neither of which is a part of the other.",
    }[outcome.relation]


def _part(outcome, large, large_name):
    """Say which part of the larger one's output, or of the input, the smaller output is."""
    names = (large.input_axes if outcome.whole == "input" else large.output_axes)[0]
    axes = " and ".join(names[axis] for axis in outcome.axes)
    whole = "the input" if outcome.whole == "input" else f"what {large_name} gives"
    if outcome.how in ("first", "last"):
        return f"the {outcome.how} of the {axes} of {whole}"
    return f"the {outcome.how} of {whole} over {axes}"


def model_differences(first, second):
    """Say what two models differ in as a whole."""
    for what, noun in (("parameters", "parameter"), ("multiply_adds", "multiply-add")):
        a, b = getattr(first, what), getattr(second, what)
        tail = " for one sample" if noun == "multiply-add" else ""
        if a is not None and a == b:
            yield f"Both have {counted(a, noun)}{tail}."
        elif a and b is not None:
            share = f"{b / a:.2g} times as many" if b > a else f"{b / a:.2g} of that"
            yield f'"{first.name}" has {counted(a, noun)}{tail}, "{second.name}" {number(b)}: {share}.'


_MASK = {
    "made": "Makes a mask: it marks which steps hold data.",
    "passed on": "The mask is passed on.",
    "used": "The mask is used here, and ends here.",
    "used and passed on": "The mask is used and passed on.",
    "dropped": "The mask is dropped here: layers behind do not know which steps were padding.",
}


def mask(facts):
    """Say what happens to the mask, "" if there is none."""
    return _MASK.get(facts.mask, "")


_ONE = {"steps": "step", "height": "row", "width": "column", "depth": "slice", "channels": "channel"}
_MANY = {"height": "rows", "width": "columns", "depth": "slices"}
_SPATIAL = ("steps", "depth", "height", "width")


def reads(facts):
    """Say how many positions of each axis an output value reads, "" if that is not known."""
    if not facts.read_counts:
        return ""
    if all(count == 1 for count in facts.read_counts):
        return "Each output value reads one value of the input."
    parts = []
    for count, name, size in zip(facts.read_counts, facts.input_axes[0][1:], facts.inputs[0][1:], strict=True):
        many = _MANY.get(name, name)
        if isinstance(count, tuple):
            parts.append(f"{count[0]} to {count[1]} {many}")
        elif count is None or count == size > 1:
            parts.append(f"all {many}" if size is None else f"all {number(size)} {many}")
        else:
            parts.append(f"one {_ONE.get(name, name.removesuffix('s'))}" if count == 1 else f"{count} {many}")
    return f"Each output value reads {_listed(parts)}."


def _listed(parts):
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sees(field):
    """Say how much of a model's inputs a value sees: its receptive field; "" where windows play no part."""
    parts = []
    for name, (axes, shape, names) in field.items():
        spatial = [(found, size) for found, size, axis in zip(axes, shape, names, strict=True) if axis in _SPATIAL]
        windows = [found for found, _ in spatial if found.axis is not None and not found.everything and found.size > 1]
        if not windows or not all(found.exact for found, _ in spatial):
            continue
        unit = {1: "steps", 2: "pixels", 3: "voxels"}[len(spatial)]
        seen = [size if found.everything or (size and found.size > size) else found.size for found, size in spatial]
        apart = {found.step for found in windows}
        steps = f", {apart.pop()} apart" if len(apart) == 1 and apart != {1} else ""
        most = "" if all(found.step.denominator == 1 for found in windows) else "at most "
        parts.append(f"each value sees {most}{times(seen)} {unit} of {name}{steps}")
    return "; ".join(parts)


def training(facts):
    """Say how training differs from inference, "" if it does not."""
    found = facts.training
    if not found["differs"]:
        return ""
    parts = []
    if found["random"]:
        parts.append("draws random numbers")
    if found["updates"]:
        parts.append(f"updates {' and '.join(found['updates'])} without gradients")
    if not parts:
        parts.append("computes something else")
    quiet = "; in inference it passes the data on as they are" if facts.action == "passes on" else ""
    return f"In training it {' and '.join(parts)}{quiet}."


def shown(shape):
    """Write a shape with `b` for the batch axis and `?` for other unknown sizes."""
    sizes = ["b" if i == 0 and size is None else "?" if size is None else str(size) for i, size in enumerate(shape)]
    return "(" + ", ".join(sizes) + (",)" if len(sizes) == 1 else ")")


def counted(count, noun):
    """Write a number and its noun: "1 parameter", "0 parameters"."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def times(sizes):
    """Write sizes as a block: "3 × 3 × 64"."""
    return " × ".join("?" if size is None else number(size) for size in sizes)


def then(activation):
    """Name the activation that ends a layer, "" for none."""
    if activation is None or activation is activations.linear:
        return ""
    name = getattr(activation, "__name__", type(activation).__name__).replace("_", " ")
    return f", then {name}"


def question(trace):
    """Write the heading of a trace."""
    several = trace.start.count > 1
    if trace.forward:
        return f"What {trace.start} {_reach(several)}"
    return f"Where {trace.start} {'come' if several else 'comes'} from"


def end(trace):
    """Say that there is no further step."""
    return f"Nothing reads {trace.start}." if trace.forward else f"{trace.start} is given to the model."


def _reach(several):
    return "reach" if several else "reaches"


_PLACES = {"height": "rows", "width": "columns"}


def step(found, forward):
    """Say one step of a trace."""
    outputs, inputs = (" and ".join(map(str, regions)) for regions in (found.outputs, found.inputs))
    if not forward:
        several = sum(region.count for region in found.outputs) > 1
        return f"{outputs} {found.relation[several]} {inputs}{''.join(map(_pixels, found.inputs))}"
    reached = sum(region.count for region in found.outputs)
    total = sum(region.elements.size for region in found.outputs)
    counted_already = len(found.outputs) == 1 and not found.outputs[0].is_box
    share = f", of {number(total)} in all" if counted_already else f": {number(reached)} of {number(total)}"
    share = share if reached < total else ""
    return f"{inputs} {_reach(sum(region.count for region in found.inputs) > 1)} {outputs}{share}"


def unknown_sizes(name, shape):
    """Say that sizes must be given."""
    return f"The sizes of {name} are not known: {shown(shape)}. Give `input_shape`."


def _pixels(region):
    """Name rows and columns of an input image."""
    pairs = [(axis, *span) for axis, span in zip(region.axes, region.ranges, strict=True) if axis in _PLACES]
    if not region.is_input or not pairs or region.count in (1, region.elements.size):
        return ""
    spans = [f"{_PLACES[axis]} {first}..{last}" for axis, first, last in pairs]
    return f": {region.name} {', '.join(spans)}"


def adds_up(trace):
    """Say how the contributions make the value."""
    rows = any(entry.slope is None for entry in trace.contributions)
    each = "the row of an integer times its slopes" if rows else "value × slope"
    return (
        f"Its value here is {trace.value:.6g}: {counted(len(trace.contributions), 'contribution')} of input elements "
        f"({each}) and {trace.rest:.6g} that no input element scales (biases, and where a curve bends)."
    )


_MENDED = {
    "steps": lambda name, keep: (
        f"{name} gives its last state only, without a steps axis." if keep else f"{name} gives a state for every step."
    ),
    "edges": lambda name: f"without padding, the windows of {name} cut off the edges.",
    "width": lambda name, width: f"{name} must have {number(width)} values in its last axis, as what it meets has.",
    "count": lambda name, count: f"{name} must keep all {number(count)} values of a sample.",
    "named axis": lambda names: (
        f"the input has the axes {', '.join(f'{i} {name}' for i, name in enumerate(names))}; -1 is the last."
    ),
    "summed axis": lambda: "along the last axis both have the same size.",
    "samples": lambda count: f"Input takes the shape of one sample, without the number of samples ({number(count)}).",
    "unwrapped": lambda name: f"there is no axis of steps that {name} could go along.",
    "one step": lambda shape: f"an axis of steps is missing: {shape} is one step.",
    "axis": lambda shape: f"an axis is missing: {shape} has them all.",
    "single": lambda shape: f"{shape} has an axis of size 1 too many.",
    "row": lambda sizes: f"the {sizes} values of a sample are to be one row.",
    "pool": lambda sizes: f"the {sizes} positions are to become one.",
    "as steps": lambda sizes: f"the {sizes} positions are to be steps of a sequence.",
    "crop": lambda sizes: f"the inputs differ in size; the smaller one has {sizes}.",
    "pad": lambda sizes: f"the inputs differ in size; the larger one has {sizes}.",
    "repeat": lambda steps: f"the other input has {number(steps)} steps, this one has no steps axis.",
    "needless": lambda name: f"what comes in has already the shape that {name} would make.",
    "resize": lambda: "the images have another size than those the model was made for.",
    "states": lambda name: f"{name} gives its state beside its output; what comes next takes one array.",
    "last axis": lambda name: f"{name} makes a row of weights for each feature, so their number must be known.",
    "any size": lambda size: f"the number of features must be known; put yours in place of {size}.",
    "merge": lambda name, count: f"{name} takes one array; of {count}, one is to be made first.",
    "too many": lambda count: f"the model has {counted(count, 'input')}.",
    "too few": lambda names: f"the model has the inputs {_listed(names)}; put your data in place of the zeros.",
    "line": lambda: "the array has an axis too few or too many.",
    "categorical_crossentropy": lambda: "the labels look one-hot: one column for each class.",
    "sparse_categorical_crossentropy": lambda: "the labels look like class numbers, one for each sample.",
}


def mend(kind, *about):
    """Say what was wrong where an edit of a kind helps."""
    return _MENDED[kind](*about)


def mended(edit, name):
    """Say what comes of an edit."""
    return f"{edit.why} Tried: then it gives {shown(edit.shape)}." if edit.shape else edit.why


def path(before, feeding, end):
    """Write the way of the data in one line, shortened in the middle: steps as (name, shape), what meets, the end."""
    steps = [f"{name} {shown(shape)}" for name, shape in before]
    if len(steps) > 3:
        steps = [steps[0], "…", *steps[-2:]]
    met = " and ".join(f"{name} {shown(shape)}" for name, shape in feeding)
    return " -> ".join([*steps, met, end])


def parting(feeding):
    """Say along which axes shapes that meet differ, "" if they do not: (name, shape, axis names) of each."""
    names, shapes, axes = zip(*feeding, strict=True)
    if len(set(map(len, shapes))) > 1:
        return "; ".join(f"{name} has the axes {', '.join(known)}" for name, known in zip(names, axes, strict=True))
    parts = [
        f"{axis}: {' and '.join('?' if size is None else str(size) for size in sizes)}"
        for axis, *sizes in zip(axes[0], *shapes, strict=True)
        if len(set(sizes)) > 1
    ]
    return f"they differ in {', '.join(parts)}" if parts else ""

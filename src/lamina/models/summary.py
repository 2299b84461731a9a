"""The table that `summary` prints: layers, output shapes, parameters, connections."""

import math
import re
import shutil

from lamina.core import tree
from lamina.core.context import get_mask
from lamina.layers import Layer
from lamina.layers.calling import mask_parameters

_PLAIN_WIDTH, _GRAPH_WIDTH, _TRAINABLE_WIDTH = 88, 108, 12
_PLAIN_ENDS, _GRAPH_ENDS = (0.45, 0.80, 1.0), (0.3, 0.56, 0.74, 1.0)


def print_summary(
    model, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False, layer_range=None
):
    """Print the summary of a model; see `Model.summary`.

    Raises: ValueError if the width leaves no room, or `layer_range` matches no layer.
    """
    from rich.console import Console

    table = _table(model, line_length, positions, expand_nested, show_trainable, layer_range)
    console = Console(highlight=False, **({"force_terminal": False, "color_system": None} if print_fn else {}))
    if print_fn:
        console.begin_capture()
    console.print(f'[bold]Model: "{_escape(model.name)}"[/]')
    console.print(table)
    for line in _totals(model):
        console.print(line)
    if print_fn:
        print_fn(console.end_capture())


def _table(model, line_length, positions, expand_nested, show_trainable, layer_range):
    from rich.table import Column, Table

    graph = getattr(model, "_graph", None)
    branches = graph is not None and _has_branches(graph)
    headers = ["Layer (type)", "Output Shape", "Param #"] + ["Connected to"] * branches
    width, ends = (_GRAPH_WIDTH, _GRAPH_ENDS) if branches else (_PLAIN_WIDTH, _PLAIN_ENDS)
    ends = list(positions or ends)
    if show_trainable:
        width, ends = width + _TRAINABLE_WIDTH, [end * 0.90 for end in ends] + [1.0]
        headers.append("Trainable")
    width = line_length or min(width, shutil.get_terminal_size().columns - 4)
    justify = {"Param #": "right", "Trainable": "center"}
    columns = [
        Column(header, justify=justify.get(header, "left"), width=size)
        for header, size in zip(headers, _column_widths(ends, width), strict=False)
    ]
    table = Table(*columns, width=width, show_lines=True)
    layers = graph.operations if graph is not None else model.layers
    for layer in layers[slice(*_bounds(layers, layer_range))]:
        for row in _rows(layer, graph if branches else None, expand_nested, show_trainable):
            table.add_row(*row)
    return table


def _column_widths(ends, width):
    widths, used = [], 0
    for end in ends:
        widths.append(int(end * width) - used)
        used += widths[-1]
        if widths[-1] < 4:
            raise ValueError("Insufficient console width to print summary.")
    return widths


def _has_branches(graph):
    """Tell whether anything in the graph has several inputs, several outputs or several uses."""
    seen = set()
    depths = _depth_counts(graph)
    for node in graph.nodes:
        if len(node.input_tensors) > 1 or id(node.operation) in seen:
            return True
        seen.add(id(node.operation))
    return any(count > 1 for count in depths.values())


def _depth_counts(graph):
    """Count the nodes that have the same number of calls behind them."""
    behind, counts = {}, {}
    for node in graph.nodes:
        known = [behind[id(x)] for x in node.input_tensors if id(x) in behind]
        depth = max(known, default=-1) + 1
        counts[depth] = counts.get(depth, 0) + 1
        behind.update({id(x): depth for x in node.outputs})
    return counts


def _rows(layer, graph, expand_nested, show_trainable, level=0):
    prefix = "   " * level + "└ " if level else ""
    mask = _mask(layer)
    told = f"\n[dim]{mask}[/]" if mask else ""
    row = [
        f"{_escape(prefix + layer.name)} ([blue]{_escape(type(layer).__name__)}[/]){told}",
        _output_shape(layer),
        _parameters(layer),
    ]
    if graph is not None:
        row.append(_connections(layer, graph))
    if show_trainable:
        row.append(_trained(layer))
    yield row
    if expand_nested:
        for inner in getattr(layer, "layers", None) or ():
            yield from _rows(inner, graph, expand_nested, show_trainable, level + 1)


def _mask(layer):
    """Say what the layer does with the mask in its last call, "" if there is none."""
    if not layer._inbound_nodes:
        return ""
    node = layer._inbound_nodes[-1]
    before, after = (any(get_mask(x) is not None for x in xs) for xs in (node.input_tensors, node.output_tensors))
    if not before:
        return "mask made here" if after else ""
    used = bool(isinstance(layer, Layer) and mask_parameters(type(layer)))
    return {
        (True, True): "mask used and passed on",
        (True, False): "mask used",
        (False, True): "mask passed on",
        (False, False): "mask dropped here",
    }[used, after]


def _output_shape(layer):
    if layer._inbound_nodes:
        shapes = [x.shape for x in layer._inbound_nodes[-1].output_tensors]
    elif getattr(layer, "_graph", None) is not None:
        shapes = [x.shape for x in layer._graph.outputs]
    else:
        shapes = _shapes_without_nodes(layer)
    if shapes is None:
        return "?"
    shown = [_shown(shape) for shape in shapes]
    return shown[0] if len(shown) == 1 else "[" + ", ".join(shown) + "]"


def _shapes_without_nodes(layer):
    """Find the output shapes of a layer that was built or called on arrays only."""
    build_shapes = getattr(layer, "_build_shapes", None)
    if not build_shapes:
        return None
    try:
        outputs = layer.compute_output_shape(**build_shapes)
    except Exception:  # noqa: BLE001 -- whatever a user's layer raises, its row says that the shape is not known
        return None
    shapes = []
    tree.map_shape_structure(shapes.append, outputs)
    return shapes


def _shown(shape):
    sizes = ["[cyan]None[/]" if size is None else f"[green]{size}[/]" for size in shape]
    return "(" + ", ".join(sizes) + ("," if len(sizes) == 1 else "") + ")"


def _parameters(layer):
    if not hasattr(layer, "weights"):
        return "[green]0[/]"
    if not layer.built:
        return "[green]0[/] (unbuilt)"
    return f"[green]{layer.count_params():,}[/]"


def _connections(layer, graph):
    found = []
    for node in layer._inbound_nodes:
        if node in graph:
            for x in node.input_tensors:
                operation, node_index, tensor_index = x._keras_history
                found.append(f"{_escape(operation.name)}\\[[green]{node_index}[/]]\\[[green]{tensor_index}[/]]")
    return ", ".join(found) or "-"


def _trained(layer):
    if not getattr(layer, "weights", None):
        return "[bold]-[/]"
    return "[bold green]Y[/]" if layer.trainable else "[bold red]N[/]"


def _totals(model):
    trainable, frozen = model.trainable_weights, model.non_trainable_weights
    optimizer = model.optimizer
    slots = optimizer.variables if model.compiled and optimizer is not None and optimizer.built else []
    yield _total("Total params", [*trainable, *frozen, *slots])
    yield _total("Trainable params", trainable)
    yield _total("Non-trainable params", frozen)
    if slots:
        yield _total("Optimizer params", slots)


def _total(label, variables):
    count = sum(v.size for v in variables)
    size = sum(v.size * _bytes(v.stored_dtype) for v in variables)
    return f"[bold] {label}: [/][green]{count:,}[/] ({readable_size(size)})"


def _bytes(dtype):
    """Size of one element [bytes]."""
    return 1 if dtype == "bool" or dtype.startswith("float8") else int(re.findall(r"\d+", dtype)[-1]) // 8


def readable_size(size):
    """Return a number of bytes in words.

    Example:
        >>> readable_size(900136)
        '879.04 KB'
    """
    if not size:
        return "0.00 B"
    power = min(int(math.log(size, 1024)), 5)
    return f"{size / 1024**power:.2f} {('B', 'KB', 'MB', 'GB', 'TB', 'PB')[power]}"


def _bounds(layers, layer_range):
    """Return the first and one past the last position of the layers between two patterns."""
    if layer_range is None:
        return 0, len(layers)
    if len(layer_range) != 2 or not all(isinstance(pattern, str) for pattern in layer_range):
        raise ValueError(
            f"`layer_range` must be two strings, the first and the last layer. Received: layer_range={layer_range}"
        )
    first, last = ([i for i, layer in enumerate(layers) if re.match(p, layer.name)] for p in layer_range)
    if not first or not last:
        raise ValueError(f"Passed layer_names do not match the layer names in the model. Received: {layer_range}")
    if min(first) > max(last):
        first, last = last, first
    return min(first), max(last) + 1


def _escape(text):
    from rich.markup import escape

    return escape(text)

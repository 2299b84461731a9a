"""A model as a graph in the DOT language, and the picture that Graphviz draws of it."""

import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

from lamina.core import tree
from lamina.models import Functional, Model, Sequential

_GRAPHVIZ = (
    "You must install graphviz (https://graphviz.org/download/) for `plot_model` to draw a picture: there is no "
    'program `dot`. Its text needs nothing: plot_model(model, "model.dot"), and model.view() draws in a browser.'
)


class Dot:
    """A graph as text in the DOT language, with the methods of pydot that programs call.

    Args:
        text: the graph.
    Example:
        >>> Dot("digraph {a -> b}").to_string()
        'digraph {a -> b}'
    """

    def __init__(self, text):
        self.text = text

    def to_string(self):
        """Return the text."""
        return self.text

    def create(self, prog="dot", format="ps"):
        """Return the picture in some format, as bytes.

        Args:
            prog: the program of Graphviz that draws.
            format: "svg", "png", "pdf", …; "raw" and "dot" are the text itself.
        Raises: ImportError if there is no such program, ValueError for what it cannot draw.
        """
        if format in ("raw", "dot"):
            return self.text.encode()
        if shutil.which(prog) is None:
            raise ImportError(_GRAPHVIZ)
        done = subprocess.run([prog, f"-T{format}"], input=self.text.encode(), capture_output=True, check=False)
        if done.returncode:
            raise ValueError(f"`{prog}` could not draw the model: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def write(self, path, prog="dot", format="raw"):
        """Write the picture, or the text, to a file; return True."""
        picture = self.create(prog, format)
        Path(path).write_bytes(picture)
        return True

    def create_png(self, prog="dot"):
        """Return the picture as PNG."""
        return self.create(prog, "png")

    def create_svg(self, prog="dot"):
        """Return the picture as SVG."""
        return self.create(prog, "svg")

    def write_png(self, path, prog="dot"):
        """Write the picture as PNG."""
        return self.write(path, prog, "png")

    def write_svg(self, path, prog="dot"):
        """Write the picture as SVG."""
        return self.write(path, prog, "svg")

    def _repr_svg_(self):
        """Show the picture in a notebook, if it can be drawn."""
        return self.create_svg().decode() if shutil.which("dot") else None


def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    subgraph=False,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Return a model as a graph in the DOT language.

    Args:
        model: a built model; one that is a subclass is a single box.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what a box says.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: whether the layers of inner models are drawn, in a frame.
        dpi: resolution of pictures [pixels per inch].
        subgraph: whether the graph is a frame to put into another one.
        splines: form of the lines: "ortho", "curved", "polyline", "spline" or "line".
    Returns: Dot; its `to_string()` is the text.
    Raises: ValueError for a model that is not built, or unknown arguments.

    Example:
        >>> from lamina.layers import Dense, Input
        >>> "dense" in model_to_dot(Sequential([Input((3,)), Dense(2)])).to_string()
        True
    """
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build the model first by calling `build()` or by calling the model on "
            "a batch of data."
        )
    if kwargs.pop("layer_range", None) is not None:
        raise ValueError("Argument `layer_range` is no longer supported.")
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
    shown = {
        "names": show_layer_names,
        "shapes": show_shapes,
        "dtype": show_dtype,
        "activations": show_layer_activations,
        "trainable": show_trainable,
    }
    lines = _Drawing(expand_nested, shown).lines(model)
    if subgraph:
        return Dot(_framed(model, lines))
    settings = [f"rankdir={_quoted(rankdir)};", "concentrate=true;", f"dpi={dpi};", f"splines={_quoted(splines)};"]
    box = 'node [shape=plain, fontname="Helvetica"];'
    return Dot("\n".join([f"digraph {_quoted(model.name)} {{", *_indented([*settings, box, *lines]), "}\n"]))


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_dtype=False,
    show_layer_names=False,
    rankdir="TB",
    expand_nested=False,
    dpi=200,
    show_layer_activations=False,
    show_trainable=False,
    splines="ortho",
    **kwargs,
):
    """Draw a model as a graph and write the picture to a file, whose ending says the format.

    The text that Graphviz draws from, `to_file="model.dot"`, needs no program beside Lamina.

    Args: see `model_to_dot`.
    Returns: the picture, if it is a PNG and IPython is there to show it.
    Raises: ValueError for a model that is not built, ImportError without Graphviz; a notebook only prints that.
    """
    dot = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )
    to_file = Path(to_file)
    try:
        dot.write(to_file, format=to_file.suffix[1:].lower() or "png")
    except ImportError as error:
        if "IPython.core.magics.namespace" not in sys.modules:
            raise
        print(error)
        return None
    if to_file.suffix.lower() not in ("", ".png") or "IPython" not in sys.modules:
        return None
    from IPython.display import Image

    return Image(filename=str(to_file))


class _Drawing:
    """The boxes and lines of one picture; every layer has one box, named by the order in which it was met."""

    def __init__(self, expand, shown):
        self.expand, self.shown, self.ids = expand, shown, {}

    def lines(self, model):
        """Return the boxes and frames of a model's layers, and the lines between them."""
        graph = _graph(model)
        if graph is None:
            return [self._box(model)]
        parts = []
        for operation in _shown_operations(model):
            if self._is_opened(operation):
                parts += _framed(operation, self.lines(operation)).splitlines()
            else:
                parts.append(self._box(operation))
        edges = [
            f"{self._id(self._source(x))} -> {self._id(self._target(node, place))};"
            for node in graph.nodes
            for place, x in enumerate(node.input_tensors)
            if not (isinstance(model, Sequential) and x is graph.inputs[0])  # whose input has no box
        ]
        return parts + list(dict.fromkeys(edges))

    def _is_opened(self, operation):
        return self.expand and isinstance(operation, Model) and _graph(operation) is not None

    def _source(self, x):
        """Return the box that a tensor comes from."""
        operation, _, place = x._keras_history
        return self._source(_graph(operation).outputs[place]) if self._is_opened(operation) else operation

    def _target(self, node, place):
        """Return the box that the tensor at some place of a call goes to."""
        operation = node.operation
        while self._is_opened(operation):
            if isinstance(operation, Sequential):
                operation, place = _shown_operations(operation)[0], 0
            else:
                operation, place = _graph(operation).inputs[place]._keras_history.operation, 0
        return operation

    def _id(self, operation):
        return self.ids.setdefault(operation, f"n{len(self.ids)}")

    def _box(self, operation):
        return f"{self._id(operation)} [label=<{_table(operation, self.shown)}>];"


def _graph(model):
    """Return the graph of calls of a model, `None` if it is a subclass's own code."""
    inner = model._functional if isinstance(model, Sequential) else model
    return inner._graph if isinstance(inner, Functional) else None


def _shown_operations(model):
    return model.layers if isinstance(model, Sequential) else _graph(model).operations


def _framed(model, lines):
    frame = [f"label={_quoted(model.name)};", "labeljust=l;", "style=dashed;"]
    return "\n".join([f"subgraph {_quoted(f'cluster_{model.name}')} {{", *_indented([*frame, *lines]), "}"])


def _indented(lines):
    return [f"  {line}" for line in lines]


def _quoted(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _table(operation, shown):
    """Return what a box says, as a table of Graphviz's HTML."""
    kind = escape(type(operation).__name__)
    title = f"<b>{escape(operation.name)}</b> ({kind})" if shown["names"] else f"<b>{kind}</b>"
    cells = list(_cells(operation, shown))
    width = max(len(cells), 1)
    rows = [_cell(f'<font color="white" point-size="16">{title}</font>', "black", width)]
    activation = getattr(operation, "activation", None)
    if shown["activations"] and activation is not None:
        name = getattr(activation, "name", getattr(activation, "__name__", str(activation)))
        rows.append(_cell(f"Activation: <b>{escape(name)}</b>", "white", width))
    if cells:
        rows.append("".join(cells))
    rows = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table border="0" cellborder="1" cellspacing="0" cellpadding="8">{rows}</table>'


def _cell(text, colour, width=1):
    return f'<td bgcolor="{colour}" colspan="{width}">{text}</td>'


def _cells(operation, shown):
    """Yield the cells of a box's last row: shapes, dtype, whether it learns."""
    if shown["shapes"]:
        if type(operation).__name__ != "InputLayer":
            yield _cell(f"Input shape: <b>{_of_first_call(operation, 'input', 'shape')}</b>", "white")
        yield _cell(f"Output shape: <b>{_of_first_call(operation, 'output', 'shape')}</b>", "white")
    if shown["dtype"]:
        yield _cell(f"Output dtype: <b>{_of_first_call(operation, 'output', 'dtype')}</b>", "white")
    if shown["trainable"] and getattr(operation, "weights", None):
        word, colour = ("Trainable", "forestgreen") if operation.trainable else ("Non-trainable", "firebrick")
        yield _cell(f'<font color="white"><b>{word}</b></font>', colour)


def _of_first_call(operation, side, fact):
    """Return the shapes or dtypes of the tensors of an operation's first call as text, "?" if there was none."""
    try:
        tensors = getattr(operation, side)
    except (AttributeError, ValueError):
        return "?"
    return escape(str(tree.map_structure(lambda x: getattr(x, fact), tensors)))


__all__ = ["Dot", "model_to_dot", "plot_model"]

"""What an answer looks like: a small tree of blocks, lines and tables, written as text or HTML or by rich."""

import html
import re
import textwrap
from dataclasses import dataclass, field

from lamina.explain.formulas import typeset

WIDTH = 100  # of plain text [characters]


@dataclass
class Line:
    """A sentence or a formula, with a short label in front or without."""

    text: str
    label: str = ""
    kind: str = "prose"  # or, in a typewriter face, "formula", with the signs of mathematics, or "code", as it is

    def __post_init__(self):
        if self.kind == "formula":
            self.text = typeset(self.text)


@dataclass
class Table:
    """Rows under headers; numbers to the right."""

    headers: list
    rows: list
    label: str = ""


@dataclass
class Block:
    """A title, a remark beside it, and what belongs to it."""

    title: str
    remark: str = ""
    children: list = field(default_factory=list)


def to_text(node, width=WIDTH, indent=0):
    """Return the tree as plain text."""
    return "\n".join(_text_lines(node, width, indent))


def _text_lines(node, width, indent, depth=0):
    space = " " * indent
    if isinstance(node, Line):
        return _wrapped(node, width, space)
    if isinstance(node, Table):
        return [space + line for line in _table_lines(node)]
    lines = [space + node.title + (f"  {node.remark}" if node.remark else "")]
    labels = max((len(child.label) for child in node.children if isinstance(child, Line)), default=0)
    for child in node.children:
        if isinstance(child, Line) and child.label:
            child = Line(child.text, child.label.ljust(labels), child.kind)
        if isinstance(child, Block) and len(lines) > 1:
            lines.append("")
        lines += _text_lines(child, width, indent + _step_in(child, depth), depth + 1)
    return lines


def _step_in(child, depth):
    """Return how far a child stands in: the blocks of a whole begin where it begins, those inside of them do not."""
    return 0 if isinstance(child, Block) and depth == 0 else 4 if isinstance(child, Block) else 2


def _wrapped(line, width, space):
    first = f"{space}{line.label}  " if line.label else space
    lines = []
    for part in line.text.split("\n"):
        wrapped = textwrap.wrap(
            _SHAPE.sub(lambda shape: shape[0].replace(" ", _GLUE), part),
            width,
            initial_indent=" " * len(first) if lines else first,
            subsequent_indent=" " * (len(first) + 2 * (line.kind != "prose")),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += wrapped or [first.rstrip()]
    return [text.replace(_GLUE, " ") for text in lines]


_GLUE = "\x00"  # keeps a shape on one line
_SHAPE = re.compile(r"\([\w?]+(, [\w?]+)*,?\)")


def _table_lines(table):
    cells = [table.headers, *table.rows]
    widths = [max(len(str(row[i])) for row in cells) for i in range(len(table.headers))]
    numeric = [all(_is_number(row[i]) or row[i] == "" for row in table.rows) for i in range(len(table.headers))]

    def written(row):
        parts = [
            str(cell).rjust(size) if right else str(cell).ljust(size)
            for cell, size, right in zip(row, widths, numeric, strict=True)
        ]
        return "  ".join(parts).rstrip()

    return [written(table.headers), "  ".join("-" * size for size in widths), *map(written, table.rows)]


def _is_number(cell):
    return bool(cell) and str(cell).replace(",", "").replace(".", "").replace("-", "").replace("%", "").isdigit()


def to_rich(node):
    """Return the tree for a terminal, to be printed by rich."""
    from rich.console import Group

    return Group(*_rich_parts(node, 0))


def _rich_parts(node, indent, depth=0):
    from rich import table as rich_table
    from rich.padding import Padding
    from rich.text import Text

    if isinstance(node, Line):
        yield Padding(Text(node.text, _STYLES[node.kind]), (0, 0, 0, indent))
    elif isinstance(node, Table):
        grid = rich_table.Table(*node.headers, box=None, header_style="dim", padding=(0, 2, 0, 0))
        for row in node.rows:
            grid.add_row(*map(str, row))
        yield Padding(grid, (0, 0, 0, indent))
    else:
        yield Padding(Text.assemble((node.title, "bold"), "  ", (node.remark, "cyan")), (0, 0, 0, indent))
        yield from _rich_children(node, indent, depth)


def _rich_children(node, indent, depth):
    from rich import table as rich_table
    from rich.padding import Padding
    from rich.text import Text

    lines = [child for child in node.children if isinstance(child, Line) and child.label]
    shown = False
    for child in node.children:
        if child in lines:
            if not shown:  # labelled lines stand in one grid, so that their texts are aligned when they wrap
                grid = rich_table.Table.grid(padding=(0, 2, 0, 0))
                for line in lines:
                    grid.add_row(Text(line.label, "dim"), Text(line.text, _STYLES[line.kind]))
                yield Padding(grid, (0, 0, 0, indent + 2))
            shown = True
        else:
            if isinstance(child, Block):
                yield Text("")
            yield from _rich_parts(child, indent + _step_in(child, depth), depth + 1)


_STYLES = {"prose": "", "formula": "cyan", "code": "cyan"}


_CSS = (
    "font-family:system-ui,sans-serif;font-size:14px;line-height:1.45;max-width:60em",
    "font-family:ui-monospace,monospace;font-size:13px",
)


def to_html(node):
    """Return the tree as a piece of HTML that stands by itself."""
    return f'<div style="{_CSS[0]}">{_html(node, 0)}</div>'


def _html(node, depth):
    if isinstance(node, Line):
        text = html.escape(node.text)
        return f'<div style="{_CSS[1]}">{text}</div>' if node.kind != "prose" else f"<div>{text}</div>"
    if isinstance(node, Table):
        head = "".join(f'<th style="text-align:left">{html.escape(str(h))}</th>' for h in node.headers)
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>" for row in node.rows
        )
        return f'<table style="border-spacing:1em 0"><tr>{head}</tr>{rows}</table>'
    title = f"<b>{html.escape(node.title)}</b> <code>{html.escape(node.remark)}</code>"
    body = "".join(_html_child(child, depth) for child in node.children)
    if depth == 0:
        return f"<div>{title}</div>{body}"
    return f"<details open><summary>{title}</summary><div style='margin-left:1.2em'>{body}</div></details>"


def _html_child(child, depth):
    if not (isinstance(child, Line) and child.label):
        return _html(child, depth + 1)
    label = f'<span style="color:gray;min-width:6em">{html.escape(child.label)}</span>'
    style = f"flex:1;white-space:pre-line;{_CSS[1] if child.kind != 'prose' else ''}"
    return f'<div style="display:flex">{label}<span style="{style}">{html.escape(child.text)}</span></div>'

"""A notebook as a program: its code cells one after another, in one namespace."""

import ast
import json
import linecache
import sys
import types
from pathlib import Path

from lamina.dialects.upgrade.python2 import to_python3


def run(path, python2=False):
    """Run the code cells of a notebook; commands of the notebook (`!pip …`, `%matplotlib`) are left out.

    The value of a cell's last line is printed, as the notebook would show it.
    """
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    main = new_main(str(path))
    main["display"] = print
    codes = (cell for cell in cells if cell["cell_type"] == "code")
    for number, cell in enumerate(codes, 1):
        source = "".join(cell["source"])
        if source.lstrip().startswith("%%") and not source.lstrip().startswith("%%time"):
            continue  # another language, or a file to write
        source = "\n".join(_without_command(line) for line in source.split("\n"))
        _run_cell(to_python3(source)[0] if python2 else source, f"{path}[{number}]", main)


def new_main(file):
    """Return the namespace of a new main program."""
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = file
    return module.__dict__


def _without_command(line):
    bare = line.lstrip()
    return line[: len(line) - len(bare)] + "pass" if bare.startswith(("!", "%")) else line


def _run_cell(source, name, main):
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), main)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), name, "eval"), main)
        if value is not None:
            print(repr(value))

"""A notebook as a program: its code cells one after another, in one namespace."""

import ast
import json
import linecache
import re
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
        source = to_python3(source)[0] if python2 else source
        if not _is_python(source):
            source = "\n".join(_without_commands(source.split("\n")))
            source = to_python3(source)[0] if python2 else source
        _run_cell(source, f"{path}[{number}]", main)


def new_main(file):
    """Return the namespace of a new main program."""
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = file
    return module.__dict__


def _is_python(source):
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _without_commands(lines):
    """Give the lines, `pass` in place of commands, of lines that go on with them, and of questions (`model.fit?`)."""
    goes_on = False
    for line in lines:
        bare = line.lstrip()
        is_command = bare.startswith(("!", "%", "?")) or re.fullmatch(r"[\w.]+\?{1,2}\s*", bare) is not None
        yield "" if goes_on else line[: len(line) - len(bare)] + "pass" if is_command else line
        goes_on = (goes_on or is_command) and line.endswith("\\")


def _run_cell(source, name, main):
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, name, "exec"), main)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), name, "eval"), main)
        if value is not None:
            print(repr(value))

"""`lamina run --upgrade`: a program of another time as it would be written today, its comments and layout kept.

The translations are those of the tables that running programs are translated by.
"""

import json
from pathlib import Path

from lamina.dialects.upgrade.change import Change
from lamina.dialects.upgrade.python2 import to_python3

__all__ = ["Change", "to_python3", "upgrade_file", "upgrade_source"]


def upgrade_source(source, python2=False):
    """Return the modern source and the list of changes.

    Args:
        source: text of a Python program.
        python2: whether it is written in Python 2.
    Raises: SyntaxError if it is no Python; ImportError without libcst.
    """
    try:
        from lamina.dialects.upgrade.rewriting import rewrite
    except ImportError as error:
        if error.name != "libcst":
            raise
        raise ImportError("Programs are rewritten with libcst: pip install 'lamina[upgrade]'.") from None
    changes = []
    if python2:
        source, lines = to_python3(source)
        changes = [Change(line, old, new) for line, old, new in lines]
    compile(source, "<program>", "exec")
    source, more = rewrite(source)
    return source, sorted([*changes, *more], key=lambda change: change.line)


def upgrade_file(path, python2=False):
    """Return the modern text of a program or a notebook, and the list of changes.

    Lines of a notebook are counted within their cells; its commands (`!`, `%`) stay as they are.
    """
    text = Path(path).read_text(encoding="utf-8")
    if Path(path).suffix != ".ipynb":
        return upgrade_source(text, python2)
    notebook, changes = json.loads(text), []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            modern, found = _upgrade_cell("".join(cell["source"]), python2)
            cell["source"] = modern.splitlines(keepends=True)
            changes += found
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", changes


_COMMAND = "#lamina-command#"


def _upgrade_cell(source, python2):
    lines = [_COMMAND + line if line.lstrip().startswith(("!", "%")) else line for line in source.split("\n")]
    modern, changes = upgrade_source("\n".join(lines), python2)
    return modern.replace(_COMMAND, ""), changes

"""Who asks: the line of the program that a message is about."""

import contextlib
import dis
import functools
import linecache
import sys
from pathlib import Path

_PASSAGES = ("<frozen", str(Path(__file__).parents[1]), contextlib.__file__, functools.__file__)


def frame():
    """Return the innermost frame that is neither Lamina's nor one that Python calls us by."""
    found = sys._getframe(1)
    while found.f_back is not None and _is_passage(found.f_code.co_filename):
        found = found.f_back
    return found


def line():
    """Return the file, the line number and the text of the line that runs."""
    asking = frame()
    name, number = asking.f_code.co_filename, asking.f_lineno
    return name, number, linecache.getline(name, number).strip()


def who():
    """Return the asking line as text: `script.py, line 3`."""
    name, number, _ = line()
    return f"{name}, line {number}"


def is_from_import(asking):
    """Tell whether a frame is inside a `from … import …` statement."""
    return dis.opname[asking.f_code.co_code[asking.f_lasti]] == "IMPORT_FROM"


def is_called(asking):
    """Tell whether the attribute that a frame reads is called at once: `x.name()`."""
    code, at = asking.f_code.co_code, asking.f_lasti
    name = dis.opname[code[at]]
    return name == "LOAD_METHOD" or (name == "LOAD_ATTR" and sys.version_info >= (3, 12) and bool(code[at + 1] & 1))


def _is_passage(file):
    return file.startswith(_PASSAGES)

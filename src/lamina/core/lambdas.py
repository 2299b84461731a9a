"""Python lambdas in files: their bytecode, as Keras writes it; run again only when the user says so."""

import builtins
import codecs
import importlib
import inspect
import marshal
import types

import numpy

from lamina.core import config, errors
from lamina.core.context import thread
from lamina.core.registry import known_objects


def is_lambda(obj):
    """Tell whether `obj` is a function without a name."""
    return isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>"


def in_safe_mode():
    """Tell whether the file being read may not run code; `None` while nothing is read."""
    return False if config.is_unsafe_deserialization_enabled() else thread.safe_mode


def dump_lambda(function):
    """Return `(code, defaults, closure)` of a lambda: base64 of its marshalled bytecode, and the values it carries.

    Source:   Keras 3 writes `__lambda__` objects and `Lambda` layers in this form.
    """
    code = codecs.encode(marshal.dumps(function.__code__), "base64").decode("ascii")
    closure = tuple(cell.cell_contents for cell in function.__closure__) if function.__closure__ else None
    return code, function.__defaults__, closure


def load_lambda(config):
    """Return the function of a `__lambda__` config.

    It may use the names that a training script usually has (`keras`, `lamina`, `ops`, `np`) and the custom objects.

    Args:
        config: `{"value": (code, defaults, closure)}`, or the three by name, as `Lambda` layers hold them.
    Raises:   ValueError in safe mode, or if the bytecode is not of this Python version.
    """
    if in_safe_mode():
        raise errors.FileError(_REFUSAL)
    code, defaults, closure = config["value"] if "value" in config else _by_name(config)
    try:
        code = marshal.loads(codecs.decode(code.encode("ascii"), "base64"))
    except (ValueError, EOFError, TypeError) as error:
        raise errors.FileError(_FOREIGN) from error
    defaults = None if defaults is None else tuple(defaults)
    closure = None if closure is None else tuple(types.CellType(value) for value in closure)
    return types.FunctionType(code, _script_names(), code.co_name, defaults, closure)


def describe_lambda(function):
    """Return the source of a lambda if it can be had, else where it was written."""
    try:
        return inspect.getsource(function).strip()
    except (OSError, TypeError):
        return f"{function.__code__.co_filename}, line {function.__code__.co_firstlineno}"


def _by_name(config):
    return config["code"], config.get("defaults"), config.get("closure")


def _script_names():
    lamina = importlib.import_module("lamina")
    names = {"keras": lamina, "lamina": lamina, "ops": lamina.ops, "np": numpy, "numpy": numpy}
    return {"__builtins__": builtins, **names, **known_objects()}


_REFUSAL = errors.message(
    "L403",
    "the file holds a Python lambda (in a Lambda layer, mostly), and loading does not run code from files.",
    why="a lambda is stored as bytecode, which could do anything: arbitrary code execution.",
    fix="load_model(path, safe_mode=False)    # only if you trust who wrote the file",
)
_FOREIGN = errors.message(
    "L403",
    "the lambda in the file cannot be read by this Python.",
    why="bytecode changes with every Python version, or the file is damaged.",
    fix="load it with the Python that saved it, and use a named, registered function instead of the lambda.",
)

"""`lamina run`: start a program as `python` would, with Keras's and TensorFlow's names answered."""

import runpy
import sys
import traceback
from pathlib import Path

from lamina.dialects.finder import install

MISSING_FILE = 2
FAILED = 1


def run(script=None, module=None, code=None, arguments=(), **options):
    """Run a script, a module or a line of code; return its exit status.

    Args:
        script: path of a Python file.
        module: name of a module, as for `python -m`.
        code: Python code, as for `python -c`.
        arguments: what the program finds in `sys.argv` after its own name.
        options: see `lamina.dialects.install`.
    """
    if script is not None and not Path(script).is_file():
        print(f"lamina run: there is no file {script}", file=sys.stderr)
        return MISSING_FILE
    install(**options)
    sys.argv = [script or ("-c" if code is not None else module), *arguments]
    try:
        _start(script, module, code)
    except SystemExit as exit_:
        return _status(exit_.code)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 -- whatever the program raises is its own affair
        _show(error)
        return FAILED
    return 0


def _start(script, module, code):
    if script is not None:
        sys.path.insert(0, str(Path(script).resolve().parent))
        runpy.run_path(script, run_name="__main__")
    elif module is not None:
        sys.path.insert(0, "")
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, "")
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})


def _status(code):
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return FAILED


def _show(error):
    """Print the program's traceback as Python would, without the frames that started it."""
    passage = (str(Path(__file__).parent), "<frozen runpy>", "<frozen importlib")
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(passage):
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.startswith(("tensorflow_", "keras_")):
        print(
            f"lamina: {error.name} is a package of its own; install it, or load the data with NumPy.",
            file=sys.stderr,
        )

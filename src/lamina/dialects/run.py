"""`lamina run`: start a program as `python` would, with Keras's and TensorFlow's names answered."""

import linecache
import runpy
import sys
import traceback
from pathlib import Path
from types import TracebackType

import lamina
from lamina.dialects import notebook
from lamina.dialects.finder import install

MISSING_FILE = 2
FAILED = 1


def run(script=None, module=None, code=None, arguments=(), python2=False, **options):
    """Run a script, a notebook, a module or a line of code; return its exit status.

    Args:
        script: path of a Python file or of a notebook.
        module: name of a module, as for `python -m`.
        code: Python code, as for `python -c`.
        arguments: what the program finds in `sys.argv` after its own name.
        python2: whether the script, the notebook or the code is written in Python 2.
        options: see `lamina.dialects.install`.
    """
    if script is not None and not Path(script).is_file():
        return missing(script)
    install(**options)
    sys.argv = [script or ("-c" if code is not None else module), *arguments]
    try:
        _start(script, module, code, python2)
    except SystemExit as exit_:
        return _status(exit_.code)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 -- whatever the program raises is its own affair
        _show(error)
        return FAILED
    return 0


def upgrade(script, python2=False, out=None, check=False):
    """Write a program as it would be written today, or only say what would change; return the exit status.

    Args:
        script: path of a Python file or of a notebook.
        python2: whether it is written in Python 2.
        out: where to write; by default beside it, as `script_modern.py`.
        check: only report; the status is then 1 if there is something to change.
    """
    from lamina.dialects.upgrade import upgrade_file

    path = Path(script)
    if not path.is_file():
        return missing(script)
    target = Path(out) if out is not None else path.with_name(f"{path.stem}_modern{path.suffix}")
    if out is None and not check and target.exists():
        print(f"lamina run: {target} is already there; name another file with -o", file=sys.stderr)
        return MISSING_FILE
    try:
        modern, changes = upgrade_file(path, python2)
    except SyntaxError as error:
        print(f"lamina run: {script}:{error.lineno}: {error.msg}{_python2_advice(error)}", file=sys.stderr)
        return FAILED
    except ImportError as error:
        print(f"lamina run: {error}", file=sys.stderr)
        return FAILED
    for change in changes:
        print(f"{script}:{change}")
    if check:
        return FAILED if changes else 0
    target.write_text(modern, encoding="utf-8")
    print(f"lamina: wrote {target}", file=sys.stderr)
    return 0


def missing(script):
    """Say that there is no such file; return the exit status."""
    print(f"lamina run: there is no file {script}", file=sys.stderr)
    return MISSING_FILE


def _start(script, module, code, python2):
    if module is not None:
        sys.path.insert(0, "")
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    sys.path.insert(0, str(Path(script).resolve().parent) if script is not None else "")
    if script is not None and script.endswith(".ipynb"):
        notebook.run(script, python2)
    elif python2:
        from lamina.dialects.upgrade.python2 import to_python3

        text = code if script is None else Path(script).read_text(encoding="utf-8")
        _execute(to_python3(text)[0], script or "<string>")
    elif script is not None:
        runpy.run_path(script, run_name="__main__")
    else:
        _execute(code, "<string>")


def _execute(source, name):
    """Run a text as the main program; tracebacks show its lines."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), notebook.new_main(name))


def _status(code):
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return FAILED


def _show(error):
    """Print the program's traceback as Python would, without our frames."""
    _keep_the_programs_frames(error)
    traceback.print_exception(error)
    if isinstance(error, ModuleNotFoundError) and error.name and error.name.startswith(("tensorflow_", "keras_")):
        print(
            f"lamina: {error.name} is a package of its own; install it, or load the data with NumPy.",
            file=sys.stderr,
        )
    if isinstance(error, SyntaxError) and (advice := _python2_advice(error)):
        print(f"lamina:{advice}", file=sys.stderr)


def _keep_the_programs_frames(error):
    """Take our frames out of the tracebacks of an exception and of those that led to it.

    A program that calls `keras.config.disable_traceback_filtering()` sees all but those that started it.
    """
    import jax

    from lamina import config

    starting = (str(Path(__file__).parent), "<frozen runpy>", "<frozen importlib")
    inside = (str(Path(lamina.__file__).parent), str(Path(jax.__file__).parent))
    ours = (*starting, *inside) if config.is_traceback_filtering_enabled() else starting
    while error is not None:
        kept = [
            frame for frame in _frames(error.__traceback__) if not frame.tb_frame.f_code.co_filename.startswith(ours)
        ]
        error.__traceback__ = None
        for frame in reversed(kept):
            error.__traceback__ = TracebackType(error.__traceback__, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
        error = error.__cause__ or error.__context__


def _frames(trace):
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _python2_advice(error):
    """Return the line as Python 3 has it, if it is Python 2: what to write, or how to run it as it is."""
    from lamina.dialects.upgrade.python2 import to_python3

    text = (error.text or "").strip()
    modern = to_python3(text)[0]
    return f" this is Python 2; write `{modern}`, or add --python2" if modern != text else ""

"""The model that a script is about to train: the script runs up to its first `fit`, and no further."""

import inspect
import runpy
import sys
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from lamina.dialects.finder import install
from lamina.models import Model


class _Reached(BaseException):
    """Ends the script at its first `fit`; no `except Exception` of the script holds it up."""

    def __init__(self, model, training):
        self.model, self.training = model, training


def until_fit(script):
    """Run a script until it trains a model.

    Args:
        script: path of a Python file; it may be written for any Keras.
    Returns: the model, and the arguments of `fit` as a dict. For a script that trains nothing, the last model among its
        variables, and an empty dict.
    Raises: ValueError if there is no model; whatever the script raises. What it prints goes to the standard error.
    """
    install(quiet=True)
    arguments, sys.argv = sys.argv, [str(script)]
    sys.path.insert(0, str(Path(script).resolve().parent))
    try:
        with redirect_stdout(sys.stderr), _stopping_at_fit():
            names = runpy.run_path(str(script), run_name="__main__")
    except _Reached as reached:
        return reached.model, reached.training
    finally:
        sys.argv = arguments
        sys.path.pop(0)
    models = [value for value in names.values() if isinstance(value, Model)]
    if not models:
        raise ValueError(f"{script} trains no model, and there is none among its variables")
    return models[-1], {}


@contextmanager
def _stopping_at_fit():
    fit, own = Model.fit, vars(Model).get("fit")  # of its own where old spellings are understood

    def stop(self, *args, **kwargs):
        given = inspect.signature(fit).bind(self, *args, **kwargs).arguments
        raise _Reached(self, {name: value for name, value in given.items() if name != "self"})

    Model.fit = stop
    try:
        yield
    finally:
        if own is None:
            del Model.fit
        else:
            Model.fit = own

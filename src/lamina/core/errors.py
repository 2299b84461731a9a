"""What can go wrong, as a tree.

LaminaError
├── ShapeError(ValueError)       an array has the wrong rank or size           L1xx
├── ConfigurationError(ValueError)  a name or an argument has no meaning       L2xx
├── LossError(ValueError)        outputs, labels and loss do not fit together  L3xx
├── DataError(ValueError)        the data themselves are wrong                 L3xx
├── FileError(ValueError)        a file is truncated, foreign or unsafe        L4xx
└── StepError(TypeError)         a training step was written for another engine L5xx

Each also is the builtin that Keras raises, so that `except ValueError` keeps working.
"""

import difflib
import os
import sys
import warnings

import jax

from lamina.core import config
from lamina.core.context import is_known, thread
from lamina.core.dtypes import dtype_name
from lamina.core.failures import failure_of
from lamina.core.public_names import room


class LaminaError(Exception):
    """Base of all errors of this library.

    Its text is completed when it is read: by the way that the data took to the failure, and by a fix that was tried.
    """

    def __str__(self):
        told = super().__str__()
        failure = failure_of(self)
        inside_a_call = thread.layer is not None or thread.scope is not None
        return told if failure is None or inside_a_call else room("explain").told(told, failure, self)

    def __reduce__(self):
        return type(self), (str(self),)


class ShapeError(LaminaError, ValueError):
    """An array has the wrong rank or size."""


class ConfigurationError(LaminaError, ValueError):
    """A name or an argument has no meaning here."""


class LossError(LaminaError, ValueError):
    """Outputs, labels and loss do not fit together."""


class DataError(LaminaError, ValueError):
    """The data themselves are wrong."""


class FileError(LaminaError, ValueError):
    """A file is truncated, foreign or unsafe."""


class StepError(LaminaError, TypeError):
    """A training step was written for another engine."""


class LaminaWarning(UserWarning):
    """A silent mistake, said once."""


def message(code, what, *, where=None, why=None, fix=None):
    """Compose the four parts of an error: what, where, why, fix.

    Example:
        >>> print(message("L101", "dense wants 3 features; it got f32[2,5].", fix="x = x[:, :3]"))
        L101: dense wants 3 features; it got f32[2,5].
          fix:   x = x[:, :3]
    """
    parts = [f"{code}: {what}"]
    for label, text in (("where:", where), ("why:", why), ("fix:", fix)):
        if text:
            parts.append(f"  {label:<6} {text.replace(NEXT_LINE, MARGIN)}")
    return "\n".join(parts)


NEXT_LINE = "\n"
MARGIN = "\n" + " " * 9  # under the text of a part


def parts_of(text):
    """Return a message as a dict: its "code", "what", and those of "where", "why" and "fix" that it has.

    Example:
        >>> parts_of(message("L101", "dense wants 3 features.", fix="x = x[:, :3]"))
        {'code': 'L101', 'what': 'dense wants 3 features.', 'fix': 'x = x[:, :3]'}
    """
    first, *lines = text.replace(MARGIN, "\0").splitlines()
    code, _, what = first.partition(": ")
    parts = {"code": code, "what": what}
    for line in lines:
        label, _, rest = line.strip().partition(":")
        parts[label] = rest.strip().replace("\0", NEXT_LINE)
    return parts


def describe(x):
    """Return an array in short: "f32[32,28,28]"; an unknown size is a question mark."""
    if not hasattr(x, "shape"):
        return f"{type(x).__name__} {x!r}"
    sizes = ",".join(str(size) if is_known(size) else "?" for size in x.shape)
    return f"{dtype_name(x)}[{sizes}]"


def nearest(name, known):
    """Return ' Did you mean "a" or "b"?' for the names in `known` closest to `name`, or ''."""
    close = difflib.get_close_matches(str(name).lower(), {str(k).lower(): k for k in known}, n=3, cutoff=0.6)
    originals = {str(k).lower(): k for k in known}
    return f" Did you mean {' or '.join(repr(originals[c]) for c in close)}?" if close else ""


def warn(code, text):
    """Warn of a silent mistake with its code, or raise in strict mode; silenced codes say nothing.

    The warning is placed at the line of the user's code from which all calls came.
    """
    if config.is_silenced(code):
        return
    if config.is_strict():
        raise DataError(f"{code}: {text}")
    warnings.warn(f"{code}: {text}", LaminaWarning, stacklevel=_levels_to_the_user())


_LIBRARIES = tuple(os.path.dirname(path) + os.sep for path in (os.path.dirname(__file__), jax.__file__))


def _levels_to_the_user():
    """How many calls lie between whoever asks and the code that is neither ours nor the engine's."""
    levels, frame = 1, sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        levels, frame = levels + 1, frame.f_back
    return levels

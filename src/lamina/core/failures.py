"""What was being called when something went wrong: kept for whoever asks, without the data."""

import traceback
import weakref
from dataclasses import dataclass, field

from lamina.core import tree
from lamina.core.tensor import KerasTensor
from lamina.core.texts import are_texts

_ATTRIBUTE = "_lamina_failure"
_ORIGIN = "_lamina_origin"


@dataclass(eq=False)
class Failure:
    """The calls that were running when an error came up.

    Attributes:
        text: the error's own text.
        calls: list of (layer, args, kwargs), the innermost first; a KerasTensor stands for each array.
        behind: the layers of a stack that would have come next; None outside of a stack.
        compared: (labels, outputs, loss) if it was the loss that failed.
    """

    text: str
    calls: list = field(default_factory=list)
    behind: list | None = None
    compared: tuple | None = None

    def add(self, layer, args, kwargs):
        """Add the next outer call. The symbolic call of a layer takes the place of the one on its stand-ins."""
        if self.calls and self.calls[-1][0] is layer:
            self.calls.pop()
        self.calls.append((layer, *tree.map_structure(without_data, (args, kwargs))))


_last = None  # a weak reference: the model of a failure lives no longer than the error


def last_failure():
    """Return the Failure of the most recent error that came out of a layer or a loss; None once that error is gone."""
    return None if _last is None else _last()


def failure_of(error):
    """Return the Failure that was noted on an error, or None."""
    return getattr(error, _ATTRIBUTE, None)


def note_failure(error):
    """Note a new Failure on an error and return it; it becomes the last one."""
    global _last
    failure = Failure(str(error))
    setattr(error, _ATTRIBUTE, failure)
    _last = weakref.ref(failure)
    return failure


def note_origin(error):
    """Note in which file an error was raised, while the engine has not yet taken its frames out of the traceback."""
    if not hasattr(error, _ORIGIN):
        setattr(error, _ORIGIN, traceback.extract_tb(error.__traceback__)[-1].filename)


def origin_of(error):
    """Return the file in which an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return getattr(error, _ORIGIN, frames[-1].filename if frames else "")


def note_next(error, layers):
    """Note which layers of a stack would have come next."""
    failure = failure_of(error)
    if failure is not None and failure.behind is None:
        failure.behind = list(layers)


def without_data(x):
    """Return a symbolic tensor of the same shape and dtype for an array; anything else as it is."""
    if isinstance(x, KerasTensor) or not (hasattr(x, "shape") and hasattr(x, "dtype")):
        return x
    dtype = "string" if are_texts(x) else x.dtype
    return KerasTensor(tuple(size if isinstance(size, int) else None for size in x.shape), dtype)


def batched(x):
    """Return a symbolic tensor for an array of samples, however many they are."""
    return KerasTensor((None, *without_data(x).shape[1:]), x.dtype)


class undisturbed:  # noqa: N801 -- used like a function
    """Let failures inside a `with` block pass unnoted: they belong to an experiment."""

    def __enter__(self):
        self.before = _last

    def __exit__(self, *exception):
        global _last
        _last = self.before

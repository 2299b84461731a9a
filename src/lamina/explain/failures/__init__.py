"""What went wrong, told from the input to the layer that failed, with the smallest edits that mend it."""

import re
import sys
from dataclasses import asdict, dataclass

from lamina.core.errors import message, parts_of
from lamina.core.failures import failure_of, last_failure
from lamina.explain import words
from lamina.explain.answer import Answer
from lamina.explain.document import Block, Line, Table
from lamina.explain.failures.attempt import attempt_of
from lamina.explain.failures.mending import edits
from lamina.explain.formulas import axis_names
from lamina.layers.merging import Merge

__all__ = ["FailureExplanation", "explain_last_error", "told"]


def explain_last_error():
    """Walk from the input to the layer at which the last error came up, and say what would mend it.

    Returns: FailureExplanation; `print` it to read it.
    Raises: LookupError if there is no error: none came up, or it is gone. It lives in the `except` block, and at a
        prompt or in a notebook until the next one.

    Example:
        >>> import lamina
        >>> try:
        ...     model = lamina.Sequential([lamina.Input((28, 28)), lamina.layers.Conv2D(8, 3, name="conv")])
        ... except ValueError:
        ...     print(explain_last_error().edits[0].code)
        layers.Reshape((28, 28, 1)),
    """
    error = sys.exception() or getattr(sys, "last_value", None)
    failure = last_failure() if error is None else _failure_behind(error)
    if failure is None:
        raise LookupError("No error of a layer or a loss is there: ask in the `except` block, or at the prompt.")
    return _explained(failure, error)


def _failure_behind(error):
    while error is not None:
        failure = failure_of(error)
        if failure is not None:
            return failure
        error = error.__cause__ or error.__context__
    return None


def told(text, failure, error=None):
    """Return the text of an error with the way that the data took, and with a fix that was tried."""
    try:
        found = _explained(failure, error)
    except Exception:  # noqa: BLE001 -- an error must not be lost because it could not be explained
        return text
    parts = parts_of(text)
    parts["where"] = "\n".join(filter(None, (parts.get("where"), found.path, found.parting)))
    if found.edits:
        parts["fix"] = str(found.edits[0])
        parts["why"] = found.edits[0].why or parts.get("why")
    return message(parts.pop("code"), parts.pop("what"), **parts)


def _explained(failure, error=None):
    if not hasattr(failure, "explanation"):
        failure.explanation = FailureExplanation(failure, error)
    return failure.explanation


_OF_DTYPES = ("L344",)  # errors that no other shape mends


class FailureExplanation(Answer):
    """An error, told from the input on.

    Attributes:
        what: the error's first sentence.
        walk: list of Steps: what each call made on the way to the failing one.
        path: the way in one line: "input_layer (b, 10) -> lstm".
        parting: along which axes the shapes that meet there differ.
        name, kind: of the layer that failed.
        edits: list of Edits, each tried: with any of them the program runs on.
    """

    def __init__(self, failure, error=None):
        attempt = attempt_of(failure)
        coded = re.match(r"L\d{3}: ", failure.text)
        self.code = coded[0][:-2] if coded else ""
        self.what = parts_of(failure.text)["what"] if coded else failure.text.split("\n")[0]
        self.name, self.kind = _name_and_kind(attempt)
        self.walk = _walk(attempt)
        before = [(step.name, step.shape) for step in self.walk if not step.meets]
        meeting = [step for step in self.walk if step.meets]
        self.path = words.path(before, [(step.name, step.shape) for step in meeting], self.name)
        merges = attempt.failing is None or isinstance(attempt.failing.layer, Merge)
        alike = merges or len({len(step.shape) for step in meeting}) == 1  # as queries and values are, not states
        self.parting = (
            words.parting([(step.name, step.shape, step.axes) for step in meeting]) if meeting and alike else ""
        )
        self.edits = [] if self.code in _OF_DTYPES else edits(attempt, error)

    def to_dict(self):
        """Return plain data."""
        return {
            "code": self.code,
            "what": self.what,
            "layer": self.name,
            "kind": self.kind,
            "walk": [asdict(step) for step in self.walk],
            "parting": self.parting,
            "edits": [asdict(edit) for edit in self.edits],
        }

    def document(self):
        """Return the error, the way to it as a table, and the edits."""
        rows = [[f"{step.name} ({step.kind})", words.shown(step.shape), ", ".join(step.axes)] for step in self.walk]
        rows.append([f"{self.name} ({self.kind})", "fails here", ""])
        parting = [Line(self.parting)] if self.parting else []
        mended = [
            Line(f"{edit}\n{words.mended(edit, self.name)}", f"fix {number}", "code")
            for number, edit in enumerate(self.edits, 1)
        ]
        return Block(
            f"{self.code}  {self.what}".strip(), "", [Table(["layer", "gives", "axes"], rows), *parting, *mended]
        )


def _name_and_kind(attempt):
    if attempt.failing is None:
        loss = attempt.compared[2]
        return getattr(loss, "name", str(loss)), "loss"
    return attempt.failing.layer.name, type(attempt.failing.layer).__name__


@dataclass(frozen=True)
class Step:
    """What a call made: its name and kind, the shape and the axes, and whether it went into the failing call."""

    name: str
    kind: str
    shape: tuple
    axes: tuple
    meets: bool


def _walk(attempt):
    if attempt.failing is None:
        labels = attempt.compared[0]
        meeting = {id(y) for call in attempt.fed_by for y in call.outputs}
    else:
        meeting = {id(x) for x in attempt.failing.inputs}
    made = {id(y): (call.name, type(call.layer).__name__) for call in attempt.ran for y in call.outputs}
    tensors = [x for call in attempt.ran for x in (*call.inputs, *call.outputs)]
    tensors += attempt.failing.inputs if attempt.failing is not None else []
    walk = [_step(*(made.get(id(x)) or _source(x)), x, id(x) in meeting) for x in {id(x): x for x in tensors}.values()]
    return walk if attempt.failing is not None else [*walk, _step("y", "labels", labels, True)]


def _source(x):
    history = getattr(x, "_keras_history", None)
    if history is None or history.operation is None:
        return "the data", "data"
    return history.operation.name, "input"


def _step(name, kind, x, meets):
    names = axis_names(len(x.shape), counts="int" in str(x.dtype))
    return Step(name, kind, tuple(x.shape), tuple(names), meets)

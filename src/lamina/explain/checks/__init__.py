"""Silent mistakes, found before or during training, each with a code, the evidence, and the line to change."""

import time

from lamina.explain.checks import data, graph, learning, running
from lamina.explain.checks.finding import Finding, Findings, audible
from lamina.explain.checks.subject import Subject

SECONDS = 0.05  # that all looking inside of `fit` may take, from which on nothing more is begun [seconds]
_EXPLAINS_MORE = ("L341", "L340", "L342", "L365")  # what comes out of such data is wrong for a reason already told

__all__ = ["Finding", "Findings", "advise", "check"]


def check(model, x=None, y=None, *, validation_data=None, validation_split=0.0, batch_size=32):
    """Look for silent mistakes in a model, and in the data it is to be trained on.

    Args:
        model: a model, compiled or not.
        x, y: the training data; without them only the model is looked at.
        validation_data, validation_split, batch_size: as for `fit`.
    Returns: Findings, a list; nothing is changed by it.

    Example:
        >>> import lamina
        >>> from lamina.layers import Dense, Input
        >>> model = lamina.Sequential([Input((4,)), Dense(1, activation="softmax", name="top")])
        >>> print(check(model))
        1 finding
        <BLANKLINE>
        L304  The softmax of top goes over a single unit, so its output is always 1.
          why  top gives (b, 1).
          fix  activation="sigmoid" in top   # with binary_crossentropy
    """
    subject = Subject(model, x, y, validation_data, validation_split, batch_size)
    found = [finding for each in (*graph.CHECKS, *data.CHECKS) for finding in each(subject)]
    if not any(finding.code in _EXPLAINS_MORE for finding in found):
        for each in (*running.CHECKS, *learning.CHECKS):  # one cause shows in many ways: the first is told
            told = list(each(subject))
            if told:
                found += told
                break
    result = audible(found)
    result.notes = list(data.notes(subject))
    return result


def advise(model, x, y, already_told, *, first, start, **training):
    """Make the checks that cost nothing, for `fit`, and warn of what was not told before.

    What the model alone shows costs microseconds and is always looked at; the data, of which a part of a fixed size is
    looked at, as long as there is time.

    Args:
        already_told: set of codes; those that are told now are added.
        first: whether the data have not been looked at yet.
        start: when the looking began, by `time.perf_counter` [seconds].
        **training: validation data and batch size, as for `check`.
    """
    try:
        subject = Subject(model, x, y, only_cheap=True, **training)
    except Exception:  # noqa: BLE001 -- data of a form that only the user's own step knows
        return
    found = [finding for each in graph.FREE for finding in _findings(each, subject)]
    for each in data.FREE if first else ():
        if time.perf_counter() < start + SECONDS:
            found += _findings(each, subject)
    fresh = audible(finding for finding in found if finding.code not in already_told)
    already_told.update(fresh.codes)
    fresh.warn()


def _findings(each, subject):
    """Return what a check finds; on data that it was not written for, nothing: training goes on."""
    try:
        return list(each(subject))
    except Exception:  # noqa: BLE001 -- an advice must not stop a training that would work
        return []

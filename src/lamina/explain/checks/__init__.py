"""Silent mistakes, found before or during training, each with a code, the evidence, and the line to change."""

from lamina.explain.checks import data, graph, running
from lamina.explain.checks.finding import Finding, Findings, audible
from lamina.explain.checks.subject import Subject

_SPOILS_THE_RUN = ("L341", "L348")  # what comes out of such data is wrong for a reason already told

__all__ = ["Finding", "Findings", "check"]


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
    if not any(finding.code in _SPOILS_THE_RUN for finding in found):
        found += [finding for each in running.CHECKS for finding in each(subject)]
    return audible(found)

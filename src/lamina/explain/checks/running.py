"""Mistakes that show when a few samples run through the model."""

import numpy as np

from lamina import activations
from lamina.explain.checks.finding import finding
from lamina.explain.checks.subject import last_activation
from lamina.explain.formulas import number

_MOST = 0.95  # of the units of a layer that must be of no use before it is told [fraction 0-1]
_FEWEST_SAMPLES = 32


def first_output_that_is_not_finite(subject):
    """L370."""
    if subject.x is None or any(not np.isfinite(a).all() for a in _floats(subject.batch)):
        return
    for path, values in subject.activations.items():
        bad = ~np.isfinite(values) if values.dtype.kind == "f" else np.zeros(1, bool)
        if bad.any():
            counts = {"bad": number(int(bad.sum())), "size": number(values.size)}
            yield finding("L370", layer=path, name=path.split("/")[-1], **counts)
            return


def _floats(structure):
    from lamina.core import tree

    return [a for a in tree.flatten(structure) if a is not None and a.dtype.kind == "f"]


def units_that_never_answer(subject):
    """L371, L372."""
    if subject.x is None:
        return
    layers = {call.layer.name: call for call in subject.calls}
    for path, values in subject.activations.items():
        call = layers.get(path)
        if call is None or len(values) < _FEWEST_SAMPLES or values.ndim < 2 or not call.feeds:
            continue
        activation = last_activation(call.layer)
        units = values.reshape(-1, values.shape[-1])
        if activation is activations.relu:
            dead = float((units <= 0).all(axis=0).mean())
            if dead >= _MOST:
                yield finding("L371", layer=path, share=dead, units=units.shape[1], samples=len(values))
        elif activation in (activations.sigmoid, activations.tanh):
            low = 0.0 if activation is activations.sigmoid else -1.0
            edge = float(((units < low + 0.005) | (units > 0.995)).mean())
            if edge >= _MOST:
                yield finding("L372", layer=path, activation=activation.__name__, share=edge)


CHECKS = (first_output_that_is_not_finite, units_that_never_answer)

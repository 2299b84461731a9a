"""Mistakes that show when a few samples run through the model."""

import numpy as np

from lamina import activations
from lamina.explain.checks.finding import LIKELY, Finding
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
            yield Finding(
                "L370",
                f"{path} is the first layer whose output is not finite, though the inputs are.",
                f"{number(int(bad.sum()))} of {number(values.size)} values are NaN or infinite.",
                f"look at the weights of {path}: model.get_layer({path.split('/')[-1]!r}).get_weights()",
            )
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
                yield Finding(
                    "L371",
                    f"The units of {path} are dead: relu gives 0 for every sample, and 0 is its slope there.",
                    f"{dead:.0%} of {units.shape[1]} units, on {len(values)} samples.",
                    "a smaller learning rate, scaled inputs, or activation='leaky_relu'",
                    LIKELY,
                )
        elif activation in (activations.sigmoid, activations.tanh):
            low = 0.0 if activation is activations.sigmoid else -1.0
            edge = float(((units < low + 0.005) | (units > 0.995)).mean())
            if edge >= _MOST:
                yield Finding(
                    "L372",
                    f"The units of {path} are saturated: {activation.__name__} is flat where they work.",
                    f"{edge:.0%} of the values are at its ends.",
                    "scale the inputs   # x = (x - x.mean()) / x.std()",
                    LIKELY,
                )


CHECKS = (first_output_that_is_not_finite, units_that_never_answer)

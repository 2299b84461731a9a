"""Edits that put a layer with other arguments, or another layer, in the place of one."""

import itertools
from math import isqrt, prod

from lamina import layers, losses
from lamina.core import shapes
from lamina.core.tensor import KerasTensor
from lamina.explain import words
from lamina.explain.failures.attempt import run_again
from lamina.explain.failures.code import changed, code_of, wrapped
from lamina.explain.formulas import axis_names
from lamina.layers import Layer

_FAR = 4  # calls before the failing one that are changed [count]


def _near(attempt):
    """Return the layers whose arguments may be to blame: the failing one, then those before it, the nearest first."""
    calls = attempt.ran[::-1][: _FAR if attempt.failing is not None else None]
    found = ([attempt.failing.layer] if attempt.failing is not None else []) + [call.layer for call in calls]
    return [layer for layer in dict.fromkeys(found) if isinstance(layer, Layer)]


def other_options(attempt):
    """Flip the options that decide about axes: whether steps are kept, whether edges are padded."""
    for layer in _near(attempt):
        options = _options(layer)
        if "return_sequences" in options:
            keep = not options["return_sequences"]
            yield replacement(attempt, {layer: {"return_sequences": keep}}, words.mend("steps", layer.name, keep))
    padded = [layer for layer in _near(attempt) if _options(layer).get("padding") == "valid"]
    for count in (1, 2):
        for chosen in itertools.combinations(padded[:_FAR], count):
            changes = {layer: {"padding": "same"} for layer in reversed(chosen)}
            yield replacement(attempt, changes, words.mend("edges", chosen[0].name))


def _options(layer):
    try:
        config = layer.get_config()
    except Exception:  # noqa: BLE001 -- a user's layer without a usable config
        return {}
    inner = wrapped(layer)
    return {**(_options(inner) if inner is not None else {}), **config}


def other_sizes(attempt):
    """Give a layer the width of what it meets: another input, or the labels."""
    if attempt.compared is not None:
        widths = [attempt.compared[0].shape[-1]]
    else:
        several, weights = attempt.failing.inputs, getattr(attempt.failing.layer, "weights", [])
        widths = [x.shape[-1] for x in several] if len(several) > 1 else [w.shape[0] for w in weights if w.shape]
    for layer in _near(attempt):
        for name in ("filters", "units"):
            for width in dict.fromkeys(widths):
                if width and _options(layer).get(name) not in (None, width):
                    yield replacement(attempt, {layer: {name: width}}, words.mend("width", layer.name, width))
    if attempt.failing is not None and isinstance(attempt.failing.layer, layers.Reshape):
        count = prod(attempt.failing.inputs[0].shape[1:])
        wanted = attempt.failing.layer.target_shape
        kept = prod(wanted[:-1])
        scaled = [(*wanted[:-1], count // kept)] if kept > 1 and count % kept == 0 else []
        for target in (*scaled, *as_images(count), (-1,)):
            change = {attempt.failing.layer: {"target_shape": target}}
            yield replacement(attempt, change, words.mend("count", attempt.failing.layer.name, count))


def known_sizes(attempt):
    """Give the last axis a size: by pooling in place of Flatten, or by an Input of known size.

    Which size, only the user knows; any will do for the trial.
    """
    failing = attempt.failing
    if failing is None or len(failing.inputs) != 1 or failing.inputs[0].shape[-1] is not None:
        return
    why = words.mend("last axis", failing.layer.name)
    for call in attempt.ran[::-1]:
        rank = len(call.inputs[0].shape)
        if isinstance(call.layer, layers.Flatten) and rank in (3, 4, 5) and call.inputs[0].shape[-1]:
            pool = getattr(layers, f"GlobalAveragePooling{rank - 2}D")(name=call.layer.name)
            yield in_place(attempt, {call.layer: pool}, why)
    made = {id(y) for call in attempt.ran for y in call.outputs}
    for x in (x for call in (*attempt.ran, failing) for x in call.inputs):
        if id(x) not in made and None in x.shape[1:] and x not in attempt.data:
            sizes = tuple(_ANY_SIZE if size is None else size for size in x.shape[1:])
            given = {id(x): KerasTensor((None, *sizes), x.dtype)}
            code = f"layers.Input({sizes})" + "," * attempt.is_stack
            place = f"in place of {x._keras_history.operation.name}"
            yield code, place, words.mend("any size", _ANY_SIZE), lambda given=given: run_again(attempt, given=given)
            return


_ANY_SIZE = 10


def replacement(attempt, changes, why):
    """Make the candidate that puts changed layers in the place of others."""
    return in_place(attempt, {layer: changed(layer, **arguments) for layer, arguments in changes.items()}, why)


def in_place(attempt, changes, why):
    """Make the candidate that puts other layers in the place of some."""
    new = {id(old): other for old, other in changes.items()}
    end = "," * attempt.is_stack
    code = "\n".join(code_of(new[id(layer)]) + end for layer in changes)
    place = "\n".join(f"in place of {layer.name}" for layer in changes)
    return code, place, why, lambda: judged(attempt, run_again(attempt, new))


def judged(attempt, outputs):
    """Return the outputs if the loss can compare them now."""
    if attempt.compared is not None:
        labels, _, loss = attempt.compared
        shapes.infer(compare(loss), labels, *outputs)
    return outputs


def compare(loss):
    """Return a function that compares labels and outputs as a loss does."""

    def run(labels, outputs):
        found = losses.get(loss)
        return (found if isinstance(found, losses.Loss) else losses.LossFunctionWrapper(found))(labels, outputs)

    return run


def as_images(count):
    """Return the square images that so many values make: grey, then in colour."""
    return [(isqrt(count // c),) * 2 + (c,) for c in (1, 3) if count > 15 and c * isqrt(count // c) ** 2 == count]


def other_axis(attempt):
    """Take the last axis where the one that was named does not exist, or where inputs differ along it."""
    failing = attempt.failing
    if failing is None:
        return
    rank = len(failing.inputs[0].shape)
    for name in ("axis", "axes"):
        axis = _options(failing.layer).get(name)
        named = axis if isinstance(axis, list | tuple) else [axis]
        outside = [a for a in named if isinstance(a, int) and not -rank <= a < rank]
        if outside or (isinstance(failing.layer, layers.Dot) and name == "axes" and axis != -1):
            why = words.mend("named axis", axis_names(rank)) if outside else words.mend("summed axis")
            yield replacement(attempt, {failing.layer: {name: -1}}, why)


def names_no_axis(attempt):
    """Tell whether the failing layer was given an axis that its input does not have."""
    return any(True for _ in other_axis(attempt)) and not isinstance(attempt.failing.layer, layers.Dot)


def without_samples(attempt):
    """Leave out the number of samples, which was given to Input as if it were an axis."""
    failing = attempt.failing
    x = failing.inputs[0] if failing is not None and len(failing.inputs) == 1 and not attempt.ran else None
    if x is None or x in attempt.data or len(x.shape) < 3:
        return
    count, *sizes = x.shape[1:]
    if count and count >= _MANY and count not in sizes:
        given = {id(x): KerasTensor((None, *sizes), x.dtype)}
        code, place = (
            f"layers.Input({tuple(sizes)})" + "," * attempt.is_stack,
            f"in place of {x._keras_history.operation.name}",
        )
        yield code, place, words.mend("samples", count), lambda: run_again(attempt, given=given)


_MANY = 16  # from which on a first axis may count samples [count]


def unwrapped(attempt):
    """Apply the layer inside of TimeDistributed to the whole."""
    failing = attempt.failing
    if failing is not None and isinstance(failing.layer, layers.TimeDistributed):
        inner = wrapped(failing.layer)
        yield in_place(attempt, {failing.layer: changed(inner)}, words.mend("unwrapped", failing.layer.name))

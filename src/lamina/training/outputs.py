"""One model, many outputs: bring labels, losses, metrics and weights to the outputs they are meant for.

What is given for the outputs may be one value for all, a list in their order, a dict by their names, or have their
own structure, of which parts may be left out. Whatever it is becomes pairs of a path in the outputs and a value.
"""

from collections import OrderedDict

from lamina.core import tree
from lamina.core.errors import LossError, describe, message


class StructureError(LossError, KeyError):
    """Something given for the outputs has another structure than they have; Keras raises one or the other error."""

    __str__ = Exception.__str__


def output_names(y_pred, names):
    """Return a name for each output in flat order: the keys of a flat dict, the model's own names, or None."""
    flat = tree.flatten(y_pred)
    if isinstance(y_pred, dict) and len(y_pred) == len(flat):
        return [str(key) for key, _ in _children(y_pred)]
    if names and len(names) == len(flat):
        return list(names)
    histories = [getattr(x, "_keras_history", None) for x in flat]
    return [h.operation.name if h is not None and h.operation is not None else None for h in histories]


def by_path(value, y_pred, names, what):
    """Return pairs (path, part of `value`) that together cover the outputs.

    A path leads to one output, or to a group of outputs for which `value` has a single part. Losses may stand beside
    each other: where the outputs have anything but a list, each item of a list of losses is given for all of it.

    Args:
        value: None, one for all, a list in the outputs' order, a dict by output name, or the structure of `y_pred`.
        y_pred: the outputs, in their structure.
        names: names of the outputs, in flat order.
        what: for the message: "loss", "y", "metrics".
    Raises: StructureError if `value` fits the outputs in none of these ways.
    """
    given, paths = value, [path for path, _ in _leaves(y_pred)]
    if value is None or not tree.is_nested(value):
        return [(path, value) for path in paths]
    if isinstance(value, dict) and set(value) <= set(names) and not _has_keys(y_pred, value):
        value = tree.pack_sequence_as(y_pred, [value.get(name) for name in names])
    elif what not in _BESIDE and isinstance(value, list | tuple) and len(value) == len(paths) and _is_flat(y_pred):
        value = tree.pack_sequence_as(y_pred, list(value))
    return list(_follow(value, y_pred, (), lambda path: _refusal(given, y_pred, names, what, path), what))


def per_output(value, y_pred, names, what):
    """Return the part of `value` for each output, None where there is none; see `by_path`."""
    parts = dict(by_path(value, y_pred, names, what))
    return [parts[next(p for p in _upwards(path) if p in parts)] for path, _ in _leaves(y_pred)]


def labels_per_output(y, y_pred, names, wanted):
    """Return the labels of each output.

    Args:
        wanted: for each output whether it needs labels. Fewer labels than outputs are those of the outputs that do.
    Raises: StructureError if the labels do not fit, one would have to serve several outputs, or one is missing.
    """
    count = sum(wanted)
    flat = tree.flatten(y)
    if not isinstance(y, dict) and len(flat) == count < len(wanted):
        given = iter(flat)
        return [next(given) if want else None for want in wanted]
    pairs = by_path(y, y_pred, names, "y")
    shared = len(wanted) > 1 and not tree.is_nested(y)
    if shared or any(part is not None and tree.is_nested(at(y_pred, path)) for path, part in pairs):
        raise _refusal(y, y_pred, names, "y", ())
    missing = [i for i, (want, (_, part)) in enumerate(zip(wanted, pairs, strict=True)) if want and part is None]
    if missing and y is not None:
        raise _without_labels([names[i] or "/".join(map(str, pairs[i][0])) for i in missing])
    return [part for _, part in pairs]


def at(structure, path):
    """Return what stands at a path."""
    for key in path:
        structure = structure[key]
    return structure


def _upwards(path):
    """The path and those of all that it lies in, from the inside out."""
    return (path[:length] for length in range(len(path), -1, -1))


def _children(node):
    """Pairs of key and child in flat order; None for what has no children."""
    if isinstance(node, OrderedDict):
        return list(node.items())
    if isinstance(node, dict):
        return sorted(node.items(), key=lambda item: item[0])
    return list(enumerate(node)) if isinstance(node, list | tuple) else None


def _leaves(node, path=()):
    children = _children(node)
    if children is None:
        return [(path, node)]
    return [pair for key, child in children for pair in _leaves(child, (*path, key))]


def _is_flat(node):
    children = _children(node)
    return children is not None and not any(tree.is_nested(child) for _, child in children)


def _has_keys(y_pred, value):
    return isinstance(y_pred, dict) and set(value) <= set(y_pred)


def _follow(value, y_pred, path, refusal, what):
    """Walk through both, and yield the pairs of `by_path`."""
    children = _children(y_pred)
    several = isinstance(value, list | tuple)
    if several and children is None and len(value) == 1:
        value, several = value[0], False
    elif several and children is not None and _is_flat(value) and len(value) == len(_leaves(y_pred)):
        value = tree.pack_sequence_as(y_pred, list(value))
    if value is None:
        yield from ((p, None) for p, _ in _leaves(y_pred, path))
    elif not tree.is_nested(value) or (several and children is None and what in _LISTS):
        yield path, value
    elif several and what in _BESIDE and not isinstance(y_pred, type(value)) and (path or children is not None):
        for item in value:
            yield from _follow(item, y_pred, path, refusal, what)
    elif children is None:
        raise refusal(path)
    else:
        parts = dict(_children(value))
        alike = isinstance(value, dict) == isinstance(y_pred, dict)
        for key in parts:
            if not alike or key not in dict(children):
                raise refusal((*path, key))
        if not isinstance(value, dict) and len(parts) != len(children):
            raise refusal((*path, len(parts)))
        for key, child in children:
            yield from _follow(parts.get(key), child, (*path, key), refusal, what)


_LISTS = ("metrics", "weighted_metrics")  # of which an output may have several
_BESIDE = ("loss",)  # of which a list may be several for one place
_COMPLAINTS = {
    "y": "y_true and y_pred have different structures",
    "loss": "parts in the `loss` argument, can't be found in either the model's output (`y_pred`) or the labels",
    "loss_weights": "`loss_weights` must match the number of losses",
    "metrics": "Invalid `metrics`: they do not match the model's outputs",
    "weighted_metrics": "Invalid `weighted_metrics`: they do not match the model's outputs",
    "sample_weight": "You should provide one `sample_weight` array per output",
}


def _without_labels(names):
    named = ", ".join(f"'{name}'" for name in names)
    return StructureError(
        message(
            "L313",
            f"y_true and y_pred have different structures: there are no labels for {named}, of which `compile()` was "
            "given a loss or metrics.",
            why="`y` leaves the output out, or has None for it.",
            fix="give labels for it, or leave it out of the `loss` and `metrics` of `compile()`.",
        )
    )


def _refusal(value, y_pred, names, what, path):
    shown = tree.map_structure(lambda x: describe(x) if hasattr(x, "shape") else x, value)
    structure = tree.map_structure(lambda _: "*", y_pred)
    known = [name for name in names if name is not None]
    place = f" (at {'/'.join(map(str, path))})" if path else ""
    keys = f" Expected keys {known}, or some of them." if isinstance(value, dict) and known else ""
    return StructureError(
        message(
            "L313",
            f"{_COMPLAINTS[what]}.{place} Received: {what}={shown}, for the outputs {structure}.{keys}",
            why=f"the model has {len(names)} output{'s' if len(names) > 1 else ''}"
            + (f", called {', '.join(known)}." if known else "."),
            fix=f"give `{what}` as a list in the order of the outputs, "
            + ("as a dict by their names, " if known else "")
            + "or in their own structure; None where there is nothing to give.",
        )
    )

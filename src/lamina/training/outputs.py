"""One model, many outputs: bring labels, losses, metrics and weights in the order of the outputs."""

from lamina.core import tree


def output_names(y_pred, names):
    """Return a name for each output: the model's own names, or the keys and positions in `y_pred`."""
    flat = tree.flatten(y_pred)
    if names and len(names) == len(flat) and not (isinstance(y_pred, dict) and set(y_pred) != set(names)):
        return sorted(names) if isinstance(y_pred, dict) else list(names)
    histories = [getattr(x, "_keras_history", None) for x in flat]
    if not isinstance(y_pred, dict) and all(h is not None and h.operation is not None for h in histories):
        return [h.operation.name for h in histories]
    return ["_".join(map(str, path)) or None for path, _ in tree.flatten_with_path(y_pred)]


def per_output(value, y_pred, names, what, *, shared=True):
    """Return one entry of `value` for each output, None where there is none.

    Args:
        value: one for all, a dict by output name, a list in the outputs' order, or the structure of `y_pred`.
        y_pred: the outputs, in their structure.
        names: names of the outputs, in flat order.
        what: for the message: "loss", "y", "sample_weight".
        shared: whether a single value (no dict, no list) is meant for every output.
    Raises: ValueError if `value` fits the outputs in none of these ways.
    """
    count = len(names)
    if value is None:
        return [None] * count
    if not isinstance(value, dict | list | tuple):
        if not shared and count > 1:
            _refuse(value, names, what)
        return [value] * count
    if isinstance(value, dict):
        keys = names if set(value) <= set(names) else _keys(y_pred)
        if keys is None or not set(value) <= set(keys):
            _refuse(value, names, what)
        return [value.get(key) for key in keys]
    if count == 1 and not (isinstance(y_pred, list | tuple) and len(value) == 1):
        return [value if len(value) != 1 else value[0]]
    if len(value) == count:
        return list(value)
    flat = tree.flatten(value)
    if len(flat) != count:
        _refuse(value, names, what)
    return flat


def _keys(y_pred):
    """The keys of the outputs in flat order, if they come in a flat dict."""
    if isinstance(y_pred, dict) and not any(tree.is_nested(v) for v in y_pred.values()):
        return sorted(y_pred)
    return None


def _refuse(value, names, what):
    shown = tree.map_structure(lambda x: f"shape {tuple(x.shape)}" if hasattr(x, "shape") else x, value)
    raise ValueError(
        f"`{what}` does not fit the model's outputs {names}: give a dict with these names, or a list of {len(names)} "
        f"in this order. Received: {what}={shown}"
    )

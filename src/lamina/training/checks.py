"""Mistakes in the data that would train silently into nothing, looked for once, before the first step."""

import time

import numpy as np

from lamina.core import texts, tree
from lamina.core.errors import ConfigurationError, describe, message, warn
from lamina.core.public_names import room
from lamina.layers import Embedding
from lamina.layers.index_lookup import IndexLookup
from lamina.training.data import ArrayFeed, unpack_x_y_sample_weight
from lamina.training.data.conversion import is_sparse
from lamina.training.programs import is_overridden, values_of

_OWN = ("train_step", "make_train_function", "compute_loss", "compute_loss_and_updates")
_LOOKED_AT = 32  # samples with a NaN that are sent through the model [count]


def look_at(model, feed, thoroughly=True):
    """Check the data of a feed: all of it when it is in memory, the first batch otherwise.

    Args:
        thoroughly: whether the inputs are searched for NaN too.
    Returns: how long it took [seconds].
    Raises: DataError for labels, and for integers fed to an Embedding, that are out of range; ValueError for words
        that a lookup has no place for.
    """
    start = time.perf_counter()
    x, y, _ = feed.arrays if _is_in_memory(feed) else unpack_x_y_sample_weight(feed.peek())
    if thoroughly:
        _warn_of_nan(model, x)
    require_rows(model, tables_of(model), x)
    compiled = model._compile_loss
    if y is not None and compiled is not None and compiled.built and not any(is_overridden(model, n) for n in _OWN):
        compiled.check_labels(y)
    return time.perf_counter() - start


def _is_in_memory(feed):
    if not isinstance(feed, ArrayFeed):
        return False
    return not any(isinstance(leaf, np.memmap) or is_sparse(leaf) for leaf in tree.flatten(feed.arrays))


def _warn_of_nan(model, x):
    for path, leaf in tree.flatten_with_path(x):
        if not _may_hold_nan(leaf):
            continue
        bad = np.argwhere(np.isnan(leaf))
        if len(bad) and _comes_through(model, x, np.unique(bad[:, 0])[:_LOOKED_AT]):
            _tell_nan("/".join(map(str, ("x", *path))), leaf, bad)
            model._told.add("L341")


def tables_of(model):
    """Return (number of the input, layer) for every Embedding and lookup that an input is fed straight into."""
    graph = getattr(getattr(model, "_functional", None) or model, "_graph", None)
    return [
        (number, node.operation)
        for number, tensor in enumerate(graph.inputs if graph is not None else ())
        for node in tensor._keras_history.operation._outbound_nodes
        if node in graph and isinstance(node.operation, Embedding | IndexLookup)
    ]


def require_rows(model, tables, x):
    """Hold integers and words against the tables they are looked up in: compiled code cannot refuse strange ones."""
    if not tables:
        return
    model = getattr(model, "_functional", None) or model
    arrays = model._flatten_inputs(x)
    for number, table in tables:
        if isinstance(arrays[number], np.ndarray) or texts.are_texts(arrays[number]):
            table.require_rows(arrays[number])


def _may_hold_nan(array):
    """One pass without memory of its own: a sum is finite, unless there is a NaN, an infinity or an overflow."""
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return not np.isfinite(array.sum(dtype=np.promote_types(array.dtype, np.float32)))


def _comes_through(model, x, samples):
    """Tell whether a NaN in these samples reaches the outputs: a model may mask or replace it on purpose."""
    batch = tree.map_structure(lambda a: None if a is None else a[samples], x)
    values = values_of(model.trainable_variables), values_of(model.non_trainable_variables)
    try:
        outputs, _ = model.stateless_call(*values, batch, training=False)
    except NotImplementedError:  # a model with a `train_step` of its own needs no `call`
        return False
    return any(np.isnan(np.asarray(leaf)).any() for leaf in tree.flatten(outputs) if leaf is not None)


def _tell_nan(name, array, bad):
    columns = f", in column(s) {np.unique(bad[:, -1])[:5].tolist()} of the last axis" if array.ndim > 1 else ""
    warn(
        "L341",
        f"the input {name} {describe(array)} holds {len(bad)} NaN, the first at index {tuple(bad[0].tolist())}"
        f"{columns}: outputs and loss will be NaN. Fix: {name} = np.nan_to_num({name}), or drop these samples.",
    )


def require_known_weights(model):
    """Refuse to train when other weights are trainable than those the optimizer was made for.

    Raises: ConfigurationError L382 (a ValueError).
    """
    optimizer = model.optimizer
    if optimizer is None or not optimizer.built or any(is_overridden(model, name) for name in _OWN):
        return
    known, wanted = ({id(v) for v in vs} for vs in (optimizer._trainable_variables, model.trainable_variables))
    if known != wanted:
        raise ConfigurationError(
            message(
                "L382",
                f"what is trainable in '{model.name}' was changed after `compile`: {len(wanted - known)} weights "
                f"became trainable, {len(known - wanted)} were frozen.",
                why="the optimizer was made for the weights that were trainable then.",
                fix="model.compile(...)    # again, after setting `trainable`",
            )
        )


def advise(model, feed, x, y, *, first, spent, **about):
    """Warn of silent mistakes that are seen at once: in the model, and in arrays or the first batch; each code once.

    Args:
        spent: on looking at the data already: one clock runs over all [seconds].
    """
    start = time.perf_counter() - spent
    in_memory = _is_in_memory(feed)
    seen_x, seen_y, _ = feed.arrays if in_memory else unpack_x_y_sample_weight(feed.peek())
    whole = in_memory and hasattr(y, "shape")  # also the part that is split off for validation
    x, y = seen_x, y if whole else seen_y
    room("explain").advise(model, x, y, model._told, first=first, start=start, **about)

"""Prediction: batches through the compiled forward pass, odd sizes padded, outputs joined."""

import contextlib

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import texts, tree
from lamina.core.errors import LaminaError
from lamina.layers import Lambda, Layer, tracking
from lamina.training import checks, loop, programs
from lamina.training.callbacks.callback_list import CallbackList
from lamina.training.progress import Progress


class Predictor:
    """The compiled forward pass of a model, with the lists of variables it reads."""

    def __init__(self, model):
        self.model = model
        self.seen = None
        self.refresh()

    def refresh(self):
        """Collect variables and program anew after something was added or switched somewhere."""
        model = self.model
        self.seen = tracking.changes()
        self.trainable, self.others = model.trainable_variables, model.non_trainable_variables
        self.program = programs.predict_program(model)
        self.inputs_of = programs.inputs_of(model)
        self.tables = checks.tables_of(model)
        self.pads = all(_keeps_rows_apart(layer) for layer in model._flatten_layers())

    def __call__(self, batch):
        """Return the outputs for a batch, still on the device."""
        if self.seen != tracking.changes():
            self.refresh()
        checks.require_rows(self.model, self.tables, batch)
        outputs, changed = self.program([v._value for v in self.trainable], [v._value for v in self.others], batch)
        for index, value in changed.items():
            self.others[index]._value = value
        return outputs

    def padded(self, batch, size, full):
        """Return the outputs for a batch of `size` samples, computed as one of a power of two, at most `full`."""
        wanted = min(1 << (size - 1).bit_length(), max(full, size)) if self.pads else size
        if size == wanted:
            return self(batch)
        try:
            return self(_padded(batch, wanted - size))
        except LaminaError:
            return self(batch)  # which says what is wrong in the sizes that the user knows


def _keeps_rows_apart(layer):
    """Tell whether a layer is known to compute each sample from that sample alone, so that added ones change nothing.

    Layers and functions of the user, and ops in a graph, may do anything; so may a layer told to work along axis 0.
    """
    functions = [getattr(layer, name, None) for name in ("activation", "recurrent_activation")]
    graph = getattr(layer, "_graph", None)
    axes = [getattr(layer, name, None) for name in ("axis", "axes")]
    return (
        type(layer).__module__.startswith("lamina.")
        and not isinstance(layer, Lambda)
        and not getattr(layer, "stateful", False)
        and all(f is None or getattr(f, "__module__", "").startswith("lamina.") for f in functions)
        and not any(0 in tree.flatten(a) for a in axes)
        and (graph is None or all(isinstance(operation, Layer) for operation in graph.operations))
    )


def predictor(model):
    """Return the model's Predictor."""
    found = model._programs.get("predictor")
    if found is None:
        if not model.built:
            raise ValueError(
                f"Model '{model.name}' is not built: call it on data, or `build` it, before predicting batch by batch."
            )
        found = model._programs["predictor"] = Predictor(model)
    return found


def _padded(batch, missing):
    return tree.map_structure(lambda a: None if a is None else _repeating_the_last(a, missing), batch)


def _repeating_the_last(a, missing):
    library = jnp if texts.are_texts(a) else np
    return library.concatenate([a, library.repeat(a[-1:], missing, axis=0)])


def _size(x):
    return x.shape[0] if hasattr(x, "shape") else next(leaf.shape[0] for leaf in tree.flatten(x) if leaf is not None)


def predict_batch(model, batch):
    """Return the outputs for one batch as NumPy arrays; odd sizes are padded to a power of two."""
    size = _size(batch)
    return _to_numpy(predictor(model).padded(batch, size, 1 << 30), size)


def _to_numpy(outputs, size):
    if isinstance(outputs, jax.Array):
        return texts.to_numpy(outputs)[:size]
    return tree.map_structure(lambda a: texts.to_numpy(a)[:size], outputs)


def predict(model, feed, *, verbose, callbacks=None):
    """Return the outputs for all batches as NumPy arrays, joined."""
    verbose = 1 if verbose == "auto" else int(verbose)
    hooks = callbacks
    if not isinstance(hooks, CallbackList):
        hooks = CallbackList(callbacks, model=model, verbose=verbose, epochs=1, steps=feed.num_batches)
    if model._lacks_weights():
        model._symbolic_build(feed.peek(), labelled=False)
    run = predictor(model)
    full = getattr(feed, "batch_size", 0)
    begin, end = hooks.needs_predict_batch_begin, hooks.needs_predict_batch_end
    every = loop.steps_between_hooks(model)
    parts, waiting, count = [], [], 0
    hooks.on_predict_begin()
    progress = Progress(1, feed.num_batches, 0 if hooks.shows_progress else verbose)
    with contextlib.closing(progress):
        for batch in feed.batches():
            if begin and count % every == 0:
                hooks.on_predict_batch_begin(count)
            batch = run.inputs_of(batch)
            size = _size(batch)
            waiting.append((run.padded(batch, size, full), size))
            if len(waiting) > 1 or end:  # the next batch is under way while this one is fetched
                parts.append(_to_numpy(*waiting.pop(0)))
            count += 1
            if end and count % every == 0:
                hooks.on_predict_batch_end(count - 1, {"outputs": _joined(parts[-every:])})
            progress.step(count, {})
            if getattr(model, "stop_predicting", False):
                break
        parts += [_to_numpy(*item) for item in waiting]
        if end and count % every:
            last = count - count % every
            hooks.on_predict_batch_end(last + every - 1, {"outputs": _joined(parts[last:])})
        progress.epoch_end({})
    hooks.on_predict_end()
    if not parts:
        raise ValueError("The data source gave no batch to predict from.")
    return _joined(parts)


def _joined(parts):
    """Return the outputs of several batches as those of one."""
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts) if len(parts) > 1 else parts[0]
    return tree.map_structure(lambda *pieces: np.concatenate(pieces), *parts)

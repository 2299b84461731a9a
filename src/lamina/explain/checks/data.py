"""Mistakes that the data show, alone or beside the model."""

import numpy as np

from lamina import layers, losses
from lamina.core.errors import DataError, parts_of
from lamina.explain.checks.finding import finding
from lamina.explain.checks.subject import is_crossentropy, loss_name
from lamina.explain.formulas import number
from lamina.explain.words import findings as told
from lamina.explain.words import shown, times

_FEW = 1000  # labels that tell what all are like [count]
_COMPUTING = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D)


def nan_in_inputs(subject):
    """L341."""
    x = subject.single_x
    if x is None or x.dtype.kind != "f":
        return
    bad = np.isnan(x)
    if bad.any():
        columns = np.unique(np.argwhere(bad)[:, -1])[:5].tolist() if x.ndim > 1 else []
        where = told.COLUMNS.format(columns=columns) if columns else ""
        yield finding("L341", bad=number(int(bad.sum())), size=number(x.size), where=where)


def raw_pixels(subject):
    """L342."""
    x, first = subject.single_x, subject.first_computing
    if x is None or x.ndim < 3 or first is None or not isinstance(first.layer, _COMPUTING) or not x.size:
        return
    low, high = float(np.min(x)), float(np.max(x))
    whole = x.dtype.kind in "ui" or bool((x[:64] == np.round(x[:64])).all())
    if whole and low >= 0 and 20 < high <= 255:
        yield finding("L342", layer=first.name, low=low, high=high)


def channels_first_images(subject):
    """L343."""
    x, first = subject.single_x, subject.first_computing
    if x is None or x.ndim != 4 or first is None or not isinstance(first.layer, layers.Conv2D):
        return
    _, channels, height, width = x.shape
    if first.layer.data_format == "channels_last" and channels in (1, 3, 4) and min(height, width) >= 8:
        sizes = {"rows": channels, "columns": height, "channels": width}  # as they will be read
        yield finding("L343", layer=first.name, shape=x.shape[1:], **sizes)


def labels_out_of_range(subject):
    """L312."""
    for y, call, loss in _labelled(subject):
        if "sparse_categorical" in loss_name(loss) and call.outputs[0].shape[-1]:
            try:
                losses.check_labels(y, call.outputs[0].shape[-1], getattr(loss, "_fn_kwargs", {}).get("ignore_class"))
            except DataError as error:
                parts = parts_of(str(error))
                yield finding("L312", what=parts["what"], why=parts.get("why", ""), fix=parts.get("fix", ""))


def labels_counted_from_one(subject):
    """L364."""
    for y, call, loss in _labelled(subject):
        units = call.outputs[0].shape[-1]
        if "sparse_categorical" not in loss_name(loss) or len(y) < 50 or units is None or units < 3 or y.min() != 1:
            continue
        if np.array_equal(np.unique(y), np.arange(1, units)):
            yield finding("L364", layer=call.name, last=units - 1)


def labels_that_do_not_fit(subject):
    """L320, L201."""
    for y, call, loss in _labelled(subject):
        output = call.outputs[0].shape
        fits = _fits(y.shape[1:], output[1:], sparse="sparse" in loss_name(loss))
        if fits:
            continue
        on_steps = (c for c in subject.calls if isinstance(c.layer, layers.Dense) and len(c.inputs[0].shape) > 2)
        dense = next(on_steps, None)
        shapes = {"output": shown(output), "labels": shown((None, *y.shape[1:]))}
        if dense is not None and len(output) > max(2, y.ndim):
            yield finding("L201", layer=dense.name, positions=times(dense.inputs[0].shape[1:-1]), **shapes)
        else:
            columns = y.shape[-1] if y.ndim > 1 else 1
            yield finding("L320", layer=call.name, loss=loss_name(loss), width=output[-1], columns=columns, **shapes)


def _fits(labels, output, sparse):
    if sparse:
        output = output[:-1]
    for a, b in ((labels, output), (labels, (*output, 1)), ((*labels, 1), output)):
        if len(a) == len(b) and all(p == q or q is None for p, q in zip(a, b, strict=True)):
            return True
    return False


def _labelled(subject):
    """Yield (labels, call, loss) for a model with one output."""
    if subject.single_y is not None and len(subject.heads) == 1 and subject.heads[0][2] is not None:
        call, _, loss = subject.heads[0]
        if isinstance(loss, str) or hasattr(loss, "fn") or is_crossentropy(loss):
            yield subject.single_y, call, loss


def metrics_that_cannot_apply(subject):
    """L333, L334."""
    for y, call, loss in _labelled(subject):
        output, name = call.outputs[0].shape, next(iter(subject.metrics), None)
        few = y[:_FEW] if y.dtype.kind == "f" else y[:0]
        fractions = few[few != np.round(few)]
        if name in ("accuracy", "acc") and not is_crossentropy(loss) and fractions.size:
            yield finding("L333", metric=name, layer=call.name, loss=loss_name(loss), example=fractions.flat[0])
        if name not in _OF_CLASSES or len(output) != 2 or not output[1] or output[1] < 2:
            continue
        numbers, columns = y.ndim == 1 or y.shape[1:] == (1,), y.shape[1:] == output[1:]
        if columns if "sparse" in name else numbers:
            both = (told.CLASS_NUMBERS, told.ONE_HOT)
            wanted, given = both if "sparse" in name else both[::-1]
            shapes = {"output": shown(output), "labels": shown((None, *y.shape[1:]))}
            yield finding("L334", metric=name, wanted=wanted, given=given, **shapes)


_OF_CLASSES = {
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
}


def features_of_different_scale(subject):
    """L365."""
    x, first = subject.single_x, subject.first_computing
    if x is None or x.ndim != 2 or x.dtype.kind != "f" or len(x) < 20 or x.shape[1] < 2:
        return
    if first is None or not isinstance(first.layer, layers.Dense) or np.isnan(x).any():
        return
    deviations = x.std(axis=0, dtype="float64")
    used = deviations[deviations > 0]
    if used.size > 1 and used.max() > 1e4 * used.min():
        large, small = int(deviations.argmax()), int(np.where(deviations > 0, deviations, np.inf).argmin())
        sizes = {"most": used.max(), "least": used.min(), "ratio": used.max() / used.min()}
        yield finding("L365", layer=first.name, large=large, small=small, **sizes)


def ids_without_a_row(subject):
    """L340."""
    x = subject.single_x
    first = subject.calls[0] if subject.calls else None
    if x is None or first is None or not isinstance(first.layer, layers.Embedding) or not x.size:
        return
    low, high = int(x.min()), int(x.max())
    if low < 0 or high >= first.layer.input_dim:
        yield finding("L340", layer=first.name, last=first.layer.input_dim - 1, low=low, high=high, rows=high + 1)


def padding_without_a_mask(subject):
    """L366."""
    x = subject.single_x
    if x is None or x.ndim != 2 or x.dtype.kind not in "ui" or not subject.calls:
        return
    first = subject.calls[0]
    reads_steps = next((c for c in subject.calls if isinstance(c.layer, layers.RNN | layers.LSTM | layers.GRU)), None)
    if not isinstance(first.layer, layers.Embedding) or first.layer.mask_zero or reads_steps is None:
        return
    zero = x == 0
    trailing = np.flip(np.cumprod(np.flip(zero, 1), axis=1), 1).astype(bool)
    leading = np.cumprod(zero, axis=1).astype(bool)
    for padding, name in ((trailing, "end"), (leading, "begin")):
        rows = float(padding.any(axis=1).mean())
        if rows > 0.2 and np.array_equal(padding, zero):
            table = {"rows": first.layer.input_dim, "width": first.layer.output_dim}
            yield finding("L366", layer=reads_steps.name, share=rows, name=name, **table)


def notes(subject):
    """Say what is done with labels of one axis for outputs of one column."""
    y = subject.single_y
    if y is not None and y.ndim == 1 and [call.outputs[0].shape[1:] for call, _, _ in subject.heads] == [(1,)]:
        yield told.AS_A_COLUMN.format(samples=len(y))


def validation_of_one_class(subject):
    """L360."""
    y = subject.single_y
    if y is None or not 0 < subject.validation_split < 1 or len(y) < 20 or y.ndim > 2:
        return
    if y.ndim == 2 and y.shape[1] > 1 and np.isin(y, (0, 1)).all():
        y = y.argmax(axis=1)
    y = y.reshape(len(y), -1)[:, 0]
    few = y[:: max(1, len(y) // _FEW)]
    if not (few == np.round(few)).all() or not any(map(len, _apart(few, subject.validation_split))):
        return
    unseen, held_out = _apart(y, subject.validation_split)
    if len(unseen) or len(held_out):
        never = told.NEVER_TRAINED.format(unseen=unseen[:5].tolist())
        trouble = never if len(unseen) else told.ONE_CLASS.format(only=held_out[0])
        yield finding("L360", share=subject.validation_split, trouble=trouble)


def _apart(y, split):
    """Return the classes that only the last labels have, and the only class that they have, if they have one only."""
    cut = int(len(y) * (1 - split))
    train, held_out = np.unique(y[:cut]), np.unique(y[cut:])
    if len(np.union1d(train, held_out)) > _MOST_CLASSES:
        return [], []
    return np.setdiff1d(held_out, train), held_out if len(held_out) == 1 < len(train) else []


_MOST_CLASSES = 1000  # above that, numbers are no classes


def validation_that_was_trained_on(subject):
    """L361."""
    x = subject.single_x
    if x is None or not isinstance(subject.validation, tuple) or not isinstance(subject.validation[0], np.ndarray):
        return
    other = subject.validation[0]
    if x.shape[1:] != other.shape[1:] or np.prod(x.shape[1:]) < 4 or not len(other):
        return
    seen = {row.tobytes() for row in np.ascontiguousarray(x)}
    repeated = sum(row.tobytes() in seen for row in np.ascontiguousarray(other.astype(x.dtype)))
    if repeated > 0.1 * len(other):
        yield finding("L361", repeated=number(repeated), count=number(len(other)))


FREE = (
    validation_of_one_class,
    validation_that_was_trained_on,
    raw_pixels,
    channels_first_images,
    labels_counted_from_one,
    metrics_that_cannot_apply,
    features_of_different_scale,
    padding_without_a_mask,
)
"""What `fit` can afford, beside what it looks for by itself."""

CHECKS = (labels_out_of_range, labels_that_do_not_fit, nan_in_inputs, ids_without_a_row, *FREE)

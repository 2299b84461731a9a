"""Mistakes that the data show, alone or beside the model."""

import numpy as np

from lamina import layers, losses
from lamina.core.errors import DataError
from lamina.explain.checks.finding import LIKELY, Finding
from lamina.explain.checks.subject import is_crossentropy, loss_name
from lamina.explain.formulas import number
from lamina.explain.words import shown, times

_COMPUTING = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.Conv3D)


def nan_in_inputs(subject):
    """L341."""
    x = subject.single_x
    if x is None or x.dtype.kind != "f":
        return
    bad = np.isnan(x)
    if bad.any():
        columns = np.unique(np.argwhere(bad)[:, -1])[:5].tolist() if x.ndim > 1 else []
        where = f", in column(s) {columns} of the last axis" if columns else ""
        yield Finding(
            "L341",
            "The inputs hold NaN, so the loss will be NaN.",
            f"{number(int(bad.sum()))} of {number(x.size)} values{where}.",
            "x = np.nan_to_num(x)   # or leave these samples out",
        )


def raw_pixels(subject):
    """L362."""
    x, first = subject.single_x, subject.first_computing
    if x is None or x.ndim < 3 or first is None or not isinstance(first.layer, _COMPUTING) or not x.size:
        return
    low, high = float(np.min(x)), float(np.max(x))
    whole = x.dtype.kind in "ui" or bool((x[:64] == np.round(x[:64])).all())
    if whole and low >= 0 and 20 < high <= 255:
        yield Finding(
            "L362",
            f"The images go into {first.name} with values up to {high:g}; networks learn from values around 1.",
            f"x runs from {low:g} to {high:g}, in whole numbers.",
            'x = x.astype("float32") / 255   # or a Rescaling(1 / 255) layer first',
            LIKELY,
        )


def channels_first_images(subject):
    """L363."""
    x, first = subject.single_x, subject.first_computing
    if x is None or x.ndim != 4 or first is None or not isinstance(first.layer, layers.Conv2D):
        return
    _, channels, height, width = x.shape
    if first.layer.data_format == "channels_last" and channels in (1, 3, 4) and min(height, width) >= 8:
        yield Finding(
            "L363",
            f"The images look as if their channels came first, and {first.name} reads the last axis as channels.",
            f"A sample has the shape {x.shape[1:]}: {channels} rows of {height} pixels with {width} channels each.",
            "x = np.moveaxis(x, 1, -1)",
            LIKELY,
        )


def labels_out_of_range(subject):
    """L312."""
    for y, call, loss in _labelled(subject):
        if "sparse_categorical" in loss_name(loss) and call.outputs[0].shape[-1]:
            try:
                losses.check_labels(y, call.outputs[0].shape[-1], getattr(loss, "_fn_kwargs", {}).get("ignore_class"))
            except DataError as error:
                told = str(error).splitlines()
                parts = {line.strip().split(":")[0]: line.split(":", 1)[1].strip() for line in told[1:]}
                yield Finding("L312", told[0].removeprefix("L312: "), parts.get("why", ""), parts.get("fix", ""))


def labels_counted_from_one(subject):
    """L364."""
    for y, call, loss in _labelled(subject):
        units = call.outputs[0].shape[-1]
        if "sparse_categorical" not in loss_name(loss) or len(y) < 50 or units is None:
            continue
        kinds = np.unique(y)
        if units > 2 and np.array_equal(kinds, np.arange(1, units)):
            yield Finding(
                "L364",
                f"The labels count from 1, so the first unit of {call.name} is never right.",
                f"Labels run from 1 to {units - 1}; the units stand for 0 to {units - 1}.",
                f"y = y - 1   # and {units - 1} units",
                LIKELY,
            )


def labels_that_do_not_fit(subject):
    """L320, L201."""
    for y, call, loss in _labelled(subject):
        output = call.outputs[0].shape
        fits = _fits(y.shape[1:], output[1:], sparse="sparse" in loss_name(loss))
        if fits:
            continue
        on_steps = (c for c in subject.calls if isinstance(c.layer, layers.Dense) and len(c.inputs[0].shape) > 2)
        dense = next(on_steps, None)
        if dense is not None and len(output) > max(2, y.ndim):
            steps = dense.inputs[0].shape[1:-1]
            yield Finding(
                "L201",
                f"{dense.name} is applied to each of the {times(steps)} positions, so there are as many answers per "
                "sample; the labels have one.",
                f"The output is {shown(output)}, y is {shown((None, *y.shape[1:]))}.",
                f"Flatten()   # or a pooling layer, before {dense.name}",
            )
        else:
            yield Finding(
                "L320",
                f"Labels and outputs differ in shape under {loss_name(loss)}, which would compare each with each.",
                f"The output is {shown(output)}, y is {shown((None, *y.shape[1:]))}.",
                f"{output[-1]} labels per sample   # or {y.shape[-1] if y.ndim > 1 else 1} units in {call.name}",
            )


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
        yield Finding(
            "L365",
            f"Feature {large} is {used.max() / used.min():.0e} times as large as feature {small}, which {first.name} "
            "cannot make out beside it.",
            f"Their deviations are {used.max():.3g} and {used.min():.3g}.",
            "x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-7)",
            LIKELY,
        )


def ids_without_a_row(subject):
    """L348."""
    x = subject.single_x
    first = subject.calls[0] if subject.calls else None
    if x is None or first is None or not isinstance(first.layer, layers.Embedding) or not x.size:
        return
    if x.min() < 0 or x.max() >= first.layer.input_dim:
        yield Finding(
            "L348",
            f"{first.name} has rows for the integers 0 to {first.layer.input_dim - 1}, and the data hold others.",
            f"x runs from {x.min()} to {x.max()}.",
            f"Embedding({int(x.max()) + 1}, ...)",
        )


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
            yield Finding(
                "L366",
                f"The sequences seem padded with 0, and {reads_steps.name} reads the padding as words.",
                f"{rows:.0%} of the samples {name} with zeros, and 0 stands nowhere else.",
                f"Embedding({first.layer.input_dim}, {first.layer.output_dim}, mask_zero=True)",
                LIKELY,
            )


def validation_of_one_class(subject):
    """L360."""
    y = subject.single_y
    if y is None or not 0 < subject.validation_split < 1 or len(y) < 20:
        return
    if y.ndim == 2 and y.shape[1] > 1 and np.isin(y, (0, 1)).all():
        y = y.argmax(axis=1)
    y = y.reshape(len(y), -1)[:, 0]
    if y.dtype.kind == "f" and not (y == np.round(y)).all():
        return
    cut = int(len(y) * (1 - subject.validation_split))
    train, held_out = np.unique(y[:cut]), np.unique(y[cut:])
    unseen = np.setdiff1d(held_out, train)
    if 2 <= len(np.unique(y)) <= 1000 and (len(unseen) or (len(held_out) == 1 and len(train) > 1)):
        trouble = f"there is class {held_out[0]} only"
        if len(unseen):
            trouble = f"there are classes that are never trained: {unseen[:5].tolist()}"
        yield Finding(
            "L360",
            "The labels are sorted, and `validation_split` takes the last samples without shuffling.",
            f"In the last {subject.validation_split:.0%}, {trouble}.",
            "order = np.random.permutation(len(x)); x, y = x[order], y[order]",
        )


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
        yield Finding(
            "L361",
            "The validation data repeat training samples, so they do not show how the model does on new ones.",
            f"{number(repeated)} of {number(len(other))} validation samples are in the training data.",
            "split the data before anything else: x[:n], x[n:]",
        )


FREE = (
    validation_of_one_class,
    validation_that_was_trained_on,
    raw_pixels,
    channels_first_images,
    labels_counted_from_one,
    features_of_different_scale,
    padding_without_a_mask,
)
"""What `fit` can afford, beside what it looks for by itself."""

CHECKS = (labels_out_of_range, labels_that_do_not_fit, nan_in_inputs, ids_without_a_row, *FREE)

"""Labels that name classes by number, checked before they are trained on."""

import numpy as np

from lamina.core import errors


def check_labels(y_true, n_classes, ignore_class=None):
    """Refuse labels that name a class the predictions do not have.

    Inside compiled code nothing can be refused, and such a sample would count as a loss of 0; so the data are
    checked before.

    Args:
        y_true: array of class numbers.
        n_classes: number of classes predicted [count].
        ignore_class: class number that marks samples without a label.
    Raises:   DataError L312 (a ValueError).
    Example:
        >>> check_labels([0, 2, 1], 3)
    """
    labels = np.asarray(y_true)
    is_known = (labels >= 0) & (labels < n_classes)
    if ignore_class is not None:
        is_known |= labels == ignore_class
    if is_known.all():
        return
    first = np.argwhere(~is_known)[0].tolist()
    value = labels[tuple(first)]
    raise errors.DataError(_message(labels, value, first, n_classes))


def _message(labels, value, index, n_classes):
    place = "" if not index else f" at index {index[0] if len(index) == 1 else tuple(index)}"
    low, high = int(labels.min()), int(labels.max())
    if low == 1 and high == n_classes:
        why, fix = "the classes are counted from 1.", "y = y - 1"
    elif low < 0:
        why = "a negative number is no class."
        fix = f"SparseCategoricalCrossentropy(ignore_class={low})    # if {low} marks samples without a label"
    else:
        why = f"the labels go up to {high}, which takes {high + 1} classes."
        fix = f"Dense({high + 1}) as the last layer."
    what = f"labels of {n_classes} classes are 0 to {n_classes - 1}"
    found = f"there is {value:g}{place} of {errors.describe(labels)}."
    return errors.message("L312", f"{what}; {found}", why=why, fix=fix)

"""Arrays that do not fit a model's input: the likely cause, and a line that puts it right."""

import math

_AXES = {3: ("steps", "features"), 4: ("height", "width", "channels"), 5: ("depth", "height", "width", "channels")}


def cause_and_fix(got, wanted):
    """Return (why, fix) for an array of shape `got` where `wanted` was due, None standing for any size.

    Example:
        >>> cause_and_fix((60000, 28, 28), (None, 28, 28, 3))[1]
        'x = np.repeat(x[..., None], 3, axis=-1)'
    """
    inner, due = got[1:], wanted[1:]
    if _fits(got, due):
        return "this is one sample; a model reads batches.", "x = x[None]               # a batch of one"
    if len(got) == len(due) == 1 and due[-1] not in (None, 1):
        return (
            f"each sample is one number; the model reads {due[-1]}.",
            "x = x[:, None]   # and Input((1,)) in the model",
        )
    if _fits(inner, due[:-1]):
        last = due[-1] or 1
        what = "the images have no channel axis" if len(wanted) == 4 else "the last axis is missing"
        return f"{what}.", f"x = np.repeat(x[..., None], {last}, axis=-1)" if last > 1 else "x = x[..., None]"
    if len(got) == len(wanted) and _fits(inner[:-1], due[:-1]):
        return _other_width(inner, due)
    if len(got) == len(wanted) > 3 and _fits((*inner[1:], inner[0]), due):
        return "the channels come first.", "x = np.moveaxis(x, 1, -1)"
    if None not in due and math.prod(inner) == math.prod(due):
        return "the same numbers, arranged in another way.", f"x = x.reshape({(-1, *due)})"
    return "the model was made for other data.", f"Input({tuple(inner)}) as the model's input, for data like these."


def _fits(sizes, wanted):
    return len(sizes) == len(wanted) and all(w is None or s == w for s, w in zip(sizes, wanted, strict=True))


def _other_width(inner, due):
    """Only the last axis has another size."""
    axis = _AXES.get(len(due) + 1, ("features",))[-1]
    why = f"the model was made for {due[-1]} {axis}; the data have {inner[-1]}."
    if len(due) > 1 and (inner[-1], due[-1]) == (1, 3):
        return why, "x = np.repeat(x, 3, axis=-1)    # grey as colour"
    if len(due) > 1 and (inner[-1], due[-1]) == (4, 3):
        return why, "x = x[..., :3]            # without the alpha channel"
    return why, f"Input({tuple(inner)}) as the model's input, or data with {due[-1]} {axis}."

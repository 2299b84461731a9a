"""The state of an optimizer from files of other Keras versions, found by the names of its slots."""

import warnings

import numpy as np

_SLOTS = {
    "m": "momentum",
    "v": "velocity",
    "vhat": "velocity_hat",
    "v_hat": "velocity_hat",
    "u": "norm",
    "mg": "average_gradient",
    "rms": "velocity",
    "momentum": "momentum",
    "accumulator": "accumulator",
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
    **{
        name: name
        for name in (
            *("velocity", "velocity_hat", "average_gradient", "average", "linear"),
            *("accumulated_grad", "accumulated_delta_var"),
        )
    },
}
"""What the slots were called, and the end of the name that the variable has today."""


def restore_optimizer(optimizer, saved):
    """Give a built optimizer the arrays of a file; warn, and leave it fresh, if they cannot be told apart.

    Args:
        optimizer: built for the model's variables.
        saved: dict from the names in the file to arrays, in the file's order.
    """
    if not saved:  # Keras 2 put nothing of its `optimizers.legacy` into `.keras` files
        return
    variables = optimizer.variables
    slots = _by_slot(saved)
    if "velocity" in slots and any(variable.name.endswith("_norm") for variable in variables):  # Adamax, before 2.11
        slots["norm"] = slots.pop("velocity")
    if slots.keys() & set(_SLOTS.values()):
        arrays = _in_todays_order(variables, slots)
    else:
        arrays = _with_learning_rate(variables, list(saved.values()))
    if _fit(variables, arrays):
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)
    else:
        warnings.warn(
            f"The state of the optimizer '{optimizer.name}' in the file does not fit; it starts fresh.", stacklevel=5
        )


def _fit(variables, arrays):
    return [tuple(variable.shape) for variable in variables] == [np.shape(array) for array in arrays]


def _with_learning_rate(variables, arrays):
    """Put in the learning rate that the config gave, and Nadam's product, which Keras 2 did not count as variables."""
    names = [variable.name for variable in variables]
    if names == ["iteration", "learning_rate"]:  # SGD had slots for a momentum that it does not use
        arrays = arrays[:1]
    if "learning_rate" in names and len(arrays) < len(variables):
        place = names.index("learning_rate")
        arrays.insert(place, np.asarray(variables[place].value))
    if len(arrays) + 1 == len(variables) and not variables[-1].shape:
        arrays.append(np.asarray(variables[-1].value))
    return arrays


def _in_todays_order(variables, slots):
    """Return the arrays for `variables`; a number that old files do not have, as the learning rate, stays."""
    taken = {slot: iter(values) for slot, values in slots.items()}
    arrays = []
    for variable in variables:
        if variable.name == "learning_rate":
            arrays.append(np.asarray(variable.value))
            continue
        slot = _slot_of_variable(variable.name, slots)
        own = None if variable.shape or slot else np.asarray(variable.value)
        arrays.append(next(taken.get(slot, iter(())), own))
    return [] if any(array is None for array in arrays) else arrays


def _by_slot(saved):
    """Sort arrays by slot: names are `Adam/m/dense/kernel:0`, or `training/Adam/dense/kernel/m:0` before 2.11."""
    slots = {}
    for name, array in saved.items():
        words = name.partition(":")[0].split("/")
        known = [word for word in (*words[1:2], words[-1]) if word in _SLOTS]
        slot = _SLOTS[known[0]] if known else "iteration" if words[-1].startswith("iter") else name
        slots.setdefault(slot, []).append(array)
    return slots


def _slot_of_variable(name, slots):
    fitting = [slot for slot in slots if name == slot or name.endswith(f"_{slot}")]
    return max(fitting, key=len, default=None)

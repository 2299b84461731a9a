"""The state of an optimizer from files of other Keras versions, found by the names of its slots."""

import warnings

import numpy as np

_SLOTS = {
    "m": "momentum",
    "v": "velocity",
    "vhat": "velocity_hat",
    "rms": "velocity",
    "momentum": "momentum",
    "accumulator": "accumulator",
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
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
    """Put in the learning rate that the config gave, which Keras 2 did not count among the variables."""
    places = [i for i, variable in enumerate(variables) if variable.name == "learning_rate"]
    if places and len(arrays) + 1 == len(variables):
        arrays.insert(places[0], np.asarray(variables[places[0]].value))
    return arrays


def _in_todays_order(variables, slots):
    """Return the arrays for `variables`; the learning rate is the one in the config, as old files have none."""
    taken = {slot: iter(values) for slot, values in slots.items()}
    arrays = []
    for variable in variables:
        if variable.name == "learning_rate":
            arrays.append(np.asarray(variable.value))
            continue
        slot = _slot_of_variable(variable.name, slots)
        arrays.append(next(taken.get(slot, iter(())), None))
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

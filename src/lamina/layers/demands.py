"""What constructors ask of numbers: the error names layer, argument, value and what is allowed."""

import numpy as np


def positive_integer(layer, name, value):
    """Return `value` if it is a whole number of at least 1.

    Raises:   ValueError for anything else.
    """
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value <= 0:
        raise ValueError(
            f"Received an invalid value for argument `{name}`: `{name}` must be a positive integer. "
            f"{type(layer).__name__} received: {name}={value!r} (of type {type(value).__name__})"
        )
    return value


def fraction(layer, name, value):
    """Return `value` if it is a number from 0 to 1.

    Raises:   ValueError for another number, TypeError for something that is no number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError(
            f"The argument `{name}` of {type(layer).__name__} must be a number from 0 to 1. Received: {name}={value!r}"
        )
    if not 0 <= value <= 1:
        raise ValueError(
            f"Invalid value received for argument `{name}`. Expected a float value between 0 and 1. "
            f"{type(layer).__name__} received: {name}={value}"
        )
    return value

"""What constructors ask of numbers: the error names layer, argument, value and what is allowed."""

import numpy as np

from lamina.core.errors import ShapeError, message


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


def axis_or_axes(layer, name, value, several=True):
    """Return an axis or, with `several`, axes as a list.

    Raises:   TypeError for anything else.
    """
    as_list = several and isinstance(value, list | tuple)
    axes = list(value) if as_list else [value]
    if not all(isinstance(axis, int | np.integer) for axis in axes):
        expected = "an int or a list/tuple of ints" if several else "an int"
        raise TypeError(
            f"Invalid value for `{name}` argument: expected {expected}. {type(layer).__name__} received: "
            f"{name}={value!r}"
        )
    return axes if as_list else value


def assert_axes(layer, name, axes, shape):
    """Raise ShapeError unless an input of `shape` has the axis, or all of the axes."""
    ndim = len(shape)
    if not all(-ndim <= axis < ndim for axis in (axes if isinstance(axes, list | tuple) else [axes])):
        text = (
            f"All `{name}` values must be in the range {-ndim} to {ndim - 1} in {type(layer).__name__} '{layer.name}', "
            f"whose input has the shape {tuple(shape)}. Received: {name}={axes}"
        )
        raise ShapeError(message("L108", text, fix=f"{name}=-1   # the last axis"))

"""What constructors ask of their arguments: the error names layer, argument, value and what is allowed."""

import functools
import inspect

import jax
import numpy as np

from lamina.core.errors import ShapeError, message
from lamina.core.variable import Variable


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
    if value is True or np.ndim(value) or not _is_number_or_numbers(value):
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
    if not all(np.ndim(axis) == 0 and np.asarray(axis).dtype.kind in "biu" for axis in axes):
        expected = "an int or a list/tuple of ints" if several else "an int"
        raise TypeError(
            f"Invalid value for `{name}` argument: expected {expected}. {type(layer).__name__} received: "
            f"{name}={value!r}"
        )
    return list(map(int, axes)) if as_list else int(value)


def pair_of_numbers(layer, name, value):
    """Return `value` if it is two numbers.

    Raises:   ValueError for anything else.
    """
    if not _is_number_or_numbers(value) or np.shape(value) != (2,):
        raise ValueError(
            f"The `{name}` argument of {type(layer).__name__} should be a list of two numbers. Received: "
            f"{name}={value!r}"
        )
    return value


def assert_kinds(layer, init, given):
    """Hold arguments whose default is True, False or a number against what their default says that they are.

    Args:
        layer: the layer that was made.
        init: the constructor that took them.
        given: the arguments by name.
    Raises:   ValueError for a flag that is neither true nor false, TypeError for a number that is none.
    """
    kinds = _kinds(init)
    for name in kinds.keys() & given.keys():
        value = given[name]
        if kinds[name] is bool and not _is_flag(value):
            raise ValueError(
                f"The `{name}` argument of {type(layer).__name__} is True or False. Received: {name}={value!r}"
            )
        if kinds[name] is not bool and value is not None and not _is_number_or_numbers(value):
            raise TypeError(
                f"The `{name}` argument of {type(layer).__name__} must be a number, or a list of them where there are "
                f"several. Received: {name}={value!r}"
            )


@functools.cache
def _kinds(init):
    """Return the types of the defaults of a constructor that are booleans or numbers."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(init).parameters.items()}
    return {name: type(value) for name, value in defaults.items() if isinstance(value, bool | int | float)}


def _is_flag(value):
    if isinstance(value, np.ndarray | jax.Array):
        return value.ndim == 0 and value.dtype.kind in "biu"
    return value is None or isinstance(value, bool | int | np.bool_ | np.integer)


def _is_number_or_numbers(value):
    if isinstance(value, list | tuple):
        return all(_is_number_or_numbers(item) for item in value)
    if isinstance(value, np.ndarray | jax.Array):
        return value.dtype.kind not in "OSUMm"
    return isinstance(value, int | float | np.number | Variable)


def assert_axes(layer, name, axes, shape):
    """Raise ShapeError unless an input of `shape` has the axis, or all of the axes."""
    ndim = len(shape)
    if not all(-ndim <= axis < ndim for axis in (axes if isinstance(axes, list | tuple) else [axes])):
        text = (
            f"All `{name}` values must be in the range {-ndim} to {ndim - 1} in {type(layer).__name__} '{layer.name}', "
            f"whose input has the shape {tuple(shape)}. Received: {name}={axes}"
        )
        raise ShapeError(message("L108", text, fix=f"{name}=-1   # the last axis"))

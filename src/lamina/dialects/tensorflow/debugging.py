"""`tf.debugging`: checks of values that are at hand; a model that is compiled, which has none, is not checked."""

import functools

import numpy as np

from lamina.dialects.tensorflow.arrays import is_symbolic_tensor
from lamina.dialects.tensorflow.recording import require_values

__all__ = [
    "assert_all_finite",
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_non_negative",
    "assert_positive",
    "assert_rank",
    "assert_shapes",
    "assert_type",
    "check_numerics",
]


def _of_values(check):
    @functools.wraps(check)
    def checked(x, *others, **options):
        if any(map(is_symbolic_tensor, (x, *others))):
            require_values("a check")
        else:
            check(x, *others, **options)

    return checked


@_of_values
def assert_equal(x, y, message=None, **options):
    """Raise ValueError unless all values are the same."""
    _check(np.all(np.asarray(x) == np.asarray(y)), message or f"{x} and {y} differ")


@_of_values
def assert_near(x, y, rtol=1e-6, atol=1e-6, message=None, **options):
    """Raise ValueError unless all values are close."""
    _check(np.allclose(x, y, rtol=rtol, atol=atol), message or f"{x} and {y} are not close")


@_of_values
def assert_greater(x, y, message=None, **options):
    """Raise ValueError unless each value is above the other's."""
    _check(np.all(np.asarray(x) > np.asarray(y)), message or f"{x} is not above {y}")


@_of_values
def assert_greater_equal(x, y, message=None, **options):
    """Raise ValueError unless no value is below the other's."""
    _check(np.all(np.asarray(x) >= np.asarray(y)), message or f"{x} is below {y}")


@_of_values
def assert_less_equal(x, y, message=None, **options):
    """Raise ValueError unless no value is above the other's."""
    _check(np.all(np.asarray(x) <= np.asarray(y)), message or f"{x} is above {y}")


@_of_values
def assert_less(x, y, message=None, **options):
    """Raise ValueError unless each value is below the other's."""
    _check(np.all(np.asarray(x) < np.asarray(y)), message or f"{x} is not below {y}")


@_of_values
def assert_all_finite(x, message=None, **options):
    """Raise ValueError for a NaN or an infinity."""
    _check(np.all(np.isfinite(x)), message or "there are values that are not finite")


def assert_rank(x, rank, message=None, name=None):
    """Raise ValueError unless there are so many axes."""
    _check(len(x.shape) == rank, message or f"{tuple(x.shape)} has not {rank} axes")


def assert_type(tensor, tf_type, message=None, name=None):
    """Raise TypeError for another dtype."""
    if tensor.dtype != str(tf_type):
        raise TypeError(message or f"{tensor.dtype} is not {tf_type}")


@_of_values
def assert_non_negative(x, message=None, **options):
    """Raise ValueError for a value below zero."""
    _check(np.all(np.asarray(x) >= 0), message or f"{x} is negative")


@_of_values
def assert_positive(x, message=None, **options):
    """Raise ValueError for a value that is not above zero."""
    _check(np.all(np.asarray(x) > 0), message or f"{x} is not positive")


def check_numerics(tensor, message, name=None):
    """Return the array; raise ValueError for a NaN or an infinity."""
    assert_all_finite(tensor, message)
    return tensor


def assert_shapes(shapes, **options):
    """Raise ValueError unless each array has its shape; letters stand for sizes that must agree."""
    known = {}
    for array, sizes in shapes.items() if isinstance(shapes, dict) else shapes:
        _check(len(array.shape) == len(sizes), f"{array.shape} has not the axes {sizes}")
        for size, wanted in zip(array.shape, sizes, strict=True):
            _check(
                known.setdefault(wanted, size if isinstance(wanted, str) else wanted) == size, f"{array.shape}: {sizes}"
            )


def _check(holds, message):
    if not holds:
        raise ValueError(message)

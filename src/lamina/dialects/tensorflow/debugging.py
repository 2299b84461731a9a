"""`tf.debugging`: checks of values that are at hand."""

import numpy as np

__all__ = [
    "assert_all_finite",
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_shapes",
    "check_numerics",
]


def assert_equal(x, y, message=None, **options):
    """Raise ValueError unless all values are the same."""
    _check(np.array_equal(x, y), message or f"{x} and {y} differ")


def assert_near(x, y, rtol=1e-6, atol=1e-6, message=None, **options):
    """Raise ValueError unless all values are close."""
    _check(np.allclose(x, y, rtol=rtol, atol=atol), message or f"{x} and {y} are not close")


def assert_greater(x, y, message=None, **options):
    """Raise ValueError unless each value is above the other's."""
    _check(np.all(np.asarray(x) > np.asarray(y)), message or f"{x} is not above {y}")


def assert_greater_equal(x, y, message=None, **options):
    """Raise ValueError unless no value is below the other's."""
    _check(np.all(np.asarray(x) >= np.asarray(y)), message or f"{x} is below {y}")


def assert_less_equal(x, y, message=None, **options):
    """Raise ValueError unless no value is above the other's."""
    _check(np.all(np.asarray(x) <= np.asarray(y)), message or f"{x} is above {y}")


def assert_less(x, y, message=None, **options):
    """Raise ValueError unless each value is below the other's."""
    _check(np.all(np.asarray(x) < np.asarray(y)), message or f"{x} is not below {y}")


def assert_all_finite(x, message=None, **options):
    """Raise ValueError for a NaN or an infinity."""
    _check(np.all(np.isfinite(x)), message or "there are values that are not finite")


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

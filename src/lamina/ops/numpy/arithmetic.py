"""Functions of two numbers, applied to broadcast arrays element by element."""

import jax.numpy as jnp

from lamina.core import dtypes
from lamina.core.op import op
from lamina.ops.casting import as_common_float


@op("x1", "x2")
def add(x1, x2):
    """Return x1 + x2."""
    return jnp.add(x1, x2)


@op("x1", "x2")
def subtract(x1, x2):
    """Return x1 - x2."""
    return jnp.subtract(x1, x2)


@op("x1", "x2")
def multiply(x1, x2):
    """Return x1 * x2."""
    return jnp.multiply(x1, x2)


@op("x1", "x2")
def divide(x1, x2):
    """Return x1 / x2 as a float."""
    return jnp.divide(x1, x2)


@op("x1", "x2")
def true_divide(x1, x2):
    """Return x1 / x2 as a float; another name for `divide`."""
    return jnp.divide(x1, x2)


@op("x1", "x2")
def divide_no_nan(x1, x2):
    """Return x1 / x2, and 0 where x2 is 0."""
    is_zero = jnp.equal(x2, 0)
    return jnp.where(is_zero, 0, jnp.divide(x1, jnp.where(is_zero, 1, x2)))


@op("x1", "x2")
def floor_divide(x1, x2):
    """Return x1 / x2 rounded down to a whole number."""
    return jnp.floor_divide(x1, x2)


@op("x1", "x2")
def mod(x1, x2):
    """Return what floor division leaves over; it has the sign of x2."""
    return jnp.mod(x1, x2)


@op("x1", "x2")
def fmod(x1, x2):
    """Return what division rounded towards 0 leaves over; it has the sign of x1."""
    return jnp.fmod(x1, x2)


@op("x1", "x2")
def power(x1, x2):
    """Return x1 to the power of x2."""
    return jnp.power(x1, x2)


@op("x1", "x2")
def maximum(x1, x2):
    """Return the larger of both; NaN if one is NaN."""
    return jnp.maximum(x1, x2)


@op("x1", "x2")
def minimum(x1, x2):
    """Return the smaller of both; NaN if one is NaN."""
    return jnp.minimum(x1, x2)


@op("x1", "x2")
def fmax(x1, x2):
    """Return the larger of both; the number if the other one is NaN."""
    return jnp.fmax(x1, x2)


@op("x1", "x2")
def fmin(x1, x2):
    """Return the smaller of both; the number if the other one is NaN."""
    return jnp.fmin(x1, x2)


@op("x1", "x2")
def arctan2(x1, x2):
    """Return the angle of the point (x2, x1), from -pi to pi [radians]."""
    return jnp.arctan2(*as_common_float(x1, x2))


@op("x1", "x2")
def hypot(x1, x2):
    """Return sqrt(x1^2 + x2^2)."""
    return jnp.hypot(x1, x2)


@op("x1", "x2")
def logaddexp(x1, x2):
    """Return log(exp(x1) + exp(x2)) without overflow."""
    return jnp.logaddexp(*as_common_float(x1, x2))


@op("x1", "x2")
def logaddexp2(x1, x2):
    """Return log2(2^x1 + 2^x2) without overflow."""
    return jnp.logaddexp2(*as_common_float(x1, x2))


@op("x1", "x2")
def heaviside(x1, x2):
    """Return 0 below 0, 1 above 0, and x2 where x1 is 0."""
    return jnp.heaviside(x1, x2)


@op("x1", "x2")
def nextafter(x1, x2):
    """Return the next representable number from x1 towards x2."""
    return jnp.nextafter(x1, x2)


@op("x1", "x2")
def ldexp(x1, x2):
    """Return x1 * 2^x2.

    Raises: TypeError if x2 is no integer.
    """
    if not dtypes.is_int(jnp.result_type(x2)):
        raise TypeError(f"`ldexp` wants an integer exponent. Received: x2 of dtype {jnp.result_type(x2)}")
    return jnp.ldexp(x1, x2)


@op("x1", "x2")
def gcd(x1, x2):
    """Return the greatest common divisor of two integers."""
    return jnp.gcd(x1, x2)


@op("x1", "x2")
def lcm(x1, x2):
    """Return the least common multiple of two integers."""
    return jnp.lcm(x1, x2)


@op("x", "y")
def bitwise_and(x, y):
    """Return the bits set in both integers."""
    return jnp.bitwise_and(x, y)


@op("x", "y")
def bitwise_or(x, y):
    """Return the bits set in one or both integers."""
    return jnp.bitwise_or(x, y)


@op("x", "y")
def bitwise_xor(x, y):
    """Return the bits set in exactly one of both integers."""
    return jnp.bitwise_xor(x, y)


@op("x", "y")
def bitwise_left_shift(x, y):
    """Move the bits of x by y places up."""
    return jnp.left_shift(x, y)


@op("x", "y")
def left_shift(x, y):
    """Move the bits of x by y places up; another name for `bitwise_left_shift`."""
    return jnp.left_shift(x, y)


@op("x", "y")
def bitwise_right_shift(x, y):
    """Move the bits of x by y places down; the sign stays."""
    return jnp.right_shift(x, y)


@op("x", "y")
def right_shift(x, y):
    """Move the bits of x by y places down; another name for `bitwise_right_shift`."""
    return jnp.right_shift(x, y)


@op("x1", "x2")
def equal(x1, x2):
    """Tell where x1 == x2."""
    return jnp.equal(x1, x2)


@op("x1", "x2")
def not_equal(x1, x2):
    """Tell where x1 != x2."""
    return jnp.not_equal(x1, x2)


@op("x1", "x2")
def less(x1, x2):
    """Tell where x1 < x2."""
    return jnp.less(x1, x2)


@op("x1", "x2")
def less_equal(x1, x2):
    """Tell where x1 <= x2."""
    return jnp.less_equal(x1, x2)


@op("x1", "x2")
def greater(x1, x2):
    """Tell where x1 > x2."""
    return jnp.greater(x1, x2)


@op("x1", "x2")
def greater_equal(x1, x2):
    """Tell where x1 >= x2."""
    return jnp.greater_equal(x1, x2)


@op("x1", "x2")
def logical_and(x1, x2):
    """Tell where both are true."""
    return jnp.logical_and(x1, x2)


@op("x1", "x2")
def logical_or(x1, x2):
    """Tell where one or both are true."""
    return jnp.logical_or(x1, x2)


@op("x1", "x2")
def logical_xor(x1, x2):
    """Tell where exactly one is true."""
    return jnp.logical_xor(x1, x2)


@op("x1", "x2", "rtol", "atol")
def isclose(x1, x2, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Tell where |x1 - x2| <= atol + rtol * |x2|."""
    return jnp.isclose(x1, x2, rtol, atol, equal_nan)


@op("x1", "x2", class_name="AllClose")
def allclose(x1, x2, rtol=1e-05, atol=1e-08, equal_nan=False):
    """Tell whether `isclose` holds everywhere."""
    return jnp.allclose(x1, x2, rtol, atol, equal_nan)

"""Functions of one number, applied to every element."""

import jax.numpy as jnp

from lamina.core.op import op
from lamina.ops.casting import as_float


@op
def absolute(x):
    """Return |x|; the magnitude of a complex number."""
    return jnp.abs(x)


abs = absolute


@op
def fabs(x):
    """Return |x| as a float."""
    return jnp.fabs(as_float(x))


@op
def negative(x):
    """Return -x."""
    return jnp.negative(x)


@op
def sign(x):
    """Return -1, 0 or 1."""
    return jnp.sign(x)


@op
def signbit(x):
    """Tell where the sign is minus, that of -0.0 included."""
    return jnp.signbit(x)


@op
def square(x):
    """Return x^2."""
    return jnp.square(x)


@op
def sqrt(x):
    """Return the square root; NaN below 0."""
    return jnp.sqrt(as_float(x))


@op
def cbrt(x):
    """Return the cube root."""
    return jnp.cbrt(as_float(x))


@op
def reciprocal(x):
    """Return 1 / x."""
    return jnp.reciprocal(x)


@op
def exp(x):
    """Return e^x."""
    return jnp.exp(as_float(x))


@op
def exp2(x):
    """Return 2^x."""
    return jnp.exp2(as_float(x))


@op
def expm1(x):
    """Return e^x - 1, exact near 0."""
    return jnp.expm1(as_float(x))


@op
def log(x):
    """Return the natural logarithm."""
    return jnp.log(as_float(x))


@op
def log10(x):
    """Return the logarithm to base 10."""
    return jnp.log10(as_float(x))


@op
def log1p(x):
    """Return log(1 + x), exact near 0."""
    return jnp.log1p(as_float(x))


@op
def log2(x):
    """Return the logarithm to base 2."""
    return jnp.log2(as_float(x))


@op
def sin(x):
    """Return the sine of an angle [radians]."""
    return jnp.sin(as_float(x))


@op
def cos(x):
    """Return the cosine of an angle [radians]."""
    return jnp.cos(as_float(x))


@op
def tan(x):
    """Return the tangent of an angle [radians]."""
    return jnp.tan(as_float(x))


@op
def arcsin(x):
    """Return the angle whose sine is x, from -pi/2 to pi/2 [radians]."""
    return jnp.arcsin(as_float(x))


@op
def arccos(x):
    """Return the angle whose cosine is x, from 0 to pi [radians]."""
    return jnp.arccos(as_float(x))


@op
def arctan(x):
    """Return the angle whose tangent is x, from -pi/2 to pi/2 [radians]."""
    return jnp.arctan(as_float(x))


@op
def sinh(x):
    """Return the hyperbolic sine."""
    return jnp.sinh(as_float(x))


@op
def cosh(x):
    """Return the hyperbolic cosine."""
    return jnp.cosh(as_float(x))


@op
def tanh(x):
    """Return the hyperbolic tangent."""
    return jnp.tanh(as_float(x))


@op
def arcsinh(x):
    """Return the inverse of `sinh`."""
    return jnp.arcsinh(as_float(x))


@op
def arccosh(x):
    """Return the inverse of `cosh`; NaN below 1."""
    return jnp.arccosh(as_float(x))


@op
def arctanh(x):
    """Return the inverse of `tanh`."""
    return jnp.arctanh(as_float(x))


@op
def sinc(x):
    """Return sin(pi x) / (pi x); 1 at 0."""
    return jnp.sinc(as_float(x))


@op
def i0(x):
    """Return the modified Bessel function of the first kind, order 0."""
    return jnp.i0(as_float(x))


@op
def deg2rad(x):
    """Return degrees as radians."""
    return jnp.deg2rad(as_float(x))


@op
def rad2deg(x):
    """Return radians as degrees."""
    return jnp.rad2deg(as_float(x))


@op
def floor(x):
    """Return the largest whole number that is not above x, as a float."""
    return jnp.floor(as_float(x))


@op
def ceil(x):
    """Return the smallest whole number that is not below x, as a float."""
    return jnp.ceil(as_float(x))


@op
def trunc(x):
    """Drop the digits behind the point."""
    return jnp.trunc(x)


@op
def round(x, decimals=0):
    """Round to `decimals` digits behind the point, a half to the even side; a negative number means in front of it."""
    if decimals < 0 and not jnp.issubdtype(jnp.result_type(x), jnp.inexact):
        scale = 10.0**-decimals
        return (jnp.round(jnp.asarray(x) / scale) * scale).astype(jnp.result_type(x))
    return jnp.round(x, decimals)


@op
def real(x):
    """Return the real part."""
    return jnp.real(x)


@op
def imag(x):
    """Return the imaginary part."""
    return jnp.imag(x)


@op
def conjugate(x):
    """Return the complex conjugate."""
    return jnp.conjugate(x)


conj = conjugate


@op
def angle(x):
    """Return the phase of a complex number, from -pi to pi [radians]."""
    return jnp.angle(as_float(x))


@op
def isfinite(x):
    """Tell where x is neither infinite nor NaN."""
    return jnp.isfinite(x)


@op
def isinf(x):
    """Tell where x is infinite."""
    return jnp.isinf(x)


@op
def isnan(x):
    """Tell where x is NaN."""
    return jnp.isnan(x)


@op
def isneginf(x):
    """Tell where x is minus infinity."""
    return jnp.isneginf(x)


@op
def isposinf(x):
    """Tell where x is plus infinity."""
    return jnp.isposinf(x)


@op
def isreal(x):
    """Tell where the imaginary part is 0."""
    return jnp.isreal(x)


@op
def logical_not(x):
    """Tell where x is 0 or False."""
    return jnp.logical_not(x)


@op
def bitwise_invert(x):
    """Flip every bit."""
    return jnp.invert(x)


@op
def bitwise_not(x):
    """Flip every bit; another name for `bitwise_invert`."""
    return jnp.invert(x)


@op
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Replace NaN by `nan` and infinities by the given numbers, by default the largest and smallest of the dtype."""
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@op
def clip(x, x_min, x_max):
    """Move what lies below `x_min` or above `x_max` to that bound."""
    if getattr(x, "dtype", None) == "bool":
        x = x.astype("int32")
    return jnp.clip(x, x_min, x_max)


@op
def copy(x):
    """Return a copy."""
    return jnp.copy(x)


@op
def view(x, dtype=None):
    """Read the bytes as another dtype; the last axis grows or shrinks by the ratio of the sizes."""
    return jnp.asarray(x).view(dtype)

"""What stays constant in an array that depends on data: NaN stands for "not known".

A mask writes a number so low into scores that softmax makes it zero, and what is multiplied by zero has no say.
"""

import jax
import jax.numpy as jnp
import numpy as np

LOW = -1e4  # from here down nothing that is added makes a difference: exp of it is 0


def known_parts(eqn, values):
    """Return the value of an equation whose operands depend on data in part, None if nothing of it is known.

    Args:
        values: of the operands, each with NaN for what is not known; None where nothing is.
    """
    rule = _RULES.get(eqn.primitive.name)
    out = eqn.outvars[0].aval
    if rule is None or all(value is None for value in values) or not jnp.issubdtype(out.dtype, jnp.floating):
        return None
    filled = [_unknown(var.aval) if value is None else value for var, value in zip(eqn.invars, values, strict=True)]
    with jax.ensure_compile_time_eval():
        value = rule(eqn, *filled)
        return None if value is None or jnp.isnan(value).all() else jnp.broadcast_to(value, out.shape)


def _unknown(aval):
    return np.full(aval.shape, np.nan, "float32")


def _itself(eqn, *values):
    return eqn.primitive.bind(*(jnp.asarray(value) for value in values), **eqn.params)


def _choice(eqn, which, *cases):
    return None if which.dtype.kind == "f" else _itself(eqn, which, *(jnp.asarray(case, "float32") for case in cases))


def _sum(eqn, a, b):
    return jnp.where(a <= LOW, a, jnp.where(b <= LOW, b, jnp.nan))


def _difference(eqn, a, b):
    return _sum(eqn, a, -jnp.asarray(b))


def _product(eqn, a, b):
    return jnp.where((a == 0) | (b == 0), 0, jnp.nan)


def _quotient(eqn, a, b):
    return jnp.where(a == 0, 0, jnp.nan)


def _exponential(eqn, a):
    return jnp.exp(a)


_RULES = {
    **dict.fromkeys(("broadcast_in_dim", "copy", "reshape", "squeeze", "stop_gradient", "transpose"), _itself),
    "add": _sum,
    "convert_element_type": lambda eqn, a: a,
    "div": _quotient,
    "exp": _exponential,
    "mul": _product,
    "select_n": _choice,
    "sub": _difference,
}

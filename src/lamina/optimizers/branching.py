"""Updates that happen only if a condition holds."""

import jax

from lamina.core.state import pure


def do_nothing():
    """Change nothing."""


def branch(condition, variables, then, otherwise=do_nothing):
    """Call `then` if a condition holds and `otherwise` if not, also where that is known only on the device.

    Args:
        condition: a boolean scalar, traced or not.
        variables: all variables that one of the functions assigns to.
        then, otherwise: functions without arguments, which assign to variables.

    Example:
        >>> from lamina.core.variable import Variable
        >>> v = Variable(1.0)
        >>> branch(v.value > 0, [v], lambda: v.assign(5.0))
        >>> float(v)
        5.0
    """
    if not isinstance(condition, jax.core.Tracer):
        (then if condition else otherwise)()
        return
    then, otherwise = pure(then, variables), pure(otherwise, variables)
    values = [variable.value for variable in variables]
    values = jax.lax.cond(condition, lambda old: then(old)[1], lambda old: otherwise(old)[1], values)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)

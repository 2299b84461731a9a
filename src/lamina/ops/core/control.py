"""Branches and loops that are part of the compiled program.

Functions get and return arrays, in any nested structure; a loop keeps shapes and dtypes from step to step.
"""

import jax
from jax import lax

from lamina.core.context import thread
from lamina.core.op import op
from lamina.ops.core.slicing import as_places


@op("pred", "true_fn", "false_fn")
def cond(pred, true_fn, false_fn):
    """Return `true_fn()` if `pred` is true and `false_fn()` otherwise.

    Raises: ValueError unless both return the same shapes and dtypes.
    """
    try:
        return lax.cond(pred, true_fn, false_fn)
    except TypeError as error:
        if not str(error).startswith("cond branches"):
            raise
        raise ValueError(
            f"`true_fn` and `false_fn` should return outputs of the same kind (struct, dtype and shape). {error}"
        ) from error


@op("index", "branches", "operands", lists=("branches",))
def switch(index, branches, *operands):
    """Return `branches[index](*operands)`; an index out of range means the nearest branch."""
    return lax.switch(as_places(index), branches, *operands)


@op("loop_vars", lists=("loop_vars",))
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Repeat `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds.

    Args:
        loop_vars: tuple or list of arrays, or one array.
        maximum_iterations: bound on the number of repetitions [count].

    Example:
        >>> int(while_loop(lambda x: x < 10, lambda x: 2 * x, 1))
        16
    """
    if thread.shape_trace:
        return loop_vars  # a loop keeps shapes and dtypes
    single = not isinstance(loop_vars, list | tuple)
    values = (loop_vars,) if single else tuple(loop_vars)

    def goes_on(state):
        count, values = state
        proceed = cond(*values)
        return proceed if maximum_iterations is None else proceed & (count < maximum_iterations)

    def step(state):
        count, values = state
        results = body(*values)
        return count + 1, (results,) if single else tuple(results)

    _, values = lax.while_loop(goes_on, step, (0, values))
    return values[0] if single else values


@op("init_val", lists=("init_val",))
def fori_loop(lower, upper, body_fun, init_val):
    """Repeat `value = body_fun(i, value)` for i from `lower` to `upper` - 1.

    Example:
        >>> int(fori_loop(1, 5, lambda i, product: i * product, 1))
        24
    """
    return lax.fori_loop(lower, upper, body_fun, init_val)


@op("f", "init", "xs", lists=("init", "xs"))
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Walk along the first axis of `xs` with a carry: `carry, y = f(carry, x)`.

    Args:
        f: the step.
        init: first carry.
        xs: arrays that the steps get a slice of, or None.
        length: number of steps, if `xs` is None [count].
        reverse: whether to walk from the end.
        unroll: how many steps are written out in the program, at least 1, or whether all are.
    Returns:  the last carry, and every `y`, stacked.
    Raises: ValueError for another `unroll`.

    Example:
        >>> total, sums = scan(lambda carry, x: (carry + x, carry + x), 0, jax.numpy.array([1, 2, 3]))
        >>> int(total), sums.tolist()
        (6, [1, 3, 6])
    """
    if not isinstance(unroll, int) or (unroll < 1 and not isinstance(unroll, bool)):
        raise ValueError(f"`unroll` must be an positive integer or boolean. Received: unroll={unroll}")
    return lax.scan(f, init, xs, length, reverse, unroll)


@op("f", "elems", lists=("elems",))
def associative_scan(f, elems, reverse=False, axis=0):
    """Combine all elements up to each one along `axis` by `f`, for which the grouping does not matter, in parallel.

    Example:
        >>> associative_scan(lambda a, b: a + b, jax.numpy.array([1, 2, 3])).tolist()
        [1, 3, 6]
    """
    return lax.associative_scan(f, elems, reverse, axis)


@op("f", "xs", lists=("xs",))
def map(f, xs):
    """Apply `f` to each slice along the first axis, one after the other, and stack the results."""
    return lax.map(f, xs)


@op("elements", lists=("elements",))
def vectorized_map(function, elements):
    """Apply `function` to each slice along the first axis, all at once, and stack the results."""
    return jax.vmap(function)(elements)

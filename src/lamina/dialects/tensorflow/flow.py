"""How TensorFlow programs are run: functions, branches, loops, scopes."""

import contextlib
import functools

import jax
import numpy as np

from lamina import ops
from lamina.core.variable import Variable as CoreVariable
from lamina.dialects.tensorflow.arrays import is_tensor


def cond(pred, true_fn=None, false_fn=None, name=None):
    """Call one of two functions."""
    return ops.cond(pred, true_fn, false_fn)


def map_fn(fn, elems, dtype=None, fn_output_signature=None, **options):
    """Apply a function to each entry of the first axis."""
    return ops.map(fn, elems)


def function(func=None, input_signature=None, autograph=True, jit_compile=None, **options):
    """Return the function as it is: models, losses and optimizers compile what they do themselves."""
    return func if func is not None else lambda decorated: decorated


def executing_eagerly():
    """Tell that values are at hand."""
    return True


def name_scope(name):
    """Accept a name for a block."""
    return contextlib.nullcontext(name)


def print(*values, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    """Print values as NumPy does."""
    import builtins

    builtins.print(*(np.asarray(value) if is_tensor(value) else value for value in values), sep=sep, end=end)


def group(*inputs, name=None):
    """Accept operations that are already done."""


def while_loop(cond, body, loop_vars, shape_invariants=None, maximum_iterations=None, **options):
    """Call `body` on its own results as long as `cond` holds."""
    result = ops.while_loop(cond, body, tuple(loop_vars), maximum_iterations=maximum_iterations)
    return list(result) if isinstance(loop_vars, list) else result


def py_function(func=None, inp=(), Tout=None, name=None):
    """Call a Python function on arrays."""
    result = func(*[ops.convert_to_tensor(x) for x in inp])
    outputs = [ops.convert_to_tensor(x) for x in (result if isinstance(result, (tuple, list)) else [result])]
    return outputs if isinstance(Tout, (list, tuple)) else outputs[0]


def numpy_function(func=None, inp=(), Tout=None, stateful=True, name=None):
    """Call a Python function on NumPy arrays."""
    return py_function(lambda *arrays: func(*map(np.asarray, arrays)), inp, Tout)


def custom_gradient(f):
    """Let a function, which returns its value and its derivative, be differentiated by that derivative."""

    @jax.custom_vjp
    def value(*args):
        return f(*args)[0]

    def backward(args, incoming):
        gradients = f(*args)[1](incoming)
        return tuple(gradients) if isinstance(gradients, (tuple, list)) else (gradients,)

    value.defvjp(lambda *args: (f(*args)[0], args), backward)

    @functools.wraps(f)
    def on_arrays(*args):
        return value(*[ops.convert_to_tensor(x) for x in args])

    return on_arrays


def switch_case(branch_index, branch_fns, default=None, name=None):
    """Call one of several functions, by its number; the last one for a number that there is not."""
    functions = list(branch_fns.values() if isinstance(branch_fns, dict) else branch_fns)
    if isinstance(branch_fns, dict) and list(branch_fns) != list(range(len(functions))):
        raise NotImplementedError(f"Branches numbered {list(branch_fns)} are not covered; number them from 0.")
    return ops.switch(branch_index, [*functions, default or functions[-1]])


def init_scope():
    """Accept a block: what is made in it is made at once everywhere."""
    return contextlib.nullcontext()


def no_op(name=None):
    """Do nothing."""


def control_dependencies(control_inputs):
    """Accept a block: what is written first is done first."""
    return contextlib.nullcontext()


def disable_eager_execution():
    """Accept: graphs are compiled where it pays, and values are at hand elsewhere."""


disable_v2_behavior = enable_eager_execution = enable_v2_behavior = disable_eager_execution


class Module:
    """An object with variables among its attributes."""

    def __init__(self, name=None):
        self.name = name or type(self).__name__

    @property
    def variables(self):
        """All variables, those of attributes' attributes too."""
        return [v for x in vars(self).values() for v in _variables_in(x)]

    @property
    def trainable_variables(self):
        """The variables that are trained."""
        return [v for v in self.variables if v.trainable]


def _variables_in(x):
    if isinstance(x, CoreVariable):
        return [x]
    if isinstance(x, (list, tuple, dict)):
        return [v for item in (x.values() if isinstance(x, dict) else x) for v in _variables_in(item)]
    return list(getattr(x, "variables", ()))


__all__ = [
    "Module",
    "cond",
    "control_dependencies",
    "custom_gradient",
    "disable_eager_execution",
    "disable_v2_behavior",
    "enable_eager_execution",
    "enable_v2_behavior",
    "executing_eagerly",
    "function",
    "group",
    "init_scope",
    "map_fn",
    "name_scope",
    "no_op",
    "numpy_function",
    "print",
    "py_function",
    "switch_case",
    "while_loop",
]

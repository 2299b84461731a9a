"""How TensorFlow programs are run: functions, branches, loops, scopes."""

import contextlib
import functools

import jax
import numpy as np

from lamina import ops
from lamina.core.variable import Variable as CoreVariable
from lamina.dialects.tensorflow.arrays import convert_to_tensor, is_symbolic_tensor, is_tensor
from lamina.dialects.tensorflow.recording import recording
from lamina.legacy import backend


def executing_eagerly():
    """Tell that values are at hand."""
    return True


def name_scope(name):
    """Accept a name for a block."""
    return contextlib.nullcontext(name)


def print(*values, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    """Print values as NumPy does; in compiled code each time it runs."""
    import builtins

    values = [x.value if isinstance(x, CoreVariable) else x for x in values]
    traced = [x for x in values if isinstance(x, jax.core.Tracer)]

    def show(*known):
        known = iter(known)
        shown = (next(known) if isinstance(x, jax.core.Tracer) else x for x in values)
        builtins.print(*(np.asarray(x) if is_tensor(x) else x for x in shown), sep=sep, end=end)

    if traced or recording() is not None:
        jax.debug.callback(show, *traced, ordered=recording() is not None)
    else:
        show()


def group(*inputs, name=None):
    """Accept operations that are already done."""


def py_function(func=None, inp=(), Tout=None, name=None):
    """Call a Python function on arrays.

    Raises: NotImplementedError inside compiled code, where there are no values.
    """
    if any(map(is_symbolic_tensor, inp)):
        raise NotImplementedError(
            "A Python function needs values, which compiled code has not: write it with tf or keras.ops, or pass "
            "`run_eagerly=True` to compile()."
        )
    result = func(*[convert_to_tensor(x) for x in inp])
    outputs = [convert_to_tensor(x) for x in (result if isinstance(result, (tuple, list)) else [result])]
    return outputs if isinstance(Tout, (list, tuple)) else outputs[0]


def numpy_function(func=None, inp=(), Tout=None, stateful=True, name=None):
    """Call a Python function on NumPy arrays."""
    return py_function(lambda *arrays: func(*(x.numpy() for x in arrays)), inp, Tout)


def custom_gradient(f):
    """Let a function, which returns its value and its derivative, be differentiated by that derivative."""

    @jax.custom_vjp
    def value(*args):
        return f(*args)[0]

    def backward(args, incoming):
        gradients = f(*args)[1](*(incoming if isinstance(incoming, (tuple, list)) else (incoming,)))
        return tuple(gradients) if isinstance(gradients, (tuple, list)) else (gradients,)

    value.defvjp(lambda *args: (f(*args)[0], args), backward)

    @functools.wraps(f)
    def on_arrays(*args):
        return value(*[ops.convert_to_tensor(x) for x in args])

    return on_arrays


def recompute_grad(f):
    """Return the function as it is: it is computed once."""
    return f


def gradients(ys, xs, grad_ys=None, name=None):
    """Return the derivatives of a tensor of a graph, as tensors of the graph."""
    if grad_ys is not None:
        raise NotImplementedError("tf.gradients(grad_ys) is not covered; multiply `ys` by it.")
    return backend.gradients(ys, xs)


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
        """All variables, those of attributes' attributes too, each once."""
        return list({id(v): v for x in vars(self).values() for v in _variables_in(x)}.values())

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
    "control_dependencies",
    "custom_gradient",
    "disable_eager_execution",
    "disable_v2_behavior",
    "enable_eager_execution",
    "enable_v2_behavior",
    "executing_eagerly",
    "gradients",
    "group",
    "init_scope",
    "name_scope",
    "no_op",
    "numpy_function",
    "print",
    "py_function",
    "recompute_grad",
]

"""Names that programs reach for inside Keras (`keras.src.backend`, …), each a line over what Lamina has."""

import contextlib
import inspect

import jax
import numpy as np

from lamina.core import config, dtypes
from lamina.core.context import entering, get_mask, set_mask
from lamina.core.dtypes import dtype_name, standardize_dtype
from lamina.core.names import auto_name, name_scope, to_snake_case
from lamina.core.operation import Operation
from lamina.core.saveable import KerasSaveable
from lamina.core.shapes import infer as compute_output_spec
from lamina.core.state import StatelessScope, get_stateless_scope, in_stateless_scope
from lamina.core.tensor import KerasTensor, any_symbolic, is_keras_tensor, standardize_shape
from lamina.core.variable import Variable
from lamina.training.trainer import Trainer

__all__ = [
    "IS_THREAD_SAFE",
    "SUPPORTS_COMPLEX_DTYPES",
    "SUPPORTS_RAGGED_TENSORS",
    "SUPPORTS_SPARSE_TENSORS",
    "AutocastScope",
    "JAXTrainer",
    "KerasSaveable",
    "KerasTensor",
    "KerasVariable",
    "Operation",
    "StatelessScope",
    "Trainer",
    "Variable",
    "any_symbolic_tensors",
    "auto_name",
    "compute_output_spec",
    "default",
    "device",
    "dtype_name",
    "get_keras_mask",
    "get_stateless_scope",
    "has_arg",
    "in_stateless_scope",
    "int_shape",
    "is_default",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "is_numpy_array",
    "name_scope",
    "print_msg",
    "random_seed_dtype",
    "set_backend",
    "set_keras_mask",
    "standardize_data_format",
    "standardize_dtype",
    "standardize_shape",
    "to_list",
    "to_snake_case",
    "to_tuple_or_list",
]

any_symbolic_tensors = any_symbolic
get_keras_mask = get_mask
set_keras_mask = set_mask
is_float_dtype = dtypes.is_float
is_int_dtype = dtypes.is_int
standardize_data_format = config.standardize_data_format
KerasVariable = Variable
JAXTrainer = Trainer

SUPPORTS_SPARSE_TENSORS = False
SUPPORTS_RAGGED_TENSORS = False
SUPPORTS_COMPLEX_DTYPES = True
IS_THREAD_SAFE = True


class AutocastScope(entering):
    """Show float variables in another dtype inside a `with` block; `None` shows them as they are."""

    def __init__(self, dtype):
        super().__init__(autocast=None if dtype is None else standardize_dtype(dtype))


def device(name=None):
    """Place what is made inside a `with` block on a device, such as "cpu:0" or "gpu:1"."""
    if name is None:
        return contextlib.nullcontext()
    kind, _, index = str(name).strip("/").removeprefix("device:").lower().partition(":")
    return jax.default_device(jax.devices({"gpu": "cuda"}.get(kind, kind))[int(index or 0)])


def set_backend(name):
    """Accept "jax", the engine there is."""
    if name != "jax":
        raise ValueError(f"Lamina has one engine, JAX. Received: backend={name!r}.")


def random_seed_dtype():
    """Return the dtype of a seed generator's state."""
    return "uint32"


def print_msg(message, line_break=True):
    """Print a line of text."""
    print(message, end="\n" if line_break else "")


def is_default(method):
    """Tell whether a method is the base class's own: Lamina's classes have no such methods."""
    return getattr(method, "_is_default", False)


def default(method):
    """Mark a method as one that subclasses need not define."""
    method._is_default = True
    return method


def has_arg(function, name, accept_all=False):
    """Tell whether a function has an argument called `name`."""
    parameters = inspect.signature(function).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return name in parameters or (accept_all and takes_all)


def to_list(x):
    """Return a list as it is, anything else as a list of one."""
    return x if isinstance(x, list) else [x]


def int_shape(x):
    """Return a tensor's shape as a tuple, `None` where a size is unknown."""
    return tuple(x.shape)


def to_tuple_or_list(x):
    """Return a tuple or list as it is, anything else as a tuple of one."""
    return x if x is None or isinstance(x, (tuple, list)) else (x,)


def is_numpy_array(x):
    """Tell whether `x` is a NumPy array."""
    return isinstance(x, np.ndarray)

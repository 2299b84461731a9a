"""`keras.src.backend`: scopes, dtypes, and what is told about the engine."""

import contextlib

import jax

from lamina.core import config, dtypes
from lamina.core.context import entering, get_mask, set_mask, thread
from lamina.core.dtypes import dtype_name, standardize_dtype
from lamina.core.lambdas import in_safe_mode
from lamina.core.names import name_scope
from lamina.core.operation import Operation
from lamina.core.random import draw_seed, global_seed_generator, make_default_seed
from lamina.core.saveable import KerasSaveable
from lamina.core.session import clear_session
from lamina.core.shapes import infer as compute_output_spec
from lamina.core.state import StatelessScope, get_stateless_scope, in_stateless_scope
from lamina.core.tensor import KerasTensor, any_symbolic, is_keras_tensor, standardize_shape
from lamina.core.variable import Variable
from lamina.losses.alignment import align as squeeze_or_expand_to_same_rank
from lamina.training.trainer import Trainer

__all__ = [
    "ALLOWED_DTYPES",
    "BOOL_TYPES",
    "COMPLEX_TYPES",
    "FLOAT8_TYPES",
    "FLOAT_TYPES",
    "INT_TYPES",
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
    "SymbolicScope",
    "Trainer",
    "Variable",
    "any_symbolic_tensors",
    "clear_session",
    "compute_output_spec",
    "convert_tf_tensor",
    "device",
    "device_scope",
    "draw_seed",
    "dtype_name",
    "get_autocast_scope",
    "get_global_attribute",
    "get_keras_mask",
    "get_stateless_scope",
    "global_seed_generator",
    "in_safe_mode",
    "in_stateless_scope",
    "in_symbolic_scope",
    "int_shape",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "make_default_seed",
    "name_scope",
    "random_seed_dtype",
    "set_backend",
    "set_global_attribute",
    "set_keras_mask",
    "squeeze_or_expand_to_same_rank",
    "standardize_data_format",
    "standardize_dtype",
    "standardize_shape",
]

any_symbolic_tensors = any_symbolic
get_keras_mask = get_mask
set_keras_mask = set_mask
is_float_dtype = dtypes.is_float
is_int_dtype = dtypes.is_int
standardize_data_format = config.standardize_data_format
KerasVariable = Variable

BOOL_TYPES = ("bool",)
INT_TYPES = dtypes.INT_DTYPES
FLOAT8_TYPES = tuple(name for name in dtypes.FLOAT_DTYPES if name.startswith("float8"))
FLOAT_TYPES = tuple(name for name in dtypes.FLOAT_DTYPES if name not in FLOAT8_TYPES)
COMPLEX_TYPES = ("complex64", "complex128")
ALLOWED_DTYPES = (*FLOAT_TYPES, *INT_TYPES, *BOOL_TYPES, "string", *FLOAT8_TYPES, *COMPLEX_TYPES)
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


device_scope = device


def set_backend(name):
    """Accept "jax", the engine there is."""
    if name != "jax":
        raise ValueError(f"Lamina has one engine, JAX. Received: backend={name!r}.")


def random_seed_dtype():
    """Return the dtype of a seed generator's state."""
    return "uint32"


def int_shape(x):
    """Return a tensor's shape as a tuple, `None` where a size is unknown."""
    return tuple(x.shape)


class SymbolicScope(entering):
    """Say that what is computed inside a `with` block has no values."""

    def __init__(self):
        super().__init__(shape_trace=True)


def in_symbolic_scope():
    """Tell whether shapes are being inferred: values have no meaning."""
    return thread.shape_trace


def get_autocast_scope():
    """Return the open scope that shows variables in another dtype, or None."""
    return None if thread.autocast is None else AutocastScope(thread.autocast)


_attributes = {}


def get_global_attribute(name, default=None, set_to_default=False):
    """Return what was kept under a name for the whole process."""
    return _attributes.setdefault(name, default) if set_to_default else _attributes.get(name, default)


def set_global_attribute(name, value):
    """Keep something under a name for the whole process."""
    _attributes[name] = value


def convert_tf_tensor(outputs, dtype=None):
    """Return arrays as they are: there is one engine."""
    return outputs

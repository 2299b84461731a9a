"""What Keras calls the backend: here there is one, JAX."""

from lamina.core.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
)
from lamina.core.dtypes import is_float as is_float_dtype
from lamina.core.dtypes import is_int as is_int_dtype
from lamina.core.dtypes import result_type, standardize_dtype
from lamina.core.names import get_uid
from lamina.core.public_names import room
from lamina.core.session import clear_session
from lamina.core.tensor import is_keras_tensor

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def __getattr__(name):
    """Find the functions of Keras 1 and 2, such as `K.mean`, in `lamina.legacy.backend`."""
    old = room("legacy.backend")
    if name in old.__all__:
        return getattr(old, name)
    raise AttributeError(f"module 'lamina.backend' has no attribute {name!r}.")

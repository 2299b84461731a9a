"""Dtypes are strings; this file turns anything into one of them and combines them."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import dtypes as jax_dtypes

from lamina.core import config, texts

FLOAT_DTYPES = ("float8_e4m3fn", "float8_e5m2", "bfloat16", "float16", "float32", "float64")
INT_DTYPES = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
DTYPES = frozenset((*FLOAT_DTYPES, *INT_DTYPES, "bool", "string", "complex64", "complex128"))
_PYTHON_TYPES = {bool: "bool", int: "int32", float: None, str: "string", complex: "complex64", "int": "int32"}


def standardize_dtype(dtype):
    """Return `dtype` as a string; None is the default float.

    Args:
        dtype: a string, a NumPy or JAX dtype, a Python type, a foreign dtype such as "torch.float32".
    Raises: ValueError for something that is no dtype.

    Example:
        >>> standardize_dtype(np.float32), standardize_dtype("int"), standardize_dtype(None)
        ('float32', 'int32', 'float32')
    """
    if type(dtype) is str and dtype in DTYPES:
        return dtype
    if dtype is None:
        return config.floatx()
    if isinstance(dtype, type | str) and dtype in _PYTHON_TYPES:
        return _PYTHON_TYPES[dtype] or config.floatx()
    if hasattr(dtype, "name"):
        name = "string" if dtype.name == texts.NAME else str(dtype.name)
    elif hasattr(dtype, "__name__"):
        name = dtype.__name__
    else:
        name = str(dtype).split(".")[-1]
    if name not in DTYPES:
        raise ValueError(f"Invalid dtype: {dtype}. Expected one of {sorted(DTYPES)}.")
    return name


def in_programs(dtype):
    """Return what JAX takes for `dtype`: 64 bits are 32 unless it was told to keep them, texts have a dtype of its own.

    Example:
        >>> str(in_programs("int64")), str(in_programs("string"))
        ('int32', 'key<text>')
    """
    name = standardize_dtype(dtype)
    return texts.text_dtype() if name == "string" else jax_dtypes.canonicalize_dtype(name)


def is_float(dtype):
    """Tell whether `dtype` is a floating-point type."""
    return standardize_dtype(dtype) in FLOAT_DTYPES


def is_int(dtype):
    """Tell whether `dtype` is an integer type."""
    return standardize_dtype(dtype) in INT_DTYPES


def result_type(*dtypes):
    """Return the dtype that values of these dtypes are combined in.

    Python types (`int`, `float`) are weak: they take the other side's width. 64-bit results
    of narrower inputs become 32-bit.
    Source: JAX's type promotion lattice, with Keras's rule that nothing widens to 64 bits by itself.

    Example:
        >>> result_type("int32", "bfloat16"), result_type("float16", float)
        ('bfloat16', 'float16')
    """
    if not dtypes:
        return config.floatx()
    names = [standardize_dtype(dtype) for dtype in dtypes]
    if any(name.startswith("float8") for name in names):
        raise ValueError(f"There is no implicit conversions from float8 dtypes: cast them. Received: {dtypes}")
    if "uint64" in names and any(dtype in ("int", "int8", "int16", "int32", "int64") for dtype in dtypes):
        names = dtypes = ["float" + config.floatx()[-2:] if is_int(name) else name for name in names]  # none holds both
    samples = [
        _WEAK.get(dtype, name) if isinstance(dtype, type) else name for dtype, name in zip(dtypes, names, strict=True)
    ]
    with jax.enable_x64(False):
        result, weak = jax_dtypes.result_type(*map(_sample, samples), return_weak_type_flag=True)
    if weak and result != "bool":
        kind = "float" if jnp.issubdtype(result, jnp.floating) else "int"
        return kind + config.floatx()[-2:]
    return str(result)


_WEAK = {int: 0, float: 0.0, complex: 0j}


def _sample(dtype):
    """JAX reads a Python number as a weak type; a name stands for an array of that dtype."""
    return dtype if not isinstance(dtype, str) else jax.ShapeDtypeStruct((), jnp.dtype(dtype))


def as_array(x, dtype=None, fresh=False):
    """Return `x` (array, Variable, nested list, number) as a JAX array of `dtype`.

    A NumPy array is copied here and now: the engine would share its memory, or copy it a little later, and so see
    what is written to it meanwhile. One that nobody else will ever write to is `fresh`, and needs no copy.
    """
    if isinstance(x, jax.Array) and (dtype is None or x.dtype == dtype):
        return x
    if hasattr(x, "_keras_variable"):
        x = x.value
    if isinstance(x, np.ndarray):
        if texts.are_texts(x) and (dtype is None or standardize_dtype(dtype) == "string"):
            return texts.to_array(x)
        x = x if fresh else x.copy()
        if x.dtype == dtype or (fresh and dtype is None):
            return jax.device_put(x)  # in its memory, if that is aligned; `asarray` would copy it
    if dtype == "bfloat16":  # NumPy cannot read bfloat16 from lists and files
        return jnp.asarray(x).astype(dtype)
    return jnp.asarray(x, dtype=dtype)


def dtype_name(x):
    """Return the short form of an array's dtype: "f32", "i8", "bool"."""
    if texts.are_texts(x) or getattr(x, "dtype", x) == "string":
        return "string"
    name = np.dtype(jax_dtypes.canonicalize_dtype(x.dtype) if hasattr(x, "dtype") else x).name
    return name.replace("bfloat", "bf").replace("float", "f").replace("uint", "u").replace("int", "i")

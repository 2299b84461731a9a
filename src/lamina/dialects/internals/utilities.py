"""`keras.src.utils`: small helpers for arguments, names, lists and types."""

import enum
import inspect
import logging
import sys

import numpy as np

from lamina import ops
from lamina.core.dtypes import result_type, standardize_dtype
from lamina.core.names import auto_name, get_uid, reset_names, to_snake_case, uniquify
from lamina.training.data.arrays import class_weights

__all__ = [
    "AUCCurve",
    "AUCSummationMethod",
    "TrackedDict",
    "TrackedList",
    "TrackedSet",
    "ask_to_proceed_with_overwrite",
    "auto_name",
    "canonicalize_axes",
    "canonicalize_axis",
    "cast_to_common_dtype",
    "class_weight_to_sample_weights",
    "default",
    "dtype_size",
    "get_object_name",
    "get_uid",
    "has_arg",
    "in_grain_data_pipeline",
    "is_continuous_axis",
    "is_default",
    "is_float",
    "is_numpy_array",
    "no_automatic_dependency_tracking",
    "print_msg",
    "pythonify_logs",
    "remove_long_seq",
    "removeprefix",
    "removesuffix",
    "reset_uids",
    "set_logging_verbosity",
    "standardize_axis_for_numpy",
    "standardize_padding",
    "standardize_tuple",
    "to_list",
    "to_snake_case",
    "to_tuple_or_list",
    "uniquify",
    "validate_string_arg",
]


class _Named(enum.Enum):
    @classmethod
    def from_str(cls, key):
        """Return the member with a name, in small letters or capitals.

        Raises: ValueError for another name.
        """
        for member in cls:
            if str(key).lower() == member.value.lower():
                return member
        raise ValueError(f'Invalid {cls.__name__} value: "{key}".')


class AUCCurve(_Named):
    """The curves whose area `metrics.AUC` measures."""

    ROC = "ROC"
    PR = "PR"
    PRGAIN = "PRGAIN"


class AUCSummationMethod(_Named):
    """The ways to measure it."""

    INTERPOLATION = "interpolation"
    MAJORING = "majoring"
    MINORING = "minoring"


# Containers need no class of their own here: what a layer owns is found in plain ones.
TrackedList, TrackedDict, TrackedSet = list, dict, set
reset_uids = reset_names


def print_msg(message, line_break=True):
    """Print a line of text, with question marks for what the terminal cannot show."""
    text, encoding = message + "\n" * line_break, sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def set_logging_verbosity(level):
    """Choose how important a message must be to be logged where nothing is printed.

    Args:
        level: "FATAL", "ERROR", "WARNING", "INFO" or "DEBUG".
    Raises: ValueError for another word.
    """
    levels = ("FATAL", "ERROR", "WARNING", "INFO", "DEBUG")
    if str(level).upper() not in levels:
        raise ValueError(f"Please pass a valid level: one of {levels}. Received: {level}")
    logging.getLogger("lamina").setLevel(str(level).upper())


def class_weight_to_sample_weights(y, class_weight):
    """Return the weight of each sample by its class."""
    return class_weights(y, class_weight)


def in_grain_data_pipeline():
    """Tell whether the calling function runs inside a pipeline of Grain, on NumPy arrays."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("grain."):
            return True
        frame = frame.f_back
    return False


def no_automatic_dependency_tracking(method):
    """Return a method as it is: what it sets is found all the same, and harms nothing."""
    return method


def ask_to_proceed_with_overwrite(filepath):
    """Ask whether a file may be written over; return the answer."""
    answer = ""
    while answer not in ("y", "n"):
        answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
    return answer == "y"


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


def to_tuple_or_list(x):
    """Return a tuple or list as it is, anything else as a tuple of one."""
    return x if x is None or isinstance(x, (tuple, list)) else (x,)


def is_numpy_array(x):
    """Tell whether `x` is a NumPy array."""
    return isinstance(x, np.ndarray)


def removeprefix(x, prefix):
    """Return a text without its beginning."""
    return x.removeprefix(prefix)


def removesuffix(x, suffix):
    """Return a text without its end."""
    return x.removesuffix(suffix)


def remove_long_seq(maxlen, seq, label):
    """Return the sequences shorter than `maxlen`, and their labels."""
    kept = [(x, y) for x, y in zip(seq, label, strict=True) if len(x) < maxlen]
    return [x for x, _ in kept], [y for _, y in kept]


def is_continuous_axis(axis):
    """Tell whether axes follow each other, counted from one end."""
    numbers = sorted([axis] if isinstance(axis, int) else axis)
    same_end = len({number < 0 for number in numbers}) <= 1
    return same_end and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def pythonify_logs(logs):
    """Return logs as floats, without dicts in them."""
    flat = {}
    for name, value in sorted((logs or {}).items()):
        flat.update(pythonify_logs(value) if isinstance(value, dict) else {name: _as_float(value)})
    return flat


def _as_float(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def get_object_name(x):
    """Return a name in snake case for an object, a class or a function."""
    return x.name if hasattr(x, "name") else to_snake_case(getattr(x, "__name__", type(x).__name__))


def canonicalize_axis(axis, num_dims):
    """Return an axis counted from the front.

    Raises: ValueError if there is no such axis.
    """
    if not -num_dims <= axis < num_dims:
        raise ValueError(f"axis {axis} is out of bounds for an array with dimension {num_dims}.")
    return axis % num_dims


def canonicalize_axes(axis, num_dims):
    """Return axes counted from the front, as a tuple."""
    return tuple(canonicalize_axis(each, num_dims) for each in ([axis] if isinstance(axis, int) else axis))


def standardize_axis_for_numpy(axis):
    """Return a list of axes as a tuple, anything else as it is."""
    return tuple(axis) if isinstance(axis, list) else axis


def standardize_tuple(value, n, name, allow_zero=False):
    """Return a number, or `n` numbers, as `n` whole numbers.

    Raises: ValueError for another count, for what is no number, and for numbers too small.
    """
    told = f"The `{name}` argument must be a tuple of {n} integers. Received {name}={value}"
    try:
        numbers = (value,) * n if isinstance(value, int) else tuple(value)
        wrong = [number for number in numbers if int(number) < (0 if allow_zero else 1)]
    except TypeError:
        raise ValueError(told) from None
    if len(numbers) != n:
        raise ValueError(told)
    if wrong:
        raise ValueError(f"{told}, including {set(wrong)} that do not satisfy `value {'>=' if allow_zero else '>'} 0`")
    return numbers


def standardize_padding(value, allow_causal=False):
    """Return the name of a padding in small letters; lists of numbers as they are.

    Raises: ValueError for an unknown name.
    """
    if isinstance(value, (list, tuple)):
        return value
    known = {"valid", "same", "causal"} if allow_causal else {"valid", "same"}
    if value.lower() not in known:
        raise ValueError(f"The `padding` argument must be a list/tuple or one of {known}. Received: {value.lower()}")
    return value.lower()


def validate_string_arg(value, allowable_strings, caller_name, arg_name, allow_none=False, allow_callables=False):
    """Raise ValueError unless the value is one of some words, or None or a callable where these are allowed."""
    accepted = (
        (allow_none and value is None)
        or (allow_callables and callable(value))
        or (isinstance(value, str) and value in allowable_strings)
    )
    if not accepted:
        raise ValueError(
            f"The `{arg_name}` argument of {caller_name} must be one of {sorted(allowable_strings)}. Received: {value}"
        )


def dtype_size(dtype):
    """Return the bits of a dtype, `None` for text."""
    name = standardize_dtype(dtype)
    return {"bool": 1, "bfloat16": 16, "string": None}.get(name, _digits(name))


def _digits(name):
    found = "".join(c for c in name.removeprefix("float8").split("_")[0] if c.isdigit())
    return 8 if name.startswith("float8") else int(found or 0)


def is_float(dtype):
    """Tell whether a dtype is a float type."""
    return "float" in standardize_dtype(dtype)


def cast_to_common_dtype(tensors):
    """Cast all tensors to the float type that the float tensors among them combine to."""
    floats = [x.dtype for x in tensors if is_float(x.dtype)]
    return [ops.cast(x, result_type(*floats)) for x in tensors] if floats else tensors

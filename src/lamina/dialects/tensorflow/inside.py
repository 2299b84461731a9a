"""Names of TensorFlow's private modules (`tensorflow.python.…`) that are not public ones too."""

from types import SimpleNamespace

from lamina.core.random import get_random_seed as global_seed
from lamina.dialects.old_names.layers import AbstractRNNCell as RNNCell
from lamina.dialects.tensorflow.config import list_physical_devices

__all__ = [
    "AggregatingVariable",
    "BoolGauge",
    "DistributedVariable",
    "RNNCell",
    "TraceType",
    "_concat",
    "assign",
    "assign_add",
    "assign_sub",
    "disable_op_determinism",
    "enable_op_determinism",
    "global_seed",
    "is_op_determinism_enabled",
    "list_local_devices",
]


class AggregatingVariable:
    """A variable on parameter servers: here there are none, so that nothing is one."""


class BoolGauge:
    """What counts which functions of a package are used: here nothing is counted."""

    def __init__(self, name, description, *labels):
        self.name = name

    def get_cell(self, *labels):
        """Return the gauge."""
        return self

    def set(self, value):
        """Accept a value."""


class DistributedVariable:
    """A variable with a copy on each device: here variables are whole, so that nothing is one."""


class TraceType:
    """What `tf.function` compiles for: to be subclassed, and never asked."""


def assign(ref, value, use_locking=None, name=None):
    """Give a variable another value and return it."""
    return ref.assign(value)


def assign_add(ref, value, use_locking=None, name=None):
    """Add to a variable and return its value."""
    return ref.assign_add(value)


def assign_sub(ref, value, use_locking=None, name=None):
    """Take from a variable and return its value."""
    return ref.assign_sub(value)


def is_op_determinism_enabled():
    """Tell that the same program gives the same numbers again on one machine."""
    return True


def enable_op_determinism():
    """Accept: it is so."""


disable_op_determinism = enable_op_determinism


def list_local_devices(session_config=None):
    """Return what is known of each device: its name and its kind."""
    return [
        SimpleNamespace(name=device.name.replace("physical_device", "device"), device_type=device.device_type)
        for device in list_physical_devices()
    ]


def _concat(prefix, suffix, static=False):
    """Return the sizes of two shapes, each a number or several, one after the other."""
    return [size for part in (prefix, suffix) for size in ([part] if isinstance(part, int) else part)]

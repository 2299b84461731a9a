"""Names of TensorFlow's private modules (`tensorflow.python.…`) that are not public ones too."""

from lamina.core.random import get_random_seed as global_seed

__all__ = ["disable_op_determinism", "enable_op_determinism", "global_seed", "is_op_determinism_enabled"]


def is_op_determinism_enabled():
    """Tell that the same program gives the same numbers again on one machine."""
    return True


def enable_op_determinism():
    """Accept: it is so."""


disable_op_determinism = enable_op_determinism

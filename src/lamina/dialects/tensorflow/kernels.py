"""What packages tell TensorFlow of variables on many machines and of operations in compiled code."""

__all__ = ["RegisterGradient", "VariableAggregation", "VariableSynchronization", "load_op_library", "no_gradient"]


class VariableAggregation:
    """How the values of replicas become one."""

    MEAN = "mean"
    NONE = "none"
    ONLY_FIRST_REPLICA = "only_first_replica"
    SUM = "sum"


class VariableSynchronization:
    """When the values of replicas become one."""

    AUTO = "auto"
    NONE = "none"
    ON_READ = "on_read"
    ON_WRITE = "on_write"


class RegisterGradient:
    """Accept the derivative of an operation in compiled code, which is never run here.

    Args:
        op_type: the operation's name.
    """

    def __init__(self, op_type):
        self.op_type = op_type

    def __call__(self, f):
        """Return the function."""
        return f


def no_gradient(op_type):
    """Accept that an operation has no derivative."""


def load_op_library(library_filename):
    """Raise: what was compiled for TensorFlow runs only there.

    Raises: NotImplementedError always.
    """
    raise NotImplementedError(
        f"{library_filename} holds operations that were compiled for TensorFlow; only the parts of the package that "
        "are written in Python run here."
    )

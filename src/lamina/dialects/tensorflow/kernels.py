"""`tf.no_gradient` and `tf.load_op_library`: operations that packages bring along as compiled code."""

__all__ = ["no_gradient", "load_op_library"]


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

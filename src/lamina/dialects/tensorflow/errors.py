"""`tf.errors`: the exceptions of programs' `except` clauses, as what is raised in their place here."""

import jax

__all__ = [
    "AlreadyExistsError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "ResourceExhaustedError",
    "UnimplementedError",
]

AlreadyExistsError = FileExistsError
InvalidArgumentError = ValueError
NotFoundError = FileNotFoundError
OpError = Exception
OutOfRangeError = StopIteration
PermissionDeniedError = PermissionError
ResourceExhaustedError = jax.errors.JaxRuntimeError
UnimplementedError = NotImplementedError

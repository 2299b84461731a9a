"""`keras.optimizers.get` with what TensorFlow 2.11 to 2.15 let it choose."""

from lamina import optimizers

__all__ = ["get"]


def get(identifier, use_legacy_optimizer=None):
    """Return an optimizer for a name, a config or an optimizer; there is one kind of them.

    Raises: ValueError for something else.
    """
    return optimizers.get(identifier)

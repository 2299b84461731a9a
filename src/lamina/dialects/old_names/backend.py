"""`keras.backend` as Keras 1 and 2 had it (`from keras import backend as K`): `lamina.legacy.backend`, told once."""

from lamina.dialects.spelling import tell
from lamina.legacy import backend as _old


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """Return a symbolic tensor: an `Input`, its batch axis included in the shape."""
    tell("K.placeholder(…)", "keras.Input(…)", "2.15")
    return _old.placeholder(shape, ndim, dtype, sparse, name)


def function(inputs, outputs, updates=None, name=None):
    """Return what computes some tensors of a graph from arrays, as lists."""
    tell("K.function(inputs, outputs)", "keras.Model(inputs, outputs)", "2.15")
    return _old.function(inputs, outputs, updates, name)


def learning_phase():
    """Tell whether the running call is training: 1 or 0."""
    tell("K.learning_phase()", "the argument training of call()", "2.15")
    return _old.learning_phase()


def set_image_dim_ordering(dim_ordering):
    """Choose the axis order of images in the words of Keras 1."""
    tell(f"K.set_image_dim_ordering({dim_ordering!r})", "keras.config.set_image_data_format(…)", "1.2")
    _old.set_image_dim_ordering(dim_ordering)


def __getattr__(name):
    return getattr(_old, name)


__all__ = list(_old.__all__)

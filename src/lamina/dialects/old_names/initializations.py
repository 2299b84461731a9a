"""`keras.initializations` of Keras 1: functions from a shape to a variable."""

from lamina import initializers
from lamina.core.variable import Variable

_NAMES = (
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_uniform",
    "normal",
    "one",
    "orthogonal",
    "uniform",
    "zero",
)
_SCALED = {
    "identity": initializers.Identity,
    "normal": lambda scale: initializers.RandomNormal(0.0, scale),
    "orthogonal": initializers.Orthogonal,
    "uniform": lambda scale: initializers.RandomUniform(-scale, scale),
}
__all__ = [*_NAMES, "get"]


def get(identifier):
    """Return the function with a name; a function is returned as it is."""
    return identifier if callable(identifier) else _making(identifier)


def _making(word):
    def make(shape, scale=None, name=None, dim_ordering=None, dtype=None):
        """Return a variable of first values; an array for a layer that asks in a dtype."""
        made = initializers.get(word)
        if scale is not None and word in _SCALED:
            made = _SCALED[word](scale)
        values = made(shape, dtype=dtype or "float32")
        return Variable(values, name=name) if dtype is None else values

    make.__name__ = word
    return make


globals().update({word: _making(word) for word in _NAMES})

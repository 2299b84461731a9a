"""What an output element is to the input elements that it reads, for the layers of which that can be said shortly."""

from lamina import layers
from lamina.layers.pooling import AveragePooling, GlobalAveragePooling, GlobalMaxPooling, MaxPooling
from lamina.layers.spatial import Cropping, ZeroPadding

_MOVES = (layers.Flatten, layers.Reshape, layers.Permute, layers.RepeatVector, layers.Concatenate)
_RELATIONS = (
    ((MaxPooling, GlobalMaxPooling), ("is the maximum of", "are maxima of")),
    ((AveragePooling, GlobalAveragePooling, layers.GlobalAveragePooling1D), ("is the average of", "are averages of")),
    ((*_MOVES, ZeroPadding, Cropping), ("is a copy of", "are copies of")),
    ((layers.Add,), ("is the sum of", "are sums of")),
)


def relation(layer):
    """Say what an output element of `layer` is to the input elements that it reads; and what several are."""
    found = (words for classes, words in _RELATIONS if isinstance(layer, classes))
    return next(found, ("is computed from", "are computed from"))

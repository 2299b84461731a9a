"""What an output element is to the input elements that it reads, for the layers of which that can be said shortly."""

from functools import singledispatch

from lamina import layers


@singledispatch
def relation(layer):
    """Say what an output element of `layer` is to the input elements that it reads; and what several are."""
    return "is computed from", "are computed from"


@relation.register(layers.MaxPooling1D)
@relation.register(layers.MaxPooling2D)
@relation.register(layers.MaxPooling3D)
@relation.register(layers.GlobalMaxPooling1D)
@relation.register(layers.GlobalMaxPooling2D)
@relation.register(layers.GlobalMaxPooling3D)
def _(layer):
    return "is the maximum of", "are maxima of"


@relation.register(layers.AveragePooling1D)
@relation.register(layers.AveragePooling2D)
@relation.register(layers.AveragePooling3D)
@relation.register(layers.GlobalAveragePooling1D)
@relation.register(layers.GlobalAveragePooling2D)
@relation.register(layers.GlobalAveragePooling3D)
def _(layer):
    return "is the average of", "are averages of"


@relation.register(layers.Flatten)
@relation.register(layers.Reshape)
@relation.register(layers.Permute)
@relation.register(layers.RepeatVector)
@relation.register(layers.Concatenate)
@relation.register(layers.ZeroPadding2D)
@relation.register(layers.Cropping2D)
def _(layer):
    return "is a copy of", "are copies of"


@relation.register(layers.Add)
def _(layer):
    return "is the sum of", "are sums of"

"""Layers as dicts that JSON can hold, and back."""

from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.layers.layer import Layer


def serialize(layer):
    """Return the description of a layer.

    Example:
        >>> from lamina.layers import Flatten
        >>> serialize(Flatten())["class_name"]
        'Flatten'
    """
    return serialize_keras_object(layer)


def deserialize(config, custom_objects=None):
    """Make the layer that `serialize` described.

    Args:
        config: the description.
        custom_objects: dict from names in it to the user's classes and functions.
    Raises:   ValueError for the description of something else.
    """
    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"`layers.deserialize` was given the config of something that is no layer: {config}")
    return layer

"""Files: models and weights, in Keras's formats, both ways."""

from lamina.core.registry import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from lamina.core.serialization import deserialize_keras_object, serialize_keras_object
from lamina.saving.api import load_model, load_weights, pickle_model, save_model, save_weights, unpickle_model
from lamina.saving.editor import KerasFileEditor

__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "pickle_model",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
    "unpickle_model",
]

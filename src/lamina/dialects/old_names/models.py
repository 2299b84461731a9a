"""What `keras.models` had in Keras 1 and 2."""

import json

from lamina.dialects.spelling import tell
from lamina.models import model_from_json

__all__ = ["model_from_config"]


def model_from_config(config, custom_objects=None):
    """Return the model that a dict with `class_name` and `config` describes."""
    tell("model_from_config(…)", "saving.deserialize_keras_object(…)", "2.15")
    return model_from_json(json.dumps(config), custom_objects)

"""Read a model's architecture from JSON."""

import json

from lamina.core import serialization
from lamina.saving.old_configs import is_old, upgrade


def model_from_json(json_string, custom_objects=None):
    """Make the model that `Model.to_json` described, with new weights.

    Args:
        json_string: text, from any version of Keras.
        custom_objects: dict from names to classes and functions of the user.
    Raises: ValueError if the text is no JSON or names unknown classes.
    """
    try:
        config = json.loads(json_string)
    except json.JSONDecodeError as error:
        raise ValueError(f"This is no JSON: {error}.") from error
    if isinstance(config, dict) and ("module" not in config or "keras_version" in config):
        config = upgrade(config) if is_old(config.get("keras_version")) else config
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects)

"""Pipeline: layers in a row, as one layer."""

from lamina.core import serialization
from lamina.layers import calling
from lamina.layers.layer import Layer


class Pipeline(Layer):
    """Apply layers one after the other, as a layer that prepares data does. Not a model: it has no `fit`.

    Shapes:   x (batch, ...) -> what the last layer makes of it
    Args:
        layers: list of the layers, the first to be applied first.
    Mask:     used by the layers, and passed on if the last one does
    Training: True, unless the caller says otherwise
    Source:   Keras 3 `Pipeline`.
    Example:
        >>> from lamina.layers import Flatten, Rescaling
        >>> Pipeline([Rescaling(2.0), Flatten()])([[[1.0], [2.0]]]).tolist()
        [[2.0, 4.0]]
    """

    _allow_non_tensor_positional_args = True
    _convert_input_args = False

    def __init__(self, layers, name=None):
        super().__init__(name=name)
        self._pipeline_layers = layers
        self._warned_of_mask = True  # the layer that drops a mask says so itself

    @property
    def layers(self):
        """The layers, as given."""
        return self._pipeline_layers

    def call(self, inputs, training=True, mask=None):
        """Compute on arrays. After the first layer masks travel with what they belong to."""
        for layer in self._pipeline_layers:
            takes_mask = mask is not None and "mask" in calling.call_parameters(type(layer))
            inputs = layer(inputs, **({"mask": mask} if takes_mask else {}))
            mask = None
        return inputs

    def get_config(self):
        """Return {"layers", "name"}."""
        return {"layers": serialization.serialize_keras_object(self._pipeline_layers), "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the pipeline, and its layers, that `config` describes.

        Raises: ValueError for a config without a list of layers.
        """
        layers = config.get("layers")
        if not isinstance(layers, list | tuple):
            raise ValueError(
                "`Pipeline` config must contain a `layers` key mapping to a list of serialized layers. Received config "
                f"with layers={layers}."
            )
        made = [serialization.deserialize_keras_object(layer, custom_objects) for layer in layers]
        return super().from_config({**config, "layers": made})

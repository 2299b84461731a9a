"""Lambda: any function as a layer."""

import inspect

from lamina.core import lambdas, serialization, shapes, tree
from lamina.core.context import entering
from lamina.layers.layer import Layer


class Lambda(Layer):
    """Apply any function, without weights.

    Args:
        function: callable over arrays; it gets `mask` and `training` if it has such arguments, and `arguments` always.
        output_shape: the output's shape without batch axis, or a function of the input shape; by default found by
            running the function on shapes.
        mask: the output's mask, or a function of `(inputs, mask)`.
        arguments: dict of keyword arguments for `function`.
    Mask:     dropped, unless `mask` is given
    Source:   Keras 3 `Lambda`.
    Example:
        >>> Lambda(lambda x: x * 2)([[1.0]]).tolist()
        [[2.0]]
    """

    _config_skips = ("function", "output_shape", "mask", "arguments")

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"The `function` of a Lambda layer must be callable. Received: function={function!r}")
        self.function = function
        self.arguments = arguments or {}
        self._output_shape = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self.built = not self._has_own_build()

    @property
    def output_shape(self):
        """The shape given at construction."""
        return self._output_shape

    def compute_output_shape(self, input_shape):
        """Return the shape given at construction, or the one found by running the function on shapes."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch = tree.flatten(input_shape)[0]
        return tree.map_shape_structure(lambda shape: (batch, *shape), self._output_shape)

    def compute_output_spec(self, *args, **kwargs):
        """Return the output as a KerasTensor."""
        if self._output_shape is None:
            return shapes.infer(self, *args, **kwargs)
        return super().compute_output_spec(*args, **kwargs)

    def call(self, inputs, mask=None, training=None):
        """Compute on arrays."""
        offered = {"mask": mask, "training": training}
        accepted = inspect.signature(self.function).parameters
        passed = {name: value for name, value in offered.items() if name in accepted}
        return self.function(inputs, **{**self.arguments, **passed})

    def compute_mask(self, inputs, mask=None):
        """Return the mask given at construction."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        """Return the constructor arguments; a lambda as its bytecode, which loading refuses by default."""
        config = {**super().get_config(), "function": _serialize_function(self.function)}
        if self._output_shape is not None:
            config["output_shape"] = _serialize_function(self._output_shape)
        if self.mask is not None:
            config["mask"] = _serialize_function(self.mask)
        return {**config, "arguments": serialization.serialize_keras_object(self.arguments)}

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        """Make the layer that `config` describes.

        Raises: ValueError for a lambda, unless `safe_mode` is False here or in the load around.
        """
        config = dict(config)
        safe_mode = lambdas.in_safe_mode() if safe_mode is None else safe_mode
        with entering(safe_mode=safe_mode is not False):
            for name in ("function", "output_shape", "mask", "arguments"):
                if name in config:
                    config[name] = _deserialize_function(config[name], custom_objects)
        return super().from_config(config)


def _serialize_function(value):
    """Describe what a Lambda layer is made of as Keras does: a lambda's parts by name, anything else as an object."""
    if not lambdas.is_lambda(value):
        return serialization.serialize_keras_object(value)
    code, defaults, closure = lambdas.dump_lambda(value)
    return {"class_name": "__lambda__", "config": {"code": code, "defaults": defaults, "closure": closure}}


def _deserialize_function(config, custom_objects):
    if isinstance(config, dict) and config.get("class_name") == "__lambda__":
        return lambdas.load_lambda(config["config"])
    if isinstance(config, list | tuple):  # a shape
        return tuple(config)
    return serialization.deserialize_keras_object(config, custom_objects)

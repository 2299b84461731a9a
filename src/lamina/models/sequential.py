"""Sequential: a stack of layers, each fed by the one before."""

import inspect

from lamina.core import serialization, shapes, tree
from lamina.core.failures import note_next
from lamina.core.tensor import standardize_shape
from lamina.layers import InputLayer, Layer
from lamina.models.functional import Functional
from lamina.models.model import Model
from lamina.saving.old_configs import upgrade_model


class Sequential(Model):
    """A model that is a list of layers.

    Args:
        layers: list of layers, or of KerasTensors made by `Input`.
        trainable: whether optimizers change the weights.
        name: by default "sequential", numbered.

    Example:
        >>> from lamina.layers import Dense, Input
        >>> Sequential([Input((4,)), Dense(2)]).output_shape
        (None, 2)
    """

    _saveable_kind = "Sequential"
    _closed_by_call = False
    _internal_attributes = Model._internal_attributes | {"_stack"}

    def __init__(self, layers=None, trainable=True, name=None, **kwargs):
        super().__init__(trainable=trainable, name=name, **kwargs)
        object.__setattr__(self, "_functional", None)
        self._stack = []
        named = {}
        for layer in layers or ():
            self._push(layer, named)
        self._extend_graph()

    def add(self, layer, rebuild=True):
        """Put a layer on top of the stack.

        Raises: ValueError for something that is no layer, a second input, or a name already used.
        """
        self._push(layer, {other.name: other for other in self._stack})
        if rebuild:
            self._extend_graph()

    def pop(self, rebuild=True):
        """Take the top layer off the stack and return it."""
        layer = self._stack.pop()
        self._forget_graph()
        if rebuild:
            self._extend_graph()
        return layer

    def _push(self, layer, named):
        """Add a layer; `named` has those that are there, by name."""
        if not self._stack and getattr(layer, "_input_shape_arg", None) is not None:
            batch_size = getattr(layer, "_batch_size_arg", None)
            self._push(InputLayer(shape=layer._input_shape_arg, batch_size=batch_size), named)
        if hasattr(layer, "_keras_history") and isinstance(layer._keras_history.operation, InputLayer):
            layer = layer._keras_history.operation
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Only instances of `Layer` can be added to a Sequential model. Received: {layer} (of type "
                f"{type(layer)})"
            )
        if named.setdefault(layer.name, layer) is not layer:
            raise ValueError(
                f"All layers added to a Sequential model should have unique names. Name '{layer.name}' is already the "
                "name of a layer in this model. Update the `name` argument to pass a unique name."
            )
        if isinstance(layer, InputLayer) and self._stack and isinstance(self._stack[0], InputLayer):
            raise ValueError(
                f"Sequential model '{self.name}' has already been configured to use input shape "
                f"{self._stack[0].batch_shape}. You cannot add a different Input layer to it."
            )
        self._track_again(layer)

    def _track_again(self, layer):
        self._stack.append(layer)
        self._note_change()

    def _forget_graph(self):
        object.__setattr__(self, "_functional", None)
        object.__setattr__(self, "_top", None)
        self.built = False
        self._note_change()

    _shape_was_given = True
    _top = None  # (number of layers the graph has, its output): adding a layer continues there

    def _extend_graph(self):
        """Call the layers that are not yet part of the graph, once the input's shape is known."""
        if not self._stack:
            return
        first = self._stack[0]
        if not isinstance(first, InputLayer):
            shape = getattr(first, "input_shape", None) if isinstance(first, Model) else None
            if shape is None or not tree.is_shape(shape) or len(self._stack) == 1:
                return
            self._stack.insert(0, InputLayer(batch_shape=shape, dtype=first.input_dtype))
        count, x = self._top or (1, self._stack[0].output)
        with self._name_scope():
            for number, layer in enumerate(self._stack[count:], count + 1):
                try:
                    x = layer(x)
                except NotImplementedError:  # the layer's shapes cannot be told beforehand: all run one by one
                    return
                except Exception as error:
                    _assert_single_argument(layer, error)
                    note_next(error, self._stack[number:])
                    raise
        object.__setattr__(self, "_top", (len(self._stack), x))
        if len(self._stack) > 1:
            self._finish_graph(x)

    def _finish_graph(self, output):
        first = self._stack[0]
        graph = Functional(first.output, output)  # named first, so that later models are numbered as in Keras
        graph.name = self.name
        graph._holds_to_its_shape = self._shape_was_given
        object.__setattr__(self, "_functional", graph)
        self._path = self.name
        self._build_shapes = {"input_shape": first.batch_shape}
        self.built = True
        self._note_change()

    def build(self, input_shape=None):
        """Make the weights for inputs of `input_shape`, batch axis included."""
        if not tree.is_shape(input_shape):
            return
        shape = standardize_shape(input_shape)
        if not self._stack:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call `model.add(layer)`."
            )
        first = self._stack[0]
        if not isinstance(first, InputLayer):
            self._stack.insert(0, InputLayer(batch_shape=shape, dtype=first.input_dtype))
            object.__setattr__(self, "_shape_was_given", False)
        elif first.batch_shape != shape:
            raise ValueError(
                f"Sequential model '{self.name}' has already been configured to use input shape {first.batch_shape}. "
                f"You cannot build it with input_shape {shape}"
            )
        if self._functional is None:
            self._extend_graph()

    def call(self, inputs, training=None, mask=None):
        """Run the layers one after the other; as one compiled program where the input's shape is known."""
        if self._functional is not None:
            self._functional.run_eagerly = self.run_eagerly
            return self._functional.call(inputs, training=training, mask=mask)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def compute_output_spec(self, inputs, training=None, mask=None):
        """Return the output as KerasTensors."""
        return shapes.infer(self, inputs, training=training, mask=mask)

    @property
    def layers(self):
        """The layers without the input."""
        return [layer for i, layer in enumerate(self._stack) if i or not isinstance(layer, InputLayer)]

    @layers.setter
    def layers(self, value):
        raise AttributeError(
            "`Sequential.layers` attribute is reserved and should not be used. Use `add()` and `pop()` to change the "
            "layers in this model."
        )

    @property
    def input_dtype(self):
        """The dtype of the input."""
        first = self._stack[0] if self._stack else None
        return first.dtype if isinstance(first, InputLayer) else super().input_dtype

    def get_config(self):
        """Return the layers as nested dicts, in Keras's format."""
        config = Layer.get_config(self)
        config["layers"] = [serialization.serialize_keras_object(layer) for layer in self._stack]
        if self._functional is not None:
            config["build_input_shape"] = self._stack[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the model that `config` describes."""
        config = upgrade_model("Sequential", config)
        if "name" not in config or "layers" not in config:
            raise ValueError(
                "A Sequential model configuration must be a dictionary containing the 'name' and 'layers' keys. "
                f"Received: config={config}"
            )
        for layer in config["layers"]:
            if not isinstance(layer, dict) or "config" not in layer:
                raise ValueError(
                    "The description of a layer of a Sequential model makes no sense. Expected a dictionary containing "
                    f"a 'config' key. Received: {layer}"
                )
        made = [
            serialization.deserialize_keras_object(layer, custom_objects=custom_objects) for layer in config["layers"]
        ]
        model = cls(made, name=config["name"], trainable=config.get("trainable", True))
        shape = config.get("build_input_shape")
        if model._functional is None and shape and tree.is_shape(shape):
            model.build(tuple(shape))
        return model


def _of_graph(name):
    def get(self):
        if self._functional is None:
            raise AttributeError(
                f"Sequential model '{self.name}' has no defined {name.replace('_', ' ')} yet: give it an `Input` or "
                "data."
            )
        return getattr(self._functional, name)

    get.__doc__ = f"The {name.replace('_', ' ')} of the stack, once known."
    return property(get)


def _of_call(name):
    in_stack, in_call = getattr(Sequential, f"{name}s"), getattr(Layer, name)

    def get(self):
        if self._inbound_nodes:
            return in_call.fget(self)
        tensors = in_stack.fget(self)
        return tensors[0]

    get.__doc__ = f"The {name} tensor of the first symbolic call, as of any layer; of the stack if there was none."
    return property(get)


for _name in ("inputs", "outputs", "input_shape", "output_shape"):
    setattr(Sequential, _name, _of_graph(_name))
for _name in ("input", "output"):
    setattr(Sequential, _name, _of_call(_name))


def _assert_single_argument(layer, error):
    """Raise ValueError if the reason why a layer could not be called is that it needs more than one tensor."""
    parameters = inspect.signature(layer.call).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if isinstance(error, TypeError) and len(needed) > 1:
        raise ValueError(
            "Layers added to a Sequential model can only have a single positional argument, the input tensor. Layer "
            f"{type(layer).__name__} has multiple positional arguments: {needed}"
        ) from error

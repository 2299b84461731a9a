"""Model: layers with a training loop."""

import json

from lamina import saving
from lamina.core import serialization, shapes, tools, tree
from lamina.core.errors import nearest
from lamina.core.names import name_scope
from lamina.core.operation import own_config
from lamina.core.public_names import room
from lamina.core.tensor import KerasTensor
from lamina.layers import Layer
from lamina.layers.arguments import is_ours
from lamina.layers.tracking import count_change
from lamina.models import quantization
from lamina.models import summary as summaries
from lamina.training import state_tree as trees
from lamina.training.trainer import Trainer


class Model(Trainer, Layer):
    """Layers that train together.

    Three ways: `Model(inputs, outputs)` of symbolic tensors; a subclass that makes layers in `__init__` and calls them
    in
    `call`; `Sequential`.

    Args:
        inputs, outputs: for the first way: KerasTensors in any structure.
        name: by default the class name in snake case, numbered.
    """

    _saveable_kind = "Model"
    _internal_attributes = Layer._internal_attributes | {"_functional", "_graph", "_program"}
    _input_spec = None

    def __new__(cls, *args, **kwargs):
        """Make a Functional of `Model(inputs, outputs)`."""
        if cls is Model and _is_functional_call(args, kwargs):
            from lamina.models.functional import Functional

            return Functional.__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args, **kwargs):
        if _is_functional_call(args, kwargs):
            from lamina.models.functional import Functional

            if not isinstance(self, Functional):
                _make_functional(type(self), Functional)
            Functional.__init__(self, *args, **kwargs)
            return
        Layer.__init__(self, *args, **kwargs)
        self._start_training_state()

    def call(self, *args, **kwargs):
        """Compute the output from arrays; a subclass defines it."""
        raise NotImplementedError(f"Model {type(self).__name__} does not have a `call()` method implemented.")

    def build(self, input_shape):
        """Make the weights by running `call` on inputs of `input_shape`, without computing.

        Args:
            input_shape: tuple with None, or a list, tuple or dict of such tuples.
        """
        if not self.built:
            run = (
                self.call if self._has_own_build() else self
            )  # a subclass's `build`, which is under way, asked for this
            shapes.infer(run, tree.map_shape_structure(KerasTensor, input_shape))

    build.only_runs_call = True

    def build_from_config(self, config):
        """Make the weights for the shapes that `get_build_config` returned."""
        shape = (config or {}).get("input_shape")
        if config and "shapes_dict" in config and not self._has_own_build():
            tensors = {n.removesuffix("_shape"): KerasTensor(s) for n, s in config["shapes_dict"].items()}
            shapes.infer(self, **tensors)
        elif shape is not None or (config and "shapes_dict" in config):
            super().build_from_config(config)

    @property
    def layers(self):
        """The layers directly in the model."""
        return self._flatten_layers(include_self=False, recursive=False)

    @layers.setter
    def layers(self, value):
        raise AttributeError("`Model.layers` attribute is reserved and should not be used. Please use another name.")

    def get_layer(self, name=None, index=None):
        """Return one layer, by name or by position.

        Raises: ValueError if there is none, or not exactly one argument is given.
        """
        if (name is None) == (index is None):
            raise ValueError(
                f"Provide either a layer name or layer index at `get_layer`. Received: index={index}, name={name}"
            )
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(self.layers)} layers."
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self.layers]
        raise ValueError(f"No such layer: {name}.{nearest(name, names)} Existing layers are: {names}.")

    def summary(
        self,
        line_length=None,
        positions=None,
        print_fn=None,
        expand_nested=False,
        show_trainable=False,
        layer_range=None,
    ):
        """Print a table of the layers with their output shapes and parameters.

        Args:
            line_length: width of the table [characters]; by default that of the terminal.
            positions: relative or absolute positions of the columns' ends.
            print_fn: called with the text in place of printing.
            expand_nested: whether the layers of inner models are listed too.
            show_trainable: whether a column says what is trained.
            layer_range: pair of regular expressions for the first and the last layer shown.
        """
        summaries.print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    def quantize(self, mode=None, config=None, filters=None, type_check=True, **unknown):
        """Keep the weights of the layers that can do so in few bits from now on.

        Args:
            mode: "int8", "int4", "float8", "gptq" or "awq".
            config: `quantizers.QuantizationConfig`; by default that of the mode. GPTQ and AWQ need one, with data.
            filters: regular expression, or a list of them, for the names of the layers meant; or a function that tells.
            type_check: whether layers of the user's own classes are left alone.
        Raises:   ValueError for a model that is not built, an unknown mode or argument, missing data.
        """
        if unknown:
            raise ValueError(f"Unrecognized keyword arguments passed to `quantize`: {', '.join(unknown)}.")
        quantization.quantize(self, mode, config, filters, type_check)
        self.train_function = self.test_function = self.predict_function = None

    def get_quantization_layer_structure(self, mode=None):
        """Return the blocks that GPTQ and AWQ calibrate one after the other; a model that has some defines it.

        Returns:  dict with "pre_block_layers" and "sequential_blocks", lists of layers, or None.
        """
        return

    def save(self, filepath, overwrite=True, zipped=None, **kwargs):
        """Write architecture, weights, and compile and optimizer state to a `.keras` file."""
        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath, overwrite=True, max_shard_size=None):
        """Write the weights to a `.weights.h5` file."""
        saving.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath, skip_mismatch=False, **kwargs):
        """Read the weights from a `.weights.h5` or `.keras` file."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs):
        """Write what the model computes to a file that runs without layers: `format="stablehlo"` or "onnx"."""
        room("export").export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def get_state_tree(self, value_format="backend_tensor"):
        """Return the values of all variables as dicts nested by path; see `lamina.training.state_tree`."""
        return trees.get_state_tree(self, value_format)

    def set_state_tree(self, state_tree):
        """Assign the values of such a tree; variables that are not in it keep theirs."""
        trees.set_state_tree(self, state_tree)

    def to_json(self, **kwargs):
        """Return the architecture as JSON; keyword arguments go to `json.dumps`."""
        return json.dumps(serialization.serialize_keras_object(self), **kwargs)

    def get_config(self):
        """Return the constructor arguments; a subclass with other arguments than plain values defines it.

        Raises: NotImplementedError if a subclass does not define it and was given other things.
        """
        config = Layer.get_config(self)
        is_derived = is_ours(type(self).get_config) and not is_ours(type(self))
        return own_config(self, config) if is_derived else config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the model that `config` describes."""
        from lamina.models.from_config import functional_from_config, is_graph
        from lamina.models.functional import Functional, has_functional_constructor

        if is_graph(config) and (cls is Model or has_functional_constructor(cls)):
            return functional_from_config(Functional if cls is Model else cls, config, custom_objects)
        return super().from_config(config)

    def _name_scope(self):
        return name_scope(self.name, caller=self)

    def _note_change(self):
        count_change()

    activations = tools.activations
    trace = tools.trace
    check = tools.check
    profile = tools.profile
    view = tools.view

    def __reduce__(self):
        return saving.unpickle_model, (saving.pickle_model(self),)


def _is_functional_call(args, kwargs):
    """Tell whether constructor arguments are (inputs, outputs[, name])."""
    tensors = [x for x in (*args[:2], kwargs.get("inputs"), kwargs.get("outputs")) if x is not None]
    given = len(args) >= 2 or {"inputs", "outputs"} <= set(kwargs) or (len(args) == 1 and "outputs" in kwargs)
    return given and len(tensors) >= 2


def _make_functional(cls, functional):
    """Let a subclass that calls `super().__init__(inputs, outputs)` inherit from Functional in place of Model."""
    if Model in cls.__bases__:
        cls.__bases__ = tuple(functional if base is Model else base for base in cls.__bases__)
        return
    for base in cls.__bases__:
        if issubclass(base, Model):
            _make_functional(base, functional)

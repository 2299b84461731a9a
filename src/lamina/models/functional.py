"""Functional: a model made of the layer calls between its inputs and its outputs."""

import inspect
import warnings

import jax

from lamina.core import config as settings
from lamina.core import dtypes, serialization, tree
from lamina.core.context import entering, get_mask, is_tracing, set_mask, thread
from lamina.core.errors import DataError, ShapeError, describe, message
from lamina.core.operation import KerasHistory
from lamina.core.tensor import KerasTensor
from lamina.core.texts import are_texts
from lamina.layers import InputLayer, InputSpec, Layer
from lamina.layers.text_vectorization import UnknownLengthError
from lamina.models.graph import Graph, from_intermediate
from lamina.models.misfit import cause_and_fix
from lamina.models.model import Model
from lamina.models.program import CompiledCall

_NOT_COMPILABLE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
    UnknownLengthError,
)


class Functional(Model):
    """The model between symbolic tensors: call layers on `Input`s, then `Model(inputs, outputs)`.

    Args:
        inputs, outputs: KerasTensor, or list, tuple or dict of them.
        name: by default "functional", numbered.
    Raises: ValueError if something else is given, or the outputs need more than the inputs.
    """

    _saveable_kind = "Functional"
    _allow_non_tensor_positional_args = True
    _convert_input_args = False
    _closed_by_call = False
    _warned_of_structure = False
    _holds_to_its_shape = True  # not so inside a stack whose shape is only that of the first data

    def __init__(self, inputs, outputs, name=None, **kwargs):
        trainable = kwargs.pop("trainable", None)
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.flatten(structure):
                if not isinstance(x, KerasTensor):
                    raise ValueError(
                        f"All `{what}` values must be KerasTensors. Received: {what}={structure} with {x} of type "
                        f"{type(x)}"
                    )
        if not all(_is_input(x) for x in tree.flatten(inputs)):
            inputs, outputs = from_intermediate(inputs, outputs)
        graph = Graph(inputs, outputs)
        Layer.__init__(self, name=name, **kwargs)
        self._start_training_state()
        self._set_graph(graph, inputs, outputs)
        if trainable is not None:
            self._trainable = trainable  # of the model alone: its layers say for themselves whether they are frozen
        self.built = True

    def _set_graph(self, graph, inputs, outputs):
        for name, value in {"_graph": graph, "_inputs_struct": inputs, "_outputs_struct": outputs}.items():
            object.__setattr__(self, name, value)
        self._tracked.extend(operation for operation in graph.operations if isinstance(operation, Layer))
        self.output_names = [x._keras_history.operation.name for x in graph.outputs]
        object.__setattr__(self, "_program", CompiledCall(self, self._run))

    @property
    def layers(self):
        """The layers, inputs first, in the order of the data."""
        return [operation for operation in self._graph.operations if isinstance(operation, Layer)]

    @layers.setter
    def layers(self, value):
        Model.layers.fset(self, value)

    @property
    def operations(self):
        """The layers and ops, inputs first, in the order of the data."""
        return list(self._graph.operations)

    @property
    def inputs(self):
        """The input tensors as a list."""
        return list(self._graph.inputs)

    @property
    def outputs(self):
        """The output tensors as a list."""
        return list(self._graph.outputs)

    @property
    def input(self):
        """The input tensors as they were given."""
        return self._inputs_struct

    @property
    def output(self):
        """The output tensors as they were given."""
        return self._outputs_struct

    @property
    def input_shape(self):
        """The shape of the input, or a list of shapes."""
        return _single([x.shape for x in self.inputs])

    @property
    def output_shape(self):
        """The shape of the output, or a list of shapes."""
        return _single([x.shape for x in self.outputs])

    def build(self, input_shape=None):
        """Nothing is left to build."""

    def get_build_config(self):
        """Return nothing to build, as Keras writes it."""
        return {"input_shape": None}

    def build_from_config(self, config):
        """Nothing is left to build."""

    def call(self, inputs, training=None, mask=None):
        """Run the graph: on arrays as one compiled program, inside a trace or with `run_eagerly` call by call."""
        flat = self._standardize_inputs(inputs)
        for x, m in zip(flat, tree.flatten(mask), strict=False) if mask is not None else ():
            if m is not None:
                set_mask(x, m)
        training = thread.training if training is None else training
        if self._runs_compiled(flat):
            try:
                return self._program(flat, training)
            except _NOT_COMPILABLE:
                self._program.compilable = False
        with entering(training=training):
            return self._run(flat)

    def _runs_compiled(self, flat):
        return (
            thread.scope is None
            and not thread.said
            and self._program.compilable
            and not self.run_eagerly
            and not (thread.taped and len(self.outputs) > 1)  # one output may be differentiated by another
            and not settings.functions_run_eagerly()
            and not is_tracing()
            and not any(isinstance(x, jax.core.Tracer) for x in flat)
        )

    def _run(self, flat):
        outputs = self._graph.run(flat)
        return _single(tree.pack_sequence_as(self._outputs_struct, outputs))

    # --- inputs ------------------------------------------------------------------------------------------------

    def _standardize_inputs(self, inputs):
        """Return the inputs as a flat list of arrays in the model's order, dtype and rank."""
        flat = self._flatten_inputs(inputs)
        if len(flat) != len(self._graph.inputs):
            raise ShapeError(
                message(
                    "L102",
                    f'model "{self.name}" expects {len(self._graph.inputs)} input(s) '
                    f"{[x.name for x in self._graph.inputs]}, but it received {len(flat)}.",
                )
            )
        return [self._standardize_input(x, wanted) for x, wanted in zip(flat, self._graph.inputs, strict=True)]

    def _flatten_inputs(self, inputs):
        struct = self._inputs_struct
        if isinstance(inputs, dict) and not isinstance(struct, dict):
            names = [x.name for x in self._graph.inputs]
            if not set(names) <= set(inputs):
                self._raise_structure_mismatch(inputs)
            return [inputs[name] for name in names]
        if isinstance(struct, dict) and isinstance(inputs, dict):
            if not set(struct) <= set(inputs):
                self._raise_structure_mismatch(inputs)
            if len(inputs) > len(struct):
                self._warn_of_structure(inputs)
            inputs = {key: inputs[key] for key in struct}
        elif isinstance(struct, dict) and len(struct) > 1:
            if list(struct) != sorted(struct):
                self._raise_structure_mismatch(inputs)
            self._warn_of_structure(inputs)
        return tree.flatten(inputs)

    def _warn_of_structure(self, inputs):
        """Say once that inputs are taken in order, or that some are not used."""
        if not self._warned_of_structure:
            object.__setattr__(self, "_warned_of_structure", True)
            warnings.warn(self._structure_mismatch(inputs), stacklevel=5)

    def _raise_structure_mismatch(self, inputs):
        raise ValueError(self._structure_mismatch(inputs))

    def _structure_mismatch(self, inputs):
        expected = tree.map_structure(lambda x: x.name, self._inputs_struct)
        received = tree.map_structure(lambda x: describe(x) if hasattr(x, "shape") else x, inputs)
        return (
            f"The structure of `inputs` doesn't match the expected structure.\nExpected: {expected}\nReceived: "
            f"inputs={received}"
        )

    def _standardize_input(self, x, wanted):
        if x is None:
            layer = wanted._keras_history.operation
            if not getattr(layer, "optional", False):
                raise ValueError(
                    f"The input '{wanted.name}' is not optional, but None was passed. Please provide a valid tensor."
                )
            return None
        array = _cast(x, wanted.dtype)
        if array.ndim != len(wanted.shape):
            array = self._adjust_rank(array, wanted)
        for axis, size in enumerate(wanted.shape if self._holds_to_its_shape else ()):
            if axis and size is not None and isinstance(array.shape[axis], int) and array.shape[axis] != size:
                self._raise_wrong_shape(array, wanted)
        if array is not x and get_mask(x) is not None:
            set_mask(array, get_mask(x))
        return array

    def _adjust_rank(self, x, wanted):
        """A trailing axis of size 1 may be missing or too many."""
        rank = len(wanted.shape)
        if x.ndim == rank + 1 and x.shape[-1] == 1:
            return x[..., 0]
        if x.ndim == rank - 1 and wanted.shape[-1] == 1:
            return x[..., None]
        return self._raise_wrong_shape(x, wanted)

    def _raise_wrong_shape(self, x, wanted):
        why, fix = cause_and_fix(tuple(x.shape), tuple(wanted.shape))
        raise ShapeError(
            message(
                "L101",
                f'model "{self.name}" wants {_named(wanted)}; it got {describe(x)}.',
                where=f"input '{wanted.name}'{_readers(wanted)}",
                why=why,
                fix=fix,
            )
        )

    @property
    def input_spec(self):
        """What inputs must look like: the shapes of the `Input`s with a free batch axis."""
        if self._input_spec is not None:
            return self._input_spec
        return [InputSpec(shape=(None, *x.shape[1:]), allow_last_axis_squeeze=True) for x in self.inputs]

    @input_spec.setter
    def input_spec(self, value):
        self._input_spec = value

    # --- configuration -----------------------------------------------------------------------------------------

    def get_config(self):
        """Return the graph as nested dicts, in Keras's format."""
        if not has_functional_constructor(type(self)):
            return Model.get_config(self)
        layers = []
        for operation in self._graph.operations:
            nodes = [self._serialize_node(n) for n in operation._inbound_nodes if n in self._graph and not n.is_input]
            layer = serialization.serialize_keras_object(operation)
            layer |= {
                "name": operation.name,
                "inbound_nodes": nodes,
            }  # in place: it is known as the layer's description
            layers.append(layer)
        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": layers,
            "input_layers": tree.map_structure(self._address, self._inputs_struct),
            "output_layers": tree.map_structure(self._address, self._outputs_struct),
        }

    def _address(self, x):
        """Return [layer name, call number, output number]; models as layers count their calls from 1, as Keras does."""
        operation = x._keras_history.operation
        return [
            operation.name,
            self._own_history(x).node_index + isinstance(operation, Functional),
            x._keras_history.tensor_index,
        ]

    def _own_history(self, x):
        """Return the history of `x` with calls outside of this model not counted."""
        operation, node_index, tensor_index = x._keras_history
        foreign = sum(node not in self._graph for node in operation._inbound_nodes[:node_index])
        return KerasHistory(operation, node_index - foreign, tensor_index)

    def _serialize_node(self, node):
        def serialize(x):
            if not isinstance(x, KerasTensor):
                return x
            original = x._keras_history
            x._keras_history = self._own_history(x)
            try:
                return serialization.serialize_keras_object(x)
            finally:
                x._keras_history = original

        args, kwargs = tree.map_structure(serialize, (node.args, node.kwargs))
        return {
            "args": serialization.serialize_keras_object(args),
            "kwargs": serialization.serialize_keras_object(kwargs),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the model that `config` describes."""
        from lamina.models.from_config import functional_from_config, is_graph

        return functional_from_config(cls, config, custom_objects) if is_graph(config) else cls(**config)


def has_functional_constructor(cls):
    """Tell whether a class is constructed from inputs and outputs, as `Functional` itself."""
    parameters = inspect.signature(cls.__init__).parameters
    if list(parameters)[1:4] == ["inputs", "outputs", "name"]:
        return True
    kinds = {p.kind for p in parameters.values()}
    return inspect.Parameter.VAR_POSITIONAL in kinds and inspect.Parameter.VAR_KEYWORD in kinds


def _is_input(x):
    operation = getattr(x, "_keras_history", (None,))[0]
    return isinstance(operation, InputLayer)


def _single(values):
    return values[0] if isinstance(values, list | tuple) and len(values) == 1 else values


def _cast(x, dtype):
    is_text = x.dtype == "string" if isinstance(x, KerasTensor) else are_texts(x)
    if is_text != (dtype == "string"):
        _refuse_dtype(x, dtype)
    if is_text or isinstance(x, KerasTensor):
        return x if isinstance(x, jax.Array | KerasTensor) else dtypes.as_array(x)
    dtype = dtypes.in_programs(dtype)
    return dtypes.as_array(x, dtype) if not isinstance(x, jax.Array) else x if x.dtype == dtype else x.astype(dtype)


def _refuse_dtype(x, dtype):
    wants, fix = "numbers", "layers.StringLookup(vocabulary=…)    # or TextVectorization; outside of the model or in it"
    if dtype == "string":
        wants, fix = "texts", 'Input(shape, dtype="int32")    # or another dtype, if the model is made for numbers'
    raise DataError(
        message("L344", f"the input wants {wants}; it got {describe(x)}.", why="texts are no numbers.", fix=fix)
    )


def _readers(x):
    """Name the layers that read an input."""
    names = [node.operation.name for node in x._keras_history.operation._outbound_nodes]
    return f", read by {', '.join(map(repr, names))}" if names else ""


def _named(x):
    return "(" + ", ".join("batch" if i == 0 else str(size or "any") for i, size in enumerate(x.shape)) + ")"

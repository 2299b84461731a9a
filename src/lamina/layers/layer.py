"""Layer: the base of every layer. It builds once, casts by policy, passes masks and `training`, and owns its state.

From `layer(x)` to the maths: `Layer.__call__` -> `call` of the layer.
"""

import contextlib
import functools
import inspect

import jax

from lamina import regularizers
from lamina.core import policies, remat, shapes, tools, tree
from lamina.core.blame import locate, with_context
from lamina.core.context import thread
from lamina.core.errors import nearest
from lamina.core.names import name_scope
from lamina.core.operation import Node, Operation, accepts, is_overridden, own_config, parameters
from lamina.core.policy_map import DTypePolicyMap
from lamina.core.state import StatelessScope
from lamina.core.tensor import KerasTensor, any_symbolic
from lamina.layers import calling, known_shapes, passing
from lamina.layers.arguments import (
    constructor_call,
    declared_arguments,
    is_ours,
    old_input_shape,
    serialize_argument,
)
from lamina.layers.building import Buildable, recorded_build
from lamina.layers.demands import assert_kinds
from lamina.layers.input_spec import InputSpec, assert_input_compatibility
from lamina.layers.losses import WithLosses, layers_with_losses
from lamina.layers.precision import WithPolicy
from lamina.layers.tracking import Tracked
from lamina.layers.weights import take

_ONLY_TRAINING = frozenset({"training"})


def _telling_constructor(init):
    """Let the errors of a constructor of the library name the layer and the arguments that it was given."""
    names = list(inspect.signature(init).parameters)[1:]

    @functools.wraps(init)
    def telling(self, *args, **kwargs):
        try:
            init(self, *args, **kwargs)
            assert_kinds(self, init, {**dict(zip(names, args, strict=False)), **kwargs})
        except (TypeError, ValueError, NotImplementedError) as error:
            locate(error, constructor_call(self), self)
            raise

    return telling


class Layer(Buildable, WithPolicy, WithLosses, Tracked, Operation):
    """A function with weights: define `build` to make the weights and `call` to compute.

    Args:
        activity_regularizer: callable that makes a loss of the output, or its name.
        trainable: whether optimizers change the weights.
        dtype: policy or dtype name; by default the global policy.
        autocast: whether float inputs are cast to the compute dtype.
        name: without "/"; by default the class name in snake case, numbered.
    Raises: ValueError for an unknown keyword.

    Example:
        >>> class Double(Layer):
        ...     def call(self, x):
        ...         return 2 * x
        >>> Double()([1.0, 2.0]).tolist()
        [2.0, 4.0]
    """

    _saveable_kind = "Layer"
    _internal_attributes = frozenset({"_tracked", "_inbound_nodes", "_outbound_nodes", "_given"})
    _allow_non_tensor_positional_args = False
    _convert_input_args = True
    _closed_by_call = True  # to new state; models of known layers stay open
    _call_context_args = _ONLY_TRAINING
    _called = None  # that is, `__init__` was not
    _config_skips = ()
    _path = _build_shapes = _input_spec = None
    _warned_of_mask = False
    supports_jit = True

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, **kwargs):
        if self._tracked is None:
            object.__setattr__(self, "_tracked", [])
        Operation.__init__(self, name=name)
        self._set_policy(policies.get(dtype))
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._input_shape_arg = old_input_shape(kwargs)
        if kwargs:
            near = nearest(next(iter(kwargs)), parameters(type(self)))
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}.{near}")
        if not isinstance(trainable, bool):
            raise ValueError(
                f"Expected `trainable` to be a boolean. Received: trainable={trainable} (of type {type(trainable)})"
            )
        self._trainable = trainable
        self.autocast = autocast
        self.built = is_ours(type(self)) and not self._has_own_build()
        self._called = False
        self._losses = []
        self._computes_mask = is_overridden(self, "compute_mask", Layer)
        self._supports_masking = self._computes_mask
        if thread.remat is not None:
            object.__setattr__(self, "call", functools.partial(remat.call, thread.remat, self))

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = recorded_build(vars(cls)["build"])
        if "__init__" in vars(cls) and is_ours(cls):
            cls.__init__ = _telling_constructor(vars(cls)["__init__"])

    # --- calling -----------------------------------------------------------------------------------------------

    def __call__(self, *args, **kwargs):
        """Apply the layer: to arrays it computes, to symbolic tensors it adds a node to the graph."""
        if self._called is None:
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call `super().__init__()` in `__init__()`."
            )
        given = args, kwargs
        before = thread.layer, thread.training, thread.autocast, thread.said
        try:
            plain = (
                len(args) == 1 and not kwargs and isinstance(args[0], jax.Array) and args[0].dtype == self.input_dtype
            )
            if not plain and self._convert_input_args:
                args, kwargs = calling.to_tensors(self, args, kwargs)
            inputs = args[0] if args else calling.first_argument(self, args, kwargs)
            if self._input_spec is not None:
                assert_input_compatibility(self._input_spec, inputs, self.name)
            if not self.built:
                self._build_by_call(args, kwargs, inputs)
            if any_symbolic(args, kwargs):
                return self._record_call(*given)
            if thread.layer is None and layers_with_losses:
                self._clear_losses()
            passing.pass_training(self, kwargs)
            if self._call_context_args is not _ONLY_TRAINING:
                thread.said = passing.pass_context(self, kwargs)
            mask = passing.pass_masks(self, inputs, args, kwargs)
            training = kwargs.get("training", thread.training)
            thread.layer, thread.training, thread.autocast = self, training, self._autocast()
            if "training" in kwargs and "training" not in calling.call_parameters(type(self)):
                del kwargs["training"]
            if self._called and thread.scope is None:
                outputs = self.call(*args, **kwargs)
            else:
                outputs = self._call_in_scopes(*args, **kwargs)
        except Exception as error:
            told = with_context(error, self, *given)
            if told is error:
                raise
            raise told from error
        finally:
            thread.layer, thread.training, thread.autocast, thread.said = before
        if self.activity_regularizer is not None:
            self._add_activity_losses(outputs)
        if self._supports_masking:
            if mask is not None or self._computes_mask:
                passing.mask_outputs(self, inputs, outputs, mask)
        elif mask is not None:
            passing.warn_of_lost_mask(self)
        return outputs

    def _register_call_context_args(self, *names):
        """Let arguments, like `training`, reach also those of the layers inside that register them.

        Raises: RuntimeError once the layer has been called.
        """
        if self._called:
            raise RuntimeError("Cannot add call-context args after the layer has been called.")
        self._call_context_args = self._call_context_args.union(names)

    def call(self, *args, **kwargs):
        """Compute the layer's output from arrays; subclasses define it."""
        raise NotImplementedError(f"Layer {type(self).__name__} does not have a `call` method implemented.")

    def _call_in_scopes(self, *args, **kwargs):
        """The first call and calls inside a trace: names for new variables, and for the compiled program."""
        with jax.named_scope(self.name), name_scope(self.name, caller=self):
            outputs = self.call(*args, **kwargs)
        self._called = self.built = True
        self._locked = self._closed_by_call
        return outputs

    def _record_call(self, args, kwargs):
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        passing.connect_masks(outputs)
        return outputs

    def symbolic_call(self, *args, **kwargs):
        """Return the outputs of a call as KerasTensors, without adding a node."""
        return self.compute_output_spec(*args, **kwargs)

    def compute_output_spec(self, *args, **kwargs):
        """Return what a call would return, as KerasTensors, by running `call` or the user's `compute_output_shape`."""
        if not is_overridden(self, "compute_output_shape", Layer):
            return known_shapes.infer(self, args, kwargs)
        names = calling.call_parameters(type(self))
        wanted = calling.shapes_for(
            self.compute_output_shape, calling.shapes_of(self, args, kwargs), names, type(self).__name__
        )
        shape = self.compute_output_shape(**wanted)
        return tree.map_shape_structure(lambda s: KerasTensor(s, dtype=self.compute_dtype), _as_shape(shape))

    def compute_output_shape(self, *args, **kwargs):
        """Return the shape of the output for input shapes (tuples with None, or structures of them)."""
        if not is_overridden(self, "call", Layer):
            raise self._not_implemented_error("compute_output_shape")
        inputs = [
            None if a is None else tree.map_shape_structure(lambda s: KerasTensor(s, dtype=self.compute_dtype), a)
            for a in args
        ]
        named = {
            name.removesuffix("_shape"): tree.map_shape_structure(
                lambda s: KerasTensor(s, dtype=self.compute_dtype), shape
            )
            for name, shape in kwargs.items()
            if shape is not None
        }
        if len(named) == 1 and not inputs:
            inputs, named = list(named.values()), {}
        if not self.built:
            self._build_by_call(inputs, named, calling.first_argument(self, inputs, named))
        with self._calling_beneath_override():
            outputs = shapes.infer(self, *inputs, **named)
        return tree.map_structure(lambda x: x.shape, outputs)

    @contextlib.contextmanager
    def _calling_beneath_override(self):
        """Run the `call` of the class above the one that overrides `compute_output_shape`: its shape is asked for."""
        owner = next(cls for cls in type(self).__mro__ if "compute_output_shape" in vars(cls))
        if owner is Layer or super(owner, type(self)).call is Layer.call:
            yield
            return
        object.__setattr__(self, "call", super(owner, self).call)
        try:
            yield
        finally:
            object.__delattr__(self, "call")

    def compute_mask(self, inputs, previous_mask):
        """Return the mask of the output; by default that of the input."""
        return previous_mask

    @property
    def supports_masking(self):
        """Whether the layer hands masks on."""
        return self._supports_masking

    @supports_masking.setter
    def supports_masking(self, value):
        self._supports_masking = value

    # --- state -------------------------------------------------------------------------------------------------

    def stateless_call(self, trainable_variables, non_trainable_variables, *args, return_losses=False, **kwargs):
        """Call the layer as a pure function of its variables' values.

        Args:
            trainable_variables, non_trainable_variables: values in the order of the properties of these names.
            return_losses: whether to return the losses too.
        Returns: `(outputs, non_trainable_values)`, or `(outputs, non_trainable_values, losses)`.
        Raises: ValueError if the layer is not built or the lists have other lengths.
        """
        if not self.built:
            raise ValueError(
                f"To call stateless_call, {type(self).__name__} must be built (i.e. its variables must have been "
                "already created). You can build it by calling it on some data."
            )
        mapping = []
        for name, values in (
            ("trainable_variables", trainable_variables),
            ("non_trainable_variables", non_trainable_variables),
        ):
            variables = getattr(self, name)
            if len(variables) != len(values):
                raise ValueError(
                    f"Argument `{name}` must be a list of tensors corresponding 1:1 to {type(self).__name__}().{name}. "
                    f"Received list with length {len(values)}, but expected {len(variables)} variables."
                )
            mapping += zip(variables, values, strict=True)
        with StatelessScope(mapping, collect_losses=return_losses) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
            scope.keep(outputs)
        updated = [scope.get_current_value(v) for v in self.non_trainable_variables]
        return (outputs, updated, losses) if return_losses else (outputs, updated)

    def _flatten_layers(self, include_self=True, recursive=True):
        """Return the layers in this one, each once, outermost first."""
        found = {id(self): self} if include_self else {}
        for layer in self._layers:
            inner = layer._flatten_layers() if recursive else [layer]
            for item in inner:
                found.setdefault(id(item), item)
        return list(found.values())

    # --- facts -------------------------------------------------------------------------------------------------

    @property
    def path(self):
        """The names of the models and layers around, joined by "/"; None before building."""
        return self._path

    @property
    def input_spec(self):
        """InputSpec (or a structure of them) that inputs must meet, or None."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value):
        self._input_spec = value

    # --- configuration -----------------------------------------------------------------------------------------

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": policies.serialize(self.dtype_policy)}
        declared = declared_arguments(type(self))
        if self.activity_regularizer is not None and "activity_regularizer" not in declared:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        for name in declared:
            config[name] = serialize_argument(name, getattr(self, name))
        if is_overridden(self, "get_config", Layer) or is_ours(type(self)):
            return config
        return own_config(self, config)

    @classmethod
    def from_config(cls, config):
        """Make the layer that `config` describes.

        Raises: TypeError if the configuration does not fit the constructor.
        """
        config = dict(config)
        if isinstance(config.get("dtype"), dict):
            policy = policies.get(config["dtype"])
            plain = not isinstance(policy, DTypePolicyMap) and policy.quantization_mode is None
            config["dtype"] = policy.name if plain else policy  # constructors may compare the name
        attributes = {"name": "name", "trainable": "trainable", "dtype": "dtype_policy"}  # every layer has them
        later = {attributes[key]: config.pop(key) for key in attributes.keys() & config if not accepts(cls, key)}
        try:
            layer = cls(**config)
        except Exception as error:
            raise TypeError(
                f"Error when deserializing class '{cls.__name__}' using config={config}.\n\n{error}"
            ) from error
        for attribute, value in later.items():
            if getattr(layer, attribute) != value:  # setting `trainable` would reach the layers inside
                setattr(layer, attribute, value)
        return layer

    def save_own_variables(self, store):
        """Put the layer's own variables into the mapping `store`, numbered."""
        for i, variable in enumerate([*self._trainable_variables, *self._non_trainable_variables]):
            store[f"{i}"] = variable

    def load_own_variables(self, store):
        """Take the layer's own variables from the mapping `store`.

        Raises: ValueError if their number differs.
        """
        own = [*self._trainable_variables, *self._non_trainable_variables]
        if len(store.keys()) != len(own):
            unbuilt = (
                " It was never built: give it `build()` or `build_from_config()`." if not own and not self.built else ""
            )
            raise ValueError(
                f"Layer '{self.name}' expected {len(own)} variables, but received {len(store.keys())} variables "
                f"during loading. Expected: {[v.name for v in own]}.{unbuilt}"
            )
        for i, variable in enumerate(own):
            variable.assign(take(store, f"{i}"))

    explain = tools.explain

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _as_shape(shape):
    if isinstance(shape, list) and tree.is_shape(shape):
        return tuple(shape)
    return shape


__all__ = ["InputSpec", "Layer"]

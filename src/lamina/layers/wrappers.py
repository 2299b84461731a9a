"""Layers around another layer: Wrapper, TimeDistributed, Bidirectional."""

import functools

import jax.numpy as jnp

from lamina.core import serialization, tree
from lamina.core.errors import ShapeError, message
from lamina.core.registry import CustomObjectScope
from lamina.layers import calling
from lamina.layers.layer import Layer


class Wrapper(Layer):
    """Base of layers around another layer, which they build and own.

    Args:
        layer: the layer inside.
    Raises:   ValueError if it is no layer.
    Source:   Keras 3 `Wrapper`.
    Example:
        >>> from lamina.layers import Dense
        >>> class Twice(Wrapper):
        ...     def call(self, x):
        ...         return 2 * self.layer(x)
        >>> Twice(Dense(1, kernel_initializer="ones"))(jnp.array([[1.0, 2.0]])).tolist()
        [[6.0]]
    """

    def __init__(self, layer, **kwargs):
        _require_layer(self, layer)
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape=None):
        """Build the layer inside."""
        if not self.layer.built:
            self.layer.build(input_shape)

    def get_config(self):
        """Return the constructor arguments; a subclass without a constructor of its own need not define it."""
        return super().get_config()

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the wrapper, and the layer inside, that `config` describes."""
        layer = serialization.deserialize_keras_object(config["layer"], custom_objects)
        return cls(**{**config, "layer": layer})


class TimeDistributed(Wrapper):
    """Apply a layer to each step of a sequence, with the same weights.

    Shapes:   x (batch, steps, ...) -> (batch, steps, what the layer makes of one step)
    Args:
        layer: the layer to apply. Around a Dense it changes nothing: that works on the last axis anyway.
    Mask:     passed on; the layer gets its steps' part, if it takes a mask
    Training: a layer that keeps count of what it sees, as BatchNormalization does, then sees one step after the other.
    Raises:   ValueError for an input without steps, or a mask of another batch size or number of steps.
    Source:   Keras 3 `TimeDistributed`.
    Example:
        >>> from lamina.layers import Flatten
        >>> TimeDistributed(Flatten())(jnp.ones((2, 5, 4, 3))).shape
        (2, 5, 12)
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        """Build the layer for one step."""
        if not isinstance(input_shape, list | tuple) or len(input_shape) < 3:
            raise ShapeError(
                message(
                    "L101",
                    "`TimeDistributed` needs an input of at least 3 axes, (batch, steps, features). "
                    f"Received: input_shape={input_shape}",
                )
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs, training=None, mask=None):
        """Compute on arrays."""
        if mask is not None and mask.shape[:2] != inputs.shape[:2]:
            raise ValueError(
                f"The `mask` passed to the `TimeDistributed` layer has a shape of {mask.shape}; it should begin with "
                f"the batch size and the number of steps of the input, {inputs.shape[:2]}."
            )
        if mask is not None and "mask" not in calling.call_parameters(type(self.layer)):
            mask = None
        if training and any(layer._non_trainable_variables for layer in self.layer._flatten_layers()):
            return self._one_by_one(inputs, mask)
        return self._all_at_once(inputs, mask)

    def _all_at_once(self, inputs, mask):
        """Let the steps be samples: (batch, steps, ...) -> (batch * steps, ...) -> (batch, steps, ...)."""
        batch, steps = inputs.shape[:2]
        kwargs = {} if mask is None else {"mask": mask.reshape(batch * steps, *mask.shape[2:])}
        outputs = self.layer(inputs.reshape(batch * steps, *inputs.shape[2:]), **kwargs)
        return tree.map_structure(lambda y: y.reshape(batch, steps, *y.shape[1:]), outputs)

    def _one_by_one(self, inputs, mask):
        kwargs = [{} if mask is None else {"mask": mask[:, i]} for i in range(inputs.shape[1])]
        outputs = [self.layer(inputs[:, i], **kwargs[i]) for i in range(inputs.shape[1])]
        return tree.map_structure(lambda *steps: jnp.stack(steps, axis=1), *outputs)


_MERGES = {
    "sum": jnp.add,
    "mul": jnp.multiply,
    "ave": lambda forward, backward: (forward + backward) / 2,
    "concat": lambda forward, backward: jnp.concatenate([forward, backward], axis=-1),
    None: lambda forward, backward: (forward, backward),
}


class Bidirectional(Layer):
    """Read a sequence with two layers, one from its beginning and one from its end, and merge what they say.

    Shapes:   x (batch, steps, features) -> (batch, 2 * units), or (batch, steps, 2 * units) with return_sequences;
              with return_state a tuple of this, the states of the forward and those of the backward layer
    Args:
        layer: recurrent layer, of which fresh copies are made: the forward layer and, read backwards, the other one.
        merge_mode: "concat", "sum", "mul" (product), "ave" (mean), or None for both outputs as a tuple.
        weights: list of arrays that the two layers start with, the forward layer's first.
        backward_layer: the layer for the other direction, with the opposite `go_backwards`; used as it is.
    Mask:     used by both layers, whose outputs are zero at masked steps. Passed on with return_sequences
    Raises:   ValueError for another merge mode, or two layers of equal direction or of different kinds of output.
    Source:   Keras 3 `Bidirectional`; Schuster and Paliwal 1997.
    Example:
        >>> from lamina.layers import LSTM
        >>> Bidirectional(LSTM(4))(jnp.ones((2, 5, 3))).shape
        (2, 8)
    """

    _config_skips = ("weights",)

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        _require_layer(self, layer)
        if backward_layer is not None:
            _require_layer(self, backward_layer)
        if merge_mode not in list(_MERGES):
            raise ValueError(f"Argument `merge_mode` is one of {list(_MERGES)}. Received: merge_mode={merge_mode!r}")
        super().__init__(**kwargs)
        copies = [{"name": f"forward_{layer.name.removeprefix('forward_')}"}]
        if backward_layer is None:
            copies += [{"name": f"backward_{layer.name.removeprefix('backward_')}", "go_backwards": True}]
        self.forward_layer, self.backward_layer = [*_copies(layer, *copies), backward_layer][:2]
        self._require_opposites()
        for direction in (self.forward_layer, self.backward_layer):
            if getattr(direction, "zero_output_for_mask", None) is not None:
                direction.zero_output_for_mask = layer.return_sequences
        self.merge_mode = merge_mode
        self._first_weights = weights
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec

    @property
    def layer(self):
        """The forward layer."""
        return self.forward_layer

    def _require_opposites(self):
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "Forward layer and backward layer should have different `go_backwards` values. Received: "
                f"go_backwards={forward.go_backwards} in both."
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, name) != getattr(backward, name):
                raise ValueError(
                    f"Forward layer and backward layer should have the same `{name}`. Received: "
                    f"{getattr(forward, name)} for the forward and {getattr(backward, name)} for the backward layer."
                )

    def build(self, sequences_shape, initial_state_shape=None):
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights:
            self.set_weights(self._first_weights)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        """Compute on arrays."""
        half = 0 if initial_state is None else len(initial_state) // 2
        first, second = (None, None) if initial_state is None else (initial_state[:half], initial_state[half:])
        forward, forward_states = self._read(self.forward_layer, sequences, first, mask)
        backward, backward_states = self._read(self.backward_layer, sequences, second, mask)
        if self.return_sequences:
            backward = jnp.flip(backward, 1)  # from the order of reading to that of the sequence
        merged = _MERGES[self.merge_mode](forward, backward)
        if not self.return_state:
            return merged
        merged = merged if isinstance(merged, tuple) else (merged,)
        return (*merged, *forward_states, *backward_states)

    def _read(self, layer, sequences, initial_state, mask):
        takes_mask = "mask" in calling.call_parameters(type(layer))
        y = layer(sequences, initial_state=initial_state, **({"mask": mask} if takes_mask else {}))
        output, *states = y if self.return_state else (y,)
        return output.astype(self.compute_dtype), states

    @property
    def states(self):
        """What the two layers remember, if they are stateful and built."""
        if self.forward_layer.states and self.backward_layer.states:
            return (*self.forward_layer.states, *self.backward_layer.states)
        return None

    def reset_state(self):
        """Set what stateful layers remember to zero.

        Raises:   AttributeError if they are not stateful.
        """
        if not self.stateful:
            raise AttributeError(f"'{self.name}' is not stateful, so there is no state to reset.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self):
        """Set what stateful layers remember to zero."""
        self.reset_state()

    def compute_mask(self, _, mask):
        """Return the mask for all outputs, None for the last one and for states."""
        mask = tree.flatten(mask)[0] if self.return_sequences else None
        return (mask, mask) if self.merge_mode is None else mask

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the layer that `config` describes."""
        make = functools.partial(serialization.deserialize_keras_object, custom_objects=custom_objects)
        names = [name for name in ("layer", "backward_layer") if config.get(name) is not None]
        return cls(**{**config, **{name: make(config[name]) for name in names}})


def _require_layer(wrapper, layer):
    if not isinstance(layer, Layer):
        raise ValueError(
            f"Layer {layer!r} supplied to {type(wrapper).__name__} isn't a supported layer type: it is of type "
            f"{type(layer)}. Please ensure wrapped layer is a valid Keras layer."
        )


def _copies(layer, *changes):
    """Return a layer of the same kind for each of `changes` in its config; with weights of its own if it is built."""
    config, custom_objects = serialization.config_and_custom_objects(layer)
    if hasattr(layer, "use_cudnn"):  # which configs leave out
        config["use_cudnn"] = layer.use_cudnn
    copies = []
    for change in changes:
        with CustomObjectScope(custom_objects), serialization.sharing_objects():  # within one copy, not between them
            copies.append(type(layer).from_config({**config, **change}))
    if layer.built:
        for copy in copies:
            copy.build_from_config(layer.get_build_config())
    return copies

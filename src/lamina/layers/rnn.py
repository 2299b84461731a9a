"""RNN, which reads a sequence step by step with any cell, and cells stacked on each other."""

import contextlib

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core import serialization, tree
from lamina.core.context import thread
from lamina.core.names import name_scope
from lamina.core.state import StatelessScope
from lamina.core.variable import Variable
from lamina.layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from lamina.layers.input_spec import ONE_ARRAY
from lamina.layers.layer import Layer


class RNN(Layer):
    """Read a sequence with a cell: each step gets the input of that step and the states that the step before left.

    Shapes:   x (batch, steps, ...) -> last output (batch, units), or all (batch, steps, units) with return_sequences;
              with return_state a tuple of this and the final states
    Args:
        cell: cell, or list of cells, which are stacked. A cell is a layer with `call(inputs, states)`, which returns
            the output and the new states, and `state_size`.
        return_sequences: whether the outputs of all steps are returned.
        return_state: whether the final states are returned too.
        go_backwards: whether the last step is read first; all outputs then come in the order of reading.
        stateful: whether a batch starts with the states that the batch before ended with; needs a known batch size.
        unroll: whether the loop is written out, which is faster for a few steps and needs their number.
        zero_output_for_mask: whether masked steps put out zeros; otherwise the output of the step before.
    Mask:     used: a masked step leaves the states as they are. Passed on with return_sequences, else dropped
    Raises:   ValueError for a cell without `call` or `state_size`, stateful or unroll without the known size,
              initial states that do not fit.
    Source:   Keras 3 `RNN`.
    Example:
        >>> RNN([LSTMCell(4), GRUCell(3)], return_sequences=True)(jnp.ones((2, 5, 6))).shape
        (2, 5, 3)
    """

    # The states of a stateful layer are no weights: they are neither counted nor saved.
    _untracked = Layer._untracked | {"states"}
    _input_spec = ONE_ARRAY

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        **kwargs,
    ):
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        require_cell(cell)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.states = None

    @property
    def state_size(self):
        """The sizes of the states, a list."""
        size = self.cell.state_size
        return list(size) if isinstance(size, list | tuple) else [size]

    @property
    def variables(self):
        """All state: weights, positions of random generators, and what a stateful layer remembers."""
        return [*super().variables, *tree.flatten(self.states or [])]

    def build(self, sequences_shape, initial_state_shape=None):
        """Build the cell, and the states of a stateful layer."""
        batch, steps, *features = sequences_shape
        if self.unroll and steps is None:
            raise ValueError(
                f"Cannot unroll '{self.name}': the number of steps of its input, {tuple(sequences_shape)}, is unknown. "
                "Give it in `Input(shape=(steps, features))`, or drop `unroll=True`."
            )
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((batch, *features))
        if self.stateful and self.states is not None:
            self.reset_state()
        elif self.stateful:
            self._make_states(batch)

    def _make_states(self, batch):
        if batch is None:
            raise ValueError(
                f"A stateful layer needs to know the batch size; '{self.name}' does not. Give it in "
                "`Input(shape=(steps, features), batch_size=...)`."
            )

        def variable(value):
            zeros = lambda shape, dtype: jnp.zeros(shape, dtype)  # noqa: E731
            return Variable(zeros, value.shape, dtype=self.variable_dtype, trainable=False, name="rnn_state")

        with name_scope(self.name, caller=self):
            self.states = tree.map_structure(variable, self.get_initial_state(batch))

    def get_initial_state(self, batch_size):
        """Return the list of states before the first step."""
        states = initial_state(self.cell, batch_size, self.compute_dtype)
        return list(states) if tree.is_nested(states) else [states]

    def reset_state(self):
        """Set what a stateful layer remembers to zero."""
        for state in tree.flatten(self.states or []):
            state.assign(jnp.zeros(state.shape, state.stored_dtype))

    def reset_states(self):
        """Set what a stateful layer remembers to zero."""
        self.reset_state()

    def call(self, sequences, initial_state=None, mask=None, training=False):
        """Compute on arrays."""
        mask = tree.flatten(mask)[0]
        if mask is not None and mask.ndim > 2:
            mask = jnp.any(mask, axis=tuple(range(2, mask.ndim)))  # (batch, steps, 1) -> (batch, steps)
        outputs, states = self._read(sequences, self._first_states(sequences, initial_state), mask, training)
        outputs = outputs.astype(self.compute_dtype)
        states = tree.map_structure(lambda x: x.astype(self.compute_dtype), list(states))
        if self.stateful:
            for variable, value in zip(tree.flatten(self.states), tree.flatten(states), strict=True):
                variable.assign(value)
        output = outputs if self.return_sequences else self._last(outputs, states, training)
        return (output, *states) if self.return_state else output

    def _last(self, outputs, states, training):
        """The last output; where that is the first state too, its gradient comes without zeros for the other steps."""
        if self._reads_whole(training) and not self.zero_output_for_mask:
            return states[0]
        return outputs[:, -1]

    def _reads_whole(self, training):
        known = type(self.cell) in (SimpleRNNCell, GRUCell, LSTMCell)
        return known and not self.unroll and self.cell.takes_whole_sequences(training)

    def _first_states(self, sequences, given):
        batch = sequences.shape[0]
        if self.stateful:
            expected = tree.flatten(self.states)[0].shape[0]
            if isinstance(batch, int) and batch != expected:
                raise ValueError(
                    "If an RNN is stateful, the batch size of the input sequences must be the same as the batch size "
                    f"of the initial state. '{self.name}' expected a batch of {expected} and received one of {batch}."
                )
        if given is None:
            given = self.states if self.stateful else self.get_initial_state(batch)
        given = list(given) if isinstance(given, list | tuple) else [given]
        if len(given) != len(self.state_size):
            raise ValueError(
                f"'{self.name}' has {len(self.state_size)} states of the sizes {self.state_size}. Received an "
                f"`initial_state` of {len(given)}."
            )
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return tree.map_structure(lambda x: jnp.asarray(x).astype(dtype), given)

    def _read(self, sequences, states, mask, training):
        """Return the outputs of all steps, in the order of reading, and the final states."""
        options = {"reverse": self.go_backwards, "zero_output_for_mask": self.zero_output_for_mask}
        cell = self.cell
        if self._reads_whole(training):
            return cell.read(sequences, states, mask, training, **options)
        if training and hasattr(cell, "hold_dropout"):
            cell.hold_dropout(sequences[:, 0].shape, tree.flatten(states)[0].shape)
        try:
            step, sequences = self._step_over(sequences, states, training)
            return read(step, sequences, states, mask, unroll=self.unroll, **options)
        finally:
            if hasattr(cell, "release_dropout"):
                cell.release_dropout()

    def _step_over(self, sequences, states, training):
        """Return what is called in each step, and on what; a subclass may do in advance what asks for no state."""
        return self.cell, sequences

    def compute_mask(self, _, mask):
        """Return the mask for all outputs, None for the last one and for states."""
        output_mask = tree.flatten(mask)[0] if self.return_sequences else None
        return [output_mask, *(None for _ in self.state_size)] if self.return_state else output_mask

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the layer that `config` describes."""
        cell = serialization.deserialize_keras_object(config["cell"], custom_objects)
        return cls(**{**config, "cell": cell})


class StackedRNNCells(Layer):
    """Several cells as one: each takes the output of the one before.

    Shapes:   x (batch, features), [states of the first cell, ...] -> output of the last cell, new states
    Args:
        cells: list of cells.
    Raises:   ValueError for a cell without `call` or `state_size`.
    Source:   Keras 3 `StackedRNNCells`.
    Example:
        >>> StackedRNNCells([LSTMCell(4), GRUCell(3)]).state_size
        [[4, 4], 3]
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        for cell in cells:
            require_cell(cell)
        self.cells = cells

    @property
    def state_size(self):
        """The sizes of the cells' states, a list."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self):
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size=None):
        """Return the cells' states before the first step."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape):
        """Build the cells."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs, states, training=False):
        """Compute on arrays."""
        new_states = []
        for cell, before in zip(self.cells, states, strict=True):
            was_list = tree.is_nested(before)
            inputs, after = cell(inputs, list(before) if was_list else [before])
            if not was_list and tree.is_nested(after):
                (after,) = after
            new_states.append(after)
        return inputs, new_states if len(new_states) > 1 else new_states[0]

    def hold_dropout(self, input_shape, state_shape):
        """Let each cell draw its patterns for a sequence."""
        for cell in self.cells:
            shape = (input_shape[0], output_size(cell))
            if hasattr(cell, "hold_dropout"):
                cell.hold_dropout(input_shape, shape)
            input_shape = shape

    def release_dropout(self):
        """Let each cell forget its patterns."""
        for cell in self.cells:
            if hasattr(cell, "release_dropout"):
                cell.release_dropout()

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the stack that `config` describes."""
        cells = [serialization.deserialize_keras_object(cell, custom_objects) for cell in config["cells"]]
        return cls(**{**config, "cells": cells})


def read(cell, sequences, states, mask=None, *, reverse=False, unroll=False, zero_output_for_mask=False):
    """Call a cell at each step of a sequence.

    Args:
        cell: callable `(inputs, states) -> (output, states)`.
        sequences: (batch, steps, ...).
        states: structure of arrays, the states before the first step.
        mask: (batch, steps) or None.
        reverse: read the last step first; the outputs come in the order of reading.
        unroll: write the loop out.
        zero_output_for_mask: put out zeros at masked steps, else the first state, which is the last output.
    Returns:  outputs (batch, steps, ...), final states.
    """
    structure = jax.tree_util.tree_structure(states)

    def step(states, now):
        x, keep = now
        output, after = cell(x, states)
        leaves = zip(jax.tree_util.tree_leaves(after), jax.tree_util.tree_leaves(states), strict=True)
        if keep is None:
            new = [after.astype(before.dtype) for after, before in leaves]
        else:
            new = [_where(keep, after, before) for after, before in leaves]
            output = _where(keep, output, jnp.zeros_like(output) if zero_output_for_mask else _last_output(states))
        return jax.tree_util.tree_unflatten(structure, new), output

    steps = sequences.swapaxes(0, 1), None if mask is None else mask.astype(bool).swapaxes(0, 1)
    # What a cell assigns inside the loop belongs to the loop.
    with StatelessScope() if thread.scope is None else contextlib.nullcontext():
        states, outputs = lax.scan(step, states, steps, reverse=reverse, unroll=unroll)
    outputs = outputs.swapaxes(0, 1)
    return jnp.flip(outputs, 1) if reverse else outputs, states


def _where(keep, after, before):
    """Take `after` for the samples of the batch that `keep` names, else `before`."""
    return jnp.where(keep.reshape(keep.shape + (1,) * (after.ndim - 1)), after, before).astype(before.dtype)


def _last_output(states):
    """The first state of a cell, or of the last of stacked cells."""
    return states[-1][0] if tree.is_nested(states[0]) else states[0]


def require_cell(cell):
    """Raise ValueError unless `cell` can be the cell of an RNN."""
    if not hasattr(cell, "call") or getattr(cell, "state_size", None) is None:
        raise ValueError(
            "A cell needs a method `call(inputs, states)` and an attribute `state_size`, an integer or a list of "
            f"integers, one for each state. Received: cell={cell}"
        )


def output_size(cell):
    """Return the size of a cell's output: what it says, or that of its first state."""
    size = getattr(cell, "output_size", None)
    return tree.flatten(cell.state_size)[0] if size is None else size


def initial_state(cell, batch_size, dtype):
    """Return the states of a cell before the first step: what it says, or zeros."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    return tree.map_structure(lambda size: jnp.zeros((batch_size, size), dtype), cell.state_size)

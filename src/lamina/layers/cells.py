"""What a recurrent layer does in one step: SimpleRNNCell, GRUCell, LSTMCell."""

import jax
import jax.numpy as jnp

from lamina import activations
from lamina.core import tree
from lamina.core.random import SeedGenerator
from lamina.kernels import recurrence
from lamina.layers.demands import positive_integer
from lamina.layers.layer import Layer
from lamina.layers.weights import add_weight, keep_options


class DropoutCell(Layer):
    """A cell whose dropout patterns stay the same over the steps of a sequence.

    A recurrent layer calls `hold_dropout` before the first step and `release_dropout` after the last one; a cell that
    is called by itself draws new patterns each time.
    """

    _untracked = Layer._untracked | {"_held"}
    _held = None
    gates = 1

    def _keep_dropout(self, dropout, recurrent_dropout, seed):
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)

    def hold_dropout(self, input_shape, state_shape):
        """Draw the patterns for a sequence whose steps and state have these shapes."""
        self._held = self._draw(self.dropout, input_shape), self._draw(self.recurrent_dropout, state_shape)

    def release_dropout(self):
        """Forget the patterns."""
        self._held = None

    def dropout_patterns(self, inputs, state, training):
        """Return the patterns for the input and for the state: each None, or a list of one, or of one for each gate."""
        if not training:
            return None, None
        if self._held is None:
            return self._draw(self.dropout, inputs.shape), self._draw(self.recurrent_dropout, state.shape)
        return self._held

    def _draw(self, rate, shape):
        if not 0 < rate < 1:
            return None
        keep = 1 - rate
        keys = [self.seed_generator.next() for _ in range(self._pattern_count())]
        return [jax.random.bernoulli(key, keep, shape).astype(self.compute_dtype) / keep for key in keys]

    def _pattern_count(self):
        return 1


class _GatedCell(DropoutCell):
    """What SimpleRNNCell, GRUCell and LSTMCell share: their weights, and the share of an array in each gate."""

    def _keep(self, units, activation, use_bias, kernel, recurrent, bias):
        self.units = positive_integer(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        keep_options(self, "kernel", *kernel)
        keep_options(self, "recurrent", *recurrent)
        keep_options(self, "bias", *bias)
        self.output_size = units

    def build(self, input_shape):
        """Make the weights."""
        width = self.gates * self.units
        self.kernel = add_weight(self, "kernel", (input_shape[-1], width))
        self.recurrent_kernel = add_weight(self, "recurrent", (self.units, width), name="recurrent_kernel")
        self.bias = self._make_bias(width) if self.use_bias else None

    def _make_bias(self, width):
        return add_weight(self, "bias", (width,))

    def _shares(self, x, kernel, patterns, bias=None):
        """Return the share of `x` in each gate: (batch, features) @ (features, units) -> (batch, units)."""
        gates = kernel.shape[-1] // self.units
        if patterns is None or len(patterns) == 1:
            y = (x if patterns is None else x * patterns[0]) @ kernel
            return jnp.split(y if bias is None else y + bias, gates, axis=-1)
        columns = jnp.split(kernel, gates, axis=-1)
        shares = [(x * pattern) @ column for pattern, column in zip(patterns, columns, strict=False)]
        if bias is None:
            return shares
        return [share + part for share, part in zip(shares, jnp.split(bias, gates), strict=True)]

    def _pattern_count(self):
        return self.gates if self.implementation == 1 else 1

    def get_initial_state(self, batch_size=None):
        """Return zeros for each state, (batch, units)."""
        return [jnp.zeros((batch_size, size), self.compute_dtype) for size in tree.flatten(self.state_size)]

    def takes_whole_sequences(self, training):
        """Tell whether `read` computes the same as `call`, step by step."""
        one_pattern = not training or not self.dropout or self._pattern_count() == 1
        return one_pattern and not (training and self.recurrent_dropout) and self._is_usual()

    def _is_usual(self):
        return self.activation is activations.tanh

    def read(self, sequences, states, mask, training, **options):
        """Compute all steps at once, with a kernel that is faster than a loop over `call`.

        Returns: outputs (batch, steps, units), final states.
        """
        if training and self.dropout:
            pattern = self.dropout_patterns(sequences[:, 0], states[0], training)[0]
            sequences = sequences if pattern is None else sequences * pattern[0][:, None]
        bias = None if self.bias is None else self.bias.value
        weights = self.kernel.value, self.recurrent_kernel.value, bias
        return self._recur(sequences, mask, *states, *weights, **options)


class SimpleRNNCell(_GatedCell):
    """One step of `SimpleRNN`: mix the input with the last output.

    Maths:    h' = activation(x @ kernel + h @ recurrent_kernel + bias)
    Shapes:   x (batch, features), [h (batch, units)] -> h' (batch, units), [h']
    Weights:  kernel (features, units), recurrent_kernel (units, units), bias (units,)
    Args:
        units: size of the output and of the state [count, >= 1].
        activation: name or function.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint: names or objects.
        dropout, recurrent_dropout: part of the inputs, and of the last outputs, dropped while training [fraction 0-1].
        seed: integer that makes dropout repeatable.
    Source:   Keras 3 `SimpleRNNCell` (same defaults).
    Example:
        >>> h, states = SimpleRNNCell(4)(jnp.ones((2, 3)), [jnp.zeros((2, 4))])
        >>> h.shape
        (2, 4)
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._keep(
            units,
            activation,
            use_bias,
            (kernel_initializer, kernel_regularizer, kernel_constraint),
            (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
        )
        self._keep_dropout(dropout, recurrent_dropout, seed)
        self.implementation = 2
        self.state_size = units

    def call(self, sequence, states, training=False):
        """Compute on arrays."""
        h = tree.flatten(states)[0]
        x_pattern, h_pattern = self.dropout_patterns(sequence, h, training)
        (x_share,) = self._shares(sequence, self.kernel.value, x_pattern, self.bias)
        (h_share,) = self._shares(h, self.recurrent_kernel.value, h_pattern)
        h = self.activation(x_share + h_share)
        return h, [h] if tree.is_nested(states) else h

    _recur = staticmethod(recurrence.simple_rnn)


class GRUCell(_GatedCell):
    """One step of `GRU`: a gate decides how much of the state is replaced by a new value.

    Maths:    z, r = recurrent_activation(x @ kernel + h @ recurrent_kernel + bias), each with its own columns (z, r, n)
              n = activation(x @ kernel + r * (h @ recurrent_kernel))    with reset_after, else r * h is multiplied
              h' = z * h + (1 - z) * n
    Shapes:   x (batch, features), [h (batch, units)] -> h' (batch, units), [h']
    Weights:  kernel (features, 3 * units), recurrent_kernel (units, 3 * units),
              bias (2, 3 * units) with reset_after, else (3 * units,)
    Args:
        units: size of the output and of the state [count, >= 1].
        activation, recurrent_activation: names or functions, of the new value and of the gates.
        reset_after: whether the reset gate is applied after the product with the recurrent kernel (as cuDNN does).
        others: as for `SimpleRNNCell`.
    Source:   Keras 3 `GRUCell` (same defaults); Cho et al. 2014.
    Example:
        >>> h, states = GRUCell(4)(jnp.ones((2, 3)), [jnp.zeros((2, 4))])
        >>> h.shape
        (2, 4)
    """

    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        reset_after=True,
        seed=None,
        **kwargs,
    ):
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self._keep(
            units,
            activation,
            use_bias,
            (kernel_initializer, kernel_regularizer, kernel_constraint),
            (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
        )
        self._keep_dropout(dropout, recurrent_dropout, seed)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.implementation = 1 if self.recurrent_dropout else implementation
        self.reset_after = reset_after
        self.state_size = units

    def _make_bias(self, width):
        return add_weight(self, "bias", (2, width) if self.reset_after else (width,))

    def call(self, inputs, states, training=False):
        """Compute on arrays."""
        h = tree.flatten(states)[0]
        x_patterns, h_patterns = self.dropout_patterns(inputs, h, training)
        x_bias, h_bias = self._biases()
        z, r, n = self._shares(inputs, self.kernel.value, x_patterns, x_bias)
        recurrent = self.recurrent_kernel.value
        if self.reset_after:
            z_share, r_share, n_share = self._shares(h, recurrent, h_patterns, h_bias)
            r = self.recurrent_activation(r + r_share)
            n_share = r * n_share
        else:
            z_share, r_share = self._shares(h, recurrent[:, : 2 * self.units], h_patterns)
            r = self.recurrent_activation(r + r_share)
            kept = h if h_patterns is None else h * h_patterns[-1]
            n_share = (r * kept) @ recurrent[:, 2 * self.units :]
        z = self.recurrent_activation(z + z_share)
        h = z * h + (1 - z) * self.activation(n + n_share)
        return h, [h] if tree.is_nested(states) else h

    def _biases(self):
        if self.bias is None:
            return None, None
        return self.bias.value if self.reset_after else (self.bias.value, None)

    def _is_usual(self):
        return super()._is_usual() and self.recurrent_activation is activations.sigmoid

    def _recur(self, *args, **options):
        return recurrence.gru(*args, reset_after=self.reset_after, **options)


class LSTMCell(_GatedCell):
    """One step of `LSTM`: gates decide what a memory forgets, what it takes in, and what of it is shown.

    Maths:    i, f, o = recurrent_activation(x @ kernel + h @ recurrent_kernel + bias), each with its own columns
              (i, f, g, o); g = activation(the same)
              c' = f * c + i * g, h' = o * activation(c')
    Shapes:   x (batch, features), [h (batch, units), c (batch, units)] -> h' (batch, units), [h', c']
    Weights:  kernel (features, 4 * units), recurrent_kernel (units, 4 * units), bias (4 * units,)
    Args:
        units: size of the output and of each state [count, >= 1].
        activation, recurrent_activation: names or functions, of what is remembered and of the gates.
        unit_forget_bias: whether the bias of the forget gate starts at 1, so that the memory is kept at first.
        others: as for `SimpleRNNCell`.
    Source:   Keras 3 `LSTMCell` (same defaults); Hochreiter and Schmidhuber 1997; Jozefowicz et al. 2015.
    Example:
        >>> h, (same, c) = LSTMCell(4)(jnp.ones((2, 3)), [jnp.zeros((2, 4)), jnp.zeros((2, 4))])
        >>> h.shape, c.shape
        ((2, 4), (2, 4))
    """

    gates = 4

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self._keep(
            units,
            activation,
            use_bias,
            (kernel_initializer, kernel_regularizer, kernel_constraint),
            (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
        )
        self._keep_dropout(dropout, recurrent_dropout, seed)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.implementation = 1 if self.recurrent_dropout else implementation
        self.state_size = [units, units]

    def _make_bias(self, width):
        if not self.unit_forget_bias:
            return super()._make_bias(width)
        return self.add_weight(
            name="bias",
            shape=(width,),
            initializer=remembering(self.units, self.bias_initializer),
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )

    def call(self, inputs, states, training=False):
        """Compute on arrays."""
        h, c = states
        x_patterns, h_patterns = self.dropout_patterns(inputs, h, training)
        x_shares = self._shares(inputs, self.kernel.value, x_patterns, self.bias)
        h_shares = self._shares(h, self.recurrent_kernel.value, h_patterns)
        i, f, g, o = (x_share + h_share for x_share, h_share in zip(x_shares, h_shares, strict=True))
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]

    def _is_usual(self):
        return super()._is_usual() and self.recurrent_activation is activations.sigmoid

    _recur = staticmethod(recurrence.lstm)


def remembering(units, initializer):
    """Return an initializer of an LSTM's bias: ones for the forget gate, the second of four, else `initializer`."""

    def initialize(shape, dtype=None):
        ends = initializer((units,), dtype=dtype), initializer((2 * units,), dtype=dtype)
        return jnp.concatenate([ends[0], jnp.ones((units,), dtype), ends[1]])

    return initialize

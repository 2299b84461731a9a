"""Layers that read a sequence with a cell of their own: SimpleRNN, GRU, LSTM."""

from lamina.layers.cells import GRUCell, LSTMCell, SimpleRNNCell
from lamina.layers.input_spec import InputSpec
from lamina.layers.rnn import RNN


def of_cell(name):
    """Return a property that shows the cell's attribute `name`."""
    return property(lambda self: getattr(self.cell, name), doc=f"The `{name}` of the cell.")


class CellRNN(RNN):
    """An RNN that makes its cell itself, and shows the cell's options as its own."""

    _config_skips = ("use_cudnn",)

    units = of_cell("units")
    activation = of_cell("activation")
    recurrent_activation = of_cell("recurrent_activation")
    use_bias = of_cell("use_bias")
    unit_forget_bias = of_cell("unit_forget_bias")
    kernel_initializer = of_cell("kernel_initializer")
    recurrent_initializer = of_cell("recurrent_initializer")
    bias_initializer = of_cell("bias_initializer")
    kernel_regularizer = of_cell("kernel_regularizer")
    recurrent_regularizer = of_cell("recurrent_regularizer")
    bias_regularizer = of_cell("bias_regularizer")
    kernel_constraint = of_cell("kernel_constraint")
    recurrent_constraint = of_cell("recurrent_constraint")
    bias_constraint = of_cell("bias_constraint")
    dropout = of_cell("dropout")
    recurrent_dropout = of_cell("recurrent_dropout")
    reset_after = of_cell("reset_after")
    implementation = of_cell("implementation")
    seed = of_cell("seed")

    def __init__(self, cell, **kwargs):
        super().__init__(cell, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        return {**super().get_config(), "zero_output_for_mask": self.zero_output_for_mask}

    @classmethod
    def from_config(cls, config):
        """Make the layer that `config` describes."""
        return cls(**config)


def _cell_options(kwargs):
    """Return those of a layer's keyword arguments that its cell takes too."""
    options = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
    if "implementation" in kwargs:
        options["implementation"] = kwargs.pop("implementation")
    return options


class SimpleRNN(CellRNN):
    """Read a sequence; each step sees its input and the output of the step before.

    Maths:    h_t = activation(x_t @ kernel + h_(t-1) @ recurrent_kernel + bias)
    Shapes:   x (batch, steps, features) -> (batch, units), or (batch, steps, units) with return_sequences
    Weights:  kernel (features, units), recurrent_kernel (units, units), bias (units,), all of the cell
    Args:
        units: size of the output [count, >= 1].
        activation, use_bias and what follows: as for `SimpleRNNCell`.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.
    Mask:     used: a masked step leaves the state as it is. Passed on with return_sequences, else dropped
    Training: dropout acts only then.
    Source:   Keras 3 `SimpleRNN` (same defaults).
    Example:
        >>> import jax.numpy as jnp
        >>> SimpleRNN(4)(jnp.ones((2, 5, 3))).shape
        (2, 4)
    """

    _config_skips = ("seed",)

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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        seed=None,
        **kwargs,
    ):
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            name="simple_rnn_cell",
            **_cell_options(kwargs),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )


class GRU(CellRNN):
    """Read a sequence; gates decide how much of the state each step replaces.

    Maths:    z, r = sigmoid(...), n = tanh(...), h_t = z * h_(t-1) + (1 - z) * n; see `GRUCell`
    Shapes:   x (batch, steps, features) -> (batch, units), or (batch, steps, units) with return_sequences
    Weights:  kernel (features, 3 * units), recurrent_kernel (units, 3 * units), bias (2, 3 * units) with reset_after,
              else (3 * units,), all of the cell
    Args:
        units: size of the output [count, >= 1].
        activation, recurrent_activation, reset_after and others: as for `GRUCell`.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.
        use_cudnn: kept for Keras's sake.
    Mask:     used: a masked step leaves the state as it is. Passed on with return_sequences, else dropped
    Training: dropout acts only then.
    Source:   Keras 3 `GRU` (same defaults); Cho et al. 2014.
    Example:
        >>> import jax.numpy as jnp
        >>> GRU(4, return_sequences=True)(jnp.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        reset_after=True,
        use_cudnn="auto",
        **kwargs,
    ):
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            reset_after=reset_after,
            seed=seed,
            name="gru_cell",
            **_cell_options(kwargs),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.use_cudnn = _checked_use_cudnn(use_cudnn)


class LSTM(CellRNN):
    """Read a sequence with a memory; gates decide what it forgets, takes in and shows at each step.

    Maths:    i, f, o = sigmoid(...), g = tanh(...), c_t = f * c_(t-1) + i * g, h_t = o * tanh(c_t); see `LSTMCell`
    Shapes:   x (batch, steps, features) -> (batch, units), or (batch, steps, units) with return_sequences
    Weights:  kernel (features, 4 * units), recurrent_kernel (units, 4 * units), bias (4 * units,), all of the cell
    Args:
        units: size of the output [count, >= 1].
        activation, recurrent_activation, unit_forget_bias and others: as for `LSTMCell`.
        return_sequences, return_state, go_backwards, stateful, unroll: as for `RNN`.
        use_cudnn: kept for Keras's sake.
    Mask:     used: a masked step leaves the states as they are. Passed on with return_sequences, else dropped
    Training: dropout acts only then.
    Source:   Keras 3 `LSTM` (same defaults); Hochreiter and Schmidhuber 1997.
    Example:
        >>> import jax.numpy as jnp
        >>> LSTM(4)(jnp.ones((2, 5, 3))).shape
        (2, 4)
        >>> all_steps, h, c = LSTM(4, return_sequences=True, return_state=True)(jnp.ones((2, 5, 3)))
        >>> all_steps.shape, h.shape, c.shape
        ((2, 5, 4), (2, 4), (2, 4))
    """

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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        use_cudnn="auto",
        **kwargs,
    ):
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            name="lstm_cell",
            **_cell_options(kwargs),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.use_cudnn = _checked_use_cudnn(use_cudnn)


def _checked_use_cudnn(value):
    if value not in ("auto", True, False):
        raise ValueError(f"Argument `use_cudnn` is one of 'auto', True and False. Received: use_cudnn={value!r}")
    return value

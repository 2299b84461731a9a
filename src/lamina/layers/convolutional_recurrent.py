"""LSTMs whose products are convolutions, for videos and the like: ConvLSTM1D, ConvLSTM2D, ConvLSTM3D."""

import functools

import jax
import jax.numpy as jnp

from lamina import activations
from lamina.core import config
from lamina.kernels.convolution import convolve
from lamina.layers.cells import DropoutCell, remembering
from lamina.layers.demands import positive_integer
from lamina.layers.input_spec import InputSpec
from lamina.layers.recurrent import CellRNN, of_cell
from lamina.layers.weights import add_weight, keep_options
from lamina.layers.windows import (
    as_data_format,
    assert_no_stride_with_dilation,
    assert_room,
    channels_last,
    known_channels,
    padding_name,
    sizes,
)


class ConvLSTMCell(DropoutCell):
    """One step of `ConvLSTM2D`, or of its kin with another number of spatial axes.

    Maths:    as `LSTMCell`, with convolutions in place of the products: of x with the layer's strides, padding and
              dilation, of h with neither and padded to the same size
    Shapes:   x (batch, *spatial, channels), [h, c (batch, *spatial', filters)] -> h', [h', c']
    Weights:  kernel (*kernel_size, channels, 4 * filters), recurrent_kernel (*kernel_size, filters, 4 * filters),
              bias (4 * filters,)
    Args:
        rank: number of spatial axes [count].
        others: as for `ConvLSTM2D`.
    Source:   Keras 3 `ConvLSTMCell`; Shi et al. 2015.
    """

    gates = 4

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
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
        super().__init__(**kwargs)
        self.rank = rank
        self.filters = positive_integer(self, "filters", filters)
        self.kernel_size = sizes(self, "kernel_size", kernel_size)
        self.strides = sizes(self, "strides", strides)
        self.padding = padding_name(self, padding)
        self.data_format = config.standardize_data_format(data_format)
        self.dilation_rate = sizes(self, "dilation_rate", dilation_rate)
        assert_no_stride_with_dilation(self)
        self.activation = activations.get(activation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.use_bias = use_bias
        keep_options(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_options(self, "recurrent", recurrent_initializer, recurrent_regularizer, recurrent_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.unit_forget_bias = unit_forget_bias
        self._keep_dropout(dropout, recurrent_dropout, seed)
        self.state_size = [filters, filters]

    def build(self, inputs_shape, states_shape=None):
        """Make the weights."""
        channels = known_channels(self, inputs_shape)
        self.step_shape = tuple(inputs_shape[1:])
        if None in self.step_shape:
            raise ValueError(
                f"ConvLSTM layers need to know the sizes of the spatial axes. '{self.name}' got steps of shape "
                f"{self.step_shape}; give all axes but batch and steps a size in `Input(shape=...)`."
            )
        width = 4 * self.filters
        self.kernel = add_weight(self, "kernel", (*self.kernel_size, channels, width))
        recurrent_shape = (*self.kernel_size, self.filters, width)
        self.recurrent_kernel = add_weight(self, "recurrent", recurrent_shape, name="recurrent_kernel")
        initializer = self.bias_initializer
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(width,),
                initializer=remembering(self.filters, initializer) if self.unit_forget_bias else initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def get_initial_state(self, batch_size=None):
        """Return zeros for h and c, of the size that the convolution of a step has."""
        x = jax.ShapeDtypeStruct((batch_size, *self.step_shape), self.compute_dtype)
        kernel = jax.ShapeDtypeStruct((*self.kernel.shape[:-1], self.filters), self.compute_dtype)
        state = jax.eval_shape(self._one_gate, x, kernel)
        return [jnp.zeros(state.shape, state.dtype), jnp.zeros(state.shape, state.dtype)]

    def _one_gate(self, x, kernel):
        return self._to_format(self._input_conv(self._from_format(x), kernel))

    def call(self, inputs, states, training=False):
        """Compute on arrays."""
        x_patterns, h_patterns = self.dropout_patterns(inputs, states[0], training)
        return self.step(self.input_shares(inputs, x_patterns), states, h_patterns)

    def input_shares(self, x, patterns):
        """Return the share of the input in all gates, channels last, (..., *spatial', 4 * filters), bias included."""
        shares = self._shares(x, self.kernel.value, patterns, self._input_conv)
        return shares if self.bias is None else shares + self.bias.value

    def step(self, x_shares, states, patterns):
        """Return the output and the states that the share of an input and the states before lead to."""
        h, c = states
        gates = x_shares + self._shares(h, self.recurrent_kernel.value, patterns, self._recurrent_conv)
        i, f, g, o = map(self._to_format, jnp.split(gates, 4, axis=-1))
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]

    def _shares(self, x, kernel, patterns, convolution):
        """Return the share of `x` in all gates, channels last."""
        if patterns is None:
            return convolution(self._from_format(x), kernel)
        parts = zip(patterns, jnp.split(kernel, 4, axis=-1), strict=True)
        return jnp.concatenate([convolution(self._from_format(x * pattern), part) for pattern, part in parts], -1)

    def _input_conv(self, x, kernel):
        if self.padding == "valid":
            assert_room(self, x, self.kernel_size, self.dilation_rate)
        return convolve(x, kernel, self.strides, self.padding, self.dilation_rate)

    def _recurrent_conv(self, h, kernel):
        once = (1,) * self.rank
        return convolve(h, kernel, once, "same", once)

    def _from_format(self, x):
        return channels_last(x, self.data_format)

    def _to_format(self, x):
        return as_data_format(x, self.data_format)

    def _pattern_count(self):
        return self.gates


class ConvLSTM(CellRNN):
    """Base of ConvLSTM1D, ConvLSTM2D and ConvLSTM3D, which differ in the number of spatial axes only."""

    rank = None
    filters = of_cell("filters")
    kernel_size = of_cell("kernel_size")
    strides = of_cell("strides")
    padding = of_cell("padding")
    data_format = of_cell("data_format")
    dilation_rate = of_cell("dilation_rate")

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
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
        **kwargs,
    ):
        cell = ConvLSTMCell(
            self.rank,
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
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
            name="conv_lstm_cell",
            dtype=kwargs.get("dtype"),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def _step_over(self, sequences, states, training):
        """Convolve the images of all steps at once; only the convolutions of h are left for the loop."""
        x_patterns, h_patterns = self.cell.dropout_patterns(sequences[:, 0], states[0], training)
        batch, steps = sequences.shape[:2]
        images = sequences.reshape(batch * steps, *sequences.shape[2:])
        if x_patterns is not None:
            x_patterns = [jnp.repeat(pattern, steps, axis=0) for pattern in x_patterns]
        shares = self.cell.input_shares(images, x_patterns)
        step = functools.partial(self.cell.step, patterns=h_patterns)
        return step, shares.reshape(batch, steps, *shares.shape[1:])

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        return {**super().get_config(), "unroll": self.unroll}


class ConvLSTM1D(ConvLSTM):
    """Read a sequence of rows of values with a memory; see `ConvLSTM2D`.

    Shapes:   x (batch, steps, length, channels) -> (batch, length', filters), or (batch, steps, length', filters)
    Source:   Keras 3 `ConvLSTM1D` (same defaults).
    Example:
        >>> ConvLSTM1D(8, 3)(jnp.ones((2, 5, 6, 4))).shape
        (2, 4, 8)
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """Read a sequence of images with a memory that is itself an image of `filters` channels.

    Maths:    i, f, o = sigmoid(...), g = tanh(...), c_t = f * c_(t-1) + i * g, h_t = o * tanh(c_t), where the gates are
              sums of two convolutions, of the image and of h_(t-1)
    Shapes:   x (batch, steps, height, width, channels) -> (batch, height', width', filters), or with a steps axis for
              return_sequences; height' and width' as for `Conv2D`
    Weights:  kernel (kernel_h, kernel_w, channels, 4 * filters), recurrent_kernel (kernel_h, kernel_w, filters,
              4 * filters), bias (4 * filters,), all of the cell
    Args:
        filters: number of output channels [count].
        kernel_size, strides, dilation_rate: of the convolution of the images; one integer for all axes or one for each
            [pixels].
        padding: "valid" or "same", of the convolution of the images.
        data_format: "channels_last" or "channels_first"; by default the configured one.
        activation, recurrent_activation, unit_forget_bias, dropout and others: as for `LSTM`.
    Mask:     used: a masked step leaves the states as they are. Passed on with return_sequences, else dropped
    Raises:   ValueError for unknown spatial sizes, or strides together with dilation.
    Source:   Keras 3 `ConvLSTM2D` (same defaults); Shi et al. 2015.
    Example:
        >>> ConvLSTM2D(8, 3, return_sequences=True)(jnp.ones((2, 5, 6, 6, 1))).shape
        (2, 5, 4, 4, 8)
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """Read a sequence of volumes with a memory; see `ConvLSTM2D`.

    Shapes:   x (batch, steps, depth, height, width, channels) -> (batch, depth', height', width', filters), or with a
              steps axis for return_sequences
    Source:   Keras 3 `ConvLSTM3D` (same defaults).
    """

    rank = 3

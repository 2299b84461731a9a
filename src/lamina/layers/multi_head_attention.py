"""MultiHeadAttention: several heads, each with keys and values of its own."""

import string

from lamina import regularizers
from lamina.layers.demands import positive_integer
from lamina.layers.headed_attention import HeadedAttention


class MultiHeadAttention(HeadedAttention):
    """Let several heads each take, for every query, a mean of the values weighted by fitting keys; mix what they say.

    Maths:    head_n = softmax(q_n @ k_n^T / sqrt(key_dim)) @ v_n, with q_n = query @ W_n + b_n and so for k_n and v_n
              y = sum_n head_n @ O_n + o
    Shapes:   query (batch, steps, features), value (batch, values, value features), key (batch, values, key features)
              -> (batch, steps, features); with return_attention_scores also (batch, heads, steps, values)
    Weights:  query, key, value: kernel (features, heads, size), bias (heads, size);
              attention_output: kernel (heads, value_dim, features), bias (features,)
    Args:
        num_heads: number of heads [count, >= 1].
        key_dim, value_dim: size of each head's queries and keys, and of its values (as keys by default) [count, >= 1].
        dropout: part of the weights that is dropped while training [fraction 0-1].
        use_bias: whether the projections have biases.
        output_shape: size, or sizes, of the output's last axis; by default that of the query.
        attention_axes: axes over which the mean runs; by default all but batch and features.
        sliding_window: how far away, in steps, what a query sees ends; None for no limit.
        flash_attention: whether to use the device's fused kernel.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint: names or objects, of each projection.
        use_gate: whether each head is multiplied by a sigmoid projection of the query.
        seed: integer that makes dropout repeatable.
    Mask:     used: those of query, value and key; passed on is that of the query
    Raises:   ValueError for sizes that are no positive integers, or keys and values of different lengths.
    Source:   Keras 3 `MultiHeadAttention`; Vaswani et al. 2017. Without `key` the values are the keys.
    Example:
        >>> import numpy as np
        >>> MultiHeadAttention(num_heads=2, key_dim=3)(np.ones((2, 5, 4)), np.ones((2, 7, 6))).shape
        (2, 5, 4)
    """

    _config_skips = ("output_shape", "flash_attention", "activity_regularizer")

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._keep(
            dropout,
            use_bias,
            sliding_window,
            flash_attention,
            (kernel_initializer, kernel_regularizer, kernel_constraint),
            (bias_initializer, bias_regularizer, bias_constraint),
            use_gate,
            seed,
        )
        self.num_heads = positive_integer(self, "num_heads", num_heads)
        self.key_dim = positive_integer(self, "key_dim", key_dim)
        self.value_dim = key_dim if value_dim is None else positive_integer(self, "value_dim", value_dim)
        self._output_shape = _sizes("output_shape", output_shape) or None
        self.attention_axes = _sizes("attention_axes", attention_axes)
        self._activity_regularizer = regularizers.get(activity_regularizer)  # of the projections, not of the layer

    def build(self, query_shape, value_shape, key_shape=None):
        """Make the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        if value_shape[1:-1] != key_shape[1:-1]:
            raise ValueError(
                "All dimensions of `value` and `key`, except the last one, must be equal. Received: "
                f"value_shape={value_shape} and key_shape={key_shape}"
            )
        queries, values = (self.num_heads, self.key_dim), (self.num_heads, self.value_dim)
        self._query_dense = self._built_projection("query", query_shape, 1, queries)
        self._key_dense = self._built_projection("key", key_shape, 1, queries)
        if self.use_gate:
            self._gate_dense = self._built_projection("gate", query_shape, 1, values, "sigmoid")
        self._value_dense = self._built_projection("value", value_shape, 1, values)
        rank = len(value_shape) + 1
        axes = range(1, rank - 2) if self.attention_axes is None else self.attention_axes
        self.attention_axes = tuple(axis % (rank - 1) for axis in axes)
        self._build_attention(rank, self.attention_axes, self.key_dim)
        sizes = self._output_shape or query_shape[-1:]
        self._output_dense = self._built_projection("attention_output", (*query_shape[:-1], *values), 2, sizes)

    def _built_projection(self, name, input_shape, summed, sizes, activation=None):
        """Make a layer that takes the last `summed` axes of an input of `input_shape` to `sizes`."""
        letters = string.ascii_lowercase
        free = len(input_shape) - summed
        kept, gone, new = letters[:free], letters[free : free + summed], letters[free + summed :][: len(sizes)]
        output_shape = (None,) * (free - 1) + tuple(sizes)
        equation = f"{kept}{gone},{gone}{new}->{kept}{new}"
        layer = self._project(name, equation, output_shape, self._activity_regularizer, activation)
        layer.build(input_shape)
        return layer

    # Public names are where files keep the projections.

    @property
    def query_dense(self):
        """The projection of the query."""
        return self._query_dense

    @property
    def key_dense(self):
        """The projection of the key."""
        return self._key_dense

    @property
    def value_dense(self):
        """The projection of the value."""
        return self._value_dense

    @property
    def output_dense(self):
        """The projection of what all heads say together."""
        return self._output_dense

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        return {
            **super().get_config(),
            "output_shape": self._output_shape,
            "activity_regularizer": regularizers.serialize(self._activity_regularizer),
        }


def _sizes(name, value):
    """Return an integer or a sequence of integers as a tuple, None as it is."""
    if value is None or isinstance(value, int):
        return value if value is None else (value,)
    if not hasattr(value, "__iter__") or isinstance(value, str):
        raise ValueError(f"Invalid `{name}`: it must be an int, list, or tuple. Received: {name}={value!r}")
    return tuple(value)

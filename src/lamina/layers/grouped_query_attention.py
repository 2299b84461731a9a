"""GroupedQueryAttention: several heads, of which some share keys and values."""

import jax.numpy as jnp

from lamina.layers.demands import positive_integer
from lamina.layers.headed_attention import HeadedAttention


class GroupedQueryAttention(HeadedAttention):
    """Attention with several heads, of which some share keys and values.

    Maths:    as `MultiHeadAttention`, where query head n uses key and value head floor(n * shared heads / query heads)
    Shapes:   query (batch, steps, features), value and key (batch, values, features) -> (batch, steps, features);
              with return_attention_scores also (batch, query heads, steps, values)
    Weights:  query: kernel (features, query heads, head_dim), bias (query heads, head_dim); key, value: the same with
              their heads; attention_output: kernel (query heads, head_dim, features), bias (features,)
    Args:
        head_dim: size of each head's queries, keys and values [count].
        num_query_heads, num_key_value_heads: numbers of heads; the second must divide the first [count].
        dropout, use_bias, sliding_window and others: as for `MultiHeadAttention`.
    Mask:     used: those of query, value and key; passed on is that of the query
    Raises:   ValueError if the numbers of heads do not divide.
    Source:   Keras 3 `GroupQueryAttention`; Ainslie et al. 2023.
    Example:
        >>> GroupedQueryAttention(3, 4, 2)(jnp.ones((2, 5, 6)), jnp.ones((2, 7, 6))).shape
        (2, 5, 6)
    """

    _keras_name = "GroupQueryAttention"  # in configs; places in weights files are named after the class
    _config_skips = ("flash_attention",)

    def __init__(
        self,
        head_dim,
        num_query_heads,
        num_key_value_heads,
        dropout=0.0,
        use_bias=True,
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
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        positive_integer(self, "head_dim", head_dim)
        positive_integer(self, "num_query_heads", num_query_heads)
        positive_integer(self, "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                "In GroupedQueryAttention, `num_query_heads` must be divisible by `num_key_value_heads`. Received: "
                f"num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}"
            )
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
        self.head_dim = head_dim
        self.num_query_heads = num_query_heads
        self.num_key_value_heads = num_key_value_heads
        self.num_repeats = num_query_heads // num_key_value_heads

    def build(self, query_shape, value_shape, key_shape=None):
        """Make the projections."""
        key_shape = value_shape if key_shape is None else key_shape
        features, regularizer = query_shape[-1], self.activity_regularizer
        queries = (None, self.num_query_heads, self.head_dim)
        shared = (None, self.num_key_value_heads, self.head_dim)
        self._query_dense = self._project("query", "bqm,muh->bquh", queries, regularizer)
        self._query_dense.build(query_shape)
        self._key_dense = self._project("key", "bkm,mvh->bkvh", shared, regularizer)
        self._key_dense.build(key_shape)
        if self.use_gate:
            self._gate_dense = self._project("gate", "bqm,muh->bquh", queries, regularizer, "sigmoid")
            self._gate_dense.build(query_shape)
        self._value_dense = self._project("value", "bkm,mvh->bkvh", shared, regularizer)
        self._value_dense.build(value_shape)
        self._build_attention(4, (1,), self.head_dim)
        self._output_dense = self._project("attention_output", "bquh,uhm->bqm", (None, features), regularizer)
        self._output_dense.build((None, None, self.num_query_heads, self.head_dim))

    def _spread_heads(self, x):
        return jnp.repeat(x, self.num_repeats, axis=2)  # (..., shared heads, size) -> (..., heads, size)


GroupQueryAttention = GroupedQueryAttention

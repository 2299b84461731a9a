"""The base of attention with several heads, each with projections of its own."""

import math
import string

import jax
import jax.numpy as jnp

from lamina.core import policies
from lamina.core.context import is_known
from lamina.core.errors import describe
from lamina.core.policy_map import DTypePolicyMap
from lamina.kernels.attention import implementation
from lamina.layers.activation_layers import Softmax
from lamina.layers.einsum_dense import EinsumDense
from lamina.layers.layer import Layer
from lamina.layers.regularization import Dropout
from lamina.layers.weights import keep_options


class HeadedAttention(Layer):
    """What both layers share: projections, the masks of query, value and key as one, and weighted means.

    A subclass builds `_query_dense`, `_key_dense`, `_value_dense`, `_output_dense` and, with `use_gate`, `_gate_dense`.
    """

    def _keep(self, dropout, use_bias, sliding_window, flash_attention, kernel, bias, use_gate, seed):
        if sliding_window is not None and (not isinstance(sliding_window, int) or sliding_window <= 0):
            raise ValueError(
                "`sliding_window` must be `None` or a positive integer. "
                f"{type(self).__name__} received: sliding_window={sliding_window!r}"
            )
        self._flash_attention = flash_attention
        if self._flash_attention and dropout > 0:
            raise ValueError(
                "Dropout is not supported when flash attention is enabled; set it to 0. "
                f"{type(self).__name__} received: dropout={dropout}"
            )
        self.dropout = dropout
        self.use_bias = use_bias
        self.sliding_window = sliding_window
        keep_options(self, "kernel", *kernel)
        keep_options(self, "bias", *bias)
        self.use_gate = use_gate
        self.seed = seed
        self.supports_masking = True

    def _project(self, name, equation, output_shape, activity_regularizer, activation=None):
        """Make a projection; its bias has values of its own along all axes of the kernel that stay."""
        kernel, outputs = equation.split(",")[1].split("->")
        layer = EinsumDense(
            equation,
            output_shape=output_shape,
            activation=activation,
            bias_axes="".join(letter for letter in kernel if letter in outputs) if self.use_bias else None,
            name=name,
            kernel_initializer=_fresh(self.kernel_initializer),
            bias_initializer=_fresh(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype_policy,
        )
        layer.supports_masking = True  # masks are used here, not lost
        return layer

    def _build_attention(self, rank, axes, size):
        """Prepare attention over `axes` of projected arrays of `rank` axes whose last one has `size` features."""
        self._attention_axes = axes
        self._scale = 1 / math.sqrt(size)
        self._dot_product_equation, self._combine_equation = _attention_equations(rank, axes)
        score_rank = rank - 1 + len(axes)
        self._softmax = Softmax(axis=tuple(range(score_rank - len(axes), score_rank)), dtype=self.dtype_policy)
        self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        """Compute on arrays."""
        self._require_key_for_each_value(value, key)
        self._require_mask_of(query, value, attention_mask)
        masks = (query_mask, value_mask, key_mask, attention_mask, self.sliding_window)
        only_causal = use_causal_mask and all(mask is None for mask in masks) and self._attends_as_usual()
        if not only_causal:
            attention_mask = self._compute_attention_mask(
                query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask
            )
        gate = self._gate_dense(query) if self.use_gate else None
        # a method of the user's may know neither
        asked = {"return_attention_scores": return_attention_scores, "use_causal_mask": only_causal}
        outputs, scores = self._compute_attention(
            self._query_dense(query),
            self._spread_heads(self._key_dense(value if key is None else key)),
            self._spread_heads(self._value_dense(value)),
            attention_mask,
            training,
            **{name: True for name, wanted in asked.items() if wanted},
        )
        outputs = self._output_dense(outputs if gate is None else outputs * gate)
        return (outputs, scores) if return_attention_scores else outputs

    def _require_key_for_each_value(self, value, key):
        if key is not None and value.shape[1:-1] != key.shape[1:-1]:
            raise ValueError(
                f"All dimensions of `value` and `key` of {type(self).__name__}, except the last one, must be equal. "
                f"Received: value {describe(value)} and key {describe(key)}"
            )

    def _require_mask_of(self, query, value, attention_mask):
        if attention_mask is None or query.ndim != 3:
            return
        sizes = zip(attention_mask.shape[::-1], (value.shape[1], query.shape[1]), strict=False)
        if any(is_known(size) and is_known(due) and size not in (1, due) for size, due in sizes):
            raise ValueError(
                f"The `attention_mask` of {type(self).__name__} has the axes (batch, steps of the query, steps of the "
                f"value), of the size 1 or that of {describe(query)} and {describe(value)}. Received: attention_mask "
                f"{describe(attention_mask)}"
            )

    def _attends_as_usual(self):
        return type(self)._compute_attention is HeadedAttention._compute_attention

    def _spread_heads(self, x):
        return x

    def _compute_attention_mask(
        self,
        query,
        value,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        use_causal_mask=False,
    ):
        """Return where queries may look, (batch or 1, steps, values), or None for everywhere."""
        rows, columns = jnp.arange(query.shape[1])[:, None], jnp.arange(value.shape[1])
        masks = [
            None if query_mask is None else query_mask.astype(bool)[..., :, None],
            None if value_mask is None else value_mask.astype(bool)[..., None, :],
            None if key_mask is None else key_mask.astype(bool)[..., None, :],
            (rows >= columns)[None] if use_causal_mask else None,
            None if self.sliding_window is None else (abs(rows - columns) < self.sliding_window)[None],
            None if attention_mask is None else attention_mask.astype(bool),
        ]
        merged = None
        for mask in masks:
            if mask is not None:
                merged = mask if merged is None else merged & mask
        return merged

    def _compute_attention(
        self,
        query,
        key,
        value,
        attention_mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        """Return what each head says, and the weights it says it with (None where they are not computed apart).

        All arrays are projected ones, (batch, ..., heads, features).
        """
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                "Returning attention scores is not supported when flash attention is enabled. Please disable flash "
                f"attention to access attention scores in '{self.name}' (of type {type(self).__name__})."
            )
        while attention_mask is not None and attention_mask.ndim < query.ndim - 1 + len(self._attention_axes):
            attention_mask = jnp.expand_dims(attention_mask, -2 * len(self._attention_axes) - 1)
        takes_scores = self.dropout > 0 or return_attention_scores
        if not takes_scores and query.ndim == 4 and query.shape[-1] == value.shape[-1]:
            outputs = jax.nn.dot_product_attention(
                query,
                key,
                value,
                mask=attention_mask,
                scale=self._scale,
                is_causal=use_causal_mask,
                implementation=implementation(self._flash_attention, query, key, value, mask=attention_mask),
            )
            return outputs, None
        scores = jnp.einsum(self._dot_product_equation, key, query * jnp.asarray(self._scale, query.dtype))
        if use_causal_mask:
            causal = jnp.arange(scores.shape[-2])[:, None] >= jnp.arange(scores.shape[-1])
            attention_mask = causal if attention_mask is None else causal & attention_mask.astype(bool)
        scores = self._softmax(scores, mask=attention_mask)
        kept = self._dropout_layer(scores, training=training) if self.dropout > 0 else scores
        return jnp.einsum(self._combine_equation, kept, value), scores

    def get_config(self):
        """Return the constructor arguments; with projections in few bits, the dtype is a map of their policies."""
        config = super().get_config()
        inner = self._flatten_layers(include_self=False)
        policies_by_path = {layer.path: layer._policy for layer in inner if layer.quantization_mode}
        if policies_by_path:
            config["dtype"] = policies.serialize(DTypePolicyMap(self._policy.name, policies_by_path))
        return config


def _attention_equations(rank, axes):
    """Return the einsum equations that compare keys with queries, and that apply the result to values.

    Projected arrays are (batch, ..., heads, features). The scores have the axes that are not attended over, heads among
    them, then those of the queries and those of the keys.
    """
    queries = string.ascii_lowercase[:rank]
    new = iter(string.ascii_lowercase[rank:])
    keys = "".join(next(new) if axis in axes else letter for axis, letter in enumerate(queries))
    shared = "".join(queries[axis] for axis in range(rank - 1) if axis not in axes)
    scores = shared + "".join(queries[axis] for axis in axes) + "".join(keys[axis] for axis in axes)
    return f"{keys},{queries}->{scores}", f"{scores},{keys}->{queries}"


def _fresh(initializer):
    """Return an initializer like the given one that draws numbers of its own."""
    if hasattr(initializer, "get_config"):
        return type(initializer).from_config(initializer.get_config())
    return initializer

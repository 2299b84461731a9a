"""Attention without projections: Attention (dot product) and AdditiveAttention."""

import jax
import jax.numpy as jnp

from lamina.core import tree
from lamina.core.random import SeedGenerator
from lamina.layers.demands import fraction
from lamina.layers.layer import Layer


class Attention(Layer):
    """Give each query a mean of the values, weighted by how well the values' keys fit the query.

    Maths:    scores = query @ key^T * scale; weights = softmax(scores); y = weights @ value
    Shapes:   [query (batch, steps, dim), value (batch, values, dim), key (batch, values, dim)] -> (batch, steps, dim)
              with return_attention_scores also the weights (batch, steps, values)
    Weights:  scale () with `use_scale`, concat_score_weight () with score_mode="concat"
    Args:
        use_scale: whether the scores are multiplied by a number that is learned.
        score_mode: "dot", or "concat" for concat_score_weight * sum over dim of tanh(scale * (query + key)).
        dropout: part of the weights that is dropped while training [fraction 0-1].
        seed: integer that makes dropout repeatable.
    Mask:     used: that of the value hides values, that of the query sets outputs to zero and is passed on
    Raises:   ValueError for another score mode, or inputs that are no list of two or three arrays.
    Source:   Keras 3 `Attention`; Luong et al. 2015. Without `key` the values are the keys.
    Example:
        >>> Attention()([jnp.ones((2, 3, 4)), jnp.ones((2, 5, 4))]).shape
        (2, 3, 4)
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"Invalid value for argument score_mode. Expected one of {{'dot', 'concat'}}. {type(self).__name__} "
                f"received: score_mode={score_mode!r}"
            )
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = fraction(self, "dropout", dropout)
        self.seed = seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def build(self, input_shape):
        """Make the weights."""
        self._require_inputs(input_shape)
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones") if self.use_scale else None
        self.concat_score_weight = None
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        """Compute on arrays."""
        self._require_inputs(inputs, mask)
        query, value = inputs[:2]
        query_mask, value_mask = mask[:2] if mask else (None, None)
        scores = self._calculate_scores(query, inputs[2] if len(inputs) > 2 else value)
        scores_mask = _scores_mask(scores, value_mask, use_causal_mask)
        outputs, weights = self._apply_scores(scores, value, scores_mask, training)
        if query_mask is not None:
            outputs = jnp.where(query_mask[..., None], outputs, 0)
        return (outputs, weights) if return_attention_scores else outputs

    def _calculate_scores(self, query, key):
        """(batch, steps, dim), (batch, values, dim) -> (batch, steps, values)"""
        if self.score_mode == "dot":
            scores = query @ key.swapaxes(-2, -1)
            return scores if self.scale is None else scores * self.scale.value
        both = query[..., None, :] + key[..., None, :, :]  # (batch, steps, values, dim)
        if self.scale is not None:
            both = both * self.scale.value
        return self.concat_score_weight.value * jnp.sum(jnp.tanh(both), axis=-1)

    def _apply_scores(self, scores, value, scores_mask=None, training=False):
        """Return the outputs and the weights."""
        if scores_mask is not None:
            far = 65504.0 if scores.dtype == "float16" else 1e9
            scores = jnp.where(scores_mask, scores, scores - far)
        weights = jax.nn.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            kept = jax.random.bernoulli(self.seed_generator.next(), 1 - self.dropout, weights.shape)
            weights = jnp.where(kept, weights / (1 - self.dropout), 0)
        return weights @ value, weights

    def compute_mask(self, inputs, mask=None):
        """Return the mask of the query."""
        self._require_inputs(inputs, mask)
        return mask[0] if mask else None

    def _require_inputs(self, inputs, mask=None):
        if not isinstance(inputs, list | tuple) or len(inputs) not in (2, 3) or tree.is_shape(inputs):
            raise ValueError(
                f"{type(self).__name__} layer must be called on a list of length 2 or 3, [query, value] or "
                f"[query, value, key]. Received: inputs={inputs}"
            )
        if mask is not None and (not isinstance(mask, list | tuple) or len(mask) not in (2, 3)):
            raise ValueError(
                f"{type(self).__name__} layer mask must be a list of length 2 or 3, [query_mask, value_mask]. "
                f"Received: mask={mask}"
            )


class AdditiveAttention(Attention):
    """Give each query a mean of the values, weighted by a learned nonlinear sum of query and key.

    Maths:    scores = sum over dim of scale * tanh(query + key); weights = softmax(scores); y = weights @ value
    Shapes:   [query (batch, steps, dim), value (batch, values, dim), key (batch, values, dim)] -> (batch, steps, dim)
    Weights:  scale (dim,) with `use_scale`
    Args:
        use_scale: whether each feature has a weight that is learned.
        dropout: part of the weights that is dropped while training [fraction 0-1].
        seed: integer that makes dropout repeatable.
    Mask:     as for `Attention`
    Source:   Keras 3 `AdditiveAttention`; Bahdanau et al. 2015.
    Example:
        >>> AdditiveAttention()([jnp.ones((2, 3, 4)), jnp.ones((2, 5, 4))]).shape
        (2, 3, 4)
    """

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape):
        """Make the weights."""
        self._require_inputs(input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform")

    def _calculate_scores(self, query, key):
        both = jnp.tanh(query[..., None, :] + key[..., None, :, :])  # (batch, steps, values, dim)
        return jnp.sum(both if self.scale is None else both * self.scale.value, axis=-1)

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        return {**super().get_config(), "seed": self.seed}


def _scores_mask(scores, value_mask, causal):
    """Return where scores count, broadcasting against (batch, steps, values), or None."""
    mask = None if value_mask is None else value_mask[..., None, :]
    if not causal:
        return mask
    steps, values = scores.shape[-2:]
    not_later = (jnp.arange(steps)[:, None] >= jnp.arange(values))[None]
    return not_later if mask is None else mask & not_later

"""Rows of a table for integers, and back: Embedding, ReversibleEmbedding."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np

from lamina import ops
from lamina.core.context import set_mask, thread
from lamina.core.errors import DataError, describe, message
from lamina.layers.arguments import serialize_argument
from lamina.layers.demands import positive_integer
from lamina.layers.input_spec import ONE_ARRAY
from lamina.layers.layer import Layer
from lamina.layers.narrow_products import accumulator
from lamina.layers.quantization import Quantizable
from lamina.layers.stored_weight import FORMATS, Weight
from lamina.layers.weights import keep_options


class Embedding(Quantizable, Layer):
    """Look up a row of a table for each integer.

    Maths:    y[..., :] = embeddings[x[...]]
    Shapes:   x (batch, ...) integers -> (batch, ..., output_dim)
    Weights:  embeddings (input_dim, output_dim)
    Args:
        input_dim: number of rows; the largest integer is input_dim - 1 [count].
        output_dim: length of a row [count].
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: names or objects.
        mask_zero: whether 0 means "no data" and is marked in the mask.
        weights: the table to start with, an array or a list of one.
        lora_rank, lora_alpha: size and weight of additions to the table that are trained in its place; None for none.
    Mask:     produced with `mask_zero`: x != 0. The row of 0 is not zero; the mask, not the values, tells it apart
    Raises:   ValueError for sizes that are no positive integers; DataError L340 for an integer without a row.
    Source:   Keras 3 `Embedding`; there integers without a row give NaN.
    Example:
        >>> Embedding(10, 4)([[1, 2, 3]]).shape
        (1, 3, 4)
    """

    _adapted = "embeddings"
    _config_skips = ("lora_rank", "lora_alpha", "weights")
    _input_spec = ONE_ARRAY

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        if kwargs.pop("input_length", None) is not None:
            warnings.warn("Argument `input_length` is deprecated. Just remove it.", stacklevel=3)
        super().__init__(**kwargs)
        self.input_dim = positive_integer(self, "input_dim", input_dim)
        self.output_dim = positive_integer(self, "output_dim", output_dim)
        keep_options(self, "embeddings", embeddings_initializer, embeddings_regularizer, embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        self._keep_lora(lora_rank, lora_alpha)
        self._keep_quantization(quantization_config)
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape=None):
        """Make the table."""
        if self.built:
            return
        self._build_weight((self.input_dim, self.output_dim))
        self._start_lora()

    @property
    def embeddings(self):
        """The table, as a Variable; with low-rank adaptation what it and its additions make together, as an array."""
        return self._weight_or_sum()

    def call(self, inputs):
        """Compute on arrays."""
        ids = inputs if inputs.dtype in ("int32", "int64") else inputs.astype("int32")
        if not isinstance(ids, jax.core.Tracer) and not thread.shape_trace:
            self.require_rows(ids)
        if self._is_quantized:
            stored, weight = self._stored()
            return self._with_low_rank(stored.rows(self, weight, ids, self.compute_dtype), ids)
        return self._product(ids, self._adapted_value()).astype(self.compute_dtype)

    def _product(self, x, weight):
        return jnp.take(weight, x, axis=0)  # (batch, ...) -> (batch, ..., output_dim)

    def _weights_to_store(self):
        shape = (self.input_dim, self.output_dim)
        return [Weight("embeddings", shape, scale_axes=(0,), attribute="_embeddings", summed_axis=-1)]

    def require_rows(self, ids):
        """Raise DataError L340 if an integer of the array `ids` has no row."""
        if not ids.size:
            return
        ids = np.asarray(ids)
        least, most = int(ids.min()), int(ids.max())
        if least < 0 or most >= self.input_dim:
            raise DataError(
                message(
                    "L340",
                    f"{self.name} has rows for the integers 0 to {self.input_dim - 1}; it got {describe(ids)} with "
                    f"values from {least} to {most}.",
                    why="the vocabulary is larger than `input_dim`, or the integers count from another number than 0.",
                    fix=f"Embedding({most + 1}, {self.output_dim})    # one row more than the largest integer"
                    if least >= 0
                    else f"ids = ids + {-least}    # so that they count from 0",
                )
            )

    def compute_mask(self, inputs, mask=None):
        """Return `inputs != 0`, or None without `mask_zero`."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        return {"activity_regularizer": None, **super().get_config()}


class ReversibleEmbedding(Embedding):
    """Look up a row of a table for each integer; in reverse, score each integer by the product of its row and an array.

    Maths:    y[..., :] = embeddings[x[...]]; in reverse logits[..., i] = sum_d x[..., d] * embeddings[i, d]
    Shapes:   x (batch, ...) integers -> (batch, ..., output_dim)
              reverse: x (batch, ..., output_dim) -> (batch, ..., input_dim)
    Weights:  embeddings (input_dim, output_dim), without `tie_weights` reverse_embeddings (output_dim, input_dim)
    Args:
        input_dim, output_dim, mask_zero and others: as for `Embedding`.
        tie_weights: whether the reverse direction uses the same table.
        reverse_dtype: dtype of the reverse direction; by default that of the input and the table.
        logit_soft_cap: bound which the logits approach but do not pass; None for none.
    Mask:     produced with `mask_zero`, unless in reverse
    Source:   Keras 3 `ReversibleEmbedding`; Press and Wolf 2016.
    Example:
        >>> layer = ReversibleEmbedding(10, 4)
        >>> layer(layer([[1, 2, 3]]), reverse=True).shape
        (1, 3, 10)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        tie_weights=True,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        reverse_dtype=None,
        logit_soft_cap=None,
        **kwargs,
    ):
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape=None):
        """Make the table, or both tables."""
        super().build(input_shape)
        if not self.tie_weights and not self._is_quantized:
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings",
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
            )

    def call(self, inputs, reverse=False):
        """Compute on arrays."""
        if not reverse:
            rows = super().call(inputs)
            if self.mask_zero:
                set_mask(rows, jnp.not_equal(inputs, 0))
            return rows
        if self.reverse_dtype is not None:
            inputs = inputs.astype(self.reverse_dtype)
        logits = self._scores(inputs)  # (batch, ..., output_dim) @ (output_dim, input_dim)
        if self.logit_soft_cap is None:
            return logits
        return jnp.tanh(logits / self.logit_soft_cap) * self.logit_soft_cap

    def _scores(self, inputs):
        if self._is_quantized:
            return self._quantized_scores(inputs)
        kernel = self._adapted_value().T if self.tie_weights else self.reverse_embeddings.value
        if self.reverse_dtype is not None:
            kernel = kernel.astype(self.reverse_dtype)
        return jnp.matmul(inputs, kernel)

    def _quantized_scores(self, inputs):
        weight = self._weights_to_store()[-1]
        if not self.tie_weights:
            return self._integer_product(inputs, FORMATS[self.quantization_mode], weight, _matmul)
        scores = self._integer_product(inputs, FORMATS[self.quantization_mode], weight, lambda x, w: _matmul(x, w.T))
        if not self.lora_enabled:
            return scores
        a, b = self._thin()
        return scores + (self.lora_alpha / self.lora_rank) * jnp.matmul(jnp.matmul(inputs, b.value.T), a.value.T)

    def _weights_to_store(self):
        weights = super()._weights_to_store()
        if self.tie_weights:
            return weights
        name, shape = "reverse_embeddings", (self.output_dim, self.input_dim)
        return [*weights, Weight(name, shape, scale_axes=(1,), attribute=name, packed_axis=0, zero_dtype=None)]

    @property
    def variable_serialization_spec(self):
        """The names of the saved variables, in order, for each mode."""
        spec = super().variable_serialization_spec
        if self.tie_weights:
            return spec
        name = "reverse_embeddings"
        additions = {None: [name], "int8": [name, f"{name}_scale"], "int4": [name, f"{name}_scale", f"{name}_zero"]}
        return {mode: [*names, *additions[mode]] for mode, names in spec.items()}

    def compute_mask(self, inputs, mask=None):
        """Return None: `call` sets the mask itself."""

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        written = serialize_argument("quantization_config", self.quantization_config)
        return {**super().get_config(), "quantization_config": written}


def _matmul(x, weight):
    return jnp.matmul(x, weight, preferred_element_type=accumulator(x, weight))

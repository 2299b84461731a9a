"""CategoryEncoding: class numbers as vectors."""

import jax.numpy as jnp

from lamina.layers.layer import Layer
from lamina.ops.nn import multi_hot, one_hot

MODES = ("one_hot", "multi_hot", "count")


class CategoryEncoding(Layer):
    """Turn class numbers into vectors with a place for each class.

    Shapes:   x (batch, elements) -> (batch, num_tokens) for "multi_hot" and "count"; for "one_hot"
              (batch, elements, num_tokens), or (batch, num_tokens) from (batch, 1)
    Args:
        num_tokens: number of classes; the class numbers go from 0 to num_tokens - 1 [count, >= 1].
        output_mode: "one_hot" makes a vector of each number; "multi_hot" makes one of each sample, with ones at all its
            numbers; "count" tells how often each number occurs. "binary" is an old name of "multi_hot".
        sparse: False; results are dense.
    Call:     count_weights, of the shape of x, is what each number adds to its count, instead of 1.
    Mask:     dropped -- the elements of a sample are mixed.
    Raises:   ValueError for another mode, for sparse results, or for weights where nothing is counted.
    Source:   Keras 3 `CategoryEncoding`. A number out of range has no place: it adds nothing.
    Example:
        >>> CategoryEncoding(3, output_mode="count")([[0, 2, 2]]).tolist()
        [[1.0, 0.0, 2.0]]
    """

    _allow_non_tensor_positional_args = True
    _convert_input_args = False  # class numbers are exact; a compute dtype of few bits is not
    _config_skips = ("sparse",)

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        super().__init__(**kwargs)
        output_mode = "multi_hot" if output_mode == "binary" else output_mode
        if output_mode not in MODES:
            raise ValueError(f"Unknown arg for output_mode: {output_mode}. CategoryEncoding knows {MODES}.")
        if num_tokens is None:
            raise ValueError("num_tokens must be set to use this layer: how many classes there are.")
        if num_tokens < 1:
            raise ValueError(f"`num_tokens` of CategoryEncoding must be >= 1. Received: num_tokens={num_tokens}.")
        refuse_sparse(sparse)
        self.num_tokens = num_tokens
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs, count_weights=None):
        """Compute on arrays."""
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    "`count_weights` is not used when `output_mode` is not `'count'`. "
                    f"Received: output_mode={self.output_mode!r} and count_weights={count_weights}."
                )
            count_weights = jnp.asarray(count_weights, self.compute_dtype)
        return encoded(jnp.asarray(inputs), self.output_mode, self.num_tokens, self.variable_dtype, count_weights)


def encoded(numbers, mode, depth, dtype, weights=None):
    """Return class numbers, of any rank, as vectors of `depth` places.

    Args:
        mode: "one_hot", "multi_hot" or "count".
        weights: what each number adds to its count.
    """
    numbers = numbers if numbers.ndim else numbers[None]
    if mode == "multi_hot":
        return multi_hot(numbers, depth, dtype=dtype)
    if mode == "one_hot":
        alone = numbers.ndim > 1 and numbers.shape[-1] == 1
        return one_hot(numbers[..., 0] if alone else numbers, depth, dtype=dtype)
    if weights is None:
        places = one_hot(numbers, depth, dtype=dtype)
    else:
        places = one_hot(numbers, depth, dtype=weights.dtype) * weights[..., None]
    return jnp.sum(places, axis=1 if numbers.ndim > 1 else 0)


def refuse_sparse(sparse):
    """Raise ValueError if sparse results are wanted."""
    if sparse:
        raise ValueError("Sparse results are not supported; they are dense. Received: sparse=True")

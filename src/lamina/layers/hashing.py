"""Hashing and HashedCrossing: words and numbers as the buckets that their hash puts them into."""

import numpy as np

from lamina.core.errors import ConfigurationError, message
from lamina.core.texts import on_host
from lamina.layers.category_encoding import encoded, refuse_sparse
from lamina.layers.fingerprints import bucket, crossed, farmhash
from lamina.layers.layer import Layer

MODES = ("int", "one_hot", "multi_hot", "count")


class Hashing(Layer):
    """Replace each word or whole number by one of some buckets, the same for the same word everywhere.

    It may stand in a model, whose program then asks Python for the hashes; on the data before the model it is faster.

    Shapes:   x (batch, ...) -> the same, int32; for the other modes vectors with a number for each bucket
    Args:
        num_bins: how many buckets [count].
        mask_value: the word or number that alone goes into bucket 0; None: there is none.
        salt: integer or two; the hash is then SipHash with this key.
        output_mode: "int" for buckets, or how CategoryEncoding turns them into vectors.
        sparse: False; results are dense.
    Raises:   ValueError for arguments without meaning.
    Source:   Keras 3 `Hashing`.
    Example:
        >>> Hashing(num_bins=3)([["A"], ["B"], ["A"]]).tolist()
        [[1], [0], [1]]
    """

    _allow_non_tensor_positional_args = True
    _convert_input_args = False

    def __init__(self, num_bins, mask_value=None, salt=None, output_mode="int", sparse=False, **kwargs):
        if kwargs.get("dtype") in (None, "int64"):
            kwargs["dtype"] = "int32" if output_mode == "int" else None
        super().__init__(**kwargs)
        _check(self, num_bins, output_mode, MODES)
        refuse_sparse(sparse)
        self.num_bins = num_bins
        self.mask_value = mask_value
        self.salt = [salt, salt] if isinstance(salt, int) else salt if salt is None else list(salt)
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs):
        """Compute on arrays."""
        buckets = on_host(self._buckets, [inputs], np.shape(inputs), elementwise=True)
        if self.output_mode == "int":
            return buckets.astype(self.compute_dtype)
        return encoded(buckets, self.output_mode, self.num_bins, self.compute_dtype)

    def _buckets(self, inputs):
        """Return the bucket of every element; equal ones are looked at once."""
        array = _tokens(inputs)
        tokens, where = np.unique(array, return_inverse=True)
        return np.array([self._bucket(token) for token in tokens.tolist()], "int32")[where].reshape(array.shape)

    def _bucket(self, token):
        if self.mask_value is None or self.num_bins == 1:
            return bucket(str(token), self.num_bins, self.salt)
        return 0 if token == self.mask_value else 1 + bucket(str(token), self.num_bins - 1, self.salt)


class HashedCrossing(Layer):
    """Replace each combination of words or whole numbers by one of some buckets.

    Shapes:   two arrays or more, each (batch,) or (batch, 1) -> the same, int32; for "one_hot" (batch, num_bins)
    Args:
        num_bins: how many buckets [count].
        output_mode: "int" for buckets, or "one_hot".
        sparse: False; results are dense.
        name, dtype: see Layer.
    Raises:   ValueError for arguments without meaning, or inputs of other shapes.
    Source:   Keras 3 `HashedCrossing`.
    Example:
        >>> HashedCrossing(num_bins=5)((["A", "B", "A"], [101, 101, 102])).tolist()
        [1, 4, 3]
    """

    _allow_non_tensor_positional_args = True
    _convert_input_args = False

    def __init__(self, num_bins, output_mode="int", sparse=False, name=None, dtype=None, **kwargs):
        if dtype in (None, "int64"):
            dtype = "int32" if output_mode == "int" else None
        super().__init__(name=name, dtype=dtype, **kwargs)
        _check(self, num_bins, output_mode, ("int", "one_hot"))
        refuse_sparse(sparse)
        self.num_bins = num_bins
        self.output_mode = output_mode
        self.sparse = sparse

    def call(self, inputs):
        """Compute on arrays."""
        if not isinstance(inputs, list | tuple) or len(inputs) < 2:
            raise ValueError(f"`HashedCrossing` should be called on at least two inputs. Received: inputs={inputs}")
        shapes = {np.shape(column) for column in inputs}
        shape = np.shape(inputs[0])
        if len(shapes) > 1 or len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise ValueError(
                "All `HashedCrossing` inputs should have the same shape: (), (batch,) or (batch, 1). "
                f"Received: {sorted(shapes)}"
            )
        buckets = on_host(self._buckets, inputs, shape, elementwise=True)
        if self.output_mode == "int":
            return buckets.astype(self.compute_dtype)
        return encoded(buckets, "one_hot", self.num_bins, self.compute_dtype)

    def _buckets(self, *columns):
        """Return the bucket of every row."""
        hashes = [[_fingerprint(token) for token in _tokens(column).ravel().tolist()] for column in columns]
        buckets = [crossed(row) % self.num_bins for row in zip(*hashes, strict=True)]
        return np.array(buckets, "int32").reshape(np.shape(columns[0]))


def _fingerprint(token):
    return farmhash(token.encode()) if isinstance(token, str) else token


def _tokens(values):
    """Return words, or whole numbers, as an array."""
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return array.astype("int64")
    if array.dtype.kind == "S":
        return np.char.decode(array, "utf-8")
    if array.dtype.kind == "O":
        words = [each.decode() if isinstance(each, bytes) else str(each) for each in array.ravel()]
        return np.array(words, dtype=str).reshape(array.shape)
    return array


def _check(layer, num_bins, output_mode, modes):
    if num_bins is None or num_bins <= 0:
        raise ConfigurationError(
            message("L211", f"`num_bins` of layer '{layer.name}' must be positive. Received: num_bins={num_bins}.")
        )
    if output_mode not in modes:
        raise ConfigurationError(
            message("L211", f"`output_mode` of layer '{layer.name}' must be one of {modes}. Received: {output_mode}.")
        )

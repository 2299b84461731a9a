"""StringLookup and IntegerLookup: words and numbers of a vocabulary as the places they have in it."""

import jax
import jax.numpy as jnp
import numpy as np

from lamina.layers.fingerprints import bucket
from lamina.layers.index_lookup import NOWHERE, IndexLookup


class StringLookup(IndexLookup):
    """Replace each word by its place in a vocabulary, given or learned by `adapt`.

    It may stand in a model, whose program then asks Python for the places; on the data before the model it is faster.

    Shapes:   x (batch, ...) -> the same, int32; for the other modes vectors with a number for each place
    Args:
        max_tokens: largest number of places [count]; None for any.
        num_oov_indices: places for unknown words, among which their hash decides; with 0 they are an error [count].
        mask_token: the word that means nothing; its place is 0. None: there is none.
        oov_token: what `invert` returns for places of unknown words.
        vocabulary: words, or the path of a text file with one in each line.
        idf_weights: what each word weighs, for "tf_idf".
        invert: whether places are replaced by words.
        output_mode: "int" for places, or vectors: "one_hot", "multi_hot", "count", or "tf_idf", counts that weigh less
            the more samples have the word.
        pad_to_max_tokens: whether vectors have `max_tokens` numbers.
        sparse: False; results are dense.
        encoding: of words given as bytes.
        salt: integer or two; the hash is then SipHash with this key.
    Raises:   ValueError for arguments that contradict each other, an unfit vocabulary, unknown words without a place.
    Source:   Keras 3 `StringLookup`.
    Example:
        >>> layer = StringLookup(vocabulary=["cat", "dog"])
        >>> layer([["dog", "yak"]]).tolist(), layer.get_vocabulary()
        ([[2, 0]], ['[UNK]', 'cat', 'dog'])
    """

    vocabulary_dtype = "string"

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token=None,
        oov_token="[UNK]",
        vocabulary=None,
        idf_weights=None,
        invert=False,
        output_mode="int",
        pad_to_max_tokens=False,
        sparse=False,
        encoding="utf-8",
        name=None,
        salt=None,
        **kwargs,
    ):
        self.encoding = encoding
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            salt=salt,
            name=name,
            **kwargs,
        )

    @property
    def input_dtype(self):
        """Texts, unless places are turned into them."""
        return super().input_dtype if self.invert else "string"

    def _token(self, text):
        return text

    def _order(self, token):
        return token.encode()

    def _array(self, words):
        array = np.asarray(words)
        if array.dtype.kind == "O":
            texts = [w.decode(self.encoding) if isinstance(w, bytes) else str(w) for w in array.ravel()]
            return np.array(texts, dtype=str).reshape(array.shape)
        return np.char.decode(array, self.encoding) if array.dtype.kind == "S" else array.astype(str)

    def _oov_bucket(self, token):
        return bucket(token, self.num_oov_indices, self.salt)


class IntegerLookup(IndexLookup):
    """Replace each whole number by its place in a vocabulary, given or learned by `adapt`.

    Shapes:   x (batch, ...) -> the same, int32; for the other modes vectors with a number for each place
    Args:
        max_tokens, idf_weights, invert, output_mode, pad_to_max_tokens, sparse: see StringLookup.
        num_oov_indices: places for unknown numbers, among which the remainder of division decides [count].
        mask_token: the number that means nothing; its place is 0. None: there is none.
        oov_token: what `invert` returns for places of unknown numbers.
        vocabulary: numbers, or the path of a text file with one in each line.
        vocabulary_dtype: "int64"; kept for Keras's sake.
        oov_method: "farmhash": the hash of an unknown number, not the remainder, decides about its place.
        salt: see StringLookup; with "farmhash".
    Raises:   ValueError for arguments that contradict each other, an unfit vocabulary, unknown numbers without a place.
    Source:   Keras 3 `IntegerLookup`.
    Example:
        >>> IntegerLookup(vocabulary=[12, 42])([[42, 7]]).tolist()
        [[2, 0]]
    """

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token=None,
        oov_token=-1,
        vocabulary=None,
        vocabulary_dtype="int64",
        idf_weights=None,
        invert=False,
        output_mode="int",
        sparse=False,
        pad_to_max_tokens=False,
        oov_method="floormod",
        salt=None,
        name=None,
        **kwargs,
    ):
        if vocabulary_dtype != "int64":
            raise ValueError(
                "Only `vocabulary_dtype='int64'` is supported by IntegerLookup at this time. Received: "
                f"vocabulary_dtype={vocabulary_dtype}"
            )
        self.vocabulary_dtype = vocabulary_dtype
        super().__init__(
            max_tokens,
            num_oov_indices,
            mask_token,
            oov_token,
            vocabulary,
            idf_weights,
            invert,
            output_mode,
            sparse,
            pad_to_max_tokens,
            oov_method,
            salt,
            name,
            **kwargs,
        )

    def _token(self, text):
        return int(text)

    def _order(self, token):
        return token

    def _array(self, numbers):
        return np.asarray(numbers).astype("int64")

    def _oov_bucket(self, token):
        if self.oov_method == "farmhash":
            return bucket(str(token), self.num_oov_indices, self.salt)
        return token % self.num_oov_indices

    def _look_up(self, inputs):
        """In compiled code, find the places by halving a sorted vocabulary."""
        hashes_unknown = self.num_oov_indices > 1 and self.oov_method == "farmhash"
        if hashes_unknown or not isinstance(inputs, jax.core.Tracer):
            return super()._look_up(inputs)
        known = jnp.asarray(sorted(self._places) or [0])
        places = jnp.asarray([self._places.get(token, NOWHERE) for token in sorted(self._places) or [0]], "int32")
        found = jnp.minimum(jnp.searchsorted(known, inputs), len(known) - 1)
        unknown = self._oov_start + jnp.mod(inputs, max(self.num_oov_indices, 1))
        result = jnp.where((known[found] == inputs) & bool(self._places), places[found], unknown)
        if self.mask_token is None:
            return result.astype("int32")
        nothing = 0 if self.output_mode == "int" else NOWHERE
        return jnp.where(inputs == self.mask_token, nothing, result).astype("int32")

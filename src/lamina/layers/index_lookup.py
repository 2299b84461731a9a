"""IndexLookup: what the layers share that replace tokens by their places in a vocabulary."""

import collections
import math
import pathlib

import jax
import numpy as np

from lamina.core import allowance, config
from lamina.core.context import thread
from lamina.core.errors import ConfigurationError, FileError, message
from lamina.core.texts import on_host, to_numpy
from lamina.layers.adapting import batches_of
from lamina.layers.category_encoding import encoded, refuse_sparse
from lamina.layers.layer import Layer
from lamina.layers.tracking import count_change
from lamina.layers.weights import take

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}
NOWHERE = -1  # the place of what is dropped


class IndexLookup(Layer):
    """Base of the layers that look tokens up in a vocabulary.

    The vocabulary begins with the mask's token, if there is one and places are returned, and a place or more for
    unknown tokens; then come the tokens, as they were given or, most frequent first, as `adapt` found them.

    A subclass says how tokens are read from arrays (`_array`) and from a line of text (`_token`), in which order
    equally frequent ones stand (`_order`), and which of several places an unknown one gets (`_oov_bucket`).
    """

    _allow_non_tensor_positional_args = True
    _convert_input_args = False
    _untracked = Layer._untracked | {"_tokens", "_places", "_counts", "_documents", "vocabulary"}  # long, and no state
    vocabulary_dtype = None

    def __init__(
        self,
        max_tokens,
        num_oov_indices,
        mask_token,
        oov_token,
        vocabulary=None,
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
        self._size_in_file = kwargs.pop("vocabulary_size", None)  # of a vocabulary that is read after the layer is made
        for kept_by_keras in ("has_input_vocabulary", "dtype", "trainable"):
            kwargs.pop(kept_by_keras, None)
        super().__init__(name=name, **kwargs)
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.output_mode = _OLD_MODES.get(output_mode, output_mode)
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self.oov_method = oov_method
        self.salt = [salt, salt] if isinstance(salt, int) else salt if salt is None else list(salt)
        self._check_arguments(idf_weights)
        self.vocabulary = None if vocabulary is None or isinstance(vocabulary, str) else _plain(vocabulary)
        self.idf_weights = None if idf_weights is None else _plain(idf_weights)
        self._weights = None  # of the places, for "tf_idf"
        self._tokens, self._places = [], {}
        self._is_fixed = vocabulary is not None
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _check_arguments(self, idf_weights):
        refuse_sparse(self.sparse)
        wrong = (
            (self.max_tokens is not None and self.max_tokens <= 1, "`max_tokens` must be greater than 1"),
            (self.pad_to_max_tokens and self.max_tokens is None, "`pad_to_max_tokens` needs `max_tokens`"),
            (self.num_oov_indices < 0, "`num_oov_indices` must be 0 or more"),
            (self.oov_method not in ("floormod", "farmhash"), '`oov_method` must be "floormod" or "farmhash"'),
            (self.output_mode not in MODES, f"`output_mode` must be one of {MODES}"),
            (self.invert and self.output_mode != "int", '`output_mode` must be "int" when `invert` is true'),
            (idf_weights is not None and self.output_mode != "tf_idf", '`idf_weights` need `output_mode="tf_idf"`'),
            (self.salt is not None and len(self.salt) != 2, "`salt` must be one integer or two"),
        )
        for is_wrong, told in wrong:
            if is_wrong:
                raise ConfigurationError(message("L211", f"{told}, in layer '{self.name}'."))

    # --- the vocabulary ----------------------------------------------------------------------------------------

    @property
    def _oov_start(self):
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    @property
    def _start(self):
        """The place of the first token."""
        return self._oov_start + self.num_oov_indices

    def _special(self):
        allowance.take("num_oov_indices", (self.num_oov_indices,), "float32")
        return [self.mask_token] * self._oov_start + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens=True):
        """Return the tokens in the order of their places, those for the mask and the unknown at the front."""
        return [*self._special(), *self._tokens] if include_special_tokens else list(self._tokens)

    def vocabulary_size(self):
        """Return the number of places, those for the mask and the unknown included."""
        return self._start + len(self._tokens)

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Set the tokens, and with "tf_idf" what each of them weighs.

        Args:
            vocabulary: tokens, most frequent first, with or without those for the mask and the unknown at the front;
                or the path of a text file with one in each line.
            idf_weights: numbers, as many as tokens.
        Raises: ValueError for an empty vocabulary, tokens that are there twice, are too many or stand for the mask,
            missing weights, and files that a file names (L423).
        """
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise ValueError("`idf_weights` must be set if, and only if, `output_mode` is 'tf_idf'.")
        tokens = self._read(vocabulary) if isinstance(vocabulary, str) else _plain(vocabulary)
        if not tokens:
            raise ValueError(f"Cannot set an empty vocabulary. Received: vocabulary={vocabulary}")
        weights = None if idf_weights is None else np.asarray(idf_weights, config.floatx())
        if weights is not None and weights.shape != (len(tokens),):
            raise ValueError(f"{len(tokens)} tokens need as many `idf_weights`. Received: shape {weights.shape}")
        has_special = tokens[: self._start] == self._special()
        if has_special:
            tokens = tokens[self._start :]
        self._check_tokens(tokens)
        self._take(tokens)
        if weights is not None:
            self._set_weights(weights if has_special else self._with_front(weights))

    def _check_tokens(self, tokens):
        repeated = [token for token, count in collections.Counter(tokens).items() if count > 1]
        if repeated:
            raise ValueError(f"The vocabulary holds tokens more than once: {repeated[:10]}")
        reserved = [self.mask_token] + [self.oov_token] * self.invert
        misplaced = [token for token in reserved if token is not None and token in tokens]
        if misplaced:
            raise ValueError(
                f"Reserved tokens stand inside the vocabulary: {misplaced}. Leave them out, or begin with exactly "
                f"{self._special()}."
            )
        if self.max_tokens is not None and self._start + len(tokens) > self.max_tokens:
            raise ValueError(
                f"A vocabulary larger than the maximum: {self._start + len(tokens)} places, but "
                f"max_tokens={self.max_tokens}."
            )

    def _read(self, path):
        if thread.safe_mode:
            raise FileError(
                message(
                    "L423",
                    f"layer '{self.name}' is to read its vocabulary from {path!r}, a file that a saved model names.",
                    why="a model from elsewhere could read any file of yours that way.",
                    fix="layer.set_vocabulary(path)    # if you trust it; Lamina saves words, not paths",
                )
            )
        if self.output_mode == "tf_idf":
            raise ValueError("output_mode 'tf_idf' cannot read a vocabulary from a file: it has no weights.")
        return self._parsed(pathlib.Path(path).read_text(encoding="utf-8"))

    def _parsed(self, text):
        lines = text.splitlines()
        while lines and lines[-1] == "":
            lines.pop()
        return [self._token(line) for line in lines]

    def _take(self, tokens):
        self._tokens = tokens
        self._places = {token: place for place, token in enumerate(tokens, self._start)}
        self._learned += 1
        count_change()

    def _with_front(self, weights):
        """Put the mean weight in front for the places that are no tokens."""
        return np.concatenate([np.full(self._start, weights.mean(), weights.dtype), weights])

    def _set_weights(self, weights):
        self._weights = np.pad(weights, (0, self._depth() - len(weights)))

    def _depth(self):
        if self.pad_to_max_tokens:
            return self.max_tokens
        return self.vocabulary_size() if self._tokens else self._size_in_file or self.vocabulary_size()

    # --- learning it -------------------------------------------------------------------------------------------

    def adapt(self, data, steps=None):
        """Make a vocabulary of the tokens in `data`, most frequent first.

        Args:
            data: an array or nested list of tokens, one sample in each row; or an iterable of such batches.
            steps: how many batches to take at most [count]; None takes all.
        Raises: ValueError if the layer was given a vocabulary.
        """
        self.reset_state()
        if isinstance(data, list | tuple | np.ndarray | jax.Array):
            data = self._array(data)
            self.update_state(data[:, None] if data.ndim == 1 else data)
        else:
            for batch in batches_of(data, steps):
                self.update_state(batch)
        self.finalize_state()

    def update_state(self, data):
        """Take one more batch into account; `finalize_state` makes it count."""
        self.update_state_with_rows(np.atleast_2d(self._array(data)).tolist())

    def update_state_with_rows(self, rows):
        """Take in lists of tokens, one for each sample."""
        if self._is_fixed:
            raise ValueError(f"Cannot adapt layer '{self.name}' after setting a static vocabulary.")
        for row in rows:
            tokens = _flat(row)
            self._counts.update(tokens)
            self._documents.update(set(tokens))
        self._document_count += len(rows)

    def finalize_state(self):
        """Make the vocabulary of the batches seen so far."""
        if self._is_fixed or not self._counts:
            return
        for token in (self.mask_token, self.oov_token):
            self._counts.pop(token, None)
        tokens = sorted(self._counts, key=lambda token: (self._counts[token], self._order(token)), reverse=True)
        room = None if self.max_tokens is None else self.max_tokens - self._start
        self._take(tokens[:room])
        if self.output_mode == "tf_idf":
            weights = [math.log(1 + self._document_count / (1 + self._documents[token])) for token in self._tokens]
            self._set_weights(self._with_front(np.array(weights, config.floatx())))
        self.reset_state()

    def reset_state(self):
        """Forget the batches that `update_state` has seen."""
        self._counts, self._documents, self._document_count = collections.Counter(), collections.Counter(), 0

    # --- looking up --------------------------------------------------------------------------------------------

    def call(self, inputs):
        """Compute on arrays."""
        if self.invert:
            dtype = "string" if self.vocabulary_dtype == "string" else "int32"
            return on_host(self._words, [inputs], np.shape(inputs), dtype, elementwise=True)
        places = self._look_up(inputs)
        if self.output_mode == "int":
            return places
        if not self._tokens and not self.pad_to_max_tokens and not self._size_in_file:
            raise RuntimeError(
                f"When using `output_mode={self.output_mode}` you must set the vocabulary of layer '{self.name}' "
                "before calling it: pass `vocabulary`, or call `adapt`."
            )
        mode = "count" if self.output_mode == "tf_idf" else self.output_mode
        vectors = encoded(places, mode, self._depth(), config.floatx())
        return vectors * self._weights if self.output_mode == "tf_idf" else vectors

    def _words(self, places):
        words, places = [*self.get_vocabulary(), self.oov_token], np.asarray(places)
        inside = (places >= 0) & (places < len(words) - 1)
        return self._array(np.array(words)[np.where(inside, places, len(words) - 1)])

    def _place(self, token):
        """Return the place of one token."""
        if self.mask_token is not None and token == self.mask_token:
            return 0 if self.output_mode == "int" else NOWHERE
        place = self._places.get(token)
        if place is not None:
            return place
        if self.num_oov_indices == 0:
            raise ValueError(
                f"When `num_oov_indices=0` all inputs should be in vocabulary, found OOV values {token!r}, consider "
                "setting `num_oov_indices=1`."
            )
        return self._oov_start + (self._oov_bucket(token) if self.num_oov_indices > 1 else 0)

    def require_rows(self, tokens):
        """Raise ValueError if one of an array of tokens has no place."""
        if self.num_oov_indices == 0 and not self.invert:
            self._places_of(to_numpy(tokens))

    def _look_up(self, inputs):
        return on_host(self._places_of, [inputs], np.shape(inputs), elementwise=True)

    def _places_of(self, inputs):
        """Return the places of an array of tokens, each token looked up once."""
        array = self._array(inputs)
        tokens, where = np.unique(array, return_inverse=True)
        places = np.array([self._place(token) for token in tokens.tolist()], "int32")
        return places[where].reshape(array.shape)

    # --- files -------------------------------------------------------------------------------------------------

    def get_config(self):
        """Return the constructor's arguments; what `adapt` has learned is kept beside them."""
        return {**super().get_config(), "oov_method": self.oov_method, "vocabulary_size": self.vocabulary_size()}

    def save_own_variables(self, store):
        """Keep the weights of the tokens."""
        if self._weights is not None:
            store["idf_weights"] = self._weights

    def load_own_variables(self, store):
        """Take the weights of the tokens."""
        if self.output_mode == "tf_idf" and "idf_weights" in store.keys():  # noqa: SIM118 - a store, not a dict
            self._weights = np.asarray(take(store, "idf_weights"))

    def save_assets(self, dir_path):
        """Write the vocabulary, unless it is in the config."""
        if self.vocabulary is None:
            text = "\n".join(str(token) for token in self.get_vocabulary())
            pathlib.Path(dir_path, "vocabulary.txt").write_text(text, encoding="utf-8")

    def load_assets(self, dir_path):
        """Read the vocabulary, unless it was in the config."""
        if self.vocabulary is None and dir_path is not None:
            tokens = self._parsed(pathlib.Path(dir_path, "vocabulary.txt").read_text(encoding="utf-8"))
            if len(tokens) > self._start:
                self._take(tokens[self._start :])


def _plain(values):
    """Return tokens or weights as a list of texts, integers or floats."""
    values = np.asarray(values)
    return [x.decode() if isinstance(x, bytes) else x for x in values.tolist()]


def _flat(row):
    return [token for part in row for token in _flat(part)] if isinstance(row, list) else [row]

"""TextVectorization: texts as sequences of places in a vocabulary."""

import re

import jax
import jax.numpy as jnp
import numpy as np

from lamina.core import config, serialization
from lamina.core.errors import ConfigurationError, message
from lamina.core.tensor import KerasTensor
from lamina.core.texts import on_host, to_numpy
from lamina.layers.adapting import batches_of
from lamina.layers.layer import Layer
from lamina.layers.lookup import StringLookup

_PUNCTUATION = re.compile(r"[!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~']")
_STANDARDS = (None, "lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLITS = (None, "whitespace", "character")


class UnknownLengthError(ConfigurationError):
    """A program was to be compiled for texts of any number of words."""


class TextVectorization(Layer):
    """Turn texts into sequences of words' places in a vocabulary, given or learned by `adapt`.

    It may stand in a model, whose program then asks Python for the places; on the data before the model it is faster.

    Shapes:   x (batch,) or (batch, 1) -> (batch, steps), int32, 0 behind the end; for the other modes vectors with a
              number for each place; without `split`, x (batch, steps) holds words, and (batch,) stays as it is
    Args:
        max_tokens: largest number of places [count]; None for any.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a function of an array of
            texts.
        split: "whitespace", "character", None, or a function of an array of texts that returns lists of words.
        ngrams: None; a number: groups of up to so many neighbouring words; a tuple: of these sizes [count].
        output_mode: "int", or a vector for each text: "multi_hot", "count", "tf_idf"; see StringLookup.
        output_sequence_length: to which the sequences are cut or filled up [steps]; None for that of the longest.
        pad_to_max_tokens, vocabulary, idf_weights, sparse, encoding: see StringLookup; place 0 is the end, 1 unknown.
        ragged: False; results are arrays.
    Raises:   ValueError for arguments that contradict each other or more than one text in a row.
    Source:   Keras 3 `TextVectorization`.
    Example:
        >>> layer = TextVectorization(vocabulary=["cat", "the"], output_sequence_length=4)
        >>> layer(["The cat!", "A dog."]).tolist()
        [[3, 2, 0, 0], [1, 1, 0, 0]]
    """

    _allow_non_tensor_positional_args = True
    _convert_input_args = False
    _config_skips = (
        "max_tokens",
        "output_mode",
        "pad_to_max_tokens",
        "sparse",
        "vocabulary",
        "idf_weights",
        "encoding",
    )

    def __init__(
        self,
        max_tokens=None,
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        ngrams=None,
        output_mode="int",
        output_sequence_length=None,
        pad_to_max_tokens=False,
        vocabulary=None,
        idf_weights=None,
        sparse=False,
        ragged=False,
        encoding="utf-8",
        name=None,
        **kwargs,
    ):
        vocabulary_size = kwargs.pop("vocabulary_size", None)
        kwargs.pop("has_input_vocabulary", None)
        super().__init__(name=name, **kwargs)
        self.standardize = standardize
        self.split = split
        self.ngrams = tuple(ngrams) if isinstance(ngrams, list) else ngrams
        self.output_sequence_length = output_sequence_length
        self.ragged = ragged
        self._check_arguments(output_mode)
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            vocabulary_size=vocabulary_size,
        )

    def _check_arguments(self, output_mode):
        sizes = (self.ngrams,) if isinstance(self.ngrams, int) else self.ngrams or ()
        length = self.output_sequence_length
        wrong = (
            (self.ragged, "`ragged=True` is not supported: results are arrays"),
            (not callable(self.standardize) and self.standardize not in _STANDARDS, f"`standardize`: {_STANDARDS}"),
            (not callable(self.split) and self.split not in _SPLITS, f"`split` must be a function or one of {_SPLITS}"),
            (not all(isinstance(size, int) for size in sizes), "`ngrams` must be None, an integer or several"),
            (length is not None and output_mode != "int", '`output_sequence_length` needs `output_mode="int"`'),
            (length is not None and not isinstance(length, int), "`output_sequence_length` must be an integer"),
        )
        for is_wrong, told in wrong:
            if is_wrong:
                raise ConfigurationError(message("L211", f"{told}, in layer '{self.name}'."))

    @property
    def input_dtype(self):
        """Texts."""
        return "string"

    def build(self, input_shape=None):
        """Nothing is left to build."""

    def call(self, inputs):
        """Compute on arrays."""
        if isinstance(inputs, jax.core.Tracer):
            return self._in_program(inputs)
        rows = self._rows(to_numpy(inputs) if isinstance(inputs, jax.Array) else inputs)
        steps = max(map(len, rows), default=0)
        if self._lookup_layer.output_mode != "int":
            return self._lookup_layer(_filled(rows, steps))  # the end is the mask's token, which does not count
        length = steps if self.output_sequence_length is None else self.output_sequence_length
        places = self._lookup_layer(_filled(rows, length)) if length else jnp.zeros((len(rows), 0), "int32")
        return places[:, 0] if self._is_each_a_word(np.shape(inputs)) else places

    def _is_each_a_word(self, shape):
        """Tell whether there is no axis of words, neither in texts of this shape nor in what is made of them."""
        return len(shape) == 1 and self.output_sequence_length is None and self._steps(shape) == 1

    def _steps(self, shape):
        """Return how many words each sample gives; None if only the texts know."""
        if self.output_sequence_length is not None or self.split is not None or self.ngrams is not None:
            return self.output_sequence_length
        return shape[1] if len(shape) > 1 else 1

    def _in_program(self, inputs):
        """The same for texts that are known only when the program runs: the size of the result must be known before."""
        lookup, samples = self._lookup_layer, inputs.shape[0]
        if lookup.output_mode == "int":
            steps = self._steps(inputs.shape)
            if steps is None:
                raise UnknownLengthError(
                    message(
                        "L212",
                        f"in a compiled model '{self.name}' must know how many words it gives; it got "
                        "output_sequence_length=None.",
                        why="programs are made for arrays of known sizes, and texts differ in their number of words.",
                        fix="TextVectorization(output_sequence_length=200)    # longer texts are cut",
                    )
                )
            places = on_host(lambda x: self._cut(x, steps), [inputs], (samples, steps))
            return places[:, 0] if self._is_each_a_word(inputs.shape) else places
        counts = on_host(self._counted, [inputs], (samples, lookup._depth()), config.floatx())
        if lookup.output_mode == "multi_hot":
            return jnp.minimum(counts, 1)
        return counts * lookup._weights if lookup.output_mode == "tf_idf" else counts

    def _cut(self, inputs, steps):
        return self._lookup_layer._places_of(_filled(self._rows(inputs), steps))

    def _counted(self, inputs):
        """How often each text has each word."""
        rows = self._rows(inputs)
        counts = np.zeros((len(rows), self._lookup_layer._depth()))
        for row, words in zip(counts, rows, strict=True):
            places = self._lookup_layer._places_of(np.array(words, dtype=object))
            np.add.at(row, places[places >= 0], 1)
        return counts

    def compute_output_spec(self, inputs):
        """Return the shape for symbolic texts: only the texts themselves know how many words they have."""
        lookup = self._lookup_layer
        if lookup.output_mode == "int":
            words = () if self._is_each_a_word(inputs.shape) else (self._steps(inputs.shape),)
            return KerasTensor((inputs.shape[0], *words), "int32")
        return KerasTensor((inputs.shape[0], lookup._depth()), config.floatx())

    def _rows(self, inputs):
        """Return the words of each text."""
        texts = self._lookup_layer._array(inputs)
        texts = texts[None] if texts.ndim == 0 else texts
        if callable(self.standardize):
            texts = np.asarray(self.standardize(texts))
        else:
            texts = np.array([self._standardized(text) for text in texts.ravel()], dtype=object).reshape(texts.shape)
        if self.split is None:
            return [self._grouped(row) for row in np.atleast_2d(texts.T).T.tolist()]
        if texts.ndim > 1 and texts.shape[-1] != 1:
            raise ValueError(
                "When using `TextVectorization` to tokenize strings, the input rank must be 1 or the last shape "
                f"dimension must be 1. Received: inputs.shape={texts.shape}"
            )
        texts = texts.reshape(-1)
        if callable(self.split):
            return [self._grouped(list(row)) for row in self.split(texts)]
        return [self._grouped(text.split() if self.split == "whitespace" else list(text)) for text in texts]

    def _standardized(self, text):
        if self.standardize in ("lower", "lower_and_strip_punctuation"):
            text = text.lower()
        if self.standardize in ("strip_punctuation", "lower_and_strip_punctuation"):
            text = _PUNCTUATION.sub("", text)
        return text

    def _grouped(self, words):
        """Return the groups of neighbouring words, the smallest first."""
        if self.ngrams is None:
            return words
        sizes = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [" ".join(words[i : i + size]) for size in sizes for i in range(len(words) - size + 1)]

    # --- the vocabulary ----------------------------------------------------------------------------------------

    def adapt(self, data, batch_size=None, steps=None):
        """Make a vocabulary of the words in `data`, most frequent first.

        Args:
            data: a list or an array of texts; or an iterable of batches of them.
            batch_size: kept for Keras's sake.
            steps: how many batches to take at most [count]; None takes all.
        Raises: ValueError if the layer was given a vocabulary.
        """
        self.reset_state()
        batches = [data] if isinstance(data, list | tuple | np.ndarray) else batches_of(data, steps)
        for batch in batches:
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data):
        """Take one more batch into account; `finalize_state` makes it count."""
        self._lookup_layer.update_state_with_rows(self._rows(data))

    def finalize_state(self):
        """Make the vocabulary of the batches seen so far."""
        self._lookup_layer.finalize_state()

    def reset_state(self):
        """Forget the batches that `update_state` has seen."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens=True):
        """Return the words in the order of their places, those for the end and the unknown at the front."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self):
        """Return the number of places, those for the end and the unknown included."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Set the words: see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # --- files -------------------------------------------------------------------------------------------------

    def get_config(self):
        """Return the constructor's arguments; what `adapt` has learned is kept beside them."""
        inner = self._lookup_layer.get_config()
        shared = {name: inner[name] for name in (*self._config_skips, "vocabulary_size")}
        return {**super().get_config(), "ngrams": self.ngrams, **shared}

    @classmethod
    def from_config(cls, config):
        """Make the layer that `config` describes."""
        functions = {
            name: serialization.deserialize_keras_object(config[name])
            for name in ("standardize", "split")
            if isinstance(config.get(name), dict)
        }
        return super().from_config({**config, **functions})

    def save_own_variables(self, store):
        """Keep the weights of the words."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store):
        """Take the weights of the words."""
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path):
        """Write the vocabulary, unless it is in the config."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path):
        """Read the vocabulary, unless it was in the config."""
        self._lookup_layer.load_assets(dir_path)


def _filled(rows, length):
    """Return lists of words as an array, cut at `length` or filled up with what stands behind the end."""
    return np.array([row[:length] + [""] * (length - len(row)) for row in rows], dtype=object)

"""Texts as numbers, as Keras 1 and 2 had it: today's programs use `TextVectorization`."""

import collections
import hashlib
import json

import numpy as np

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
"""Characters that part words and are dropped."""


def text_to_word_sequence(input_text, filters=FILTERS, lower=True, split=" "):
    """Return the words of a text.

    Example:
        >>> text_to_word_sequence("Hello, hello world!")
        ['hello', 'hello', 'world']
    """
    text = input_text.lower() if lower else input_text
    text = text.translate(str.maketrans(dict.fromkeys(filters, split)))
    return [word for word in text.split(split) if word]


def hashing_trick(text, n, hash_function=None, filters=FILTERS, lower=True, split=" ", analyzer=None):
    """Return a number from 1 to `n - 1` for each word, from its hash; different words may share one.

    Args:
        n: size of the vocabulary [count].
        hash_function: a function, "md5", or by default Python's `hash`, which differs from run to run.

    Example:
        >>> hashing_trick("the cat the", 100, hash_function="md5")
        [51, 3, 51]
    """
    number = _md5 if hash_function == "md5" else hash_function or hash
    words = analyzer(text) if analyzer is not None else text_to_word_sequence(text, filters, lower, split)
    return [number(word) % (n - 1) + 1 for word in words]


def one_hot(input_text, n, filters=FILTERS, lower=True, split=" ", analyzer=None):
    """Return a number for each word, from Python's hash."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def _md5(word):
    return int(hashlib.md5(word.encode()).hexdigest(), 16)


class Tokenizer:
    """Number words by how often they occur, most frequent first, from 1; 0 stands for no word.

    Args:
        num_words: only numbers below it are given out [count].
        filters, lower, split: see `text_to_word_sequence`.
        char_level: whether characters are numbered in place of words.
        oov_token: word that stands for unknown ones; it gets number 1.
        analyzer: function that splits a text.
    Source:   Keras 2 `Tokenizer`.
    Example:
        >>> words = Tokenizer()
        >>> words.fit_on_texts(["the cat", "the dog"])
        >>> words.texts_to_sequences(["the cow", "dog"])
        [[1], [3]]
    """

    def __init__(
        self,
        num_words=None,
        filters=FILTERS,
        lower=True,
        split=" ",
        char_level=False,
        oov_token=None,
        analyzer=None,
        document_count=0,
        nb_words=None,
    ):
        self.num_words = nb_words if num_words is None else num_words
        self.filters, self.lower, self.split = filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts = collections.OrderedDict()
        self.word_docs = collections.defaultdict(int)
        self.index_docs = collections.defaultdict(int)
        self.word_index = {}
        self.index_word = {}

    def fit_on_texts(self, texts):
        """Count the words of texts, or of lists of words, and number them anew."""
        for text in texts:
            words = self._words(text)
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        by_count = sorted(self.word_counts, key=self.word_counts.get, reverse=True)
        known = by_count if self.oov_token is None else [self.oov_token, *by_count]
        self.word_index = {word: number for number, word in enumerate(known, 1)}
        self.index_word = {number: word for word, number in self.word_index.items()}
        self.index_docs.update((self.word_index[word], count) for word, count in self.word_docs.items())

    def fit_on_sequences(self, sequences):
        """Count in how many sequences each number occurs."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for number in set(sequence):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts):
        """Return a list of numbers for each text."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts):
        """Yield a list of numbers for each text."""
        for text in texts:
            yield self._known([self.word_index.get(word) for word in self._words(text)])

    def sequences_to_texts(self, sequences):
        """Return a text for each list of numbers."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences):
        """Yield a text for each list of numbers."""
        for sequence in sequences:
            known = self._known([number if number in self.index_word else None for number in sequence])
            yield " ".join(self.index_word[number] for number in known)

    def texts_to_matrix(self, texts, mode="binary"):
        """Return a row for each text; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences, mode="binary"):
        """Return a row for each sequence, with a column for each number.

        Args:
            mode: what stands there: "binary" (whether it occurs), "count", "freq" (its share) or "tfidf".
        Raises: ValueError for an unknown mode, or where nothing was counted yet.
        """
        if not self.num_words and not self.word_index:
            raise ValueError("Specify a dimension (`num_words` argument), or fit on some text data first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using tfidf mode.")
        weigh = {
            "binary": lambda number, count, size: 1,
            "count": lambda number, count, size: count,
            "freq": lambda number, count, size: count / size,
            "tfidf": lambda number, count, size: (1 + np.log(count)) * self._rarity(number),
        }.get(mode)
        if weigh is None:
            raise ValueError(f"Unknown vectorization mode: {mode}")
        columns = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences, strict=True):
            for number, count in collections.Counter(n for n in sequence if n < columns).items():
                row[number] = weigh(number, count, len(sequence))
        return matrix

    def get_config(self):
        """Return what is known, the tables as JSON."""
        plain = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        tables = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        return {name: getattr(self, name) for name in plain} | {
            name: json.dumps(getattr(self, name)) for name in tables
        }

    def to_json(self, **kwargs):
        """Return what is known as JSON; keyword arguments go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)

    def _words(self, text):
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return text.lower() if self.lower else text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def _known(self, numbers):
        """Replace unknown and rare numbers by that of the word for them, or leave them out."""
        other = self.word_index.get(self.oov_token)
        numbers = [other if n is None or (self.num_words and n >= self.num_words) else n for n in numbers]
        return [n for n in numbers if n is not None]

    def _rarity(self, number):
        return np.log(1 + self.document_count / (1 + self.index_docs.get(number, 0)))


def tokenizer_from_json(json_string):
    """Return the Tokenizer that `to_json` described."""
    config = json.loads(json_string)["config"]
    tables = {name: json.loads(config.pop(name)) for name in ("word_counts", "word_docs", "word_index")}
    numbered = {name: json.loads(config.pop(name)) for name in ("index_docs", "index_word")}
    tokenizer = Tokenizer(**config)
    for name, table in tables.items():
        setattr(tokenizer, name, table)
    for name, table in numbered.items():
        setattr(tokenizer, name, {int(number): value for number, value in table.items()})
    return tokenizer

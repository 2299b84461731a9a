"""IMDB: 50,000 film reviews, good or bad, as word numbers."""

import json

import numpy as np

from lamina.datasets import store, words

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"


def load_data(
    path="imdb.npz", num_words=None, skip_top=0, maxlen=None, seed=113, start_char=1, oov_char=2, index_from=3, **kwargs
):
    """Download, once, and load 25,000 training and 25,000 test reviews.

    Args:
        path: the name of the file in the cache.
        num_words: words from this rank on are unknown [count].
        skip_top: so many of the most frequent words are unknown too [count].
        maxlen: leave out reviews of this length or longer [words].
        seed: of the order of the reviews.
        start_char: number at the beginning of each review, or None.
        oov_char: number of unknown words; None leaves them out.
        index_from: what is added to the rank of a word: the numbers below are for padding, start and unknown.
    Returns:  `(x_train, y_train), (x_test, y_test)`: arrays of lists, and of 0 (bad) and 1 (good).
    Raises:   ValueError if no review is left, or the download is damaged; TypeError for an unknown keyword.
    Source:   Maas et al. 2011, "Learning Word Vectors for Sentiment Analysis".
    """
    num_words = kwargs.pop("nb_words", num_words)  # Keras 1
    if kwargs:
        raise TypeError(f"Unrecognized keyword arguments: {kwargs}.")
    file = store.fetch(path, _SHA256, store.STORE + "imdb.npz")
    x_train, y_train, x_test, y_test = store.arrays(file, "x_train", "y_train", "x_test", "y_test")
    rng = np.random.RandomState(seed)
    parts = [store.shuffled(rng, x_train, y_train), store.shuffled(rng, x_test, y_test)]
    parts = [(words.numbered(x, start_char, index_from), y) for x, y in parts]
    if maxlen:
        parts = [words.shorter_than(maxlen, *part) for part in parts]
    texts = words.chosen(parts[0][0] + parts[1][0], num_words, skip_top, oov_char)
    count = len(parts[0][0])
    return (words.ragged(texts[:count]), parts[0][1]), (words.ragged(texts[count:]), parts[1][1])


def get_word_index(path="imdb_word_index.json"):
    """Return a dict from each word to its rank by frequency, the most frequent 1."""
    file = store.fetch(path, "bfafd718b763782e994055a2d397834f", store.STORE + "imdb_word_index.json")
    with open(file, encoding="utf-8") as content:
        return json.load(content)

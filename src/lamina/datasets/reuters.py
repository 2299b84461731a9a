"""Reuters: 11,228 newswires on 46 topics, as word numbers."""

import json

import numpy as np

from lamina.datasets import store, words

_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_TOPICS = """
cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass crude
nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber
heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """Download, once, and load the newswires.

    Args:
        path: the name of the file in the cache.
        test_split: part of them for testing [fraction 0-1].
        num_words, skip_top, maxlen, seed, start_char, oov_char, index_from: as for `imdb.load_data`.
    Returns:  `(x_train, y_train), (x_test, y_test)`: arrays of lists, and of topics by number.
    Raises:   ValueError if no newswire is left, or the download is damaged.
    Source:   Reuters-21578, D. Lewis.
    """
    file = store.fetch(path, _SHA256, store.STORE + "reuters.npz")
    x, y = store.shuffled(np.random.RandomState(seed), *store.arrays(file, "x", "y"))
    x = words.numbered(x, start_char, index_from)
    if maxlen:
        x, y = words.shorter_than(maxlen, x, y)
    return store.split(test_split, words.ragged(words.chosen(x, num_words, skip_top, oov_char)), np.asarray(y))


def get_word_index(path="reuters_word_index.json"):
    """Return a dict from each word to its rank by frequency, the most frequent 1."""
    file = store.fetch(path, "4d44cc38712099c9e383dc6e5f11a921", store.STORE + "reuters_word_index.json")
    with open(file, encoding="utf-8") as content:
        return json.load(content)


def get_label_names():
    """Return the names of the topics, a tuple in the order of their numbers.

    Example:
        >>> get_label_names()[3], len(get_label_names())
        ('earn', 46)
    """
    return tuple(_TOPICS.split())

"""Texts as lists of word numbers: what `imdb` and `reuters` do with them."""

import numpy as np

PADDING, START, UNKNOWN = 0, 1, 2  # by convention; `index_from` leaves room for them


def chosen(texts, num_words, skip_top, oov_char):
    """Return texts in which words that are too frequent or too rare are `oov_char`, or left out if that is None."""
    num_words = num_words or max(max(text) for text in texts if len(text))
    if oov_char is None:
        return [[word for word in text if skip_top <= word < num_words] for text in texts]
    return [[word if skip_top <= word < num_words else oov_char for word in text] for text in texts]


def numbered(texts, start_char, index_from):
    """Return texts that begin with `start_char`, with `index_from` added to every other number."""
    start = [] if start_char is None else [start_char]
    return [start + [word + (index_from or 0) for word in text] for text in texts]


def shorter_than(maxlen, texts, labels):
    """Return the texts below a length, with their labels.

    Raises:   ValueError if there are none.
    """
    kept = [i for i, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(
            f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept. Increase maxlen."
        )
    return [texts[i] for i in kept], np.asarray(labels)[kept]


def ragged(texts):
    """Return lists of several lengths as one array of objects."""
    array = np.empty(len(texts), dtype=object)
    array[:] = texts
    return array

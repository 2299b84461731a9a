"""`tf.lookup`: tables from words or numbers to others."""

import itertools

import numpy as np

from lamina.dialects.tensorflow import streams
from lamina.dialects.tensorflow.arrays import convert_to_tensor
from lamina.layers.fingerprints import farmhash

__all__ = [
    "KeyValueTensorInitializer",
    "StaticHashTable",
    "StaticVocabularyTable",
    "TextFileIndex",
    "TextFileInitializer",
]


class KeyValueTensorInitializer:
    """The keys of a table and their values."""

    def __init__(self, keys, values, key_dtype=None, value_dtype=None, name=None):
        self.entries = dict(zip(map(_text, np.asarray(keys).tolist()), np.asarray(values).tolist(), strict=True))


class TextFileIndex:
    """What of a line is the key or the value; other numbers count its fields."""

    WHOLE_LINE = -2
    LINE_NUMBER = -1


class TextFileInitializer:
    """The keys of a table and their values, read from the lines of a file."""

    def __init__(
        self, filename, key_dtype, key_index, value_dtype, value_index, vocab_size=None, delimiter="\t", **options
    ):
        lines = list(itertools.islice(streams.lines(filename), vocab_size))
        parts = [
            [_part(number, line, delimiter, *wanted) for number, line in enumerate(lines)]
            for wanted in ((key_index, key_dtype), (value_index, value_dtype))
        ]
        self.entries = dict(zip(*parts, strict=True))


def _part(number, line, delimiter, index, dtype):
    if index == TextFileIndex.LINE_NUMBER:
        return number
    text = line if index == TextFileIndex.WHOLE_LINE else line.split(delimiter)[index]
    return text if str(dtype) == "string" else float(text) if "float" in str(dtype) else int(text)


class StaticHashTable:
    """A table that does not change.

    Args:
        initializer: `KeyValueTensorInitializer`.
        default_value: what stands for all other keys.
    """

    def __init__(self, initializer, default_value, name=None, experimental_is_anonymous=False):
        self._entries = initializer.entries
        self._default = np.asarray(default_value).item()

    def lookup(self, keys, name=None):
        """Return the values of keys, in an array of the same shape."""
        keys = np.asarray(keys)
        found = [self._value(_text(key)) for key in keys.reshape(-1).tolist()]
        return convert_to_tensor(np.array(found).reshape(keys.shape))

    __getitem__ = lookup

    def _value(self, key):
        return self._entries.get(key, self._default)

    def size(self, name=None):
        """Return the number of keys."""
        return len(self._entries)


class StaticVocabularyTable(StaticHashTable):
    """A table in which other words share numbers at the end, by their hash.

    Args:
        initializer: `KeyValueTensorInitializer`; the values are the numbers from 0.
        num_oov_buckets: how many numbers other words share [count].
    """

    def __init__(self, initializer, num_oov_buckets, lookup_key_dtype=None, name=None):
        super().__init__(initializer, -1)
        self._buckets = int(num_oov_buckets)

    def _value(self, key):
        if key in self._entries:
            return self._entries[key]
        return len(self._entries) + farmhash(str(key).encode()) % self._buckets

    def size(self, name=None):
        """Return the number of numbers."""
        return len(self._entries) + self._buckets


def _text(key):
    return key.decode() if isinstance(key, bytes) else key

"""`tf.strings`: texts in NumPy arrays."""

import re

import numpy as np

__all__ = ["join", "length", "lower", "regex_replace", "strip", "substr", "upper"]


def _each(function, texts):
    """Apply a function to each text, in an array of the same shape."""
    array = np.asarray(texts)
    found = np.array([function(x.decode() if isinstance(x, bytes) else str(x)) for x in array.reshape(-1)])
    return found.reshape(array.shape) if array.ndim else found[0]


def lower(input, encoding="", name=None):
    """Return texts in small letters."""
    return _each(str.lower, input)


def upper(input, encoding="", name=None):
    """Return texts in capitals."""
    return _each(str.upper, input)


def strip(input, name=None):
    """Return texts without blanks around them."""
    return _each(str.strip, input)


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """Replace what matches a pattern; in `rewrite`, a backslash and a number stand for a group."""
    return _each(lambda text: re.sub(pattern, rewrite, text, count=0 if replace_global else 1), input)


def length(input, unit="BYTE", name=None):
    """Return the number of bytes, or of characters."""
    return _each(lambda text: len(text.encode() if unit == "BYTE" else text), input)


def substr(input, pos, len, unit="BYTE", name=None):
    """Return `len` characters from `pos`; negative positions count from the end."""

    def cut(text):
        raw = text.encode() if unit == "BYTE" else text
        start = pos if pos >= 0 else raw.__len__() + pos
        part = raw[start : start + len]
        return part.decode() if unit == "BYTE" else part

    return _each(cut, input)


def join(inputs, separator="", name=None):
    """Join texts, element by element."""
    arrays = np.broadcast_arrays(*[np.asarray(x, dtype=object) for x in inputs])
    joined = [separator.join(map(str, parts)) for parts in zip(*[a.reshape(-1) for a in arrays], strict=True)]
    return np.array(joined).reshape(arrays[0].shape)

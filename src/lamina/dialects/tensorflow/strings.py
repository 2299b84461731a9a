"""`tf.strings`: texts in NumPy arrays."""

import re
import string

import numpy as np

from lamina import ops
from lamina.core.texts import to_numpy
from lamina.dialects.tensorflow.arrays import as_string, constant
from lamina.dialects.tensorflow.ragged import RaggedTensor
from lamina.dialects.tensorflow.shapes import HostTensor
from lamina.layers.fingerprints import farmhash

__all__ = [
    "as_string",
    "bytes_split",
    "format",
    "join",
    "length",
    "lower",
    "ngrams",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "split",
    "strip",
    "substr",
    "to_hash_bucket",
    "to_hash_bucket_fast",
    "to_number",
    "unicode_decode",
    "unicode_encode",
    "unicode_split",
    "upper",
]


def _each(function, texts):
    """Apply a function to each text, in an array of the same shape."""
    array = to_numpy(texts)
    found = [function(_text(x)) for x in array.reshape(-1).tolist()]
    return np.array(found).reshape(array.shape).view(HostTensor)


def _parts(function, texts):
    """Apply a function that returns a list: one text gives an array, several give rows."""
    array = to_numpy(texts)
    if array.ndim == 0:
        return constant(function(_text(array.item())))
    return RaggedTensor([function(_text(x)) for x in array.reshape(-1).tolist()])


def _text(x):
    return x.decode() if isinstance(x, bytes) else str(x)


def _of_ascii(method):
    return lambda text: method(text.encode()).decode()


_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "punct": re.escape(string.punctuation),
    "space": r"\s",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}


def _pattern(pattern):
    """Return a pattern of TensorFlow, whose classes are of ASCII, as Python's."""
    return re.compile(re.sub(r"\[:(\w+):\]", lambda found: _CLASSES[found[1]], _text(pattern)), re.ASCII)


def lower(input, encoding="", name=None):
    """Return texts in small letters; others than those of ASCII only with `encoding="utf-8"`."""
    return _each(str.lower if encoding else _of_ascii(bytes.lower), input)


def upper(input, encoding="", name=None):
    """Return texts in capitals; others than those of ASCII only with `encoding="utf-8"`."""
    return _each(str.upper if encoding else _of_ascii(bytes.upper), input)


def strip(input, name=None):
    """Return texts without blanks around them."""
    return _each(_of_ascii(bytes.strip), input)


def regex_replace(input, pattern, rewrite, replace_global=True, name=None):
    """Replace what matches a pattern; in `rewrite`, a backslash and a number stand for a group, 0 for all of it."""
    written = re.sub(r"\\(\d)", r"\\g<\1>", _text(rewrite))
    return _each(lambda text: _pattern(pattern).sub(written, text, count=0 if replace_global else 1), input)


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
    joined = [separator.join(map(_text, parts)) for parts in zip(*[a.reshape(-1) for a in arrays], strict=True)]
    return np.array(joined).reshape(arrays[0].shape).view(HostTensor)


def reduce_join(inputs, axis=None, keepdims=False, separator="", name=None):
    """Join the texts along an axis, or all of them."""
    array = np.asarray(inputs)
    if keepdims:
        raise NotImplementedError("tf.strings.reduce_join(keepdims=True) is not covered; use tf.expand_dims.")
    if axis is None:
        return constant(separator.join(map(_text, array.reshape(-1).tolist())))
    rows = np.moveaxis(array, axis, -1)
    joined = [separator.join(map(_text, row)) for row in rows.reshape(-1, rows.shape[-1]).tolist()]
    return constant(np.array(joined).reshape(rows.shape[:-1]))


def split(input, sep=None, maxsplit=-1, name=None):
    """Cut texts where a separator stands, by default at blanks."""
    parted = _text(sep).encode() if sep else None  # bytes know the blanks of ASCII only
    return _parts(lambda text: [part.decode() for part in text.encode().split(parted, maxsplit)], input)


def bytes_split(input, name=None):
    """Cut texts into letters."""
    return _parts(list, input)


def unicode_split(input, input_encoding="UTF-8", **options):
    """Cut texts into letters."""
    return _parts(list, input)


def unicode_decode(input, input_encoding="UTF-8", **options):
    """Return the numbers of the letters."""
    return _parts(lambda text: [ord(letter) for letter in text], input)


def unicode_encode(input, output_encoding="UTF-8", **options):
    """Return texts, given the numbers of their letters."""
    rows = input.to_list() if isinstance(input, RaggedTensor) else np.asarray(input).tolist()
    write = lambda row: "".join(map(chr, row))  # noqa: E731
    return constant([write(row) for row in rows] if rows and isinstance(rows[0], list) else write(rows))


def ngrams(data, ngram_width, separator=" ", name=None):
    """Join so many neighbours of the last axis."""
    rows = np.lib.stride_tricks.sliding_window_view(np.asarray(data), ngram_width, axis=-1)
    return reduce_join(rows, -1, separator=separator)


def regex_full_match(input, pattern, name=None):
    """Tell of each text whether all of it matches a pattern."""
    return ops.convert_to_tensor(_each(lambda text: _pattern(pattern).fullmatch(text) is not None, input))


def to_number(input, out_type="float32", name=None):
    """Return the numbers that texts say."""
    return ops.convert_to_tensor(np.asarray(_each(float, input)).astype(str(out_type)))


def to_hash_bucket_fast(input, num_buckets, name=None):
    """Return a number below `num_buckets` for each text, always the same."""
    return ops.convert_to_tensor(np.asarray(_each(lambda text: farmhash(text.encode()) % num_buckets, input)))


def to_hash_bucket(string_tensor, num_buckets, name=None):
    """Refuse: TensorFlow's own hash of this name gives other numbers."""
    raise NotImplementedError("tf.strings.to_hash_bucket is not covered; tf.strings.to_hash_bucket_fast is.")


def format(template, inputs, placeholder="{}", summarize=3, name=None):
    """Put values into a text, where the placeholders stand."""
    values = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
    for value in values:
        template = template.replace(placeholder, str(np.asarray(value)), 1)
    return constant(template)

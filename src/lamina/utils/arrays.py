"""Arrays made ready for models: one-hot labels, unit vectors, sequences of one length."""

import jax
import jax.numpy as jnp
import numpy as np


def to_categorical(x, num_classes=None):
    """Return class numbers as one-hot vectors.

    Shapes:   (…,) or (…, 1) -> (…, num_classes)
    Args:
        x: class numbers from 0.
        num_classes: number of classes [count]; by default the largest number + 1.
    Raises:   IndexError if a number is beyond `num_classes`.
    Source:   Keras 3 `to_categorical`.
    Example:
        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    if isinstance(x, jax.Array):
        x = x[..., 0] if x.ndim > 1 and x.shape[-1] == 1 else x
        return jax.nn.one_hot(x, num_classes or int(x.max()) + 1)
    labels = np.array(x, dtype="int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = num_classes or int(labels.max()) + 1
    if labels.size and not -count <= labels.min() <= labels.max() < count:
        raise IndexError(
            f"Class numbers of {count} classes are 0 to {count - 1}; there are {labels.min()} to {labels.max()}. "
            "Leave `num_classes` out, or count the classes from 0."
        )
    return np.eye(count)[labels]


def normalize(x, axis=-1, order=2):
    """Return vectors divided by their length; those of length 0 stay.

    Args:
        x: array.
        axis: the axis along which vectors lie.
        order: which norm is their length, as in `numpy.linalg.norm`.
    Source:   Keras 3 `normalize`.
    Example:
        >>> normalize(np.array([[3.0, 4.0]]))
        array([[0.6, 0.8]])
    """
    library = jnp if isinstance(x, jax.Array) else np
    x = library.asarray(x)
    length = library.linalg.norm(x, order, axis, keepdims=True)
    return x / library.where(length == 0, 1, length)


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0):
    """Return sequences of different lengths as one array: short ones are filled up, long ones cut.

    Shapes:   n sequences of (steps, …) -> (n, maxlen, …)
    Args:
        sequences: list of sequences.
        maxlen: length that all get [steps]; by default that of the longest.
        dtype: dtype of the result; `object` for text.
        padding: whether `value` is put before ("pre") or after ("post") short sequences.
        truncating: whether long sequences lose their beginning ("pre") or their end ("post").
        value: what short sequences are filled up with.
    Raises:   ValueError for what is no list of sequences, or for sequences whose items differ in shape.
    Source:   Keras 3 `pad_sequences`.
    Example:
        >>> pad_sequences([[1], [2, 3, 4]], maxlen=2)
        array([[0, 1],
               [3, 4]], dtype=int32)
    """
    _assert_sequences(sequences, dtype, value)
    for name, where in (("Truncating", truncating), ("Padding", padding)):
        if where not in ("pre", "post"):
            raise ValueError(f'{name} type "{where}" not understood: it is "pre" or "post".')
    if maxlen is None:
        maxlen = max((len(s) for s in sequences), default=0)
    shape = next((np.shape(s[0]) for s in sequences if len(s)), ())
    padded = np.full((len(sequences), maxlen, *shape), value, dtype=dtype)
    for row, sequence in zip(padded, sequences, strict=True):
        kept = np.asarray(sequence[:maxlen] if truncating == "post" else sequence[-maxlen:], dtype=dtype)
        if len(kept) and kept.shape[1:] != shape:
            raise ValueError(f"Shape of sample {kept.shape[1:]} is different from expected shape {shape}.")
        start = 0 if padding == "post" else maxlen - len(kept)
        row[start : start + len(kept)] = kept
    return padded


def _assert_sequences(sequences, dtype, value):
    if not hasattr(sequences, "__len__"):
        raise ValueError("`sequences` must be iterable.")
    for sequence in sequences:
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"`sequences` must be a list of iterables. Found non-iterable: {sequence}")
    is_text = dtype is object or np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and not is_text:
        raise ValueError(
            f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}. You should set `dtype=object` for "
            "text of any length."
        )

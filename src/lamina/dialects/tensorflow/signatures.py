"""TensorFlow's habits of calling: a `name` everywhere, other words for arguments, texts beside numbers."""

import functools

import numpy as np

from lamina.core.dtypes import standardize_dtype
from lamina.dialects.tensorflow.shapes import HostTensor, is_text

_FIRST = ("input_tensor", "input", "tensor", "logits", "features", "values", "x", "value", "a")


def anonymous(op, **words):
    """Return the op as TensorFlow has it.

    It takes a `name` that means nothing, other words for its input, and texts, which NumPy works on.

    Args:
        op: a function of `lamina.ops`.
        words: what arguments are called there, by TensorFlow's words for them.
    """

    @functools.wraps(op)
    def named(*args, **kwargs):
        kwargs.pop("name", None)
        said = {word: value for word, value in kwargs.items() if word not in words or value is not None}
        kwargs = {words.get(word, word): value for word, value in said.items()}
        first = next((word for word in _FIRST if word in kwargs), None)
        if first is not None and not args:
            args = (kwargs.pop(first),)
        if kwargs.get("dtype") is not None:
            kwargs["dtype"] = standardize_dtype(kwargs["dtype"])
        if args and is_text(args[0]):
            return np.asarray(getattr(np, op.__name__, np.asarray)(*args, **kwargs)).view(HostTensor)
        return op(*args, **kwargs)

    return named

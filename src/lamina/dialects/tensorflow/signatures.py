"""TensorFlow's habit of taking a `name` everywhere."""

import functools

_FIRST = ("input_tensor", "input", "tensor", "logits", "features")


def anonymous(op):
    """Return the op as TensorFlow has it: it takes a `name` that means nothing, and other words for its input."""

    @functools.wraps(op)
    def named(*args, **kwargs):
        kwargs.pop("name", None)
        first = next((word for word in _FIRST if word in kwargs), None)
        if first is not None and not args:
            args = (kwargs.pop(first),)
        if kwargs.get("dtype") is not None:
            kwargs["dtype"] = str(kwargs["dtype"])
        return op(*args, **kwargs)

    return named

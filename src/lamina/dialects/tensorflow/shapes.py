"""TensorShape, TensorSpec and tensors of NumPy, as far as programs read them."""

import numpy as np

from lamina.dialects.tensorflow.recording import require_values

_MOST_ROUNDS = 64


class TensorShape(tuple):
    """A tuple of sizes, `None` where unknown."""

    __slots__ = ()

    def __new__(cls, dims=()):
        """Make it of sizes."""
        return super().__new__(cls, dims)

    def __getitem__(self, key):
        """Return a size, or the shape of some of the axes."""
        found = super().__getitem__(key)
        return TensorShape(found) if isinstance(key, slice) else found

    @property
    def dims(self):
        """The sizes as a list."""
        return list(self)

    def as_list(self):
        """Return the sizes as a list."""
        return list(self)

    @property
    def rank(self):
        """Number of axes."""
        return len(self)

    ndims = rank

    def is_fully_defined(self):
        """Tell whether every size is known."""
        return None not in self

    def concatenate(self, other):
        """Return these sizes, and then those of the other shape."""
        return TensorShape((*self, *other))

    def is_compatible_with(self, other):
        """Tell whether a tensor could have both shapes."""
        other = tuple(other)
        return len(self) == len(other) and all(a == b or None in (a, b) for a, b in zip(self, other, strict=True))

    def assert_is_compatible_with(self, other):
        """Raise ValueError unless a tensor could have both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {tuple(other)} are incompatible")

    def merge_with(self, other):
        """Return what is known of a tensor that has both shapes."""
        self.assert_is_compatible_with(other)
        return TensorShape(b if a is None else a for a, b in zip(self, other, strict=True))

    def num_elements(self):
        """Return the number of values, `None` if a size is unknown."""
        if not self.is_fully_defined():
            return None
        product = 1
        for size in self:
            product *= size
        return product


class HostTensor(np.ndarray):
    """An array of NumPy with what programs ask of TensorFlow's tensors, as datasets and `tf.shape` give them."""

    @property
    def shape(self):
        """The sizes."""
        return TensorShape(super().shape)

    def __iter__(self):
        """Go through the entries; many rounds of a loop are better run as they are written than compiled."""
        if len(self) > _MOST_ROUNDS:
            require_values("a long loop")
        return super().__iter__()

    def get_shape(self):
        """Return the sizes."""
        return self.shape

    def set_shape(self, shape):
        """Accept: the sizes are known."""

    def numpy(self):
        """Return it as an ordinary array or number of NumPy; texts as bytes, as TensorFlow keeps them."""
        plain = self.view(np.ndarray)
        if plain.dtype.kind in "UO":
            texts = plain.reshape(-1).tolist()
            encoded = [text.encode() if isinstance(text, str) else text for text in texts]
            plain = np.array([*encoded, None], object)[:-1].reshape(self.shape)
        return plain[()]


def is_text(x):
    """Tell whether `x` is a text, bytes, or an array or list of them."""
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, (str, bytes)) or (isinstance(x, np.ndarray) and x.dtype.kind in "USO")


class TensorSpec:
    """What is known of a tensor before it has values: its shape and dtype."""

    def __init__(self, shape, dtype="float32", name=None):
        self.shape = TensorShape(shape)
        self.dtype = dtype
        self.name = name

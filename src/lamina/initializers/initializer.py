"""The base class of initializers."""


class Initializer:
    """Make the first value of a variable; a subclass defines `__call__(shape, dtype=None)`.

    Source:   Keras 3 `Initializer`.
    Example:
        >>> import numpy as np
        >>> class Counting(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return np.arange(np.prod(shape)).reshape(shape)
        >>> Counting()((2, 2)).tolist()
        [[0, 1], [2, 3]]
    """

    def __call__(self, shape, dtype=None):
        """Return an array of `shape` and `dtype`, by default the default float."""
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self):
        """Return the constructor's arguments as a dict."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Make the initializer that `config` describes."""
        return cls(**config)

    def clone(self):
        """Return a new initializer with the same arguments."""
        return type(self).from_config(self.get_config())

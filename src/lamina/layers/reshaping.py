"""Layers that move data to another shape without computing: Flatten, Reshape, Permute, RepeatVector."""

from math import prod

import jax.numpy as jnp

from lamina.core import config
from lamina.core.context import thread
from lamina.core.errors import ShapeError, describe, message
from lamina.layers.input_spec import ONE_ARRAY, InputSpec
from lamina.layers.layer import Layer
from lamina.layers.windows import channels_last


class Flatten(Layer):
    """Lay out all values of a sample in one row, last axis fastest; the batch axis stays.

    Maths:    y[b, (h*width + w)*channels + c] = x[b, h, w, c]
    Shapes:   x (batch, height, width, channels) -> (batch, height*width*channels); (batch,) -> (batch, 1)
    Args:
        data_format: "channels_first" input is read as if its channels came last, so that weights of a Dense layer
            behind it fit both; None takes `keras.config.image_data_format()`.
    Mask:     dropped -- steps are no longer apart.
    Source:   Keras 3 `Flatten`.
    Example:
        >>> Flatten()([[[1, 2], [3, 4]]]).tolist()
        [[1, 2, 3, 4]]
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        """Compute on arrays."""
        x = channels_last(inputs, self.data_format) if inputs.ndim > 1 else inputs
        return x.reshape(x.shape[0], prod(x.shape[1:]))


class Reshape(Layer):
    """Read the values of a sample row by row into another shape; the batch axis stays.

    Shapes:   x (batch, ...) -> (batch, *target_shape), of the same number of values
    Args:
        target_shape: sizes without the batch axis; one of them may be -1, "what is left".
    Mask:     dropped.
    Raises:   ValueError for a second -1 or a size below it; ShapeError L105 if the number of values differs.
    Source:   Keras 3 `Reshape`.
    Example:
        >>> Reshape((-1, 2))([[1, 2, 3, 4]]).tolist()
        [[[1, 2], [3, 4]]]
    """

    _input_spec = ONE_ARRAY

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        if any(size < -1 for size in self.target_shape):
            raise ValueError(
                "Each size in the `target_shape` argument of Reshape must be a non-negative integer, or -1 for what is "
                f"left. Received: target_shape={target_shape}"
            )
        if self.target_shape.count(-1) > 1:
            raise ValueError(
                "There must be at most one unknown dimension (-1) in the `target_shape` argument of Reshape. "
                f"Received: target_shape={target_shape}"
            )

    def call(self, inputs):
        """Compute on arrays."""
        sizes = inputs.shape[1:]
        known = prod(size for size in self.target_shape if size != -1)
        total = prod(sizes)
        if all(isinstance(size, int) for size in sizes):
            fits = known and total % known == 0 if -1 in self.target_shape else total == known
            if not fits:
                raise self._mismatch(inputs)
        shape = [total // known if size == -1 else size for size in self.target_shape]
        if thread.shape_trace:  # whether unknown sizes divide is seen when they are known
            return jnp.zeros((inputs.shape[0], *shape), inputs.dtype)
        return inputs.reshape(inputs.shape[0], *shape)

    def _mismatch(self, inputs):
        return ShapeError(
            message(
                "L105",
                f"The total size of the tensor must be unchanged: {self.name} makes {self.target_shape} of "
                f"{describe(inputs)}, which has {prod(inputs.shape[1:])} values a sample.",
                fix="Reshape((-1,))   # all of them in one row",
            )
        )


class Permute(Layer):
    """Put the axes of a sample in another order.

    Shapes:   x (batch, s1, s2, ...) -> (batch, s[dims[0]], s[dims[1]], ...)
    Args:
        dims: the axes in their new order, counted from 1; the batch axis is not among them.
    Mask:     dropped.
    Raises:   ValueError unless `dims` holds each of 1, 2, ... once.
    Source:   Keras 3 `Permute`.
    Example:
        >>> Permute((2, 1))([[[1, 2], [3, 4]]]).tolist()
        [[[1, 3], [2, 4]]]
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` of Permute: it must hold each of the axes 1, 2, ... once; the "
                f"batch axis 0 is not among them. Received: dims={dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        """Compute on arrays."""
        return inputs.transpose(0, *self.dims)


class RepeatVector(Layer):
    """Copy a vector `n` times along a new steps axis.

    Maths:    y[b, t, f] = x[b, f]
    Shapes:   x (batch, features) -> (batch, n, features)
    Args:
        n: number of copies [count, >= 1].
    Mask:     dropped.
    Raises:   TypeError if `n` is no integer, ValueError if it is not positive.
    Source:   Keras 3 `RepeatVector`.
    Example:
        >>> RepeatVector(2)([[1, 2]]).tolist()
        [[[1, 2], [1, 2]]]
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(f"Expected an integer value for `n` of RepeatVector. Received: n={n!r} of {type(n)}")
        if n <= 0:
            raise ValueError(f"The `n` argument of RepeatVector should be a positive integer. Received: n={n}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        """Compute on arrays."""
        batch, features = inputs.shape
        return jnp.broadcast_to(inputs[:, None], (batch, self.n, features))

"""Pooling: the largest or the average value of each window, of a whole sample, or of as many windows as are wanted."""

import jax.numpy as jnp

from lamina.core import config, dtypes
from lamina.kernels.pooling import average_pool, max_pool
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.windows import as_data_format, assert_room, channels_last, padding_name, sizes


class Pooling(Layer):
    """Base of the layers that slide a window and keep one value of it."""

    rank = None

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.pool_size = sizes(self, "pool_size", pool_size)
        self.strides = sizes(self, "strides", pool_size if strides is None else strides)
        self.padding = padding_name(self, padding)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        """Compute on arrays."""
        x = channels_last(inputs, self.data_format)
        if self.padding == "valid":
            assert_room(self, x, self.pool_size, (1,) * self.rank)
        return as_data_format(self._pool(x), self.data_format)


class MaxPooling(Pooling):
    """Base of MaxPooling1D, 2D and 3D, which differ in the number of spatial axes only."""

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def _pool(self, x):
        return max_pool(x, self.pool_size, self.strides, self.padding)


class AveragePooling(Pooling):
    """Base of AveragePooling1D, 2D and 3D, which differ in the number of spatial axes only."""

    def _pool(self, x):
        return average_pool(as_float(x), self.pool_size, self.strides, self.padding)


def as_float(x):
    """Return `x`, integers as the default float: their sums would overflow."""
    return x if dtypes.is_float(x.dtype) else x.astype(config.floatx())


class MaxPooling1D(MaxPooling):
    """Keep the largest value of every window along the steps.

    Shapes:   x (batch, steps, channels) -> (batch, steps', channels)
              steps' = floor((steps - pool_size) / stride) + 1 for "valid", ceil(steps / stride) for "same"
    Args:     as for `MaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `MaxPooling1D`.
    Example:
        >>> MaxPooling1D()([[[1.0], [3.0], [2.0], [0.0]]]).tolist()
        [[[3.0], [2.0]]]
    """

    rank = 1


class MaxPooling2D(MaxPooling):
    """Keep the largest value of every window, channel by channel.

    Maths:    y[b,i,j,c] = max_{u,v} x[b, i*stride + u, j*stride + v, c]
    Shapes:   x (batch, height, width, channels) -> (batch, height', width', channels)
              height' = floor((height - pool_h) / stride) + 1 for "valid", ceil(height / stride) for "same"
    Args:
        pool_size: size of the window, one number or one for each axis [pixels].
        strides: step between windows; None takes the size of the window [pixels].
        padding: "valid" (rows that fill no window are left out) or "same" (what is added never wins).
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Training: the gradient goes to the first of equal values.
    Raises:   ShapeError L104 (a ValueError) if the window is larger than the input.
    Source:   Keras 3 `MaxPooling2D` (same defaults).
    Example:
        >>> import numpy as np
        >>> MaxPooling2D()(np.ones((1, 5, 5, 3))).shape
        (1, 2, 2, 3)
    """

    rank = 2


class MaxPooling3D(MaxPooling):
    """Keep the largest value of every window of a volume, channel by channel.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, depth', height', width', channels)
    Args:     as for `MaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `MaxPooling3D`.
    Example:
        >>> import numpy as np
        >>> MaxPooling3D()(np.ones((1, 4, 4, 4, 3))).shape
        (1, 2, 2, 2, 3)
    """

    rank = 3


class AveragePooling1D(AveragePooling):
    """Average every window along the steps.

    Shapes:   x (batch, steps, channels) -> (batch, steps', channels), as for `MaxPooling1D`
    Args:     as for `MaxPooling2D`; `pool_size` has no default.
    Mask:     dropped.
    Source:   Keras 3 `AveragePooling1D`.
    Example:
        >>> AveragePooling1D(2)([[[1.0], [3.0], [2.0], [0.0]]]).tolist()
        [[[2.0], [1.0]]]
    """

    rank = 1


class AveragePooling2D(AveragePooling):
    """Average every window, channel by channel.

    Maths:    y[b,i,j,c] = mean_{u,v} x[b, i*stride + u, j*stride + v, c], over what lies inside the image
    Shapes:   x (batch, height, width, channels) -> (batch, height', width', channels), as for `MaxPooling2D`
    Args:     as for `MaxPooling2D`; `pool_size` has no default.
    Mask:     dropped.
    Source:   Keras 3 `AveragePooling2D`.
    Example:
        >>> import numpy as np
        >>> AveragePooling2D(2)(np.ones((1, 5, 5, 3))).shape
        (1, 2, 2, 3)
    """

    rank = 2


class AveragePooling3D(AveragePooling):
    """Average every window of a volume, channel by channel.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, depth', height', width', channels)
    Args:     as for `MaxPooling2D`; `pool_size` has no default.
    Mask:     dropped.
    Source:   Keras 3 `AveragePooling3D`.
    Example:
        >>> import numpy as np
        >>> AveragePooling3D(2)(np.ones((1, 4, 4, 4, 3))).shape
        (1, 2, 2, 2, 3)
    """

    rank = 3


class GlobalPooling(Layer):
    """Base of the layers that keep one value for each channel of a sample."""

    rank = None

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)
        first = 1 if self.data_format == "channels_last" else 2
        self._axes = tuple(range(first, first + self.rank))


class GlobalMaxPooling(GlobalPooling):
    """Base of GlobalMaxPooling1D, 2D and 3D."""

    def call(self, inputs):
        """Compute on arrays."""
        return jnp.max(inputs, self._axes, keepdims=self.keepdims)


class GlobalAveragePooling(GlobalPooling):
    """Base of GlobalAveragePooling2D and 3D."""

    def call(self, inputs):
        """Compute on arrays."""
        return jnp.mean(inputs, self._axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(GlobalMaxPooling):
    """Keep the largest value of each channel over all steps.

    Shapes:   x (batch, steps, channels) -> (batch, channels), (batch, 1, channels) with `keepdims`
    Args:     as for `GlobalMaxPooling2D`.
    Mask:     dropped, without being looked at.
    Source:   Keras 3 `GlobalMaxPooling1D`.
    Example:
        >>> GlobalMaxPooling1D()([[[1.0, 5.0], [3.0, 4.0]]]).tolist()
        [[3.0, 5.0]]
    """

    rank = 1


class GlobalMaxPooling2D(GlobalMaxPooling):
    """Keep the largest value of each channel over the image.

    Shapes:   x (batch, height, width, channels) -> (batch, channels), (batch, 1, 1, channels) with `keepdims`
    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the spatial axes stay, with size 1.
    Mask:     dropped.
    Source:   Keras 3 `GlobalMaxPooling2D`.
    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling2D()(np.ones((1, 5, 5, 3))).shape
        (1, 3)
    """

    rank = 2


class GlobalMaxPooling3D(GlobalMaxPooling):
    """Keep the largest value of each channel over the volume.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, channels), with `keepdims` (batch, 1, 1, 1, channels)
    Args:     as for `GlobalMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `GlobalMaxPooling3D`.
    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling3D()(np.ones((1, 4, 4, 4, 3))).shape
        (1, 3)
    """

    rank = 3


class GlobalAveragePooling1D(GlobalPooling):
    """Average each channel over the steps that are not masked.

    Maths:    y[b,c] = sum_t x[b,t,c] * mask[b,t] / sum_t mask[b,t]
    Shapes:   x (batch, steps, channels) -> (batch, channels), (batch, 1, channels) with `keepdims`
    Args:     as for `GlobalMaxPooling2D`.
    Mask:     used, and not passed on. A sample without any step gives NaN.
    Source:   Keras 3 `GlobalAveragePooling1D`.
    Example:
        >>> GlobalAveragePooling1D()([[[1.0, 5.0], [3.0, 4.0]]]).tolist()
        [[2.0, 4.5]]
    """

    rank = 1

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        """Compute on arrays."""
        if mask is None:
            return jnp.mean(inputs, self._axes, keepdims=self.keepdims)
        kept = jnp.expand_dims(mask, 2 if self.data_format == "channels_last" else 1).astype(bool)
        total = jnp.sum(jnp.where(kept, inputs, 0), self._axes, keepdims=self.keepdims)
        return total / jnp.sum(kept.astype(inputs.dtype), self._axes, keepdims=self.keepdims)

    def compute_mask(self, inputs, mask=None):
        """Return None: there are no steps any more."""


class GlobalAveragePooling2D(GlobalAveragePooling):
    """Average each channel over the image.

    Maths:    y[b,c] = mean_{i,j} x[b,i,j,c]
    Shapes:   x (batch, height, width, channels) -> (batch, channels), (batch, 1, 1, channels) with `keepdims`
    Args:     as for `GlobalMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `GlobalAveragePooling2D`; Lin et al. 2013, section 3.2.
    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling2D()(np.ones((1, 5, 5, 3))).shape
        (1, 3)
    """

    rank = 2


class GlobalAveragePooling3D(GlobalAveragePooling):
    """Average each channel over the volume.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, channels), with `keepdims` (batch, 1, 1, 1, channels)
    Args:     as for `GlobalMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `GlobalAveragePooling3D`.
    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling3D()(np.ones((1, 4, 4, 4, 3))).shape
        (1, 3)
    """

    rank = 3


AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
)
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D

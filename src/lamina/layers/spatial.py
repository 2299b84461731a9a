"""Layers that change the size of sequences, images and volumes: zeros added, edges cut off, values repeated."""

import jax
import jax.numpy as jnp
from jax import lax

from lamina.core import config
from lamina.core.errors import ShapeError, message
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.windows import as_data_format, channels_last, sizes

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def _margins(layer, name, value):
    """Return how much is added to, or cut off, both ends of each spatial axis: ((low, high), ...)."""
    if layer.rank == 1:
        return (_pair(layer, name, value),)
    given = (value,) * layer.rank if isinstance(value, int) else value
    if not hasattr(given, "__len__") or len(given) != layer.rank:
        raise ValueError(
            f"The `{name}` argument of {type(layer).__name__} must be an integer, or for each of the {layer.rank} "
            f"spatial axes an integer or a pair (before, after). Received: {name}={value!r}"
        )
    return tuple(_pair(layer, name, entry) for entry in given)


def _pair(layer, name, value):
    pair = (value, value) if isinstance(value, int) else value
    try:
        low, high = (int(size) for size in pair)
    except (TypeError, ValueError):
        low, high = -1, -1
    if min(low, high) < 0:
        raise ValueError(
            f"The `{name}` argument of {type(layer).__name__} must hold integers >= 0 or pairs (before, after) of "
            f"them. Received: {name}={value!r}"
        )
    return low, high


def _first_spatial_axis(layer):
    return 1 if layer.data_format == "channels_last" else 2


def _extend(x, first_axis, margins):
    """Add zeros at both ends of the axes from `first_axis` on; negative margins cut off."""
    amounts = [(0, 0, 0)] * x.ndim
    amounts[first_axis : first_axis + len(margins)] = [(low, high, 0) for low, high in margins]
    return lax.pad(x, jnp.zeros((), x.dtype), amounts)


def _repeat(x, counts):
    """Repeat each value of a channels-last array `counts` times along its spatial axes, which follow the batch axis."""
    for axis, count in enumerate(counts, start=1):
        before, size, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
        repeated = jnp.broadcast_to(jnp.expand_dims(x, axis + 1), (*before, size, count, *after))
        x = repeated.reshape(*before, size * count, *after)
    return x


def _in_dtype(x, dtype):
    """Return interpolated values in the dtype of the pixels they came from, whole numbers rounded and kept in range."""
    if jnp.issubdtype(dtype, jnp.integer):
        limits = jnp.iinfo(dtype)
        x = jnp.clip(jnp.round(x), limits.min, limits.max)
    return x.astype(dtype)


class ZeroPadding(Layer):
    """Base of ZeroPadding1D, 2D and 3D, which differ in the number of spatial axes only."""

    rank = None

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._margins = _margins(self, "padding", padding)
        self.padding = self._margins[0] if self.rank == 1 else self._margins
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        """Compute on arrays."""
        return _extend(inputs, _first_spatial_axis(self), self._margins)


class ZeroPadding1D(ZeroPadding):
    """Add steps of zeros before and after a sequence.

    Shapes:   x (batch, steps, channels) -> (batch, before + steps + after, channels)
    Args:
        padding: steps on both sides, or a pair (before, after) [steps].
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Source:   Keras 3 `ZeroPadding1D`.
    Example:
        >>> ZeroPadding1D((0, 1))([[[5]]]).tolist()
        [[[5], [0]]]
    """

    rank = 1


class ZeroPadding2D(ZeroPadding):
    """Add rows and columns of zeros around an image.

    Shapes:   x (batch, height, width, channels) -> (batch, top + height + bottom, left + width + right, channels)
    Args:
        padding: one number for all sides, (vertical, horizontal), or ((top, bottom), (left, right)) [pixels].
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Source:   Keras 3 `ZeroPadding2D`.
    Example:
        >>> import numpy as np
        >>> ZeroPadding2D(((1, 0), (2, 2)))(np.ones((1, 4, 4, 3))).shape
        (1, 5, 8, 3)
    """

    rank = 2


class ZeroPadding3D(ZeroPadding):
    """Add zeros around a volume.

    Shapes:   x (batch, depth, height, width, channels) -> each spatial axis longer by its two paddings
    Args:
        padding: one number, one for each axis, or a pair (before, after) for each axis [pixels].
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Source:   Keras 3 `ZeroPadding3D`.
    Example:
        >>> import numpy as np
        >>> ZeroPadding3D(1)(np.ones((1, 4, 4, 4, 3))).shape
        (1, 6, 6, 6, 3)
    """

    rank = 3


class Cropping(Layer):
    """Base of Cropping1D, 2D and 3D, which differ in the number of spatial axes only."""

    rank = None

    def __init__(self, cropping=1, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._margins = _margins(self, "cropping", cropping)
        self.cropping = self._margins[0] if self.rank == 1 else self._margins
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    _too_much = "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input."

    def call(self, inputs):
        """Compute on arrays."""
        first = _first_spatial_axis(self)
        spatial = inputs.shape[first : first + self.rank]
        if any(isinstance(size, int) and sum(cut) >= size for size, cut in zip(spatial, self._margins, strict=True)):
            raise ShapeError(
                message(
                    "L104",
                    f"{self.name} is to cut {self.cropping} pixels off an input of only {tuple(spatial)}. "
                    f"{self._too_much}",
                    fix=f"{type(self).__name__}(...)   # with less cropping",
                )
            )
        return _extend(inputs, first, [(-low, -high) for low, high in self._margins])


class Cropping1D(Cropping):
    """Cut steps off both ends of a sequence.

    Shapes:   x (batch, steps, channels) -> (batch, steps - before - after, channels)
    Args:
        cropping: steps on both sides, or a pair (before, after) [steps].
    Mask:     dropped.
    Raises:   ShapeError L104 (a ValueError) if nothing is left.
    Source:   Keras 3 `Cropping1D`.
    Example:
        >>> Cropping1D((0, 1))([[[5], [6]]]).tolist()
        [[[5]]]
    """

    rank = 1
    _too_much = "The `cropping` parameter of `Cropping1D` layer must be smaller than the steps of the input."

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(cropping, "channels_last", **kwargs)


class Cropping2D(Cropping):
    """Cut rows and columns off the edges of an image.

    Shapes:   x (batch, height, width, channels) -> (batch, height - top - bottom, width - left - right, channels)
    Args:
        cropping: one number for all sides, (vertical, horizontal), or ((top, bottom), (left, right)) [pixels].
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Raises:   ShapeError L104 (a ValueError) if nothing is left.
    Source:   Keras 3 `Cropping2D`.
    Example:
        >>> import numpy as np
        >>> Cropping2D(((1, 0), (1, 1)))(np.ones((1, 4, 4, 3))).shape
        (1, 3, 2, 3)
    """

    rank = 2

    def __init__(self, cropping=0, data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


class Cropping3D(Cropping):
    """Cut the edges off a volume.

    Shapes:   x (batch, depth, height, width, channels) -> each spatial axis shorter by its two croppings
    Args:
        cropping: one number, one for each axis, or a pair (before, after) for each axis [pixels].
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Raises:   ShapeError L104 (a ValueError) if nothing is left.
    Source:   Keras 3 `Cropping3D`.
    Example:
        >>> import numpy as np
        >>> Cropping3D(1)(np.ones((1, 4, 4, 4, 3))).shape
        (1, 2, 2, 2, 3)
    """

    rank = 3


class UpSampling1D(Layer):
    """Repeat each step `size` times.

    Maths:    y[b, t*size + i, c] = x[b, t, c] for i < size
    Shapes:   x (batch, steps, channels) -> (batch, steps*size, channels)
    Args:
        size: number of copies [count, >= 1].
    Mask:     dropped.
    Raises:   TypeError if `size` is no integer, ValueError if it is not positive.
    Source:   Keras 3 `UpSampling1D`.
    Example:
        >>> UpSampling1D(2)([[[5], [6]]]).tolist()
        [[[5], [5], [6], [6]]]
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(size, int) or isinstance(size, bool):
            raise TypeError(f"UpSampling1D: Expected an integer value for `size`. Received: size={size!r}")
        if size <= 0:
            raise ValueError(f"The `size` argument of UpSampling1D should be a positive integer. Received: size={size}")
        self.size = size
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        """Compute on arrays."""
        return _repeat(inputs, (self.size,))


class UpSampling2D(Layer):
    """Enlarge an image by whole factors.

    Maths:    y[b, i, j, c] = x[b, i // size_h, j // size_w, c] for "nearest"; else interpolated between pixel centres
    Shapes:   x (batch, height, width, channels) -> (batch, height*size_h, width*size_w, channels)
    Args:
        size: factor, one number or one for each axis [count, >= 1].
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
    Mask:     dropped.
    Raises:   ValueError for arguments out of range.
    Source:   Keras 3 `UpSampling2D`.
    Example:
        >>> import numpy as np
        >>> UpSampling2D((1, 2))(np.arange(4.0).reshape(1, 2, 2, 1))[0, :, :, 0].tolist()
        [[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 3.0, 3.0]]
    """

    rank = 2

    def __init__(self, size=2, data_format=None, interpolation="nearest", **kwargs):
        super().__init__(**kwargs)
        self.size = sizes(self, "size", size)
        self.data_format = config.standardize_data_format(data_format)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"The `interpolation` argument of UpSampling2D must be one of {INTERPOLATIONS}. "
                f"Received: interpolation={interpolation!r}"
            )
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        """Compute on arrays."""
        x = channels_last(inputs, self.data_format)
        if self.interpolation == "nearest":
            y = _repeat(x, self.size)
        else:
            batch, height, width, channels = x.shape
            shape = (batch, height * self.size[0], width * self.size[1], channels)
            y = _in_dtype(jax.image.resize(x, shape, self.interpolation), x.dtype)
        return as_data_format(y, self.data_format)


class UpSampling3D(Layer):
    """Enlarge a volume by whole factors, repeating values.

    Shapes:   x (batch, depth, height, width, channels) -> each spatial axis longer by its factor
    Args:
        size: factor, one number or one for each axis [count, >= 1].
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Source:   Keras 3 `UpSampling3D`.
    Example:
        >>> import numpy as np
        >>> UpSampling3D((1, 2, 3))(np.ones((1, 2, 2, 2, 3))).shape
        (1, 2, 4, 6, 3)
    """

    rank = 3

    def __init__(self, size=2, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.size = sizes(self, "size", size)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs):
        """Compute on arrays."""
        return as_data_format(_repeat(channels_last(inputs, self.data_format), self.size), self.data_format)

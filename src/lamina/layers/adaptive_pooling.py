"""Adaptive pooling: as many windows as outputs are wanted, spread evenly over the input."""

import jax.numpy as jnp

from lamina.core import config
from lamina.kernels.pooling import adaptive_windows, average_pool, max_pool
from lamina.layers.demands import positive_integer
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.pooling import as_float
from lamina.layers.windows import as_data_format, channels_last


class AdaptivePooling(Layer):
    """Base of the adaptive layers: one spatial axis after the other."""

    rank = None

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        given = (output_size,) * self.rank if isinstance(output_size, int) else output_size
        if not isinstance(given, list | tuple) or len(given) != self.rank:
            kind = ValueError if isinstance(given, list | tuple) and self.rank == 1 else TypeError  # as in Keras
            raise kind(
                f"The `output_size` argument of {type(self).__name__} must be an integer or a tuple of {self.rank} "
                f"integers. Received: output_size={output_size!r}"
            )
        self.output_size = tuple(positive_integer(self, "output_size", size) for size in given)
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        """Compute on arrays."""
        x = channels_last(inputs, self.data_format)
        for axis, count in enumerate(self.output_size):
            x = self._pool_along(x, axis + 1, count)
        return as_data_format(x, self.data_format)

    def _pool_along(self, x, axis, count):
        """Pool along one axis."""
        starts, ends = adaptive_windows(x.shape[axis], count)
        lengths = (ends - starts).tolist()
        pooled, offsets, total = [], {}, 0
        for length in sorted(set(lengths)):
            window = tuple(length if at == axis else 1 for at in range(1, x.ndim - 1))
            pooled.append(self._pool(x, window))
            offsets[length] = total
            total += pooled[-1].shape[axis]
        picked = jnp.array([offsets[length] + start for start, length in zip(starts, lengths, strict=True)])
        return jnp.take(jnp.concatenate(pooled, axis), picked, axis)


class AdaptiveMaxPooling(AdaptivePooling):
    """Base of AdaptiveMaxPooling1D, 2D and 3D."""

    def _pool(self, x, window):
        return max_pool(x, window, (1,) * self.rank, "valid")


class AdaptiveAveragePooling(AdaptivePooling):
    """Base of AdaptiveAveragePooling1D, 2D and 3D."""

    def _pool(self, x, window):
        return average_pool(as_float(x), window, (1,) * self.rank, "valid")


class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """Keep the largest value of each of `output_size` windows that together cover all steps.

    Shapes:   x (batch, steps, channels) -> (batch, output_size, channels)
    Args:     as for `AdaptiveMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `AdaptiveMaxPooling1D`.
    Example:
        >>> AdaptiveMaxPooling1D(2)([[[1.0], [3.0], [2.0]]]).tolist()
        [[[3.0], [3.0]]]
    """

    rank = 1


class AdaptiveMaxPooling2D(AdaptiveMaxPooling):
    """Keep the largest value of each of the windows that together cover the image, whatever its size.

    Maths:    along each axis window i runs from floor(i * size / output_size) to ceil((i + 1) * size / output_size)
    Shapes:   x (batch, height, width, channels) -> (batch, *output_size, channels)
    Args:
        output_size: number of windows, one number or one for each axis [pixels].
        data_format: "channels_last" or "channels_first".
    Mask:     dropped.
    Raises:   TypeError if `output_size` is neither, or another number of sizes (ValueError with one axis).
    Source:   Keras 3 `AdaptiveMaxPooling2D`.
    Example:
        >>> import numpy as np
        >>> AdaptiveMaxPooling2D((2, 3))(np.ones((1, 5, 7, 3))).shape
        (1, 2, 3, 3)
    """

    rank = 2


class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """Keep the largest value of each of the windows that together cover the volume.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, *output_size, channels)
    Args:     as for `AdaptiveMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `AdaptiveMaxPooling3D`.
    Example:
        >>> import numpy as np
        >>> AdaptiveMaxPooling3D(2)(np.ones((1, 5, 4, 3, 2))).shape
        (1, 2, 2, 2, 2)
    """

    rank = 3


class AdaptiveAveragePooling1D(AdaptiveAveragePooling):
    """Average each of `output_size` windows that together cover all steps.

    Shapes:   x (batch, steps, channels) -> (batch, output_size, channels)
    Args:     as for `AdaptiveMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `AdaptiveAveragePooling1D`.
    Example:
        >>> AdaptiveAveragePooling1D(2)([[[1.0], [3.0], [2.0]]]).tolist()
        [[[2.0], [2.5]]]
    """

    rank = 1


class AdaptiveAveragePooling2D(AdaptiveAveragePooling):
    """Average each of the windows that together cover the image, whatever its size.

    Shapes:   x (batch, height, width, channels) -> (batch, *output_size, channels)
    Args:     as for `AdaptiveMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `AdaptiveAveragePooling2D`.
    Example:
        >>> import numpy as np
        >>> AdaptiveAveragePooling2D(1)(np.ones((1, 5, 7, 3))).shape
        (1, 1, 1, 3)
    """

    rank = 2


class AdaptiveAveragePooling3D(AdaptiveAveragePooling):
    """Average each of the windows that together cover the volume.

    Shapes:   x (batch, depth, height, width, channels) -> (batch, *output_size, channels)
    Args:     as for `AdaptiveMaxPooling2D`.
    Mask:     dropped.
    Source:   Keras 3 `AdaptiveAveragePooling3D`.
    Example:
        >>> import numpy as np
        >>> AdaptiveAveragePooling3D(2)(np.ones((1, 5, 4, 3, 2))).shape
        (1, 2, 2, 2, 2)
    """

    rank = 3

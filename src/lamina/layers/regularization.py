"""Layers that disturb their input while training, so that a model does not rely on single values of it."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from lamina import regularizers
from lamina.core.config import floatx, standardize_data_format
from lamina.core.random import SeedGenerator
from lamina.layers.demands import fraction
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer

# Where units that are driven to saturation end up under SELU: -scale * alpha.
_SELU_FLOOR = -1.0507009873554805 * 1.6732632423543772


class Dropout(Layer):
    """Set a random part of the values to zero while training, and enlarge the others so that the sum stays as it is.

    Maths:    y = x / (1 - rate) with probability 1 - rate, else 0
    Shapes:   x (batch, ...) -> the same
    Args:
        rate: part of the values that is dropped [fraction 0-1].
        noise_shape: shape of the pattern of zeros, None or 1 where it repeats along an axis: `(None, 1, None)` drops
            whole features of all steps at once. None stands for the input's size, 1 for repetition.
        seed: integer that makes the pattern repeatable.
    Mask:     passed on
    Training: only then; otherwise the input is returned as it is.
    Raises:   ValueError for a rate outside 0 to 1, or a noise shape that is no sequence of positive sizes and None.
    Source:   Keras 3 `Dropout` (same defaults, same pattern for the same seed); Srivastava et al. 2014.
    Example:
        >>> Dropout(0.5)([[1.0, 2.0]]).tolist()
        [[1.0, 2.0]]
        >>> sorted(set(Dropout(0.5)(jnp.ones((8, 8)), training=True).ravel().tolist()))
        [0.0, 2.0]
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = fraction(self, "rate", rate)
        self.seed = seed
        self.noise_shape = _checked_noise_shape(noise_shape)
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs, training=False):
        """Compute on arrays."""
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return jnp.zeros_like(inputs)
        keep = 1.0 - self.rate
        kept = jax.random.bernoulli(self.seed_generator.next(), keep, self._pattern_shape(inputs))
        return jnp.where(kept, inputs / keep, 0)

    def _pattern_shape(self, inputs):
        return _noise_shape(inputs, self.noise_shape)


class _SpatialDropout(Dropout):
    """Drop whole channels: what `Dropout` does with a pattern that repeats along every axis but batch and channels."""

    def __init__(self, rate, seed=None, name=None, dtype=None, *, ndim, data_format="channels_last"):
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=ndim)

    def _pattern_shape(self, inputs):
        ones = (1,) * (inputs.ndim - 2)
        if self.data_format == "channels_first":
            return (*inputs.shape[:2], *ones)
        return (inputs.shape[0], *ones, inputs.shape[-1])

    def get_config(self):
        """Return the constructor arguments, as Keras writes them: the dtype by name, without `trainable`."""
        config = super().get_config()
        del config["trainable"]
        return {**config, "dtype": self.dtype}


class SpatialDropout1D(_SpatialDropout):
    """Set whole features to zero, in all steps at once, while training.

    Shapes:   x (batch, steps, features) -> the same
    Args:
        rate: part of the features that is dropped [fraction 0-1].
        seed: integer that makes the pattern repeatable.
    Mask:     passed on
    Training: only then; otherwise the input is returned as it is.
    Raises:   ValueError for a rate outside 0 to 1; ShapeError L101 for another rank.
    Source:   Keras 3 `SpatialDropout1D`; Tompson et al. 2014.
    Example:
        >>> SpatialDropout1D(0.5)(jnp.ones((2, 5, 4)), training=True).shape
        (2, 5, 4)
    """

    def __init__(self, rate, seed=None, name=None, dtype=None):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, ndim=3)


class SpatialDropout2D(_SpatialDropout):
    """Set whole channels of images to zero while training.

    Shapes:   x (batch, height, width, channels) -> the same
    Args:
        rate: part of the channels that is dropped [fraction 0-1].
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the pattern repeatable.
    Mask:     passed on
    Training: only then; otherwise the input is returned as it is.
    Raises:   ValueError for a rate outside 0 to 1; ShapeError L101 for another rank.
    Source:   Keras 3 `SpatialDropout2D`; Tompson et al. 2014.
    """

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, ndim=4, data_format=data_format)


class SpatialDropout3D(_SpatialDropout):
    """Set whole channels of volumes to zero while training.

    Shapes:   x (batch, depth, height, width, channels) -> the same
    Args:     as for `SpatialDropout2D`.
    Source:   Keras 3 `SpatialDropout3D`; Tompson et al. 2014.
    """

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, ndim=5, data_format=data_format)


class AlphaDropout(Layer):
    """Dropout for SELU networks: dropped values go to SELU's floor, and mean and variance stay as they are.

    Maths:    x' = x with probability 1 - rate, else -1.7581; y = a * x' + b with
              a = ((1 - rate) * (1 + rate * 1.7581^2))^(-1/2), b = 1.7581 * a * rate
    Shapes:   x (batch, ...) -> the same
    Args:
        rate: part of the values that is dropped [fraction 0-1].
        noise_shape: shape of the pattern, as for `Dropout`.
        seed: integer that makes the pattern repeatable.
    Mask:     passed on
    Training: only then; otherwise the input is returned as it is.
    Raises:   ValueError for a rate outside 0 to 1.
    Source:   Keras 3 `AlphaDropout`; Klambauer et al. 2017.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = fraction(self, "rate", rate)
        self.seed = seed
        self.noise_shape = _checked_noise_shape(noise_shape)
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs, training=False):
        """Compute on arrays."""
        if not training or self.rate == 0:
            return inputs
        shape = _noise_shape(inputs, self.noise_shape)
        drawn = jax.random.uniform(self.seed_generator.next(), shape, floatx())
        a = ((1 - self.rate) * (1 + self.rate * _SELU_FLOOR**2)) ** -0.5
        b = -a * _SELU_FLOOR * self.rate
        return a * jnp.where(drawn >= self.rate, inputs, _SELU_FLOOR) + b


class GaussianDropout(Layer):
    """Multiply each value by a random number around 1 while training.

    Maths:    y = x * n, n from N(1, rate / (1 - rate))
    Shapes:   x (batch, ...) -> the same
    Args:
        rate: sets the noise as strong as that of `Dropout` with this rate [fraction 0-1].
        seed: integer that makes the noise repeatable.
    Mask:     passed on
    Training: only then; otherwise the input is returned as it is.
    Raises:   ValueError for a rate outside 0 to 1.
    Source:   Keras 3 `GaussianDropout`; Srivastava et al. 2014, section 10.
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = fraction(self, "rate", rate)
        self.seed = seed
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs, training=False):
        """Compute on arrays."""
        if not training or self.rate == 0:
            return inputs
        noise = jax.random.normal(self.seed_generator.next(), inputs.shape, self.compute_dtype)
        return inputs * (1 + noise * math.sqrt(self.rate / (1 - self.rate)))


class GaussianNoise(Layer):
    """Add a random number to each value while training.

    Maths:    y = x + n, n from N(0, stddev^2)
    Shapes:   x (batch, ...) -> the same
    Args:
        stddev: standard deviation of the noise, 0 to 1.
        seed: integer that makes the noise repeatable.
    Mask:     passed on
    Training: only then; otherwise the input is returned as it is.
    Raises:   ValueError for a deviation outside 0 to 1.
    Source:   Keras 3 `GaussianNoise` (which has the same bounds).
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.stddev = fraction(self, "stddev", stddev)
        self.seed = seed
        if stddev > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs, training=False):
        """Compute on arrays."""
        if not training or self.stddev == 0:
            return inputs
        noise = jax.random.normal(self.seed_generator.next(), inputs.shape, self.compute_dtype)
        return inputs + noise * self.stddev


class ActivityRegularization(Layer):
    """Return the input as it is, and add a loss for its size.

    Maths:    loss = (l1 * sum |x| + l2 * sum x^2) / batch
    Shapes:   x (batch, ...) -> the same
    Args:
        l1, l2: weights of the two sums.
    Mask:     passed on
    Source:   Keras 3 `ActivityRegularization`.
    Example:
        >>> layer = ActivityRegularization(l2=0.5)
        >>> _ = layer(jnp.array([[1.0, 3.0]]))
        >>> float(layer.losses[0])
        5.0
    """

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2
        self.built = not self._has_own_build()

    def call(self, inputs):
        """Compute on arrays."""
        return inputs

    def get_config(self):
        """Return l1 and l2, of which the regularizer is made."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config


def _checked_noise_shape(shape):
    if shape is None:
        return None
    if isinstance(shape, str) or not hasattr(shape, "__iter__"):
        raise ValueError(
            "Invalid value received for argument `noise_shape`. Expected a tuple or list of integers. Received: "
            f"noise_shape={shape!r}"
        )
    shape = tuple(shape)
    for i, size in enumerate(shape):
        if size is not None and (not isinstance(size, int | np.integer) or size <= 0):
            raise ValueError(
                "Invalid value received for argument `noise_shape`. Expected all dimensions to be positive integers or "
                f"None. Received: noise_shape={shape}, where element {i} is {size!r}."
            )
    return shape


def _noise_shape(inputs, given):
    """Return the shape of the noise, with the input's size where `given` has None."""
    if given is None:
        return inputs.shape
    return tuple(inputs.shape[i] if size is None else size for i, size in enumerate(given))

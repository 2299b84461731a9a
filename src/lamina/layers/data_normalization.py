"""Normalization: bring each feature of the data to mean 0 and variance 1."""

import math

import jax.numpy as jnp
import numpy as np

from lamina.core import config
from lamina.layers.adapting import batches_of
from lamina.layers.demands import assert_axes, axis_or_axes
from lamina.layers.input_spec import ONE_ARRAY
from lamina.layers.layer import Layer


class Normalization(Layer):
    """Subtract the mean of the data and divide by their standard deviation, both learned by `adapt` or given.

    Maths:    y = (x - mean) / max(sqrt(variance), epsilon);  inverted: y = mean + x * max(sqrt(variance), epsilon)
    Shapes:   x (batch, ...) -> the same, of the compute dtype also for integers
    Weights:  mean, variance (sizes of the axes), count (), none of them trained; none if mean and variance are given
    Args:
        axis: axis, or axes, each index of which has a mean and a variance of its own; None has one for all values.
        mean: what to subtract, a number or one for each index of the axes; together with `variance`.
        variance: square of what to divide by, of the same shape.
        invert: whether to go back from normalized values to those of the data.
    Mask:     passed on
    Raises:   ValueError if mean and variance do not fit each other or the axes, or the size of an axis is unknown.
    Source:   Keras 3 `Normalization`; here the moments are computed in float64.
    Example:
        >>> layer = Normalization(axis=None)
        >>> layer.adapt(np.array([1.0, 3.0]))
        >>> layer([1.0, 2.0, 5.0]).tolist()
        [-1.0, 0.0, 3.0]
    """

    _allow_non_tensor_positional_args = True
    _config_skips = ("mean", "variance")
    _input_spec = ONE_ARRAY

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        axes = [] if axis is None else axis_or_axes(self, "axis", axis)
        self.axis = tuple(axes) if isinstance(axes, list) else (axes,)
        if (mean is None) != (variance is None):
            raise ValueError(
                "When setting values directly, both `mean` and `variance` must be set. "
                f"Received: mean={mean} and variance={variance}"
            )
        if np.shape(mean) != np.shape(variance):
            raise ValueError(
                "When setting values directly, `mean` and `variance` must have the same shape. "
                f"Received: mean shape {np.shape(mean)} and variance shape {np.shape(variance)}"
            )
        if np.ndim(mean) > len(self.axis):
            raise ValueError(
                f"The rank of `mean` must be less than or equal to the number of axes ({len(self.axis)}). "
                f"Received: mean shape {np.shape(mean)} for axis {self.axis}"
            )
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True
        self.reset_state()

    def build(self, input_shape):
        """Make the weights, or bring the given mean and variance to the shape of the input."""
        kept = self._kept_axes(input_shape)
        shape = tuple(input_shape[axis] for axis in kept)
        if None in shape:
            raise ValueError(
                f"All `axis` values to be kept must have a known shape. Received axis={self.axis}, "
                f"inputs.shape={input_shape}, with unknown axis at index {kept[shape.index(None)]}"
            )
        self._moments_shape = shape
        self._broadcast_shape = tuple(size if axis in kept else 1 for axis, size in enumerate(input_shape))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
            self.adapt_variance = self.add_weight(name="variance", shape=shape, initializer="ones", trainable=False)
            self.count = self.add_weight(name="count", dtype="int32", initializer="zeros", trainable=False)
        else:
            self._given_mean = np.broadcast_to(np.asarray(self.input_mean), shape)
            self._given_variance = np.broadcast_to(np.asarray(self.input_variance), shape)

    def _kept_axes(self, shape):
        assert_axes(self, "axis", self.axis, shape)
        return sorted(axis % len(shape) for axis in self.axis)

    @property
    def mean(self):
        """What is subtracted, in a shape that fits the inputs; None before the layer is built."""
        if not self.built:
            return None
        return self._fitted(self._given_mean if self.input_mean is not None else self.adapt_mean.value)

    @property
    def variance(self):
        """The square of what is divided by, in a shape that fits the inputs; None before the layer is built."""
        if not self.built:
            return None
        return self._fitted(self._given_variance if self.input_mean is not None else self.adapt_variance.value)

    def _fitted(self, moment):
        return jnp.asarray(moment, self.compute_dtype).reshape(self._broadcast_shape)

    def call(self, inputs):
        """Compute on arrays."""
        inputs = jnp.asarray(inputs, self.compute_dtype)
        deviation = jnp.maximum(jnp.sqrt(self.variance), config.epsilon())
        return self.mean + inputs * deviation if self.invert else (inputs - self.mean) / deviation

    # --- learning from data ------------------------------------------------------------------------------------

    def adapt(self, data):
        """Set mean and variance to those of `data`; what was learned before is forgotten.

        Args:
            data: an array, a data frame, or an iterable of batches (`x`, or tuples that begin with it).
        Raises: ValueError for no batch, for batches that do not fit, or if mean and variance were given;
            TypeError for what has no shape.
        """
        self.reset_state()
        for batch in batches_of(data):
            self.update_state(batch)
        if not self._seen[0]:
            raise ValueError("adapt() received an empty iterable (no batches). Expected at least one batch.")
        self.finalize_state()

    def update_state(self, data):
        """Take one more batch into account; `finalize_state` makes it count."""
        if self.input_mean is not None:
            raise ValueError("Cannot adapt a Normalization layer that was given `mean` and `variance`.")
        if not hasattr(data, "shape"):
            raise TypeError(
                "adapt() expects arrays, or an iterable that yields arrays or tensors with a `.shape` attribute. "
                f"Got an element of type {type(data).__name__}."
            )
        data = np.asarray(data)
        if not self.built:
            self.build(data.shape)
        kept = self._kept_axes(data.shape)
        if tuple(data.shape[axis] for axis in kept) != self._moments_shape:
            raise ValueError(
                f"The layer was built for {self._moments_shape} means along axis={self.axis}, but adapt() is being "
                f"called with data with an incompatible shape, data.shape={data.shape}"
            )
        reduced = tuple(axis for axis in range(data.ndim) if axis not in kept)
        count = math.prod(data.shape[axis] for axis in reduced)
        if count:
            moments = (np.mean(data, reduced, dtype="float64"), np.var(data, reduced, dtype="float64"))
            self._seen = _merged(self._seen, (count, *moments))

    def finalize_state(self):
        """Set mean and variance to those of the batches since the last call; nothing happens if there were none."""
        count, mean, variance = self._seen
        if count:
            self.adapt_mean.assign(mean)
            self.adapt_variance.assign(variance)
            self.reset_state()

    def reset_state(self):
        """Forget the batches that `update_state` has seen."""
        self._seen = (0, 0.0, 0.0)

    def get_config(self):
        """Return the constructor arguments, mean and variance as lists."""
        given = {"mean": np.asarray(self.input_mean).tolist(), "variance": np.asarray(self.input_variance).tolist()}
        return {**super().get_config(), **given}


def _merged(one, other):
    """Return count, mean and variance of two sets of values together."""
    count = one[0] + other[0]
    share = other[0] / count
    distance = other[1] - one[1]
    variance = one[2] * (1 - share) + other[2] * share + distance**2 * share * (1 - share)
    return count, one[1] + distance * share, variance

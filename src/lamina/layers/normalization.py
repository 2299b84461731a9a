"""Normalization within each sample: LayerNormalization, GroupNormalization, RMSNormalization, UnitNormalization."""

import warnings

import jax.numpy as jnp
from jax import lax

from lamina.kernels.forms import compiled
from lamina.layers.demands import assert_axes, axis_or_axes
from lamina.layers.input_spec import ONE_ARRAY, InputSpec
from lamina.layers.layer import Layer
from lamina.layers.weights import add_weight, keep_options


def _sizes_along(layer, input_shape, axes):
    """Return the sizes of `axes`, for a weight that runs along them.

    Raises:   ValueError for an axis that the input does not have, or of unknown size.
    """
    assert_axes(layer, "axis", axes, input_shape)
    if any(input_shape[axis] is None for axis in axes):
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' needs to know the sizes along axis={axes} for its weights: there "
            "the input tensor should have a defined dimension but the layer received an input with shape "
            f"{tuple(input_shape)}."
        )
    return tuple(input_shape[axis] for axis in axes)


def _along(weight, x, axes):
    """Return a weight whose values run along `axes` so that it broadcasts against `x`, in its dtype."""
    shape = [1] * x.ndim
    for axis in axes:
        shape[axis] = x.shape[axis]
    return weight.reshape(shape).astype(x.dtype)


def _wide(x):
    """Return `x` in at least float32: sums of squares overflow in half precision."""
    return x.astype(jnp.promote_types(x.dtype, "float32"))


@compiled(static=("axes", "epsilon"))
def _standardize(x, axes, epsilon):
    """Shift and scale `x` to mean 0 and deviation 1 over `axes`."""
    apart = x - jnp.mean(x, axes, keepdims=True)
    return apart * lax.rsqrt(jnp.mean(jnp.square(apart), axes, keepdims=True) + epsilon)


class LayerNormalization(Layer):
    """Bring the features of each sample (and step) to mean `beta` and deviation `gamma`, by its own statistics.

    Maths:    mean, variance over `axis`; y = (x - mean) / sqrt(variance + epsilon) * gamma + beta
    Shapes:   x (batch, ..., features) -> the same
    Weights:  gamma, beta (size of each of the axes,)
    Args:
        axis: the axis, or axes, that the statistics run over.
        epsilon: added to the variance.
        center, scale: whether there are beta and gamma.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint:
            names or objects.
    Mask:     passed on
    Training: same in training and inference.
    Raises:   TypeError if `axis` is no integer or list; ValueError if the input has no such axis of known size.
    Source:   Keras 3 `LayerNormalization` (same defaults); Ba et al. 2016.
    Example:
        >>> LayerNormalization(epsilon=0.0)([[1.0, 3.0], [5.0, 5.5]]).tolist()
        [[-1.0, 1.0], [-1.0, 1.0]]
    """

    _input_spec = ONE_ARRAY

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        rms_scaling=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.axis = axis_or_axes(self, "axis", axis)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        keep_options(self, "beta", beta_initializer, beta_regularizer, beta_constraint)
        keep_options(self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        self.rms_scaling = rms_scaling
        if rms_scaling:
            warnings.warn(
                "`rms_scaling=True` scales by the deviation, not the root mean square; use RMSNormalization for that.",
                stacklevel=3,
            )
        self.supports_masking = True
        self.autocast = False

    def build(self, input_shape):
        """Make gamma and beta."""
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = _sizes_along(self, input_shape, self.axis)
        has_gamma, has_beta = self.scale or self.rms_scaling, self.center and not self.rms_scaling
        self.gamma = add_weight(self, "gamma", shape, autocast=False) if has_gamma else None
        self.beta = add_weight(self, "beta", shape, autocast=False) if has_beta else None

    def call(self, inputs):
        """Compute on arrays."""
        x = _wide(inputs)
        if self.rms_scaling:
            y = x * lax.rsqrt(jnp.var(x, self.axis, keepdims=True) + self.epsilon)
        else:
            y = _standardize(x, tuple(self.axis), self.epsilon)
        if self.gamma is not None:
            y = y * _along(self.gamma.value, x, self.axis)
        if self.beta is not None:
            y = y + _along(self.beta.value, x, self.axis)
        return y.astype(self.compute_dtype)


class GroupNormalization(Layer):
    """Bring each group of channels of a sample to mean 0 and deviation 1, then scale and shift each channel.

    Maths:    mean, variance over all axes but batch, and over the channels of a group
              y = (x - mean) / sqrt(variance + epsilon) * gamma + beta
    Shapes:   x (batch, ..., channels) -> the same
    Weights:  gamma, beta (channels,)
    Args:
        groups: number of groups; 1 makes one of all channels, -1 one of each (instance normalization) [count].
        axis: the channel axis.
        epsilon: added to the variance.
        center, scale and what follows: as for `LayerNormalization`.
    Mask:     passed on
    Training: same in training and inference.
    Raises:   ValueError if `groups` does not divide the number of channels.
    Source:   Keras 3 `GroupNormalization` (same defaults); Wu and He 2018.
    Example:
        >>> GroupNormalization(2, epsilon=0.0)([[1.0, 3.0, 5.0, 5.5]]).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """

    _input_spec = ONE_ARRAY

    def __init__(
        self,
        groups=32,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        if not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ValueError(
                "Invalid value for argument `groups` of GroupNormalization: it must be a positive integer or -1. "
                f"Received: groups={groups}"
            )
        super().__init__(**kwargs)
        self.groups = groups
        self.axis = axis_or_axes(self, "axis", axis, several=False)
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        keep_options(self, "beta", beta_initializer, beta_regularizer, beta_constraint)
        keep_options(self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        self.supports_masking = True
        self.autocast = False

    def build(self, input_shape):
        """Make gamma and beta."""
        (channels,) = _sizes_along(self, input_shape, [self.axis])
        if self.axis % len(input_shape) == 0:
            raise ValueError(
                f"GroupNormalization '{self.name}' normalizes each sample: its `axis` cannot be that of the batch. "
                f"Received: axis={self.axis} for an input of the shape {tuple(input_shape)}"
            )
        self.groups = channels if self.groups == -1 else self.groups
        if channels < self.groups:
            raise ValueError(
                f"The number of groups ({self.groups}) of GroupNormalization '{self.name}' cannot be more than the "
                f"number of channels ({channels})."
            )
        if channels % self.groups:
            raise ValueError(
                f"The number of channels ({channels}) must be a multiple of the number of groups ({self.groups}) of "
                f"GroupNormalization '{self.name}'."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        self.gamma = add_weight(self, "gamma", (channels,), autocast=False) if self.scale else None
        self.beta = add_weight(self, "beta", (channels,), autocast=False) if self.center else None

    def call(self, inputs):
        """Compute on arrays."""
        x = _wide(inputs)
        channels = self.axis % x.ndim
        group = x.shape[channels] // self.groups
        apart = x.reshape(*x.shape[:channels], self.groups, group, *x.shape[channels + 1 :])
        axes = tuple(axis for axis in range(1, apart.ndim) if axis != channels)
        y = _standardize(apart, axes, self.epsilon).reshape(x.shape)
        if self.gamma is not None:
            y = y * _along(self.gamma.value, x, [channels])
        if self.beta is not None:
            y = y + _along(self.beta.value, x, [channels])
        return y.astype(self.compute_dtype)


class RMSNormalization(Layer):
    """Divide the features of each sample (and step) by their root mean square, then scale each.

    Maths:    y = x / sqrt(mean(x^2) + epsilon) * scale, the mean over `axis`
    Shapes:   x (batch, ..., features) -> the same
    Weights:  scale (size of each of the axes,)
    Args:
        axis: the axis, or axes, that the mean runs over.
        epsilon: added to the mean square.
    Mask:     dropped.
    Training: same in training and inference.
    Source:   Keras 3 `RMSNormalization` (same defaults); Zhang and Sennrich 2019.
    Example:
        >>> RMSNormalization(epsilon=0.0)([[2.0, -2.0]]).tolist()
        [[1.0, -1.0]]
    """

    _input_spec = ONE_ARRAY

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis_or_axes(self, "axis", axis)
        self.epsilon = epsilon

    def build(self, input_shape):
        """Make the scale."""
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = _sizes_along(self, input_shape, self.axis)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")

    def call(self, x):
        """Compute on arrays."""
        wide = _wide(x)
        mean_square = jnp.mean(jnp.square(wide), self.axis, keepdims=True)
        y = wide * lax.rsqrt(mean_square + self.epsilon) * _along(self.scale.value, wide, self.axis)
        return y.astype(self.compute_dtype)


class UnitNormalization(Layer):
    """Scale the features of each sample (and step) to a vector of length 1; a vector of zeros stays.

    Maths:    y = x / max(sqrt(sum(x^2)), 1e-12), the sum over `axis`
    Shapes:   x (batch, ..., features) -> the same
    Args:
        axis: the axis, or axes, that the sum runs over.
    Mask:     passed on
    Training: same in training and inference.
    Raises:   TypeError if `axis` is no integer or list.
    Source:   Keras 3 `UnitNormalization`.
    Example:
        >>> UnitNormalization()([[3.0, 4.0]]).round(3).tolist()
        [[0.600..., 0.800...]]
    """

    _input_spec = ONE_ARRAY

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis_or_axes(self, "axis", axis)
        self.supports_masking = True

    def call(self, inputs):
        """Compute on arrays."""
        assert_axes(self, "axis", self.axis, inputs.shape)
        x = _wide(inputs)
        square_sum = jnp.sum(jnp.square(x), self.axis, keepdims=True)
        return (x * lax.rsqrt(jnp.maximum(square_sum, 1e-24))).astype(self.compute_dtype)

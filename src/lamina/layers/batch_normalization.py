"""BatchNormalization: shift and scale each channel by the statistics of the batch, and remember them for inference."""

import jax.numpy as jnp
from jax import lax

from lamina.core import config
from lamina.kernels.normalization import normalize, shift_and_scale
from lamina.layers.demands import assert_axes, axis_or_axes
from lamina.layers.input_spec import ONE_ARRAY, InputSpec
from lamina.layers.layer import Layer
from lamina.layers.weights import add_weight, keep_options


class BatchNormalization(Layer):
    """Bring each channel to mean `beta` and deviation `gamma`: of the batch in training, of all seen in inference.

    Maths:    y = (x - mean) / sqrt(variance + epsilon) * gamma + beta
              training:  mean and variance over all axes but `axis`;
                         moving_mean <- momentum * moving_mean + (1 - momentum) * mean, and so moving_variance
              inference: moving_mean and moving_variance in their place
    Shapes:   x (batch, ..., channels) -> the same
    Weights:  gamma, beta (channels,); moving_mean, moving_variance (channels,), not trained;
              with `renorm` also moving_stddev, renorm_mean, renorm_stddev (channels,)
    Args:
        axis: the axis that keeps its own statistics: -1, or 1 for "channels_first".
        momentum: share of the old moving statistics that stays at each step [fraction 0-1].
        epsilon: added to the variance.
        center, scale: whether there are beta and gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint: names or objects.
        renorm: whether training, too, leans on moving statistics (batch renormalization).
        renorm_clipping: dict with any of "rmin", "rmax" (bounds on the correction of the deviation), "dmax" (mean).
        renorm_momentum: as `momentum`, for renorm_mean and renorm_stddev [fraction 0-1].
        synchronized: accepted; a batch spread over devices is one array here, its statistics are always those of all.
    Mask:     passed on, and used: masked positions do not count in the statistics.
    Training: as above. With `trainable=False` the layer works as in inference, also in training.
    Raises:   ValueError for an `axis` beyond the input, for a mask of another rank than the input's less one.
    Source:   Keras 3 `BatchNormalization` (same defaults; there `synchronized` needs TensorFlow);
              Ioffe and Szegedy 2015; renorm: Ioffe 2017.
    Example:
        >>> layer = BatchNormalization(momentum=0.5, epsilon=0.0)
        >>> layer([[1.0], [3.0]], training=True).tolist(), layer.moving_mean.numpy().tolist()
        ([[-1.0], [1.0]], [1.0])
    """

    _input_spec = ONE_ARRAY

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        renorm=False,
        renorm_clipping=None,
        renorm_momentum=0.99,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.axis = axis_or_axes(self, "axis", axis, several=False)
        self.momentum = float(momentum)
        self.epsilon = float(epsilon)
        self.center = center
        self.scale = scale
        keep_options(self, "beta", beta_initializer, beta_regularizer, beta_constraint)
        keep_options(self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        keep_options(self, "moving_mean", moving_mean_initializer)
        keep_options(self, "moving_variance", moving_variance_initializer)
        self.renorm = renorm
        self.renorm_clipping = _checked_clipping(renorm_clipping or {}) if renorm else renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized
        self.supports_masking = True
        self.gamma = None
        self.beta = None

    def build(self, input_shape):
        """Make the weights."""
        rank = len(input_shape)
        assert_axes(self, "axis", self.axis, input_shape)
        if input_shape[self.axis] is None:
            raise ValueError(
                f"BatchNormalization '{self.name}' needs an axis of known size. Received: axis={self.axis} and an "
                f"input of shape {tuple(input_shape)}"
            )
        channels = input_shape[self.axis]
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: channels})
        if self.scale:
            self.gamma = add_weight(self, "gamma", (channels,), autocast=False)
        if self.center:
            self.beta = add_weight(self, "beta", (channels,), autocast=False)
        self.moving_mean = self._add_statistic("moving_mean", self.moving_mean_initializer, channels)
        self.moving_variance = self._add_statistic("moving_variance", self.moving_variance_initializer, channels)
        if self.renorm:

            def deviation(shape, dtype=None):
                return jnp.sqrt(self.moving_variance_initializer(shape, dtype=dtype))

            self.moving_stddev = self._add_statistic("moving_stddev", deviation, channels)
            self.renorm_mean = self._add_statistic("renorm_mean", self.moving_mean_initializer, channels)
            self.renorm_stddev = self._add_statistic("renorm_stddev", deviation, channels)

    def _add_statistic(self, name, initializer, channels):
        return self.add_weight(name=name, shape=(channels,), initializer=initializer, trainable=False, autocast=False)

    def call(self, inputs, training=None, mask=None):
        """Compute on arrays."""
        if mask is not None and mask.ndim != inputs.ndim - 1:
            raise ValueError(
                f"The mask of BatchNormalization '{self.name}' should have one axis less than the input. Received: "
                f"mask.shape={mask.shape}, inputs.shape={inputs.shape}"
            )
        x = inputs if jnp.issubdtype(inputs.dtype, jnp.floating) else inputs.astype("float32")
        gamma = None if self.gamma is None else self.gamma.value
        beta = None if self.beta is None else self.beta.value
        if not training or not self.trainable:
            mean, variance = self.moving_mean.value, self.moving_variance.value
            outputs = shift_and_scale(x, mean, variance, gamma, beta, self.axis, self.epsilon)
        elif mask is None and not self.renorm:
            outputs, mean, variance = normalize(x, gamma, beta, self.axis, self.epsilon)
            self._remember(mean, variance)
        else:
            mean, variance = _moments(x, mask, self.axis)
            if self.renorm:
                gamma, beta = self._corrected(mean, variance, gamma, beta)
                self._remember_deviation(mean, variance)
            else:
                self._remember(mean, variance)
            outputs = shift_and_scale(x, mean, variance, gamma, beta, self.axis, self.epsilon)
        return outputs.astype(self.compute_dtype)

    def _remember(self, mean, variance):
        self.moving_mean.assign(_blend(self.moving_mean.value, mean, self.momentum))
        self.moving_variance.assign(_blend(self.moving_variance.value, variance, self.momentum))

    def _corrected(self, mean, variance, gamma, beta):
        """Return gamma and beta that lead from the batch's statistics to the moving ones.

        Maths:    (xhat * r + d) * gamma + beta
                  with r = deviation / renorm_stddev and d = (mean - renorm_mean) / renorm_stddev
        """
        usual = jnp.maximum(self.renorm_stddev.value.astype(mean.dtype), self.epsilon**0.5)
        r = jnp.sqrt(variance + self.epsilon) / usual
        d = (mean - self.renorm_mean.value.astype(mean.dtype)) / usual
        r = jnp.clip(r, self.renorm_clipping.get("rmin"), self.renorm_clipping.get("rmax"))
        dmax = self.renorm_clipping.get("dmax")
        if dmax is not None:
            d = jnp.clip(d, -dmax, dmax)
        r, d = lax.stop_gradient(r), lax.stop_gradient(d)
        gamma = 1 if gamma is None else gamma.astype(mean.dtype)
        beta = 0 if beta is None else beta.astype(mean.dtype)
        return r * gamma, d * gamma + beta

    def _remember_deviation(self, mean, variance):
        deviation = jnp.sqrt(variance + self.epsilon)
        self.renorm_mean.assign(_blend(self.renorm_mean.value, mean, self.renorm_momentum))
        self.renorm_stddev.assign(_blend(self.renorm_stddev.value, deviation, self.renorm_momentum))
        self.moving_mean.assign(_blend(self.moving_mean.value, mean, self.momentum))
        moving = _blend(self.moving_stddev.value, deviation, self.momentum)
        self.moving_stddev.assign(moving)
        self.moving_variance.assign(jnp.maximum(moving * moving - self.epsilon, 0))


def _blend(old, new, momentum):
    return old.astype(new.dtype) * momentum + new * (1.0 - momentum)


def _moments(x, mask, axis):
    """Return mean and variance of each channel over the positions that are not masked."""
    kept = None if mask is None else jnp.moveaxis(jnp.broadcast_to(mask[..., None].astype(bool), x.shape), axis, -1)
    x = jnp.moveaxis(x.astype(jnp.promote_types(x.dtype, "float32")), axis, -1)
    axes = tuple(range(x.ndim - 1))
    if kept is None:
        mean = jnp.mean(x, axes)
        return mean, jnp.mean(jnp.square(x - mean), axes)
    count = jnp.sum(kept.astype(x.dtype), axes) + config.epsilon()
    mean = jnp.sum(jnp.where(kept, x, 0), axes) / count
    return mean, jnp.sum(jnp.where(kept, jnp.square(x - mean), 0), axes) / count


def _checked_clipping(bounds):
    unknown = set(bounds) - {"rmax", "rmin", "dmax"}
    if unknown:
        raise ValueError(
            "Received invalid keys for `renorm_clipping` of BatchNormalization: it may have 'rmin', 'rmax' and 'dmax'. "
            f"Received: {bounds}"
        )
    low, high, shift = (bounds.get(key) for key in ("rmin", "rmax", "dmax"))
    if low is not None and high is not None and high < low:
        raise ValueError(f"In `renorm_clipping`, rmax should be at least rmin. Received: {bounds}")
    if shift is not None and shift < 0:
        raise ValueError(f"In `renorm_clipping`, dmax should be non-negative. Received: {bounds}")
    return bounds

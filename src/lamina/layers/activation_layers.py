"""Activation functions with arguments or weights, as layers: ReLU, LeakyReLU, PReLU, ELU, Softmax."""

import warnings

import jax
import jax.numpy as jnp

from lamina import activations
from lamina.layers.demands import assert_axes, axis_or_axes
from lamina.layers.input_spec import ONE_ARRAY, InputSpec
from lamina.layers.layer import Layer
from lamina.layers.weights import add_weight, keep_options


class ReLU(Layer):
    """Set values below a threshold to zero, or to a fraction of their distance from it, and cap large ones.

    Maths:    y = max_value if x >= max_value; x if x >= threshold; negative_slope * (x - threshold) otherwise
    Shapes:   x (batch, ...) -> the same
    Args:
        max_value: the largest output, None for no limit.
        negative_slope: slope below the threshold.
        threshold: where the slope of 1 begins.
    Mask:     passed on
    Raises:   ValueError for a negative argument.
    Source:   Keras 3 `ReLU`.
    Example:
        >>> ReLU(max_value=6.0, negative_slope=0.5)(jnp.array([[-2.0, 3.0, 8.0]])).tolist()
        [[-1.0, 3.0, 6.0]]
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else _not_negative(self, "max_value", max_value)
        self.negative_slope = _not_negative(self, "negative_slope", negative_slope)
        self.threshold = _not_negative(self, "threshold", threshold)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs):
        """Compute on arrays."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """Multiply negative values by a small number.

    Maths:    y = x if x >= 0 else negative_slope * x
    Shapes:   x (batch, ...) -> the same
    Args:
        negative_slope: slope below zero; old code calls it `alpha`.
    Mask:     passed on
    Raises:   ValueError for a negative slope.
    Source:   Keras 3 `LeakyReLU`; Maas et al. 2013.
    Example:
        >>> LeakyReLU(0.5)(jnp.array([[-2.0, 3.0]])).tolist()
        [[-1.0, 3.0]]
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("Argument `alpha` is deprecated. Use `negative_slope` instead.", stacklevel=3)
        super().__init__(**kwargs)
        self.negative_slope = _not_negative(self, "negative_slope", negative_slope, kind="Leaky ReLU")
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs):
        """Compute on arrays."""
        return activations.leaky_relu(inputs, self.negative_slope)


class PReLU(Layer):
    """Multiply negative values by numbers that are learned, one for each feature.

    Maths:    y = x if x >= 0 else alpha * x
    Shapes:   x (batch, ...) -> the same
    Weights:  alpha: the input's shape without the batch axis, 1 along `shared_axes`
    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: names or objects.
        shared_axes: axes, counted from 1, along which all values share one alpha: [1, 2] for images.
    Mask:     passed on
    Source:   Keras 3 `PReLU`; He et al. 2015.
    Example:
        >>> PReLU("ones", shared_axes=[1, 2])(jnp.array([[[[-2.0], [3.0]]]])).ravel().tolist()
        [-2.0, 3.0]
    """

    _input_spec = ONE_ARRAY

    def __init__(
        self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs
    ):
        super().__init__(**kwargs)
        keep_options(self, "alpha", alpha_initializer, alpha_regularizer, alpha_constraint)
        if shared_axes is not None:
            shared_axes = list(shared_axes) if isinstance(shared_axes, list | tuple) else [shared_axes]
        self.shared_axes = shared_axes
        self.supports_masking = True

    def build(self, input_shape):
        """Make alpha."""
        shared = self.shared_axes or ()
        if any(axis not in range(1, len(input_shape)) for axis in shared):
            raise ValueError(
                f"The `shared_axes` of PReLU '{self.name}' are axes of the input from 1 to {len(input_shape) - 1}. "
                f"Received: shared_axes={shared} for an input of shape {tuple(input_shape)}"
            )
        own_axes = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared}
        self.alpha = add_weight(self, "alpha", [own_axes.get(axis, 1) for axis in range(1, len(input_shape))])
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own_axes if shared else None)

    def call(self, inputs):
        """Compute on arrays."""
        return jax.nn.relu(inputs) - self.alpha.value * jax.nn.relu(-inputs)


class ELU(Layer):
    """Let negative values approach -alpha.

    Maths:    y = x if x > 0 else alpha * (e^x - 1)
    Shapes:   x (batch, ...) -> the same
    Args:
        alpha: what large negative values approach, with its sign turned.
    Mask:     passed on
    Source:   Keras 3 `ELU`; Clevert et al. 2016.
    Example:
        >>> ELU()(jnp.array([[0.0, 3.0]])).tolist()
        [[0.0, 3.0]]
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs):
        """Compute on arrays."""
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(Layer):
    """Turn scores along an axis into probabilities that sum to 1.

    Maths:    y = e^x / sum of e^x along the axis, over what the mask keeps
    Shapes:   x (batch, ...) -> the same
    Args:
        axis: axis, or axes, along which the probabilities sum to 1.
    Mask:     used and passed on: True or above 0.5 where a score counts, broadcast against the input; the other
              probabilities are 0
    Raises:   ValueError for a mask that does not broadcast.
    Source:   Keras 3 `Softmax`.
    Example:
        >>> Softmax()(jnp.zeros((1, 3)), mask=jnp.array([[True, True, False]])).tolist()
        [[0.5, 0.5, 0.0]]
    """

    _input_spec = ONE_ARRAY

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis_or_axes(self, "axis", axis)
        self.supports_masking = True
        self.built = not self._has_own_build()

    def call(self, inputs, mask=None):
        """Compute on arrays."""
        assert_axes(self, "axis", self.axis, inputs.shape)
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        if mask is None:
            return activations.softmax(inputs, axis)
        _require_broadcast(mask, inputs)
        mask = mask if mask.dtype == bool else mask > 0.5
        lowest = -3e4 if inputs.dtype == "float16" else -1e9
        return jnp.where(mask, activations.softmax(jnp.where(mask, inputs, lowest), axis), 0)


def _require_broadcast(mask, inputs):
    sizes = zip(mask.shape[::-1], inputs.shape[::-1], strict=False)
    if mask.ndim > inputs.ndim or any(isinstance(size, int) and size not in (1, other) for size, other in sizes):
        raise ValueError(
            "The `mask` must be broadcastable to `inputs` and must not have more dimensions: from the last axis on, "
            f"each size must be 1 or that of the input. Received: inputs.shape={inputs.shape}, mask.shape={mask.shape}"
        )


def _not_negative(layer, name, value, kind="ReLU"):
    if value is None or value < 0:
        wrong = "None or a negative value" if value is None else "a negative value"
        raise ValueError(
            f"The {name} of a {kind} layer cannot be {wrong}: it is 0 or more. '{layer.name}' received: {name}={value}"
        )
    return value

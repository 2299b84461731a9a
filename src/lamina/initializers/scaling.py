"""Initializers that scale with the size of the layer, so that signals neither die nor explode on their way."""

import math

from lamina.initializers.random import TRUNCATED_STDDEV, RandomInitializer, normal, truncated_normal, uniform

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")


def compute_fans(shape, input_axes=None, output_axes=None):
    """Return how many inputs reach one output, and how many outputs one input reaches.

    Args:
        shape: of the weight; `(*window, inputs, outputs)` unless the axes are given.
        input_axes, output_axes: axes of the weight that count inputs and outputs.
    Source:   Keras 3 `compute_fans`.
    Example:
        >>> compute_fans((3, 3, 16, 32)), compute_fans((5,))
        ((144, 288), (5, 5))
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


class VarianceScaling(RandomInitializer):
    """Draw values whose variance is `scale / n`, n being the number of inputs, outputs, or their mean.

    Args:
        scale: numerator of the variance, positive.
        mode: what n is: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" ("normal" is the same), "untruncated_normal" or "uniform".
        seed: see `RandomInitializer`.
        input_axes, output_axes: axes of the weight that count inputs and outputs; by default the last but one and the
            last, times the window in front of them.
    Raises:   ValueError for a scale, mode or distribution that is none.
    Source:   Keras 3 `VarianceScaling`.
    Example:
        >>> VarianceScaling(2.0, "fan_out", seed=1)((4, 8)).shape
        (4, 8)
    """

    def __init__(
        self,
        scale=1.0,
        mode="fan_in",
        distribution="truncated_normal",
        seed=None,
        input_axes=None,
        output_axes=None,
    ):
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in _MODES:
            raise ValueError(f"Invalid `mode` argument: {mode}. Please use one of {_MODES}")
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(f"Invalid `distribution` argument: {distribution}. Please use one of {_DISTRIBUTIONS}")
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def draw(self, rng, shape, dtype):
        """Return values of the wanted variance."""
        stddev = math.sqrt(self.scale / max(1.0, self._fan(shape)))
        if self.distribution == "truncated_normal":
            return truncated_normal(rng, shape, dtype, 0.0, stddev / TRUNCATED_STDDEV)
        if self.distribution == "untruncated_normal":
            return normal(rng, shape, dtype, 0.0, stddev)
        limit = math.sqrt(3.0) * stddev
        return uniform(rng, shape, dtype, -limit, limit)

    def _fan(self, shape):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Preset(VarianceScaling):
    """A VarianceScaling whose first three arguments are the class's facts."""

    _arguments = ()

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        super().__init__(*self._arguments, seed=seed, input_axes=input_axes, output_axes=output_axes)

    def get_config(self):
        """Return the constructor's arguments."""
        config = super().get_config()
        return {name: config[name] for name in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Preset):
    """Draw uniformly from +-sqrt(6 / (inputs + outputs)), which keeps variance both ways through a linear layer.

    Args:
        seed, input_axes, output_axes: see `VarianceScaling`.
    Source:   Keras 3 `GlorotUniform`; Glorot and Bengio 2010.
    Example:
        >>> bool(abs(GlorotUniform(seed=1)((3, 3))).max() <= 1)
        True
    """

    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Draw from a truncated normal of variance 2 / (inputs + outputs), which keeps variance through a linear layer.

    Args:
        seed, input_axes, output_axes: see `VarianceScaling`.
    Source:   Keras 3 `GlorotNormal`; Glorot and Bengio 2010.
    """

    _arguments = (1.0, "fan_avg", "truncated_normal")


class LecunNormal(_Preset):
    """Draw from a truncated normal of variance 1 / inputs, which self-normalising (SELU) layers want.

    Args:
        seed, input_axes, output_axes: see `VarianceScaling`.
    Source:   Keras 3 `LecunNormal`; Klambauer et al. 2017.
    """

    _arguments = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Preset):
    """Draw uniformly from +-sqrt(3 / inputs).

    Args:
        seed, input_axes, output_axes: see `VarianceScaling`.
    Source:   Keras 3 `LecunUniform`.
    """

    _arguments = (1.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Draw from a truncated normal of variance 2 / inputs, which keeps variance through a ReLU layer.

    Args:
        seed, input_axes, output_axes: see `VarianceScaling`.
    Source:   Keras 3 `HeNormal`; He et al. 2015.
    """

    _arguments = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Preset):
    """Draw uniformly from +-sqrt(6 / inputs), which keeps variance through a ReLU layer.

    Args:
        seed, input_axes, output_axes: see `VarianceScaling`.
    Source:   Keras 3 `HeUniform`; He et al. 2015.
    """

    _arguments = (2.0, "fan_in", "uniform")

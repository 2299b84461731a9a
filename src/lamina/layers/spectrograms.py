"""MelSpectrogram and STFTSpectrogram: which frequencies sound when."""

import math
import warnings

import jax.numpy as jnp
import numpy as np

from lamina import initializers, ops
from lamina.core import config, dtypes
from lamina.core.serialization import deserialize_keras_object
from lamina.kernels.convolution import convolve
from lamina.layers.demands import positive_integer
from lamina.layers.input_spec import InputSpec
from lamina.layers.layer import Layer
from lamina.layers.windows import assert_room

_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class MelSpectrogram(Layer):
    """Turn sound into a picture of its frequencies over time, spaced as the ear hears them.

    Maths:    y[m, t] = 10 log10(max(sum_f |stft(x)[t, f]|^mag_exp * A[f, m], min_power) / ref_power), and no less than
              the greatest value - top_db; A from `linear_to_mel_weight_matrix`
    Shapes:   x (samples,) or (batch, samples) -> (..., num_mel_bins, frames), frames = samples // sequence_stride + 1
    Args:
        fft_length: length of the pieces that are transformed [samples].
        sequence_stride: distance between neighbouring pieces [samples].
        sequence_length: length of the window in the middle of a piece, by default `fft_length` [samples].
        window: "hann", "hamming", an array (sequence_length,), or None.
        sampling_rate: of the sound [Hz].
        num_mel_bins: number of frequencies of the picture [count].
        min_freq, max_freq: bounds of the frequencies, the upper by default half the sampling rate [Hz].
        power_to_db: whether the values are logarithms [dB].
        top_db: how far the smallest value is below the greatest one of all sounds of the batch [dB].
        mag_exp: 1 for the magnitude, 2 for the power.
        min_power: smallest power of which a logarithm is taken.
        ref_power: the power that is 0 dB.
    Mask:     dropped
    Raises:   ValueError if `sequence_length` is greater than `fft_length`.
    Source:   Keras 3 `MelSpectrogram`; the scale is that of HTK, mel(f) = 1127 ln(1 + f / 700).
    Example:
        >>> MelSpectrogram(num_mel_bins=8, fft_length=64, sequence_stride=20)(np.ones(100, "float32")).shape
        (8, 6)
    """

    _allow_non_tensor_positional_args = True

    def __init__(
        self,
        fft_length=2048,
        sequence_stride=512,
        sequence_length=None,
        window="hann",
        sampling_rate=16000,
        num_mel_bins=128,
        min_freq=20.0,
        max_freq=None,
        power_to_db=True,
        top_db=80.0,
        mag_exp=2.0,
        min_power=1e-10,
        ref_power=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.fft_length = positive_integer(self, "fft_length", fft_length)
        self.sequence_stride = positive_integer(self, "sequence_stride", sequence_stride)
        self.sequence_length = sequence_length or fft_length
        if fft_length < self.sequence_length:
            raise ValueError(
                "`fft_length` must be greater than or equal to `sequence_length`. Received: "
                f"sequence_length={sequence_length}, fft_length={fft_length}"
            )
        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = num_mel_bins
        self.min_freq = min_freq
        self.max_freq = max_freq or int(sampling_rate / 2)
        self.power_to_db = power_to_db
        self.top_db = top_db
        self.mag_exp = mag_exp
        self.min_power = min_power
        self.ref_power = ref_power

    def call(self, inputs):
        """Compute on arrays, in 32 bits at least."""
        x = jnp.asarray(inputs, self.compute_dtype if self.compute_dtype == "float64" else "float32")
        real, imaginary = ops.stft(x, self.sequence_length, self.sequence_stride, self.fft_length, self.window)
        power = jnp.square(real) + jnp.square(imaginary)  # (..., frames, fft_length // 2 + 1)
        matrix = self.linear_to_mel_weight_matrix(
            self.num_mel_bins, power.shape[-1], self.sampling_rate, self.min_freq, self.max_freq, x.dtype
        )
        y = jnp.power(power, self.mag_exp / 2) @ matrix
        if self.power_to_db:
            y = self._in_decibels(y)
        return jnp.swapaxes(y, -1, -2).astype(self.compute_dtype)

    def _in_decibels(self, x):
        reference = 10 * math.log10(max(abs(self.ref_power), self.min_power))
        x = 10 * jnp.log10(jnp.maximum(x, self.min_power)) - reference
        return jnp.maximum(x, jnp.max(x) - self.top_db)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins=20,
        num_spectrogram_bins=129,
        sampling_rate=8000,
        lower_edge_hertz=125.0,
        upper_edge_hertz=3800.0,
        dtype="float32",
    ):
        """Return the matrix that adds up frequencies to those of the mel scale, by triangles with a peak of 1.

        Shapes:   (num_spectrogram_bins, num_mel_bins)
        Args:
            num_mel_bins: number of triangles [count].
            num_spectrogram_bins: number of frequencies, from 0 to half the sampling rate [count].
            sampling_rate: of the sound [Hz].
            lower_edge_hertz, upper_edge_hertz: where the first triangle begins and the last one ends [Hz].
            dtype: of the matrix.
        """
        mel = _to_mel(np.linspace(0, sampling_rate / 2, num_spectrogram_bins))[:, None]
        edges = np.linspace(_to_mel(lower_edge_hertz), _to_mel(upper_edge_hertz), num_mel_bins + 2)
        lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
        matrix = np.maximum(0, np.minimum((mel - lower) / (center - lower), (upper - mel) / (upper - center)))
        matrix[0] = 0  # a constant is no sound
        return jnp.asarray(matrix, dtypes.standardize_dtype(dtype))

    def compute_output_shape(self, input_shape):
        """Return the shape of the output; padding by reflection has no answer for unknown sizes."""
        *batch, samples = input_shape
        padded = None if samples is None else samples + self.fft_length // 2 * 2
        frames = None if samples is None else (padded - self.fft_length) // self.sequence_stride + 1
        return (*batch, self.num_mel_bins, frames)

    @classmethod
    def from_config(cls, config):
        """Make the layer that `config` describes, whose window may be an array."""
        return super().from_config({**config, "window": deserialize_keras_object(config.get("window", "hann"))})


def _to_mel(hertz):
    return 1127 * np.log(1 + hertz / 700)


class STFTSpectrogram(Layer):
    """Turn sound into a picture of its frequencies over time, by a convolution with waves that can be trained.

    Maths:    z[t, f] = sum_k x[t * frame_step + k] * (real_kernel[k, f] + i imag_kernel[k, f])
              "stft": real parts, then imaginary ones; "real"; "imag"; "angle" of z; "magnitude" |z|; "log" of |z|;
              "psd" |z|^2, doubled for all frequencies that stand for a negative one too
    Shapes:   x (batch, samples, channels) -> (batch, frames, channels * bins), bins = fft_length // 2 + 1, those of a
              channel side by side; with `expand_dims` (batch, frames, bins, channels)
              "channels_first": x (batch, channels, samples) -> (batch, channels * bins, frames), or
              (batch, channels, frames, bins); mode "stft" has twice as many bins
              frames = floor((samples - frame_length) / frame_step) + 1 for padding="valid"
    Weights:  real_kernel (frame_length, 1, bins), except for "imag"; imag_kernel of the same shape, except for "real"
    Args:
        mode: what is returned of the transform: "log", "magnitude", "psd", "real", "imag", "angle" or "stft".
        frame_length: length of a piece [samples].
        frame_step: distance between neighbouring pieces, by default half their length [samples].
        fft_length: to which pieces are filled up, by default the next power of two [samples].
        window: name of a window of `scipy.signal`, an array (frame_length,), or None.
        periodic: whether a named window is the periodic one.
        scaling: "density" (by the window's L2 norm), "spectrum" (by its L1 norm), or None.
        padding: "valid" or "same".
        expand_dims: whether channels get an axis of their own, as pictures have.
        data_format: "channels_last" or "channels_first".
    Mask:     dropped
    Raises:   ValueError for arguments out of range; TypeError for inputs that are not float16, float32 or float64;
              ShapeError L104 if a piece is longer than the sound.
    Source:   Keras 3 `STFTSpectrogram`.
    Example:
        >>> STFTSpectrogram(frame_length=16)(np.ones((2, 100, 1), "float32")).shape
        (2, 11, 9)
    """

    def __init__(
        self,
        mode="log",
        frame_length=256,
        frame_step=None,
        fft_length=None,
        window="hann",
        periodic=False,
        scaling="density",
        padding="valid",
        expand_dims=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        positive_integer(self, "frame_length", frame_length)
        if frame_step is not None and not 1 <= frame_step <= frame_length:
            raise ValueError(
                "`frame_step` should be a positive integer not greater than `frame_length`. Received: "
                f"frame_step={frame_step}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length < frame_length:
            raise ValueError(
                "`fft_length` should be not less than `frame_length`. Received: "
                f"fft_length={fft_length}, frame_length={frame_length}"
            )
        if fft_length is not None and fft_length & (fft_length - 1):
            warnings.warn(f"`fft_length` is recommended to be a power of two. Received: {fft_length}", stacklevel=3)
        if mode not in _MODES:
            raise ValueError(f"Output mode is invalid, it must be one of {', '.join(_MODES)}. Received: mode={mode}")
        if padding not in ("valid", "same"):
            raise ValueError(f"Padding is invalid, it should be 'valid' or 'same'. Received: padding={padding}")
        initializers.STFT("real", window, scaling, periodic)  # raises for a window or scaling that is not known
        self.mode = mode
        self.frame_length = frame_length
        self.frame_step = frame_step
        self.fft_length = fft_length
        self.window = window
        self.periodic = periodic
        self.scaling = scaling
        self.padding = padding
        self.expand_dims = expand_dims
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape):
        """Make the kernels."""
        length = self.fft_length or 2 ** math.ceil(math.log2(self.frame_length))
        shape = (self.frame_length, 1, length // 2 + 1)
        self.real_kernel = None if self.mode == "imag" else self._add_kernel("real", shape)
        self.imag_kernel = None if self.mode == "real" else self._add_kernel("imag", shape)

    def _add_kernel(self, side, shape):
        waves = initializers.STFT(side, self.window, self.scaling, self.periodic)
        return self.add_weight(shape, waves, name=f"{side}_kernel")

    def call(self, inputs):
        """Compute on arrays."""
        if dtypes.standardize_dtype(inputs.dtype) not in ("float16", "float32", "float64"):
            raise TypeError(
                f"Invalid input type. Expected `float16`, `float32` or `float64`. Received: input type={inputs.dtype}"
            )
        x = inputs if self.data_format == "channels_first" else jnp.swapaxes(inputs, 1, 2)
        z = self._transformed(x)  # (batch, channels, frames, bins), real parts before imaginary ones
        if self.mode in ("real", "imag", "stft"):
            return self._arranged(z)
        real, imaginary = jnp.split(z, 2, axis=-1)
        if self.mode == "angle":
            return self._arranged(jnp.arctan2(imaginary, real))
        power = jnp.square(real) + jnp.square(imaginary)
        if self.mode == "psd":
            return self._arranged(power.at[..., 1:-1].multiply(2))
        magnitude = jnp.sqrt(jnp.maximum(power, config.epsilon()))
        if self.mode == "log":
            magnitude = jnp.log(jnp.maximum(magnitude, config.epsilon()))
        return self._arranged(magnitude)

    def _transformed(self, x):
        batch, channels, samples = x.shape
        x = x.reshape(batch * channels, samples, 1)
        if self.padding == "valid":
            assert_room(self, x, (self.frame_length,), (1,))
        kernels = [
            kernel.value.astype(x.dtype) for kernel in (self.real_kernel, self.imag_kernel) if kernel is not None
        ]
        step = self.frame_step or self.frame_length // 2
        z = convolve(x, jnp.concatenate(kernels, axis=-1), (step,), self.padding, (1,))
        return z.reshape(batch, channels, *z.shape[1:])

    def _arranged(self, x):
        """Bring (batch, channels, frames, bins) into the order that the arguments ask for."""
        batch, channels, frames, bins = x.shape
        first = self.data_format == "channels_first"
        if self.expand_dims:
            return x if first else x.transpose(0, 2, 3, 1)
        if first:
            return x.transpose(0, 1, 3, 2).reshape(batch, channels * bins, frames)
        return x.transpose(0, 2, 1, 3).reshape(batch, frames, channels * bins)

    @classmethod
    def from_config(cls, config):
        """Make the layer that `config` describes, whose window may be an array."""
        return super().from_config({**config, "window": deserialize_keras_object(config.get("window", "hann"))})

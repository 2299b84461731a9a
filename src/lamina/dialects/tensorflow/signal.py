"""`tf.signal`: windows of a signal, and their frequencies."""

import functools

import jax.numpy as jnp
import numpy as np

from lamina import ops
from lamina.core.dtypes import standardize_dtype
from lamina.layers import MelSpectrogram

__all__ = [
    "dct",
    "fft",
    "fft2d",
    "frame",
    "hamming_window",
    "hann_window",
    "ifft",
    "ifft2d",
    "irfft",
    "irfft2d",
    "linear_to_mel_weight_matrix",
    "mfccs_from_log_mel_spectrograms",
    "rfft",
    "rfft2d",
    "stft",
]


def _transform(function):
    """Return a transform of the last axes; `fft_length` cuts the signal, or fills it up with zeros."""

    @functools.wraps(function)
    def transform(input, fft_length=None, name=None):
        if fft_length is None:
            return function(ops.convert_to_tensor(input))
        sizes = tuple(int(size) for size in np.atleast_1d(fft_length))
        return function(ops.convert_to_tensor(input), sizes if function in _OF_TWO_AXES else sizes[0])

    return transform


_OF_TWO_AXES = (jnp.fft.rfft2, jnp.fft.irfft2)
fft, ifft, rfft, irfft, fft2d, ifft2d, rfft2d, irfft2d = map(
    _transform,
    (
        jnp.fft.fft,
        jnp.fft.ifft,
        jnp.fft.rfft,
        jnp.fft.irfft,
        jnp.fft.fft2,
        jnp.fft.ifft2,
        jnp.fft.rfft2,
        jnp.fft.irfft2,
    ),
)


def _window(constant, factor):
    def window(window_length, periodic=True, dtype="float32", name=None):
        """Return a window of one hump."""
        turns = jnp.arange(window_length) / (window_length - (not periodic or window_length == 1) or 1)
        return ops.cast(constant - factor * jnp.cos(2 * jnp.pi * turns), standardize_dtype(dtype))

    return window


hann_window = _window(0.5, 0.5)
hamming_window = _window(0.54, 0.46)


def frame(signal, frame_length, frame_step, pad_end=False, pad_value=0, axis=-1, name=None):
    """Cut a signal into overlapping pieces, (…, samples) -> (…, pieces, frame_length)."""
    if axis not in (-1, len(signal.shape) - 1):
        raise NotImplementedError(f"axis={axis} is not covered; move the samples to the last axis.")
    signal = ops.convert_to_tensor(signal)
    size = signal.shape[-1]
    count = -(-size // frame_step) if pad_end else max(0, 1 + (size - frame_length) // frame_step)
    missing = max(0, (count - 1) * frame_step + frame_length - size)
    signal = ops.pad(signal, [(0, 0)] * (signal.ndim - 1) + [(0, missing)], constant_values=pad_value)
    places = frame_step * jnp.arange(count)[:, None] + jnp.arange(frame_length)
    return ops.take(signal, places, axis=-1)


def stft(signals, frame_length, frame_step, fft_length=None, window_fn=hann_window, pad_end=False, name=None):
    """Return the frequencies of each piece of a signal, (…, samples) -> (…, pieces, fft_length // 2 + 1), complex."""
    pieces = frame(signals, frame_length, frame_step, pad_end)
    if window_fn is not None:
        pieces = pieces * window_fn(frame_length, dtype=str(pieces.dtype))
    return rfft(pieces, fft_length or 2 ** (frame_length - 1).bit_length())


def linear_to_mel_weight_matrix(
    num_mel_bins=20,
    num_spectrogram_bins=129,
    sample_rate=8000,
    lower_edge_hertz=125.0,
    upper_edge_hertz=3800.0,
    dtype="float32",
    name=None,
):
    """Return the matrix that adds up frequencies to those of the mel scale, (num_spectrogram_bins, num_mel_bins)."""
    matrix = MelSpectrogram().linear_to_mel_weight_matrix
    return matrix(
        num_mel_bins,
        num_spectrogram_bins,
        int(sample_rate),
        lower_edge_hertz,
        upper_edge_hertz,
        standardize_dtype(dtype),
    )


def dct(input, type=2, n=None, axis=-1, norm=None, name=None):
    """Return the cosine transform of the last axis: sum_i x[i] cos(pi k (2 i + 1) / (2 n)), twice or orthonormal."""
    if type != 2 or n is not None or axis not in (-1, None):
        raise NotImplementedError(f"dct(type={type}, n={n}, axis={axis}) is not covered; type 2 of the last axis is.")
    x = ops.convert_to_tensor(input)
    places = np.arange(x.shape[-1])
    waves = 2 * np.cos(np.pi * places * (2 * places[:, None] + 1) / (2 * len(places)))
    if norm == "ortho":
        waves = waves * np.where(places == 0, 0.5, np.sqrt(0.5)) / np.sqrt(len(places))
    return x @ jnp.asarray(waves, x.dtype)


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms, name=None):
    """Return the cepstrum of log-mel spectrograms: their cosine transform over sqrt(2 n), the first one's too."""
    return dct(log_mel_spectrograms) / np.sqrt(2 * log_mel_spectrograms.shape[-1]).astype("float32")

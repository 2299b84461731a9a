"""Fourier transforms. Complex numbers are pairs (real, imaginary) of arrays."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from lamina.core import dtypes
from lamina.core.op import op

_COSINES = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}


@op(class_name="FFT", lists=("x",))
def fft(x):
    """Return the Fourier transform over the last axis."""
    return _pair(jnp.fft.fft(_complex(x)))


@op(class_name="FFT2", lists=("x",))
def fft2(x):
    """Return the Fourier transform over the last two axes."""
    return _pair(jnp.fft.fft2(_complex(x, 2)))


@op(class_name="IFFT2", lists=("x",))
def ifft2(x):
    """Return the inverse Fourier transform over the last two axes."""
    return _pair(jnp.fft.ifft2(_complex(x, 2)))


@op(class_name="RFFT")
def rfft(x, fft_length=None):
    """Return the non-negative frequencies of the Fourier transform of real numbers over the last axis.

    Args:
        fft_length: how many numbers are transformed, cut or filled up with zeros [steps].
    Shapes:   (…, steps) -> (…, steps // 2 + 1), twice
    """
    _check_rank(x, 1)
    return _pair(jnp.fft.rfft(x, fft_length))


@op(class_name="IRFFT", lists=("x",))
def irfft(x, fft_length=None):
    """Return the real numbers that `rfft` made the pair `x` of; `fft_length` as there."""
    return jnp.fft.irfft(_complex(x), fft_length)


def _complex(x, rank=1):
    if not isinstance(x, list | tuple) or len(x) != 2:
        raise ValueError(f"Input `x` should be a tuple of two tensors - real and imaginary. Received: x={x}")
    real, imaginary = (jnp.asarray(part) for part in x)
    if real.shape != imaginary.shape:
        raise ValueError(
            "Both the real and imaginary parts should have the same shape. "
            f"Received: x[0].shape={real.shape}, x[1].shape={imaginary.shape}"
        )
    _check_rank(real, rank)
    if not all(jnp.issubdtype(part.dtype, jnp.floating) for part in (real, imaginary)):
        raise ValueError(f"Real and imaginary part should be floats. Received: {real.dtype} and {imaginary.dtype}")
    return lax.complex(real, imaginary)


def _check_rank(x, rank):
    if x.ndim < rank:
        raise ValueError(f"Input should have rank >= {rank}. Received: input.shape = {x.shape}")


def _pair(x):
    return jnp.real(x), jnp.imag(x)


@op
def extract_sequences(x, sequence_length, sequence_stride):
    """Cut overlapping pieces out of the last axis.

    Shapes:   (…, steps) -> (…, sequences, sequence_length)
    Args:
        sequence_length: length of a piece [steps].
        sequence_stride: distance between the beginnings of neighbours [steps].
    """
    _check_rank(x, 1)
    count = (x.shape[-1] - sequence_length) // sequence_stride + 1
    places = jnp.arange(count)[:, None] * sequence_stride + jnp.arange(sequence_length)
    return x[..., places]


@op(class_name="STFT")
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """Return the Fourier transforms of overlapping pieces of the last axis: which frequencies sound when.

    Shapes:   (…, steps) -> (…, sequences, fft_length // 2 + 1), twice
    Args:
        sequence_length: length of the window [steps].
        sequence_stride: distance between neighbouring pieces [steps].
        fft_length: length of the pieces, in whose middle the window stands [steps].
        window: "hann", "hamming", an array of `sequence_length` weights, or None for equal ones.
        center: whether piece t has its middle, not its beginning, at step t * sequence_stride.
    Raises:   TypeError for integers, ValueError if the lengths or the window do not fit.
    """
    if dtypes.standardize_dtype(x.dtype) not in ("float32", "float64"):
        raise TypeError(f"Invalid input type. Expected `float32` or `float64`. Received: input type={x.dtype}")
    weights = _window(window, sequence_length, sequence_stride, fft_length, x.dtype)
    if center:
        half = fft_length // 2
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], "reflect")
    return _pair(jnp.fft.rfft(extract_sequences(x, fft_length, sequence_stride) * weights))


@op(class_name="ISTFT", lists=("x",))
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """Return the signal that `stft` made the pair `x` of, by adding up the weighted pieces at their places.

    Shapes:   (…, sequences, fft_length // 2 + 1), twice -> (…, steps)
    Args:
        length: how many steps are returned, by default all [steps].
        sequence_length, sequence_stride, fft_length, window, center: as for `stft`.
    """
    x = _complex(x, 2)
    pieces = jnp.fft.irfft(x, fft_length)
    weights = _window(window, sequence_length, sequence_stride, fft_length, pieces.dtype)
    norm = _overlap(jnp.broadcast_to(jnp.square(weights), pieces.shape[-2:]), sequence_stride)
    signal = _overlap(pieces * weights, sequence_stride) / jnp.where(norm > 1e-10, norm, 1.0)
    if window is None:
        signal = signal * (fft_length / sequence_stride)  # Keras's scale, which only fits pieces that do not overlap
    start = fft_length // 2 if center else 0
    end = signal.shape[-1] - start if length is None else start + length
    return signal[..., start:end]


def _overlap(pieces, stride):
    """Add up pieces (…, sequences, length), each `stride` steps behind the one before."""
    count, length = pieces.shape[-2:]
    places = jnp.arange(count)[:, None] * stride + jnp.arange(length)
    return jnp.zeros((*pieces.shape[:-2], length + stride * (count - 1)), pieces.dtype).at[..., places].add(pieces)


def _window(window, sequence_length, sequence_stride, fft_length, dtype):
    """Return the weights of a piece: the window in the middle, zeros around it."""
    if not isinstance(sequence_stride, int) or sequence_stride <= 0:
        raise ValueError(f"`sequence_stride` must be a positive integer. Received: sequence_stride={sequence_stride}")
    if fft_length < sequence_length:
        raise ValueError(
            "`fft_length` must equal or larger than `sequence_length`. "
            f"Received: sequence_length={sequence_length}, fft_length={fft_length}"
        )
    if window is None:
        return jnp.ones(fft_length, dtype)
    if isinstance(window, str):
        if window not in _COSINES:
            raise ValueError(
                f"If a string is passed to `window`, it must be one of {list(_COSINES)}. Received: {window}"
            )
        mean, swing = _COSINES[window]
        window = mean - swing * np.cos(2 * np.pi * np.arange(sequence_length) / sequence_length)
    window = jnp.asarray(window, dtype)
    if window.shape != (sequence_length,):
        raise ValueError(f"The shape of `window` must be equal to [{sequence_length}]. Received: {window.shape}")
    before = (fft_length - sequence_length) // 2
    return jnp.pad(window, (before, fft_length - sequence_length - before))

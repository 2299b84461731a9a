"""Mathematics beyond NumPy: signals, segments, special functions."""

# ruff: noqa: F401, I001 - a list of public names
# fmt: off
from lamina.ops.math.segments import segment_max, segment_min, segment_prod, segment_sum
from lamina.ops.math.signal import extract_sequences, fft, fft2, ifft2, irfft, istft, rfft, stft
from lamina.ops.math.special import (
    cdist, erf, erfc, erfinv, in_top_k, logdet, logsumexp, rsqrt, top_k, view_as_complex, view_as_real,
)

__all__ = [name for name, value in globals().items() if callable(value)]  # not the files

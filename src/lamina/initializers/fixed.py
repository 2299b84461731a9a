"""Initializers without chance: one value everywhere, the identity, the waves of a Fourier transformation."""

import numpy as np

from lamina.core import dtypes, serialization
from lamina.initializers.initializer import Initializer


class Constant(Initializer):
    """Fill the array with one value.

    Args:
        value: a number, or an array that broadcasts to the shape.
    Source:   Keras 3 `Constant`.
    Example:
        >>> Constant(3.0)((2,)).tolist()
        [3.0, 3.0]
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        """Return the filled array."""
        value = np.asarray(dtypes.as_array(self.value, dtype=dtypes.standardize_dtype(dtype)))
        return dtypes.as_array(np.broadcast_to(value, np.broadcast_shapes(value.shape, shape)))

    def get_config(self):
        """Return {"value"}."""
        return {"value": serialization.serialize_keras_object(self.value)}

    @classmethod
    def from_config(cls, config):
        """Make the initializer that `config` describes."""
        return cls(serialization.deserialize_keras_object(config["value"]))


class Zeros(Initializer):
    """Fill the array with zeros.

    Example:
        >>> Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    def __call__(self, shape, dtype=None):
        """Return zeros."""
        return dtypes.as_array(np.zeros(shape, dtypes.standardize_dtype(dtype)), fresh=True)


class Ones(Initializer):
    """Fill the array with ones.

    Example:
        >>> Ones()((2,), dtype="int32").tolist()
        [1, 1]
    """

    def __call__(self, shape, dtype=None):
        """Return ones."""
        return dtypes.as_array(np.ones(shape, dtypes.standardize_dtype(dtype)), fresh=True)


class Identity(Initializer):
    """Put `gain` on the diagonal of a matrix and zeros elsewhere.

    Args:
        gain: the value on the diagonal.
    Raises:   ValueError for a shape that is no matrix.
    Example:
        >>> Identity()((2, 2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        """Return the matrix."""
        if len(shape) != 2:
            raise ValueError(
                "Identity matrix initializer can only be used for 2D matrices. "
                f"Received: shape={shape} of rank {len(shape)}."
            )
        return dtypes.as_array(self.gain * np.eye(*shape, dtype="float32"), dtype=dtypes.standardize_dtype(dtype))

    def get_config(self):
        """Return {"gain"}: Keras writes none, and reads it."""
        return {} if self.gain == 1.0 else {"gain": self.gain}


class STFT(Initializer):
    """Fill a convolution kernel with windowed cosine or sine waves, one frequency a filter.

    Maths:    real: w[t] cos(-2 pi t f / F) / scale;  imag: w[t] sin(-2 pi t f / F) / scale
    Shapes:   (frame_length, 1, F / 2 + 1), F the length of the transformation [samples].
    Args:
        side: "real" (cosines) or "imag" (sines).
        window: name of a window of `scipy.signal`, an array (frame_length,), or None.
        scaling: "density" (by the window's L2 norm), "spectrum" (by its L1 norm), or None.
        periodic: whether a named window is the periodic one.
    Raises:   ValueError for an unknown side, window or scaling.
    Source:   Keras 3 `STFT`.
    Example:
        >>> STFT("real", None)((4, 1, 3)).shape
        (4, 1, 3)
    """

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        if side not in ("real", "imag"):
            raise ValueError(f"side should be 'real' or 'imag', not {side}")
        if scaling not in (None, "density", "spectrum"):
            raise ValueError(
                f"Scaling is invalid, it must be `None`, 'density' or 'spectrum'. Received scaling={scaling}"
            )
        if isinstance(window, str):
            _named_window(window, 1, periodic)  # an unknown name is an error here, not at the first call
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape, dtype=None):
        """Return the kernel."""
        frame_length, _, frequencies = shape
        time = np.arange(frame_length).reshape(-1, 1, 1)
        frequency = np.arange(frequencies).reshape(1, 1, -1) / (2 * (frequencies - 1))
        angle = -2 * np.pi * time * frequency  # (frame_length, 1, frequencies)
        kernel = np.cos(angle) if self.side == "real" else np.sin(angle)
        if self.window is not None:
            kernel = kernel * self._scaled_window(frame_length)[:, None, None]
        return dtypes.as_array(kernel.astype("float32"), dtype=dtypes.standardize_dtype(dtype))

    def _scaled_window(self, frame_length):
        named = isinstance(self.window, str)
        window = _named_window(self.window, frame_length, self.periodic) if named else np.asarray(self.window)
        if window.shape != (frame_length,):
            raise ValueError(
                f"The shape of `window` must be equal to [frame_length]. Received: window shape={window.shape}"
            )
        if self.scaling is None:
            return window
        return window / np.linalg.norm(window, 2 if self.scaling == "density" else 1)

    def get_config(self):
        """Return the constructor's arguments."""
        return {"side": self.side, "window": self.window, "periodic": self.periodic, "scaling": self.scaling}


def _named_window(name, length, periodic):
    from scipy.signal import get_window  # slow to import, and rarely needed

    return get_window(name, length, periodic)

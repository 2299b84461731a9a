"""Handwritten digits that come with Lamina: a fixed part of MNIST, so that nothing need be downloaded."""

import hashlib
import io
from pathlib import Path

import numpy as np

_FILE = Path(__file__).with_name("digits.npz")
_SHA256 = "061cfe659bb8ba1925ee070189611f4da36ecebc59e1fec814ba440b3e8ae279"


def load_data():
    """Load 10,000 training and 2,000 test images of handwritten digits, as many of each digit.

    Shapes:   x (images, 28, 28) uint8, ink 255 on paper 0; y (images,) uint8, the digit 0-9.
    Returns:  `(x_train, y_train), (x_test, y_test)`, new arrays at each call.
    Raises:   ValueError if the file is not the one that was shipped.
    Source:   MNIST by Y. LeCun, C. Cortes and C. Burges, CC BY-SA 3.0; `scripts/make_digits.py` chose the images.
    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape, x_train.dtype
        ((10000, 28, 28), (2000, 28, 28), dtype('uint8'))
        >>> y_train[:5]
        array([5, 0, 4, 1, 9], dtype=uint8)
    """
    content = _FILE.read_bytes()
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise ValueError(
            f"{_FILE} is damaged: its {len(content):,} bytes are not those that were shipped.\n"
            "  fix:   pip install --force-reinstall --no-deps lamina"
        )
    with np.load(io.BytesIO(content)) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])

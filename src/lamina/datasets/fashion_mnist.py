"""Fashion-MNIST: 70,000 pictures of clothes."""

import gzip
import os

import numpy as np

from lamina.datasets import store
from lamina.utils.files import get_file


def load_data():
    """Download, once, and load 60,000 training and 10,000 test pictures of clothes.

    Shapes:   x (images, 28, 28) uint8; y (images,) uint8: T-shirt, trouser, pullover, dress, coat, sandal, shirt,
              sneaker, bag, ankle boot.
    Returns:  `(x_train, y_train), (x_test, y_test)`.
    Source:   Zalando Research, MIT licence.
    """
    return _part("train"), _part("t10k")


def _part(name):
    labels = _read(f"{name}-labels-idx1-ubyte.gz", header=8)
    pixels = _read(f"{name}-images-idx3-ubyte.gz", header=16)
    return pixels.reshape(len(labels), 28, 28), labels


def _read(name, header):
    folder = os.path.join("datasets", "fashion-mnist")
    path = get_file(name, origin=store.STORE + name, cache_subdir=folder)
    with gzip.open(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)

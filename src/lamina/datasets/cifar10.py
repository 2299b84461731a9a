"""CIFAR-10: 60,000 small colour photographs of ten kinds of things."""

import os

import numpy as np

from lamina.datasets import store
from lamina.utils.files import get_file

_ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data():
    """Download, once, and load 50,000 training and 10,000 test photographs.

    Shapes:   x (images, 32, 32, 3) uint8 (channels first where that is the default); y (images, 1) uint8: airplane,
              automobile, bird, cat, deer, dog, frog, horse, ship, truck.
    Returns:  `(x_train, y_train), (x_test, y_test)`.
    Raises:   ValueError if the download is damaged.
    Source:   A. Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
    """
    folder = get_file("cifar-10-batches-py-target", origin=_ORIGIN, extract=True, file_hash=_SHA256)
    folder = os.path.join(folder, "cifar-10-batches-py")
    batches = [read_batch(os.path.join(folder, f"data_batch_{i}")) for i in range(1, 6)]
    x_train, y_train = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return (x_train, y_train), read_batch(os.path.join(folder, "test_batch"))


def read_batch(path, labels="labels"):
    """Return the images and labels of one file."""
    with open(path, "rb") as file:
        content = store.unpickle(file)
    content = {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}
    x = content["data"].reshape(-1, 3, 32, 32)
    return store.images(x), np.asarray(content[labels], "uint8").reshape(-1, 1)

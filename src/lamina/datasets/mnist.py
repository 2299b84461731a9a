"""MNIST: 70,000 handwritten digits."""

from lamina.datasets import store

_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path="mnist.npz"):
    """Download, once, and load 60,000 training and 10,000 test images of handwritten digits.

    Shapes:   x (images, 28, 28) uint8; y (images,) uint8, the digit 0-9.
    Args:
        path: the name of the file in the cache.
    Returns:  `(x_train, y_train), (x_test, y_test)`.
    Raises:   ValueError if the download is damaged.
    Source:   Y. LeCun, C. Cortes and C. Burges; `lamina.datasets.digits` is a part of it that needs no network.
    """
    file = store.fetch(path, _SHA256, store.STORE + "mnist.npz")
    x_train, y_train, x_test, y_test = store.arrays(file, "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)

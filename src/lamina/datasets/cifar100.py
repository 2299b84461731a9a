"""CIFAR-100: 60,000 small colour photographs of a hundred kinds of things."""

import os

from lamina.datasets.cifar10 import read_batch
from lamina.utils.files import get_file

_ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode="fine"):
    """Download, once, and load 50,000 training and 10,000 test photographs.

    Shapes:   x (images, 32, 32, 3) uint8 (channels first where that is the default); y (images, 1) uint8.
    Args:
        label_mode: "fine" for the 100 classes, "coarse" for the 20 groups of them.
    Returns:  `(x_train, y_train), (x_test, y_test)`.
    Raises:   ValueError for another mode, or if the download is damaged.
    Source:   A. Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f'`label_mode` must be one of `"fine"`, `"coarse"`. Received: label_mode={label_mode}.')
    folder = get_file("cifar-100-python-target", origin=_ORIGIN, extract=True, file_hash=_SHA256)
    paths = [os.path.join(folder, "cifar-100-python", part) for part in ("train", "test")]
    return tuple(read_batch(path, f"{label_mode}_labels") for path in paths)

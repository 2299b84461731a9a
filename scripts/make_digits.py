"""Make the digits that Lamina ships from the whole of MNIST.

Usage: python scripts/make_digits.py mnist.npz src/lamina/datasets/digits.npz

`mnist.npz` has x_train, y_train, x_test and y_test, as `keras.datasets.mnist` stores them. Of every digit the same
number of images is taken, evenly spaced through the original order, because MNIST's writers are not shuffled: its first
test images are much easier than its last. The result is the same file every time; its SHA-256, which `digits.py`
compares on loading, is printed.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

TRAIN_PER_DIGIT = 1000
TEST_PER_DIGIT = 200


def evenly_spaced_per_class(labels, per_class):
    """Return the sorted positions of `per_class` samples of each class."""
    chosen = []
    for label in np.unique(labels):
        positions = np.flatnonzero(labels == label)
        chosen.append(positions[np.arange(per_class) * len(positions) // per_class])
    return np.sort(np.concatenate(chosen))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="mnist.npz")
    parser.add_argument("target", type=Path, help="the file to write")
    arguments = parser.parse_args()

    with np.load(arguments.source) as mnist:
        train = evenly_spaced_per_class(mnist["y_train"], TRAIN_PER_DIGIT)
        test = evenly_spaced_per_class(mnist["y_test"], TEST_PER_DIGIT)
        np.savez_compressed(
            arguments.target,
            x_train=mnist["x_train"][train],
            y_train=mnist["y_train"][train],
            x_test=mnist["x_test"][test],
            y_test=mnist["y_test"][test],
        )
    content = arguments.target.read_bytes()
    print(f"{arguments.target}: {len(content):,} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()

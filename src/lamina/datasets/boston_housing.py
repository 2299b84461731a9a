"""Boston housing: prices of 506 houses in 1978, and 13 facts about each."""

import numpy as np

from lamina.datasets import store

_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """Download, once, and load the prices.

    One of the facts is how many inhabitants are black: the data are for looking at old work, not for new one.

    Shapes:   x (houses, 13) float; y (houses,) float [1000 dollars].
    Args:
        path: the name of the file in the cache.
        test_split: part of the houses for testing [fraction 0-1].
        seed: of the order of the houses.
    Returns:  `(x_train, y_train), (x_test, y_test)`.
    Raises:   ValueError for another fraction, or if the download is damaged.
    Source:   Harrison and Rubinfeld 1978.
    """
    store.split(test_split, (), ())  # the fraction is looked at before anything is downloaded
    x, y = store.arrays(store.fetch(path, _SHA256, store.STORE + "boston_housing.npz"), "x", "y")
    return store.split(test_split, *store.shuffled(np.random.RandomState(seed), x, y))

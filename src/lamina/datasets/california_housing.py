"""California housing: prices in 20,640 districts in 1990, and 8 facts about each."""

import numpy as np

from lamina.datasets import store

_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL = 600  # [districts]


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """Download, once, and load the prices.

    Shapes:   x (districts, 8) float: longitude, latitude, age, rooms, bedrooms, population, households, income;
              y (districts,) float [dollars].
    Args:
        version: "large" for all districts, "small" for 600 of them.
        path: the name of the file in the cache.
        test_split: part of the districts for testing [fraction 0-1].
        seed: of the order of the districts.
    Returns:  `(x_train, y_train), (x_test, y_test)`.
    Raises:   ValueError for another version or fraction, or if the download is damaged.
    Source:   Pace and Barry 1997, "Sparse Spatial Autoregressions".
    """
    store.split(test_split, (), ())
    if version not in ("small", "large"):
        raise ValueError(f"Argument `version` must be one of 'small', 'large'. Received: version={version}")
    x, y = store.arrays(store.fetch(path, _SHA256, store.STORE + "california_housing.npz"), "x", "y")
    count = _SMALL if version == "small" else len(x)
    return store.split(test_split, *store.shuffled(np.random.RandomState(seed), x[:count], y[:count]))

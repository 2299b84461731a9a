"""Half precision learns as well as single precision."""

import numpy as np
import pytest

import lamina
from lamina import layers

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def digits():
    (x, y), (x_test, y_test) = lamina.datasets.digits.load_data()
    x, x_test = (a[:, ::2, ::2].reshape(len(a), -1).astype("float32") / 255 for a in (x[:3000], x_test))
    return x, y[:3000], x_test, y_test


def accuracy(policy, digits):
    """Return the mean share of right answers of deep networks trained in a precision, on 2,000 unseen digits."""
    x, y, x_test, y_test = digits
    shares = []
    for seed in SEEDS:
        lamina.utils.set_random_seed(seed)
        model = lamina.Sequential([layers.Input(x.shape[1:], dtype="float32")])
        for _ in range(4):
            model.add(layers.Dense(64, dtype=policy))
            model.add(layers.BatchNormalization(dtype=policy))
            model.add(layers.Activation("relu", dtype=policy))
        model.add(layers.Dense(10, activation="softmax", dtype=policy))
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=8, batch_size=64, verbose=0)
        shares.append((model.predict(x_test, verbose=0).argmax(-1) == y_test).mean())
    return np.mean(shares)


@pytest.mark.slow
def test_half_precision_reaches_the_accuracy_of_single_precision_on_the_digits(digits):
    shares = {}
    for policy in ("float32", "mixed_bfloat16", "mixed_float16"):
        lamina.config.set_dtype_policy(policy)
        try:
            shares[policy] = accuracy(policy, digits)
        finally:
            lamina.config.set_dtype_policy("float32")
    assert shares["float32"] > 0.85
    assert shares["mixed_bfloat16"] > shares["float32"] - 0.01
    assert shares["mixed_float16"] > shares["float32"] - 0.01

"""model.check: each mistake is found where it was planted, and nothing is found in correct programs."""

import numpy as np
import pytest

import lamina
from lamina import layers, losses

RNG = np.random.default_rng(0)


def stack(*made, loss="sparse_categorical_crossentropy", metrics=None):
    model = lamina.Sequential(list(made))
    model.compile("adam", loss, metrics=metrics)
    return model


def classifier(activation="softmax", units=3, loss="sparse_categorical_crossentropy", **options):
    return stack(
        lamina.Input((4,)),
        layers.Dense(8, activation="relu", name="hidden"),
        layers.Dense(units, activation=activation, name="top"),
        loss=loss,
        **options,
    )


def images(*first, shape=(8, 8, 1)):
    return stack(
        lamina.Input(shape),
        *first,
        layers.Conv2D(4, 3, padding="same", name="conv"),
        layers.Flatten(),
        layers.Dense(3, activation="softmax"),
    )


def words(mask_zero):
    return stack(
        lamina.Input((6,), dtype="int32"),
        layers.Embedding(9, 4, mask_zero=mask_zero),
        layers.LSTM(4),
        layers.Dense(1, activation="sigmoid"),
        loss="binary_crossentropy",
    )


def lost_mask():
    return stack(
        lamina.Input((6,), dtype="int32"),
        layers.Embedding(9, 4, mask_zero=True),
        layers.Conv1D(4, 2, name="conv"),
        layers.LSTM(4, name="lstm"),
        layers.Dense(1, activation="sigmoid"),
        loss="binary_crossentropy",
    )


def dead():
    model = classifier()
    model.layers[0].bias.assign(np.full(8, -100.0))
    return model


def saturated():
    model = stack(lamina.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(3, activation="softmax"))
    model.layers[0].kernel.assign(np.full((4, 8), 1e5))
    return model


def broken():
    model = classifier()
    model.layers[1].kernel.assign(np.full((8, 3), np.nan))
    return model


def frozen_later():
    model = classifier()
    model.fit(X, Y, epochs=1, verbose=0)
    model.layers[0].trainable = False
    return model


X = RNG.normal(size=(64, 4)).astype("float32")
Y = RNG.integers(0, 3, 64)
PIXELS = RNG.integers(0, 256, (64, 8, 8, 1)).astype("float32")
IDS = RNG.integers(1, 9, (64, 6)).astype("int32")
PADDED = IDS * (np.arange(6) < RNG.integers(2, 7, (64, 1)))

STEPS = np.ones((9, 5, 2))

PLANTED = [
    ("L301", lambda: classifier(loss=losses.SparseCategoricalCrossentropy(from_logits=True)), {}),
    ("L301", lambda: classifier("sigmoid", 1, losses.BinaryCrossentropy(from_logits=True)), {}),
    ("L302", lambda: classifier(None), {}),
    ("L303", lambda: classifier("relu"), {}),
    ("L304", lambda: classifier(units=1, loss="binary_crossentropy"), {}),
    ("L305", lambda: stack(lamina.Input((4,)), layers.Dense(3, activation="softmax"), layers.Softmax()), {}),
    ("L330", lambda: classifier(None, 1, losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"]), {}),
    pytest.param("L351", lost_mask, {}, marks=pytest.mark.filterwarnings("ignore:Layer 'conv'")),
    (
        "L380",
        lambda: stack(lamina.Input((4,)), layers.BatchNormalization(), layers.Dense(3, activation="softmax")),
        {"batch_size": 1},
    ),
    ("L382", frozen_later, {}),
    ("L312", classifier, {"x": X, "y": Y + 5}),
    ("L320", lambda: classifier(None, loss="mse"), {"x": X, "y": Y[:, None].astype("float32")}),
    (
        "L201",
        lambda: stack(lamina.Input((5, 2)), layers.Dense(1), loss="mse"),
        {"x": STEPS, "y": np.ones(9)},
    ),
    ("L341", classifier, {"x": np.where(X > 2, np.nan, X), "y": Y}),
    ("L348", lambda: words(True), {"x": IDS + 5}),
    ("L360", classifier, {"x": X, "y": np.sort(Y), "validation_split": 0.2}),
    ("L361", classifier, {"x": X, "y": Y, "validation_data": (X[:20], Y[:20])}),
    ("L362", images, {"x": PIXELS, "y": Y}),
    ("L363", lambda: images(shape=(1, 8, 8)), {"x": RNG.normal(size=(9, 1, 8, 8))}),
    ("L364", lambda: classifier(units=4), {"x": X, "y": Y + 1}),
    ("L365", classifier, {"x": X * [1, 1e6, 1, 1], "y": Y}),
    ("L366", lambda: words(False), {"x": PADDED}),
    ("L370", broken, {"x": X, "y": Y}),
    ("L371", dead, {"x": X, "y": Y}),
    ("L372", saturated, {"x": X, "y": Y}),
]


@pytest.mark.parametrize(("code", "make", "data"), PLANTED)
def test_a_planted_mistake_is_found_and_nothing_else(code, make, data):
    found = make().check(**data)
    assert set(found.codes) == {code}
    assert all(finding.what and finding.evidence and finding.fix for finding in found)
    assert code in str(found)


RECURRENT = (lamina.Input((5, 2)), layers.LSTM(4), layers.Dense(2))

HEALTHY = [
    (classifier, {"x": X, "y": Y, "validation_split": 0.2, "validation_data": (X[:30] + 1, Y[:30])}),
    (lambda: classifier(None, loss=losses.SparseCategoricalCrossentropy(from_logits=True)), {"x": X, "y": Y}),
    (lambda: classifier(loss="categorical_crossentropy"), {"x": X, "y": np.eye(3)[Y]}),
    (lambda: classifier("sigmoid", 1, "binary_crossentropy", metrics=["accuracy"]), {"x": X, "y": Y > 1}),
    (lambda: classifier("sigmoid", 1, "binary_crossentropy"), {"x": X, "y": (Y > 1)[:, None]}),
    (lambda: classifier(None, 1, "mse"), {"x": X, "y": X[:, 0]}),
    (lambda: classifier(None, 1, "mae"), {"x": X, "y": X[:, :1]}),
    (lambda: classifier("relu", 1, "mse"), {"x": X, "y": abs(X[:, 0])}),
    (images, {"x": PIXELS / 255, "y": Y}),
    (lambda: images(layers.Rescaling(1 / 255)), {"x": PIXELS, "y": Y}),
    (lambda: images(layers.BatchNormalization()), {"x": PIXELS, "y": Y}),
    (lambda: words(True), {"x": PADDED, "y": Y > 1}),
    (lambda: words(False), {"x": IDS, "y": Y > 1}),
    (
        lambda: stack(lamina.Input((5, 2)), layers.Dense(1), loss="mse"),
        {"x": STEPS, "y": np.ones((9, 5, 1))},
    ),
    (
        lambda: stack(*RECURRENT, loss="mse"),
        {"x": STEPS, "y": np.ones((9, 2))},
    ),
    (
        lambda: stack(lamina.Input((5, 2)), layers.Flatten(), layers.Dense(3, activation="softmax")),
        {"x": np.ones((64, 5, 2)), "y": Y},
    ),
]


@pytest.mark.parametrize(("make", "data"), HEALTHY)
def test_correct_programs_are_left_alone(make, data):
    found = make().check(**data)
    assert found.codes == [], str(found)
    assert str(found) == "Nothing found."


def test_checking_changes_nothing():
    model = classifier()
    before = model.get_weights()
    model.check(X, Y)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_silenced_code_says_nothing(monkeypatch):
    monkeypatch.setattr("lamina.core.config._settings.silenced", frozenset({"L302"}))
    assert classifier(None).check() == []


def test_findings_can_be_given_as_warnings():
    with pytest.warns(lamina.core.errors.LaminaWarning, match="L302: sparse_categorical_crossentropy wants"):
        classifier(None).check().warn()

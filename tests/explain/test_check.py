"""model.check: each mistake is found where it was planted, and nothing is found in correct programs."""

import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import lamina
from lamina import layers, losses

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "examples"))
import mistakes  # noqa: E402

list_checks = SimpleNamespace(**runpy.run_path(str(ROOT / "scripts" / "list_checks.py")))
PAGE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")

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


def without_numbers(text):
    """What is measured differs a little from machine to machine."""
    return re.sub(r"\d[\d.,]*(e[+-]?\d+)?", "#", text)


def autoencoder():
    made = [
        layers.Conv2D(4, 3, 2, "same", activation="relu"),
        layers.Conv2DTranspose(1, 3, 2, "same", activation="sigmoid"),
    ]
    return stack(lamina.Input((8, 8, 1)), *made, loss="binary_crossentropy")


def two_heads():
    x = lamina.Input((4,))
    body = layers.Dense(8, "relu")(x)
    heads = {"kind": layers.Dense(3, "softmax", name="kind")(body), "size": layers.Dense(1, name="size")(body)}
    model = lamina.Model(x, heads)
    model.compile("adam", {"kind": "sparse_categorical_crossentropy", "size": "mse"})
    return model


def siamese():
    a, b, tower = lamina.Input((4,)), lamina.Input((4,)), layers.Dense(3, "relu")
    model = lamina.Model([a, b], layers.Dense(1, "sigmoid")(layers.Subtract()([tower(a), tower(b)])))
    model.compile("adam", "binary_crossentropy")
    return model


def residual():
    x = lamina.Input((8, 8, 1))
    y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    y = layers.Add()([y, layers.Conv2D(4, 3, padding="same")(y)])
    model = lamina.Model(x, layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(y)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def transformer():
    x = lamina.Input((6,), dtype="int32")
    words = layers.Embedding(9, 8)(x)
    y = layers.LayerNormalization()(layers.Add()([words, layers.MultiHeadAttention(2, 4)(words, words)]))
    model = lamina.Model(x, layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(y)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


X = RNG.normal(size=(64, 4)).astype("float32")
Y = RNG.integers(0, 3, 64)
PIXELS = RNG.integers(0, 256, (64, 8, 8, 1)).astype("float32")
IDS = RNG.integers(1, 9, (64, 6)).astype("int32")
PADDED = IDS * (np.arange(6) < RNG.integers(2, 7, (64, 1)))

STEPS = np.ones((9, 5, 2))


@pytest.mark.filterwarnings("ignore:L350")
@pytest.mark.parametrize("code", mistakes.MISTAKES)
def test_a_planted_mistake_is_found_and_nothing_else_and_told_on_its_page(code):
    found = mistakes.findings(mistakes.program(code))
    assert found.codes == [code], str(found)
    assert code in str(found)
    assert without_numbers(list_checks.section(code, found[0])) in without_numbers(PAGE), "run scripts/list_checks.py"


@pytest.mark.parametrize("code", mistakes.MISTAKES)
def test_the_program_put_right_is_left_alone(code):
    found = mistakes.findings(mistakes.program(code, right=True))
    assert found.codes == [], str(found)


def test_the_page_has_every_code_and_no_other():
    assert re.findall(r"^## (L\d+)$", PAGE, re.M) == list(mistakes.MISTAKES)
    assert PAGE.startswith(list_checks.HEAD)


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
    (autoencoder, {"x": PIXELS / 255, "y": PIXELS / 255}),
    (two_heads, {"x": X, "y": {"kind": Y, "size": X[:, :1]}}),
    (siamese, {"x": [X, X + 1], "y": Y > 1}),
    (residual, {"x": PIXELS / 255, "y": Y}),
    (transformer, {"x": IDS, "y": Y}),
    (
        lambda: stack(
            lamina.Input((5, 2)), layers.Conv1D(4, 2), layers.GlobalMaxPooling1D(), layers.Dense(1), loss="mse"
        ),
        {"x": STEPS, "y": np.ones((9, 1))},
    ),
    (
        lambda: stack(lamina.Input((5, 2)), layers.Bidirectional(layers.GRU(3)), layers.Dense(1), loss="huber"),
        {"x": STEPS, "y": np.ones(9)},
    ),
    (
        lambda: stack(lamina.Input((4,)), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(3, "softmax")),
        {"x": X, "y": Y},
    ),
    (
        lambda: stack(lamina.Input((4,)), layers.Dense(5, "sigmoid"), loss="binary_crossentropy"),
        {"x": X, "y": (RNG.random((64, 5)) > 0.5).astype("float32")},
    ),
    (
        lambda: stack(lamina.Input((4,)), layers.Dense(8, "relu"), layers.Dense(1, "exponential"), loss="poisson"),
        {"x": X, "y": RNG.integers(0, 9, (64, 1))},
    ),
    (lambda: stack(lamina.Input((4,)), layers.Dense(1, "tanh"), loss="hinge"), {"x": X, "y": np.sign(X[:, :1])}),
]


def test_at_least_40_correct_programs_are_known():
    assert len(HEALTHY) + len(mistakes.MISTAKES) >= 40


@pytest.mark.parametrize(("make", "data"), HEALTHY)
def test_correct_programs_are_left_alone(make, data):
    found = make().check(**data)
    assert found.codes == [], str(found)
    assert str(found).splitlines()[0] == "Nothing found."


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

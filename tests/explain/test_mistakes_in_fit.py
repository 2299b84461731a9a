"""The silent mistakes of today's engines: what `fit`, or the call before it, says to each; also in strict mode."""

import itertools
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import lamina
from lamina import layers, losses
from lamina.core.errors import DataError, LaminaError, LaminaWarning
from lamina.explain.checks.subject import Subject

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 4)).astype("float32")
Y = RNG.integers(0, 3, 64)
ONE_HOT = np.eye(3, dtype="float32")[Y]
PHOTOS = RNG.integers(0, 256, (64, 8, 8, 3)).astype("float32")
IDS = RNG.integers(1, 9, (64, 6)).astype("int32")


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch):
    monkeypatch.setattr("lamina.explain.checks.SECONDS", 60.0)


def net(activation="softmax", units=3, shape=(4,), loss="sparse_categorical_crossentropy", flat=False, **options):
    """Make a small model of dense layers."""
    model = lamina.Sequential(
        [lamina.Input(shape), *[layers.Flatten()] * flat, layers.Dense(units, activation=activation, name="top")]
    )
    model.compile("sgd", loss, **options)
    return model


def seer(shape=(8, 8, 3)):
    made = [lamina.Input(shape), layers.Conv2D(4, 3, name="conv"), layers.Flatten(), layers.Dense(3, "softmax")]
    model = lamina.Sequential(made)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def reader(behind):
    words = layers.Embedding(9, 4, mask_zero=True, name="words")
    model = lamina.Sequential([lamina.Input((6,), dtype="int32"), words, *behind, layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    return model


def told(run):
    """Return the warnings of a run."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run()
    return [warning for warning in caught if issubclass(warning.category, LaminaWarning)]


def fitting(make, x=X, y=Y, **options):
    return lambda: make().fit(x, y, verbose=0, **options)


FROM_LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)
BINARY_FROM_LOGITS = losses.BinaryCrossentropy(from_logits=True)
YES = (Y > 0).astype("float32")
NAN = np.where(np.arange(256).reshape(64, 4) == 6, np.nan, X).astype("float32")

# row of the table: (code, words, the program); by default these train, with one warning.
WARNED = {
    "softmax told to be logits": ("L301", "already gives probabilities", fitting(lambda: net(loss=FROM_LOGITS))),
    "sigmoid told to be logits": (
        "L301",
        "from_logits=True",
        fitting(lambda: net("sigmoid", 1, loss=BINARY_FROM_LOGITS), y=YES),
    ),
    "logits told to be probabilities": ("L302", 'activation="softmax" in top', fitting(lambda: net(None))),
    "relu before a cross-entropy": ("L303", "ends with relu", fitting(lambda: net("relu"))),
    "softmax over one unit": (
        "L304",
        'activation="sigmoid"',
        fitting(lambda: net(units=1, loss="binary_crossentropy"), y=YES),
    ),
    "accuracy of logits": (
        "L330",
        "threshold=0.0",
        fitting(lambda: net(None, 1, loss=BINARY_FROM_LOGITS, metrics=["accuracy"]), y=YES),
    ),
    "NaN in the inputs": ("L341", r"\(1, 2\).*np.nan_to_num", fitting(net, x=NAN)),
    "pixels to 255": ("L342", "/ 255", fitting(seer, x=PHOTOS)),
    "channels first": (
        "L343",
        "moveaxis",
        fitting(lambda: seer((3, 8, 8)), x=np.moveaxis(PHOTOS, -1, 1) / 255),
    ),
    "a mask dropped": ("L350", "GlobalAveragePooling1D", lambda: reader([layers.Flatten(name="flat")])),
    "sorted labels": ("L360", "permutation", fitting(net, y=np.sort(Y), validation_split=0.2)),
}
# These are errors always.
REFUSED = {
    "class numbers": ("L310", "sparse_categorical", fitting(lambda: net(loss="categorical_crossentropy"))),
    "one-hot labels": ("L311", '"categorical_crossentropy"', fitting(net, y=ONE_HOT)),
    "one-hot labels for a metric of class numbers": (
        "L334",
        r'metrics=\["accuracy"\]',
        fitting(lambda: net(loss="categorical_crossentropy", metrics=["sparse_categorical_accuracy"]), y=ONE_HOT),
    ),
    "a label too large": ("L312", r"Dense\(8\)", fitting(net, y=np.where(Y == 2, 7, Y))),
    "a label below zero": ("L312", "y", fitting(net, y=Y - 1)),
    "one column against three": ("L320", r"layers.Dense\(1", fitting(lambda: net(None, loss="mse"), y=X[:, :1])),
    "one number against steps": (
        "L320",
        r"layers\.\w+\(.*before top",
        fitting(lambda: net(None, 1, (5, 2), "mse"), x=np.ones((64, 5, 2)), y=X[:, 0]),
    ),
    "one column against steps": (
        "L320",
        r"layers\.\w+\(.*before top",
        fitting(lambda: net(None, 1, (5, 2), "mse"), x=np.ones((64, 5, 2)), y=X[:, :1]),
    ),
    "an id without a row": (
        "L340",
        r"Embedding\(13",
        fitting(lambda: reader([layers.GlobalAveragePooling1D()]), x=IDS + 4, y=YES),
    ),
    "images without channels": (
        "L101",
        r"Reshape\(\(28, 28, 1\)\)",
        lambda: lamina.Sequential([lamina.Input((28, 28)), layers.Conv2D(3, 3)]),
    ),
}


@pytest.mark.parametrize("mistake", WARNED)
def test_a_likely_mistake_is_told_once(mistake):
    code, words, run = WARNED[mistake]
    warning, *others = told(run)
    assert str(warning.message).startswith(f"{code}: ")
    assert not [other for other in others if "the loss became NaN" not in str(other.message)]  # what comes of it
    assert re.search(words, str(warning.message))
    assert warning.filename == __file__


@pytest.mark.parametrize("mistake", WARNED)
def test_a_likely_mistake_is_an_error_in_strict_mode(mistake, monkeypatch):
    code, _, run = WARNED[mistake]
    monkeypatch.setattr("lamina.core.config._settings.strict", True)
    with pytest.raises(DataError, match=code):
        run()


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_certain_mistake_is_an_error_with_its_remedy(mistake):
    code, words, run = REFUSED[mistake]
    with pytest.raises(LaminaError, match=f"(?s)^{code}.*fix:.*{words}"):
        run()


def test_a_row_of_numbers_is_taken_for_a_column():
    model = net(None, 1, loss="mse")
    assert not told(lambda: model.fit(X, X[:, 0], verbose=0))
    as_column, as_row = (model.evaluate(X, y, verbose=0) for y in (X[:, :1], X[:, 0]))
    assert as_column == pytest.approx(as_row)
    assert "The labels (64,) are read as one column, (64, 1)" in str(model.check(X, X[:, 0]))
    assert not model.check(X, X[:, :1]).notes


@pytest.mark.filterwarnings("ignore:L312")
def test_a_loss_that_is_no_number_is_told_with_the_first_layer():
    model = net()
    model.layers[-1].kernel.assign(np.full((4, 3), np.inf))
    (finding,) = model.check(X, Y)
    assert finding.code == "L370"
    assert "top is the first layer" in finding.what


def test_batch_normalization_shows_what_training_changes():
    norm = layers.BatchNormalization(name="norm")
    model = lamina.Sequential([lamina.Input((4,)), norm])
    assert "updates moving_mean and moving_variance" in str(model.explain()["norm"])


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        (lambda: layers.Dense(3, activation="rleu"), "relu"),
        (lambda: layers.Dense(3, activaton="relu"), "activation"),
        (lambda: net(loss="mean_square_error"), "mean_squared_error"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_name(wrong, nearest):
    with pytest.raises((TypeError, ValueError), match=nearest):
        wrong()


# --- how it is told ------------------------------------------------------------------------------------------------


def test_a_code_is_told_once_for_a_model_also_after_compiling_again():
    model = net(None)
    assert len(told(lambda: model.fit(X, Y, verbose=0))) == 1
    assert not told(lambda: model.fit(X, Y, verbose=0))
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert not told(lambda: model.fit(X, Y, verbose=0))


def test_what_is_frozen_after_compile_is_refused_at_the_next_fit():
    model = net()
    model.fit(X, Y, verbose=0)
    model.layers[-1].trainable = False
    with pytest.raises(ValueError, match=r"L382: .* 0 weights became trainable, 2 were frozen"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", "sparse_categorical_crossentropy")


def test_nothing_is_told_where_it_is_not_wanted():
    assert not told(fitting(lambda: net(None), check=False))
    with lamina.config.silence("L302"):
        assert not told(fitting(lambda: net(None)))
    assert told(fitting(lambda: net(None)))


def test_a_generator_is_looked_at_by_its_first_batch():
    batches = ((PHOTOS[i : i + 8], Y[i : i + 8]) for i in range(0, 64, 8))
    (warning,) = told(lambda: seer().fit(batches, verbose=0))
    assert "L342" in str(warning.message)


def test_only_what_costs_nothing_is_done(monkeypatch):
    def forbidden(self):
        raise AssertionError("the model was run")

    monkeypatch.setattr("lamina.explain.checks.subject.Subject.activations", property(forbidden))
    monkeypatch.setattr("lamina.explain.checks.subject.Subject.learning", property(forbidden))
    monkeypatch.setattr("lamina.explain.checks._findings", lambda each, subject: list(each(subject)))
    assert not told(fitting(net))


def test_when_the_time_is_over_no_further_check_is_made(monkeypatch):
    monkeypatch.setattr("lamina.explain.checks.SECONDS", 0.0)
    assert not told(fitting(seer, x=PHOTOS))
    assert told(fitting(lambda: net(None)))  # what the model shows by itself costs nothing


def test_one_clock_runs_over_all_looking(monkeypatch):
    ticks, made = itertools.count(), []
    clock = SimpleNamespace(perf_counter=lambda: 0.011 * next(ticks))
    for place in ("explain.checks", "training.checks"):
        monkeypatch.setattr(f"lamina.{place}.time", clock)
    monkeypatch.setattr("lamina.explain.checks.SECONDS", 0.05)
    monkeypatch.setattr("lamina.explain.checks.data.FREE", [lambda subject: made.append(1) or ()] * 9)
    net().fit(X, Y, verbose=0)
    assert len(made) == 3  # of 50 ms, 11 went into the labels


def test_how_much_is_looked_at_does_not_grow_with_the_data():
    many = np.broadcast_to(np.float32(0), (10**6, 8, 8, 3))
    large = np.broadcast_to(np.float32(0), (9, 2048, 2048, 3))
    assert len(Subject(seer(), many, only_cheap=True).x) == 512
    assert len(Subject(seer(), large, only_cheap=True, validation_data=(large, Y)).validation[0]) == 8


def test_a_check_that_fails_does_not_stop_the_training(monkeypatch):
    monkeypatch.setattr("lamina.explain.checks.graph.FREE", (lambda subject: 1 / 0,))
    assert not told(fitting(net))


def test_one_hot_labels_of_every_step_are_in_no_order():
    y = np.eye(3, dtype="float32")[RNG.integers(0, 3, (64, 5))]
    y[-16:, 0] = np.eye(3)[1]  # at the first step, the validation data hold one class
    model = net(shape=(5, 2), loss="categorical_crossentropy")
    assert not told(lambda: model.fit(np.ones((64, 5, 2)), y, validation_split=0.2, verbose=0))


def test_the_fix_of_a_finding_is_printed_as_it_is_pasted():
    assert "fix  y = y - 1" in str(net().check(X, Y + 1))

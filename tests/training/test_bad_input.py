"""Bad input is refused with what came, what was expected, where and what to do; good input is never refused."""

import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core.errors import LaminaError, LaminaWarning

RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 6)).astype("float32")
CLASSES = RNG.integers(0, 3, 12)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
WRONG = np.where(np.arange(12) == 7, 5, CLASSES)
SPARSE = "sparse_categorical_crossentropy"


def dense(loss="mse", units=3, **kwargs):
    model = lamina.Sequential(
        [lamina.Input((6,)), layers.Dense(units, "softmax" if loss == SPARSE else None, name="top")]
    )
    model.compile("sgd", loss, **kwargs)
    return model


def images(channels=3):
    model = lamina.Sequential([lamina.Input((8, 8, channels)), layers.Conv2D(2, 3, name="conv1"), layers.Flatten()])
    model.compile("sgd", "mse")
    return model


def two_outputs(loss):
    x = lamina.Input((6,))
    model = lamina.Model(x, {"b": layers.Dense(2, name="b")(x), "a": layers.Dense(3, "softmax", name="a")(x)})
    model.compile("sgd", loss)
    return model


class Subclassed(lamina.Model):
    def __init__(self):
        super().__init__()
        self.top = layers.Dense(3)

    def call(self, x):
        return self.top(x)


def subclassed(loss):
    model = Subclassed()
    model.compile("sgd", loss)
    return model


def batches(*arrays, size=4):
    for start in range(0, 12, size):
        yield tuple(a[start : start + size] for a in arrays)


def pixels(*shape):
    return np.zeros((12, *shape), "float32")


SHAPES = {
    "one sample": (lambda: dense().predict(X[0], verbose=0), r"\(batch, 6\); it got f32\[6\]", r"x = x\[None\]"),
    "no channel axis": (lambda: images().predict(pixels(8, 8), verbose=0), r"f32\[12,8,8\]", "np.repeat.x.*, 3"),
    "grey for colour": (
        lambda: images().fit(pixels(8, 8, 1), ONE_HOT, verbose=0),
        "3 channels; the data have 1",
        "rep",
    ),
    "alpha channel": (lambda: images().fit(pixels(8, 8, 4), ONE_HOT, verbose=0), "f32.12,8,8,4", r"x\[..., :3\]"),
    "channels first": (lambda: images().evaluate(pixels(3, 8, 8), ONE_HOT, verbose=0), "come first", "moveaxis"),
    "flat images": (lambda: images().predict_on_batch(pixels(192)), "arranged", r"x.reshape\(\(-1, 8, 8, 3\)\)"),
    "other width": (lambda: dense().fit(X[:, :5], ONE_HOT, verbose=0), r"wants \(batch, 6\); it got f32\[12,5\]", "5,"),
    "other rank": (lambda: dense().fit(X[:, None, :4], ONE_HOT, verbose=0), r"f32\[12,1,4\]", "read by 'top'"),
    "subclass": (
        lambda: [m := subclassed("mse"), m.fit(X, ONE_HOT, verbose=0), m.fit(X[:, :5], ONE_HOT, verbose=0)],
        "features=6",
        r"f32\[12,5\]",
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_inputs_of_another_shape_are_told_with_their_place_and_remedy(name):
    act, told, fix = SHAPES[name]
    with pytest.raises(ValueError, match=told) as caught:
        act()
    text = str(caught.value)
    assert isinstance(caught.value, LaminaError)
    assert text.startswith("L101: ")
    assert "\n  where: " in text
    assert caught.match(fix)
    assert "240" not in text  # the size that shapes are probed with is nobody's


@pytest.mark.parametrize("fix", ["x[None]", "np.repeat(x, 3, axis=-1)", "np.moveaxis(x, 1, -1)", "x[..., :3]"])
def test_the_remedies_are_right(fix):
    x = {"x[None]": pixels(8, 3)[0][:, None].repeat(8, 1), "np.repeat(x, 3, axis=-1)": pixels(8, 8, 1)}.get(fix)
    x = x if x is not None else pixels(3, 8, 8) if "move" in fix else pixels(8, 8, 4)
    with pytest.raises(ValueError) as caught:
        images()(x)
    assert f"x = {fix}" in str(caught.value)
    images()(eval(fix, {"x": x, "np": np}))


LABELS = {
    "arrays": lambda: dense(SPARSE).fit(X, WRONG, verbose=0),
    "a subclassed model": lambda: subclassed(SPARSE).fit(X, WRONG, verbose=0),
    "the first batch of a generator": lambda: dense(SPARSE).fit(batches(X, WRONG, size=8), verbose=0),
    "evaluation": lambda: dense(SPARSE).evaluate(X, WRONG, verbose=0),
    "validation": lambda: dense(SPARSE).fit(X, CLASSES, validation_data=(X, WRONG), verbose=0),
    "one batch": lambda: dense(SPARSE).train_on_batch(X, WRONG),
    "one of two outputs": lambda: two_outputs({"a": SPARSE, "b": "mse"}).fit(X, {"a": WRONG, "b": X[:, :2]}, verbose=0),
    "a loss object": lambda: dense(lamina.losses.SparseCategoricalCrossentropy(from_logits=True)).fit(X, WRONG),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_out_of_range_are_refused_in(name):
    with pytest.raises(ValueError, match="L312: labels of 3 classes are 0 to 2; there is 5 at index 7") as caught:
        LABELS[name]()
    assert "fix:" in str(caught.value)


@pytest.mark.parametrize(
    ("units", "labels"), [(4, (12, 3, 4)), (3, (12, 1)), (3, (12,)), (1, (12, 3))], ids=lambda v: str(v)
)
@pytest.mark.parametrize("source", ["arrays", "generator"])
def test_labels_that_would_be_broadcast_silently_are_refused(units, labels, source):
    y = np.zeros(labels, "float32")
    data = (X, y) if source == "arrays" else (batches(X, y),)
    with pytest.raises(ValueError, match="L320: mean_squared_error wants labels shaped like the predictions") as caught:
        dense(units=units).fit(*data, verbose=0)
    assert "fix:" in str(caught.value)


def test_the_first_full_batch_is_named_when_a_label_of_an_output_does_not_fit():
    with pytest.raises(ValueError, match=r"L320.*f32\[8,3\], predictions f32\[8,2\]"):
        two_outputs("mse").fit(X, {"a": ONE_HOT, "b": ONE_HOT}, batch_size=8, verbose=0)


NAMES = {
    "loss": (lambda k: _fitted(k, loss="sparse_crossentrpy"), "crossentropy"),
    "optimizer": (lambda k: _fitted(k, optimizer="adm"), "'Adam'"),
    "activation": (lambda k: k.layers.Dense(1, activation="rleu"), "'relu'"),
    "metric": (lambda k: _fitted(k, metrics=["acuracy"]), "'accuracy'"),
}


def _fitted(k, **kwargs):
    model = k.Sequential([k.layers.Dense(3)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **kwargs})
    model.fit(X, ONE_HOT, verbose=0)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_name_is_answered_with_the_nearest_ones(name):
    act, nearest = NAMES[name]
    with pytest.raises(ValueError):
        act(keras)
    with pytest.raises(ValueError, match=f"L210.*Did you mean .*{nearest}"):
        act(lamina)


OTHERS = {
    "sizes of x and y": (
        lambda k: _compiled(k).fit(X, ONE_HOT[:10], verbose=0),
        r"L346: .*x has 12, y has 10(.|\n)*where:(.|\n)*fix: +x = x\[:10\]",
    ),
    "no samples": (lambda k: _compiled(k).fit(X[:0], ONE_HOT[:0], verbose=0), "L347.*empty"),
    "a source without batches": (lambda k: _compiled(k).fit((b for b in ()), verbose=0), "L347(.|\n)*generator"),
    "no compile": (lambda k: k.Sequential([k.layers.Dense(3)]).fit(X, ONE_HOT), r"L502.*`compile\(\)`(.|\n)*fix:"),
    "no labels": (lambda k: _compiled(k).fit(X, verbose=0), "L314.*wants labels; it got `y=None`"),
    "text": (lambda k: _compiled(k).fit(np.array([["a"] * 6] * 12), ONE_HOT, verbose=0), "L344.*string"),
    "lists of different lengths": (lambda k: _compiled(k).predict([[1, 2], [3]]), "L353(.|\n)*pad_sequences"),
    "a number": (lambda k: _compiled(k).fit(3, ONE_HOT), "Unrecognized data type"),
    "y beside a generator": (lambda k: _compiled(k).fit(batches(X, ONE_HOT), ONE_HOT), "should not be passed"),
    "a split of a generator": (
        lambda k: _compiled(k).fit(batches(X, ONE_HOT), validation_split=0.1),
        "`validation_split` is only supported",
    ),
    "a split of one sample": (lambda k: _compiled(k).fit(X[:1], ONE_HOT[:1], validation_split=0.1), "not sufficient"),
    "a batch of four parts": (lambda k: _compiled(k).fit(batches(X, X, X, X), verbose=0), "found"),
    "validation_freq": (
        lambda k: _compiled(k).fit(X, ONE_HOT, validation_data=(X, ONE_HOT), validation_freq="2", verbose=0),
        "validation_freq",
    ),
    "weights of samples and classes": (
        lambda k: _compiled(k).fit(X, ONE_HOT, sample_weight=X[:, 0], class_weight={0: 1.0}),
        "at the same time",
    ),
}


def _compiled(k):
    model = k.Sequential([k.Input((6,)), k.layers.Dense(3)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OTHERS)
def test_refused_as_keras_does(name):
    act, told = OTHERS[name]
    with pytest.raises(Exception) as theirs:
        act(keras)
    with pytest.raises(ValueError, match=told) as mine:
        act(lamina)
    assert isinstance(mine.value, theirs.type) or name in ("no samples", "lists of different lengths")


@pytest.mark.parametrize(
    ("options", "error", "name"),
    [
        ({"batch_size": -1}, ValueError, "batch_size"),
        ({"batch_size": 4.0}, TypeError, "batch_size"),
        ({"batch_size": "4"}, TypeError, "batch_size"),
        ({"epochs": "2"}, TypeError, "epochs"),
        ({"epochs": -1}, ValueError, "epochs"),
        ({"steps_per_epoch": -2}, ValueError, "steps"),
        ({"validation_data": (X, ONE_HOT), "validation_batch_size": 2.5}, TypeError, "batch_size"),
    ],
)
def test_what_is_no_count_is_refused_by_name(options, error, name):
    with pytest.raises(error, match=f"`{name}` must be"):
        dense().fit(X, ONE_HOT, **options)


@pytest.mark.parametrize("content", [b"hello", b"PK\x03\x04" + b"0" * 50, b""], ids=["text", "cut short", "empty"])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    (tmp_path / "x.keras").write_bytes(content)
    with pytest.raises(ValueError, match=r"L40\d.*x.keras(.|\n)*fix:"):
        lamina.saving.load_model(tmp_path / "x.keras")


# --- NaN -------------------------------------------------------------------------------------------------------


def with_nan():
    x = X.copy()
    x[3, 2] = np.nan
    return x


@pytest.mark.parametrize("source", ["arrays", "generator"])
def test_nan_in_the_input_is_warned_of_once_with_its_place(source):
    model = dense()
    x = with_nan()
    for attempt in range(2):
        data = (x, ONE_HOT) if source == "arrays" else (batches(x, ONE_HOT),)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(*data, verbose=0)
        told = [str(w.message) for w in caught if issubclass(w.category, LaminaWarning)]
        assert len(told) == (not attempt)
        assert caught[0].filename == __file__ if told else True
        assert all("L341" in t and "(3, 2)" in t and "np.nan_to_num(x)" in t for t in told)


def test_strict_mode_makes_an_error_of_nan():
    lamina.config.strict()
    try:
        with pytest.raises(ValueError, match="L341"):
            dense().fit(with_nan(), ONE_HOT, verbose=0)
    finally:
        lamina.config.strict(False)


# --- what must pass --------------------------------------------------------------------------------------------


class Imputing(layers.Layer):
    def call(self, x):
        return jnp.where(jnp.isnan(x), 0.0, x)


class OwnStep(Subclassed):
    def train_step(self, state, data):
        trainable, others, slots, scores = state
        x, y = data
        loss = lambda w: jnp.mean((self.stateless_call(w, others, x)[0].sum(-1) - y) ** 2)  # noqa: E731
        value, gradients = jax.value_and_grad(loss)(trainable)
        trainable, slots = self.optimizer.stateless_apply(slots, gradients, trainable)
        return {"loss": value}, (trainable, others, slots, scores)


class OwnLoss(Subclassed):
    def compute_loss(self, x, y, y_pred, sample_weight):
        return jnp.mean((y_pred.sum(-1) - y) ** 2)


def imputing():
    model = lamina.Sequential([lamina.Input((6,)), Imputing(), layers.Dense(3)])
    model.compile("sgd", "mse")
    return model


def own(cls):
    model = cls()
    model.compile("sgd", SPARSE)
    return model


GOOD = {
    "a custom loss with other shapes": lambda: dense(lambda t, p: jnp.mean(t) * p).fit(X, np.zeros((12, 5, 2))),
    "a custom loss of labels beyond the classes": lambda: dense(lambda t, p: (t - p[:, :1]) ** 2).fit(X, WRONG + 40),
    "labels in a column": lambda: dense(SPARSE).fit(X, CLASSES[:, None]),
    "labels as floats": lambda: dense(SPARSE).fit(X, CLASSES.astype("float32")),
    "an ignored class": lambda: dense(
        lamina.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    ).fit(X, np.where(WRONG == 5, -1, WRONG)),
    "class weights": lambda: dense(SPARSE).fit(X, CLASSES, class_weight={0: 2.0, 7: 1.0}),
    "numbers without a column": lambda: dense(units=1).fit(X, X[:, 0]),
    "a column for numbers": lambda: dense(units=1).fit(X, X[:, :1]),
    "a label for one output only": lambda: two_outputs({"a": SPARSE}).fit(X, {"a": CLASSES, "b": WRONG}),
    "labels that a step of one's own reads": lambda: own(OwnStep).fit(X, WRONG),
    "labels that compute_loss reads": lambda: own(OwnLoss).fit(X, WRONG),
    "NaN that a layer replaces": lambda: imputing().fit(with_nan(), ONE_HOT),
    "infinity": lambda: imputing().evaluate(np.where(X > 2, np.inf, X), ONE_HOT),
    "labels with NaN": lambda: dense(lambda t, p: jnp.where(jnp.isnan(t), 0.0, p)).fit(X, ONE_HOT * np.nan),
}


@pytest.mark.parametrize("name", GOOD)
def test_no_false_alarm_for(name, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GOOD[name]()


@pytest.mark.parametrize(("bad", "fix"), [(-1, r"ids \+ 1 "), (7, r"Embedding\(8, 2\)")])
def test_integers_without_a_row_in_an_embedding_are_refused_wherever_they_come(bad, fix):
    x = lamina.Input((5,), dtype="int32", name="words")
    model = lamina.Model({"words": x}, lamina.layers.Dense(1)(lamina.layers.Embedding(7, 2, name="table")(x)))
    model.compile("sgd", "mse")
    words = np.zeros((8, 5), "int32")
    words[3, 2] = bad
    before = model.get_weights()
    for use in (
        lambda x: model.fit(x, np.zeros((8, 5, 1)), verbose=0),
        lambda x: model.predict(x, verbose=0),
        model.predict_on_batch,
        model,
    ):
        with pytest.raises(ValueError, match=r"L340: table has rows for the integers 0 to 6.*(\n.*)+" + fix):
            use({"words": words})
    for first, second in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)

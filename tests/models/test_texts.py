"""Models that are given texts: the layers that read them may stand in the model."""

import re

import jax
import numpy as np
import pytest

import lamina
from lamina import layers, ops
from lamina.core import texts
from lamina.core.errors import ConfigurationError, DataError, FileError, ShapeError
from lamina.explain import trace
from lamina.profile import Time

TEXTS = np.array([["the cat sat"], ["a dog ran far away"], ["the dog"], ["cat"], ["yak"]])
COLOURS = np.array([["red"], ["blue"], ["red"], ["green"], ["blue"]])
Y = np.arange(5.0)[:, None]


def vectorization(**options):
    layer = layers.TextVectorization(**options)
    layer.adapt(TEXTS)
    return layer


def functional(vectorize, *rest):
    inputs = lamina.Input((1,), dtype="string")
    return lamina.Model(inputs, lamina.Sequential(rest)(vectorize(inputs)))


def without_input(vectorize, *rest):
    return lamina.Sequential([vectorize, *rest])


class Own(lamina.Model):
    def __init__(self, vectorize, *rest):
        super().__init__()
        self.vectorize, self.rest = vectorize, lamina.Sequential(rest)

    def call(self, x):
        return self.rest(self.vectorize(x))


@pytest.mark.parametrize("form", [TEXTS, TEXTS.astype(object), np.char.encode(TEXTS)], ids=["str", "object", "bytes"])
@pytest.mark.parametrize("make", [functional, without_input, Own])
def test_a_model_reads_texts_as_its_layer_does(make, form):
    lamina.utils.set_random_seed(1)
    vectorize = vectorization(output_sequence_length=3)
    rest = [layers.Embedding(12, 2), layers.Flatten(), layers.Dense(1)]
    model = make(vectorize, *rest)
    model.compile("sgd", "mse")
    history = model.fit(form, Y, epochs=2, batch_size=2, verbose=0).history["loss"]
    assert history[1] < history[0]
    predicted = model.predict(form, batch_size=2, verbose=0)
    x = vectorize(TEXTS)
    for layer in rest:
        x = layer(x)
    np.testing.assert_allclose(predicted, x, rtol=1e-5)
    np.testing.assert_allclose(model(form), x, rtol=1e-5)
    assert model.evaluate(form, Y, verbose=0) == pytest.approx(float(np.mean((predicted - Y) ** 2)), rel=1e-4)


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
def test_texts_are_counted_in_a_model_as_outside(mode):
    vectorize = vectorization(output_mode=mode)
    model = lamina.Sequential([lamina.Input((1,), dtype="string"), vectorize])
    np.testing.assert_allclose(model.predict(TEXTS, verbose=0), vectorize(TEXTS), rtol=1e-6)
    assert model.output_shape == (None, vectorize.vocabulary_size())


def table():
    """A model of a table with columns of texts, floats and integers."""
    colour, size, number = (
        lamina.Input((1,), dtype=dtype, name=name) for name, dtype in (("c", "string"), ("s", None), ("n", "int64"))
    )
    lookup = layers.StringLookup(output_mode="one_hot")
    lookup.adapt(COLOURS)
    parts = [lookup(colour), size, layers.Hashing(3, output_mode="one_hot")(number), layers.Hashing(2)(colour)]
    return lamina.Model([colour, size, number], layers.Dense(1)(layers.Concatenate()(parts)))


ROWS = {"c": COLOURS, "s": Y, "n": np.arange(5)[:, None]}


@pytest.mark.filterwarnings("error")
def test_a_table_with_texts_is_trained_on_and_kept_in_a_file(tmp_path):
    lamina.utils.set_random_seed(1)
    model = table()
    model.compile("adam", "mse")
    history = model.fit(ROWS, COLOURS[:, 0] == "red", epochs=3, batch_size=2, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    again = lamina.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(ROWS, verbose=0), model.predict(ROWS, verbose=0))
    first = {name: column[:1] for name, column in ROWS.items()}
    other = {**first, "c": np.array([["blue"]])}
    assert abs(model.predict(first, verbose=0) - model.predict(other, verbose=0)).max() > 1e-4


def test_a_model_gives_texts():
    inputs = lamina.Input((1,), dtype="string")
    places = layers.StringLookup(vocabulary=["red", "blue"])(inputs)
    model = lamina.Model(inputs, layers.StringLookup(vocabulary=["red", "blue"], invert=True)(places))
    assert model.outputs[0].dtype == "string"
    assert model.predict(COLOURS, verbose=0).ravel().tolist() == ["red", "blue", "red", "[UNK]", "blue"]
    assert model.explain().layers[1].output_bytes == 4  # a number stands for the text
    assert model.profile(COLOURS, seconds=0.0).memory.activations == 2 * 5 * 4


def test_the_layer_knows_the_encoding_of_bytes():
    model = lamina.Sequential(
        [lamina.Input((), dtype="string"), layers.StringLookup(vocabulary=["café"], encoding="latin-1")]
    )
    assert model.predict(np.array([b"caf\xe9", b"tea"]), verbose=0).tolist() == [1, 0]
    bucket = layers.Hashing(100)
    model = lamina.Sequential([lamina.Input((), dtype="string"), bucket])
    assert model.predict(np.array(["café".encode()]), verbose=0).tolist() == bucket(["café"]).tolist()


def test_a_prediction_is_traced_back_to_the_words():
    vectorize = vectorization(output_sequence_length=3)
    rest = [vectorize, layers.Embedding(12, 2), layers.Flatten()]
    model = lamina.Sequential([lamina.Input((1,), dtype="string"), *rest])
    words = {entry.value for entry in trace(model, index=0, x=TEXTS).contributions}
    assert words == {vectorize.get_vocabulary().index("the")}


def test_texts_are_moved_in_programs_but_never_computed_with():
    array = texts.to_array(np.array([["a", "b"], ["c", "a"]]))
    moved = jax.jit(lambda x: ops.reshape(ops.concatenate([x, x[:, ::-1]], axis=1), (-1,)))(array)
    assert texts.to_numpy(moved).tolist() == ["a", "b", "b", "a", "c", "a", "a", "c"]
    for compute in (lambda x: x + 1, lambda x: ops.cast(x, "float32"), lambda x: ops.matmul(x, jax.numpy.ones((2, 2)))):
        with pytest.raises((TypeError, ValueError)):
            jax.jit(compute)(array)


def numbers():
    model = lamina.Sequential([lamina.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_a_layer_that_computes_refuses_texts():
    with pytest.raises(ShapeError, match=r"(?s)cannot compute on \(string\[5,1\]\).*why: +texts are no numbers"):
        layers.Dense(1)(COLOURS)


@pytest.mark.parametrize("use", [lambda m, x: m(x), lambda m, x: m.predict(x, verbose=0), lambda m, x: m.fit(x, Y)])
def test_texts_and_numbers_are_not_taken_for_each_other(use):
    with pytest.raises(DataError, match=r"(?s)L344.*wants numbers; it got string.*fix:.*StringLookup"):
        use(numbers(), COLOURS)
    reader = without_input(layers.StringLookup(vocabulary=["red"]))
    reader.build((None, 1))
    reader.compile("sgd", "mse")
    with pytest.raises(DataError, match=r"L344.*wants texts; it got f32"):
        use(reader, Y)


def test_a_missing_text_is_told():
    rows = COLOURS.astype(object)
    rows[3] = np.nan
    model = lamina.Sequential([lamina.Input((1,), dtype="string"), layers.StringLookup(vocabulary=["red"])])
    with pytest.raises(DataError, match=r"(?s)L344.*1 of its 5 values are no texts, such as nan.*fix:.*fillna"):
        model.predict(rows, verbose=0)
    with pytest.raises(DataError, match=r"(?s)L344: `y` wants numbers.*np.unique"):
        numbers().fit(Y, COLOURS.astype(object), verbose=0)


@pytest.mark.parametrize("use", ["fit", "predict", "__call__"])
def test_an_unknown_word_without_a_place_is_told_before_anything_is_lost(use):
    inputs = lamina.Input((1,), dtype="string")
    places = layers.StringLookup(vocabulary=["red", "blue"], num_oov_indices=0)(inputs)
    model = lamina.Model(inputs, layers.Dense(1)(layers.Flatten()(layers.Embedding(2, 3)(places))))
    model.compile("sgd", "mse")
    expected = model.predict(COLOURS[:2], verbose=0)
    with pytest.raises(ValueError, match="found OOV values 'green'"):
        getattr(model, use)(COLOURS, **({"y": Y} if use == "fit" else {}))
    np.testing.assert_array_equal(model.predict(COLOURS[:2], verbose=0), expected)


@pytest.mark.parametrize("shape", [(), (2,)])
def test_words_that_are_not_split_give_a_place_each(shape):
    vectorize = layers.TextVectorization(vocabulary=["red", "blue"], split=None)
    model = lamina.Sequential([lamina.Input(shape, dtype="string"), vectorize])
    words = np.resize(["red", "tea", "blue"], (3, *shape))
    assert model.output_shape == (None, *shape)
    np.testing.assert_array_equal(model.predict(words, verbose=0), vectorize(words))


def test_a_program_must_know_how_many_words_there_are():
    model = lamina.Sequential([lamina.Input((1,), dtype="string"), vectorization()])
    assert model(TEXTS).shape == (5, 5)  # without a program, it takes what is there
    with pytest.raises(ConfigurationError, match=r"(?s)L212.*fix:.*output_sequence_length"):
        model.predict(TEXTS, verbose=0)


@pytest.mark.parametrize("form", ["stablehlo", "onnx"])
def test_what_reads_texts_is_not_exported(form, tmp_path):
    with pytest.raises(FileError, match="L409"):
        table().export(tmp_path / "model", format=form, verbose=False)


def test_a_page_of_texts_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"(?s)L213.*fix:.*vocabulary="):
        table().view(ROWS, save=tmp_path / "page.html")


def test_a_model_of_texts_is_profiled(monkeypatch):
    computed = []

    def timed(function, *args, **kwargs):
        computed.append(jax.tree.leaves(function(*args)))
        return Time(1.0, 1.0, 1.0, 1, 1.0)

    monkeypatch.setattr("lamina.profile.timed", timed)
    counted = layers.StringLookup(vocabulary=["red", "blue"])
    model = Own(counted, layers.Embedding(3, 2), layers.Flatten())
    model(COLOURS)
    told = model.profile(COLOURS)
    assert [layer.bound(told.machine) == "Python" for layer in told.layers] == [True, False]
    told.layers[0].share.forward = 1e9
    assert "string_lookup" in next(line for line in told.advice() if "before they go into the model" in line)
    assert all(computed)  # what has no result, the compiler leaves out


@pytest.mark.parametrize("make", [layers.StringLookup, lambda **given: layers.Hashing(5)])
def test_each_word_is_looked_up_by_itself(make):
    inputs = lamina.Input((3,), dtype="string", name="tags")
    model = lamina.Model(inputs, make(vocabulary=["red"])(inputs))
    assert "reads one value of the input" in str(model.explain())
    assert str(trace(model, index=1).regions[0]) == "tags[1]"


def test_a_model_of_texts_is_explained():
    told = str(lamina.explain(table()))
    assert "random numbers" not in told
    assert re.search(r"string_lookup\w* \(StringLookup\)  \(b, 1\) -> \(b, 4\)", told)

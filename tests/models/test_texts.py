"""Models that are given texts: the layers that read them may stand in the model."""

import re

import jax
import numpy as np
import pytest

import lamina
from lamina import layers, ops
from lamina.core import texts
from lamina.core.errors import ConfigurationError, DataError, FileError

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


@pytest.mark.parametrize("use", [lambda m, x: m(x), lambda m, x: m.predict(x, verbose=0), lambda m, x: m.fit(x, Y)])
def test_texts_and_numbers_are_not_taken_for_each_other(use):
    with pytest.raises(DataError, match=r"(?s)L344.*wants numbers; it got string.*fix:.*StringLookup"):
        use(numbers(), COLOURS)
    reader = without_input(layers.StringLookup(vocabulary=["red"]))
    reader.build((None, 1))
    reader.compile("sgd", "mse")
    with pytest.raises(DataError, match=r"L344.*wants texts; it got f32"):
        use(reader, Y)


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


def test_a_model_of_texts_is_profiled():
    counted = layers.StringLookup(vocabulary=["red", "blue"])
    model = lamina.Sequential([lamina.Input((1,), dtype="string"), counted, layers.Embedding(3, 2), layers.Flatten()])
    assert [row.kind for row in model.profile(COLOURS, seconds=0.01).layers][:2] == ["StringLookup", "Embedding"]


def test_a_model_of_texts_is_explained():
    told = str(lamina.explain(table()))
    assert re.search(r"string_lookup\w* \(StringLookup\)  \(b, 1\) -> \(b, 4\)", told)

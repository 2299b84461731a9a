"""Words as numbers: what Keras makes of them on TensorFlow, which wrote `text_layers.json`; and files that lie."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.layers.fingerprints import siphash

ROWS = json.loads((Path(__file__).parents[1] / "data" / "text_layers.json").read_text(encoding="utf-8"))
WORDS = ["cat", "dog", "bird"]


def made(name, arguments, adapted):
    layer = getattr(layers, name)(**arguments)
    if adapted is not None:
        layer.adapt(adapted)
    return layer


def same(outputs, expected):
    """Compare arrays of numbers, or of words in one line."""
    if isinstance(expected[0], str):
        return outputs.ravel().tolist() == expected
    return outputs.shape == np.shape(expected) and np.allclose(outputs, expected, 1e-6)


@pytest.mark.parametrize(("name", "arguments", "adapted", "inputs", "answer"), ROWS, ids=lambda x: str(x)[:40])
def test_layers_answer_as_keras_does(name, arguments, adapted, inputs, answer):
    layer = made(name, arguments, adapted)
    inputs = tuple(map(np.array, inputs)) if name == "HashedCrossing" else inputs
    assert same(np.asarray(layer(inputs)), answer["outputs"])
    assert getattr(layer, "get_vocabulary", list)() == answer["vocabulary"]
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    if adapted is None:
        assert same(np.asarray(again(inputs)), answer["outputs"])


@pytest.mark.parametrize("row", [row for row in ROWS if row[2] is not None], ids=lambda row: str(row[:2])[:40])
def test_what_was_learned_is_kept_in_a_file(row, tmp_path):
    name, arguments, adapted, inputs, answer = row
    layer, store = made(name, arguments, adapted), {}
    layer.save_own_variables(store)
    layer.save_assets(tmp_path)
    again = type(layer).from_config(json.loads(json.dumps(layer.get_config())))
    again.load_own_variables(store)
    again.load_assets(tmp_path)
    assert same(np.asarray(again(inputs)), answer["outputs"])
    assert again.get_vocabulary() == answer["vocabulary"]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"mask_token": 0},
        {"num_oov_indices": 3},
        {"output_mode": "count"},
        {"output_mode": "count", "mask_token": 7},
    ],
)
def test_numbers_are_looked_up_in_compiled_code_too(arguments):
    layer = layers.IntegerLookup(vocabulary=[42, 12, 1138], **arguments)
    x = np.array([[12, 1138, 0], [7, 42, -3]])
    np.testing.assert_array_equal(jax.jit(layer)(x), layer(x))


def test_a_model_looks_numbers_up_learns_new_ones_and_is_saved(tmp_path):
    lookup = layers.IntegerLookup()
    lookup.adapt([[3, 5, 3]])
    model = lamina.Sequential([layers.Input((2,), dtype="int32"), lookup])
    assert model.predict(np.array([[5, 9]]), verbose=0).tolist() == [[2, 0]]
    lookup.adapt([[9, 9, 9, 5]])
    assert model.predict(np.array([[5, 9]]), verbose=0).tolist() == [[2, 1]]
    model.save(tmp_path / "model.keras")
    again = lamina.saving.load_model(tmp_path / "model.keras")
    assert again.predict(np.array([[5, 9]]), verbose=0).tolist() == [[2, 1]]


def test_a_saved_model_cannot_name_a_file_to_read(tmp_path):
    (tmp_path / "words.txt").write_text("cat\ndog\n")
    layer = layers.StringLookup(vocabulary=str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["[UNK]", "cat", "dog"]
    assert str(tmp_path) not in json.dumps(layer.get_config())
    config = lamina.saving.serialize_keras_object(layer)
    config["config"]["vocabulary"] = str(tmp_path / "words.txt")
    with pytest.raises((ValueError, TypeError), match="L423"):
        lamina.saving.deserialize_keras_object(config)


def test_functions_of_arrays_of_texts_standardize_and_split():
    layer = layers.TextVectorization(
        standardize=np.char.upper, split=lambda texts: [text.split("-") for text in texts], vocabulary=["A", "B"]
    )
    assert np.asarray(layer(["a-b-c", "b"])).tolist() == [[2, 3, 1], [3, 0, 0]]


def test_data_sets_are_batches_to_learn_from():
    layer = layers.TextVectorization()
    layer.adapt(iter([["a b"], ["b c b"], ["d"]]), steps=2)
    assert layer.get_vocabulary() == ["", "[UNK]", "b", "c", "a"]
    assert np.asarray(layer(np.array([b"b d"]))).tolist() == [[2, 1]]


def test_the_hash_with_a_key_is_the_published_one():
    assert siphash(bytes(range(15)), 0x0706050403020100, 0x0F0E0D0C0B0A0908) == 0xA129CA6149BE45E5


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: layers.StringLookup(max_tokens=1), "greater than 1"),
        (lambda: layers.StringLookup(pad_to_max_tokens=True), "needs `max_tokens`"),
        (lambda: layers.StringLookup(num_oov_indices=-1), "0 or more"),
        (lambda: layers.StringLookup(output_mode="odd"), "one of"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), "invert"),
        (lambda: layers.StringLookup(vocabulary=WORDS, idf_weights=[1, 2, 3]), "tf_idf"),
        (lambda: layers.StringLookup(vocabulary=WORDS, output_mode="tf_idf"), "idf_weights"),
        (lambda: layers.StringLookup(vocabulary=["cat", "cat"]), "more than once"),
        (lambda: layers.StringLookup(vocabulary=[]), "empty"),
        (lambda: layers.StringLookup(vocabulary=["cat", ""], mask_token=""), "Reserved"),
        (lambda: layers.StringLookup(max_tokens=3, vocabulary=WORDS), "larger than the maximum"),
        (lambda: layers.StringLookup(vocabulary=WORDS).adapt(WORDS), "static vocabulary"),
        (lambda: layers.StringLookup(vocabulary=WORDS, num_oov_indices=0)(["yak"]), "yak"),
        (lambda: layers.StringLookup(sparse=True), "Sparse"),
        (lambda: layers.TextVectorization(split="odd"), "split"),
        (lambda: layers.TextVectorization(standardize="odd"), "standardize"),
        (lambda: layers.TextVectorization(ngrams=("a",)), "ngrams"),
        (lambda: layers.TextVectorization(output_mode="count", output_sequence_length=3), "output_sequence_length"),
        (lambda: layers.TextVectorization(vocabulary=WORDS)([["a", "b"]]), "rank must be 1"),
        (lambda: layers.TextVectorization(ragged=True), "ragged"),
        (lambda: layers.Hashing(0), "positive"),
        (lambda: layers.HashedCrossing(3, output_mode="count"), "one of"),
        (lambda: layers.HashedCrossing(3)(["a"]), "at least two"),
        (lambda: layers.HashedCrossing(3)((["a"], ["a", "b"])), "same shape"),
    ],
)
def test_what_makes_no_sense_is_an_error(wrong, told):
    with pytest.raises(ValueError, match=told):
        wrong()

"""FeatureSpace: every kind of column, crosses, models on tables, files, and Keras's descriptions of the same."""

import json

import jax
import keras
import numpy as np
import pandas as pd
import pytest

import lamina
from lamina.utils import FeatureSpace

TABLE = {
    "age": [20.0, 30.0, 40.0, 50.0],
    "income": [1.0, 2.0, 3.0, 4.0],
    "rooms": [1, 2, 2, 3],
    "code": [7, 8, 9, 7],
    "city": ["Bonn", "Rome", "Bonn", "Oslo"],
    "name": ["a", "b", "c", "d"],
}
KINDS = {
    "age": "float_normalized",
    "income": FeatureSpace.float_discretized(2),
    "rooms": "integer_categorical",
    "code": FeatureSpace.integer_hashed(5),
    "city": "string_categorical",
    "name": FeatureSpace.string_hashed(3),
}
NUMBERS = ("age", "income", "rooms", "code")


def adapted(names=tuple(KINDS), **kwargs):
    space = FeatureSpace({name: KINDS[name] for name in names}, **kwargs)
    space.adapt({name: TABLE[name] for name in names})
    return space


def test_columns_become_what_their_layers_make_of_them_side_by_side_by_name():
    space = adapted(crosses=[("rooms", "city")], crossing_dim=6, output_mode="dict")
    found = space(TABLE)
    assert list(found) == [*sorted(KINDS), "rooms_X_city"]
    np.testing.assert_allclose(found["age"][:, 0], (np.array(TABLE["age"]) - 35) / np.std(TABLE["age"]), 1e-5)
    assert np.argmax(found["income"], -1).tolist() == [0, 1, 1, 1]
    assert np.argmax(found["city"], -1).tolist() == [1, 2, 1, 3]  # the first place is for unknown words
    rooms = space.preprocessors["rooms"](TABLE["rooms"])
    assert np.argmax(found["rooms"], -1).tolist() == rooms.tolist()
    assert np.argmax(found["name"], -1).tolist() == lamina.layers.Hashing(3)(TABLE["name"]).tolist()
    crossed = lamina.layers.HashedCrossing(6)([rooms, space.preprocessors["city"](TABLE["city"])])
    assert np.argmax(found["rooms_X_city"], -1).tolist() == crossed.tolist()
    assert all(np.sum(vectors, -1).tolist() == [1] * 4 for name, vectors in found.items() if name != "age")
    joined = adapted(crosses=[("rooms", "city")], crossing_dim=6)
    np.testing.assert_array_equal(joined(TABLE), np.concatenate(list(found.values()), -1))
    np.testing.assert_allclose(joined({name: column[2] for name, column in TABLE.items()}), joined(TABLE)[2], 1e-6)


def test_what_is_learned_does_not_depend_on_how_the_rows_come():
    rows = [{name: np.asarray(column[i]) for name, column in TABLE.items()} for i in range(4)]
    batches = [{name: np.asarray(column[i : i + 2]) for name, column in TABLE.items()} for i in (0, 2)]
    expected = adapted()(TABLE)
    for data in (rows, batches, iter(batches)):
        space = FeatureSpace(KINDS)
        space.adapt(data)
        np.testing.assert_allclose(space(TABLE), expected, 1e-6)
    space.adapt({**TABLE, "city": ["Bonn"] * 4})  # another vocabulary is another size
    assert space(TABLE).shape[1] == expected.shape[1] - 2


def test_a_saved_space_is_the_same_space(tmp_path):
    space = adapted(crosses=[("rooms", "city")])
    space.save(tmp_path / "space.keras")
    again = lamina.models.load_model(tmp_path / "space.keras")
    np.testing.assert_array_equal(again(TABLE), space(TABLE))


def test_models_take_tables_of_numbers_and_compile_hashes():
    space = adapted(NUMBERS, crosses=[("rooms", "code")])
    model = lamina.Model(space.get_inputs(), space.get_encoded_features())
    table = {name: np.array(TABLE[name])[:, None] for name in NUMBERS}
    np.testing.assert_allclose(model.predict(table, verbose=0), space(TABLE), 1e-6)
    table["rooms"], table["code"] = table["code"], table["rooms"]
    np.testing.assert_allclose(model(table), space(table), 1e-6)


def test_models_of_encoded_tables_know_the_shapes_that_texts_get():
    vectors = lamina.layers.TextVectorization(output_mode="tf_idf")
    text = FeatureSpace.feature("string", vectors, "float")
    space = FeatureSpace({"city": "string_categorical", "text": text}, crosses=[("city", "city")])
    space.adapt({"city": TABLE["city"], "text": ["one two", "two", "three", "one"]})
    encoded = space.get_encoded_features()
    assert encoded.shape == (None, 4 + 32 + 4)
    assert space({"city": ["Bonn"], "text": ["two"]}).shape == (1, 40)


@pytest.mark.filterwarnings("ignore:The model being saved was never built")
def test_a_space_that_has_learned_nothing_still_says_so_when_loaded(tmp_path):
    FeatureSpace({"age": "float_normalized"}).save(tmp_path / "space.keras")
    space = lamina.models.load_model(tmp_path / "space.keras")
    with pytest.raises(ValueError, match=r"You need to call `\.adapt"):
        space({"age": 40.0})
    space.adapt({"age": [30.0, 50.0]})
    assert space({"age": 40.0}).tolist() == [0.0]


class OnTables(lamina.Model):
    """A model that encodes raw tables in its own call."""

    def __init__(self, space):
        super().__init__()
        self.space = space

    def call(self, inputs):
        return self.space(inputs)


def test_models_are_fitted_to_raw_tables(tmp_path):
    table = {name: np.array(column) for name, column in TABLE.items()}
    space = adapted(crosses=[("rooms", "city")])
    outputs = lamina.layers.Dense(1)(space.get_encoded_features())
    model = lamina.Model(space.get_inputs(), outputs)
    model.compile("sgd", "mse")
    model.fit(dict(pd.DataFrame(table)), np.ones((4, 1)), verbose=0)
    model.save(tmp_path / "model.keras")
    again = lamina.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again.predict(table, verbose=0), model.predict(table, verbose=0), 1e-6)
    np.testing.assert_allclose(OnTables(space).predict(table, verbose=0), space(table), 1e-6)


def test_whole_numbers_are_floats_where_floats_are_meant():
    space = FeatureSpace({"rooms": "float", "income": "float"})
    assert space({"rooms": [1, 2], "income": [0.5, 1.5]}).tolist() == [[0.5, 1.0], [1.5, 2.0]]


def plain(library):
    space = library.utils.FeatureSpace
    normalized = library.layers.Normalization(mean=1.0, variance=4.0, name="given")
    features = {
        "a": "float",
        "b": space.float_rescaled(0.5, 1.0, name="b"),
        "c": space.float_discretized(None, bin_boundaries=[0.0, 1.0], output_mode="int", name="c"),
        "d": space.feature("float32", normalized, "float"),
    }
    return library.utils.FeatureSpace(features, output_mode="dict")


def test_the_description_is_that_of_keras(tmp_path):
    written = [json.loads(json.dumps(x.saving.serialize_keras_object(plain(x)))) for x in (lamina, keras)]
    for description in written:
        for feature in description["config"]["features"].values():
            feature["config"]["preprocessor"].pop("build_config", None)
            feature["config"]["preprocessor"]["config"].pop("dtype")  # a name or a policy
    assert written[0] == written[1]
    space = plain(keras)
    space.built = True  # it needs TensorFlow to be called
    space.save(tmp_path / "keras.keras")
    found = lamina.models.load_model(tmp_path / "keras.keras")({"a": 3.0, "b": 4.0, "c": 0.5, "d": 5.0})
    assert {name: x.tolist() for name, x in found.items()} == {"a": [3.0], "b": [3.0], "c": [1], "d": [2.0]}


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: FeatureSpace({}), "cannot be None or empty"),
        (lambda: FeatureSpace({"a": "word"}), "Invalid feature type"),
        (lambda: FeatureSpace({"a": "float"}, output_mode="list"), "`output_mode`"),
        (lambda: FeatureSpace({"a": "float", "b": "float"}, crosses=[("a", "b")], crossing_dim=None), "`crossing_dim`"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "c")]), "should be present in"),
        (lambda: FeatureSpace({"a": "float_normalized"})({"a": [1.0]}), "You need to call `.adapt"),
        (lambda: FeatureSpace({"a": "float_normalized"}).get_inputs(), "You need to call `.adapt"),
        (lambda: FeatureSpace({"a": "float"}).adapt(3), "can only be called on a dict"),
        (lambda: FeatureSpace({"a": "float"})([1.0]), "can only be called with a dict"),
        (lambda: FeatureSpace({"a": "float"})({"b": [1.0]}), r"columns \['a'\] are missing"),
        (lambda: FeatureSpace({"a": FeatureSpace.integer_hashed(3, "int")})({"a": [1]}), "output_mode='dict'"),
        (lambda: FeatureSpace({"a": FeatureSpace.feature("float32", lamina.layers.ReLU(), "one_hot")})({"a": [1.0]}),
         "must return integers"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told(make, text):
    with pytest.raises(ValueError, match=text):
        make()


@pytest.mark.parametrize(
    "layer",
    [
        lamina.layers.Hashing(5, mask_value=2),
        lamina.layers.Hashing(5, salt=3, output_mode="one_hot"),
        lamina.layers.IntegerLookup(vocabulary=[3, 5], num_oov_indices=3, oov_method="farmhash"),
        lambda x: lamina.layers.HashedCrossing(7)([x, x + 1]),
    ],
)
def test_numbers_are_hashed_in_compiled_code_as_outside(layer):
    x = np.array([[1], [2], [5]], "int32")
    np.testing.assert_array_equal(jax.jit(layer)(x), layer(x))

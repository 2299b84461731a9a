"""The small public namespaces have the names of Keras, and at least them."""

import keras
import pytest

import lamina


@pytest.mark.parametrize("name", ["backend", "config", "dtype_policies", "quantizers", "random", "tree"])
def test_every_public_name_of_keras_is_there(name):
    theirs = {entry for entry in dir(getattr(keras, name)) if not entry.startswith("_")}
    missing = theirs - set(getattr(lamina, name).__all__)
    assert not missing


def test_map_structure_can_leave_none_alone():
    structure = {"a": [1, None], "b": 2}
    assert lamina.tree.map_structure(str, structure) == {"a": ["1", "None"], "b": "2"}
    expected = keras.tree.map_structure(str, structure, none_is_leaf=False)
    assert lamina.tree.map_structure(str, structure, none_is_leaf=False) == expected


def test_there_is_one_engine():
    lamina.config.set_backend("jax")
    with pytest.raises(ValueError, match="one engine"):
        lamina.config.set_backend("torch")

"""Names are numbered, nested and reset as Keras does; settings refuse what they do not know."""

import keras
import pytest
from keras.src.utils.naming import to_snake_case as keras_snake_case

from lamina.core import config, names


@pytest.mark.parametrize(
    "class_name",
    ["Dense", "Conv2DTranspose", "LSTM", "GRUCell", "MyHTTPLayer", "A", "PReLU", "Conv1D", "InputLayer", "_Hidden"],
)
def test_snake_case_is_that_of_keras(class_name):
    assert names.to_snake_case(class_name) == keras_snake_case(class_name)


def test_names_are_numbered_from_the_second_on():
    names.reset_names()
    assert [names.auto_name("Dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    names.reset_names()
    assert names.auto_name("Dense") == "dense"


def test_scopes_nest_and_an_object_that_opens_its_scope_again_adds_no_level():
    owner = object()
    with names.name_scope("outer"), names.name_scope("inner", caller=owner), names.name_scope("inner", caller=owner):
        assert names.current_path() == "outer/inner"
        with names.name_scope("inner", caller=owner, deduplicate=False):
            assert names.current_path() == "outer/inner/inner"
        with names.name_scope("middle", override_parent="/else/where"), names.name_scope("last"):
            assert names.current_path() == "else/where/middle/last"
        assert names.current_path() == "outer/inner"
    assert names.current_path() == ""


@pytest.mark.parametrize("bad", ["a/b", 3, None])
def test_a_scope_refuses_what_is_no_name(bad):
    with pytest.raises(ValueError, match="name"):
        names.name_scope(bad)


@pytest.mark.parametrize(
    ("setter", "bad"),
    [(config.set_floatx, "int32"), (config.set_floatx, "float8"), (config.set_image_data_format, "channels_middle")],
)
def test_settings_refuse_unknown_values(setter, bad):
    with pytest.raises(ValueError, match=bad):
        setter(bad)


def test_defaults_are_those_of_keras():
    assert config.floatx() == keras.config.floatx()
    assert config.epsilon() == keras.config.epsilon()
    assert config.image_data_format() == keras.config.image_data_format()
    assert config.backend() == keras.config.backend()

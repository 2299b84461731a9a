import keras
import pytest

from lamina.core import registry


@pytest.fixture(autouse=True)
def clean():
    names, objects = dict(registry._names_by_object), dict(registry._objects_by_name)
    yield
    registry._names_by_object.clear()
    registry._names_by_object.update(names)
    registry._objects_by_name.clear()
    registry._objects_by_name.update(objects)


class Thing:
    def get_config(self):
        return {}


@pytest.mark.parametrize("arguments", [(), ("shop",), ("shop", "Other")])
def test_registered_names_are_those_of_keras(arguments):
    registry.register_keras_serializable(*arguments)(Thing)
    keras.saving.register_keras_serializable(*arguments)(Thing)
    name = registry.get_registered_name(Thing)
    assert name == keras.saving.get_registered_name(Thing)
    assert registry.get_registered_object(name) is Thing
    assert registry.get_custom_objects()[name] is Thing


def test_an_unregistered_object_has_its_own_name_and_is_not_found():
    assert registry.get_registered_name(Thing) == "Thing"
    assert registry.get_registered_object("Thing") is None


def test_a_class_without_config_is_not_registered():
    with pytest.raises(ValueError, match="not have a get_config"):
        registry.register_keras_serializable()(int)


def test_objects_are_known_inside_their_scope_only():
    with registry.custom_object_scope({"Thing": Thing}):
        assert registry.get_registered_object("Thing") is Thing
    assert registry.get_registered_object("Thing") is None


def test_a_scope_inside_another_adds_to_it():
    with registry.CustomObjectScope({"a": 1, "b": 2}), registry.CustomObjectScope({"b": 3}):
        assert registry.get_registered_object("a") == 1
        assert registry.get_registered_object("b") == 3


def test_a_scope_ends_with_an_error_too():
    with pytest.raises(KeyError), registry.CustomObjectScope({"a": 1}):
        raise KeyError
    assert registry.get_registered_object("a") is None


def test_scope_comes_before_registration_before_arguments():
    registry.get_custom_objects()["x"] = "registered"
    assert registry.get_registered_object("x", {"x": "custom"}, {"x": "module"}) == "registered"
    with registry.CustomObjectScope({"x": "scope"}):
        assert registry.get_registered_object("x") == "scope"
    assert registry.get_registered_object("y", {"y": "custom"}, {"y": "module"}) == "custom"
    assert registry.get_registered_object("z", None, {"z": "module"}) == "module"

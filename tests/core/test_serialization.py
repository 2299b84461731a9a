"""The dicts that objects become, compared with those of Keras, and what a file may and may not bring to life."""

import json
import sys
import types

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from keras.src.backend import KerasTensor as OracleTensor

from lamina.core import config, lambdas, public_names
from lamina.core.errors import FileError
from lamina.core.policies import DTypePolicy
from lamina.core.random import SeedGenerator
from lamina.core.registry import CustomObjectScope
from lamina.core.serialization import (
    DeserializationError,
    deserialize_keras_object,
    serialize_keras_object,
    sharing_objects,
)
from lamina.core.tensor import KerasTensor


class Box:
    """A user's class: its argument is its config."""

    def __init__(self, content=None):
        self.content = content

    def get_config(self):
        return {"content": self.content}

    @classmethod
    def from_config(cls, config):
        return cls(deserialize_keras_object(config["content"]))


def double(x):
    return 2 * x


BOX = {"Box": Box, "double": double}

VALUES = [
    None,
    True,
    3,
    2.5,
    "text",
    b"bytes",
    ...,
    slice(1, None, 2),
    slice(None),
    [1, (2, [3])],
    {"a": (1, 2), "b": {"c": None}},
    np.float32(1.5),
    np.int64(3),
    np.array(4),
    np.bool_(True),
    np.arange(6, dtype="int16").reshape(2, 3),
    np.array([0.1, 0.2]),
    jnp.arange(3.0),
    jnp.ones((2, 1), "bfloat16"),
    jnp.array(5),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_written_as_keras_writes_them(value):
    assert serialize_keras_object(value) == keras.saving.serialize_keras_object(value)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back_as_they_do_in_keras(value):
    text = json.dumps(serialize_keras_object(value))
    ours = deserialize_keras_object(json.loads(text))
    theirs = keras.saving.deserialize_keras_object(json.loads(text))
    assert type(ours) is type(theirs)
    assert str(ours) == str(theirs)
    assert getattr(ours, "dtype", None) == getattr(theirs, "dtype", None)


def test_symbolic_tensors_are_written_and_read_as_keras_does():
    ours = serialize_keras_object(KerasTensor((None, 3), "int32"))
    assert ours == keras.saving.serialize_keras_object(OracleTensor((None, 3), "int32"))
    ours["config"]["keras_history"] = ["dense", 0, 1]
    tensor = deserialize_keras_object(ours)
    assert (tensor.shape, tensor.dtype) == ((None, 3), "int32")
    assert tensor._pre_serialization_keras_history == ["dense", 0, 1]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (DTypePolicy("mixed_bfloat16"), keras.DTypePolicy("mixed_bfloat16")),
        (SeedGenerator(3, name="s"), keras.random.SeedGenerator(3, name="s")),
        (Box([Box(2)]), Box([Box(2)])),
        (double, double),
        ({"a": double}, {"a": double}),
    ],
    ids=["policy", "seed generator", "user's class", "function", "function in a dict"],
)
def test_objects_are_written_as_keras_writes_them(ours, theirs):
    assert json.dumps(serialize_keras_object(ours)) == json.dumps(keras.saving.serialize_keras_object(theirs))


def test_a_users_object_comes_back():
    config = serialize_keras_object(Box([Box((1, 2)), double]))
    box = deserialize_keras_object(config, custom_objects=BOX)
    assert box.content[0].content == [1, 2]
    assert box.content[1] is double


def test_a_users_object_is_found_in_the_surrounding_scope():
    with CustomObjectScope(BOX):
        assert deserialize_keras_object(serialize_keras_object(Box(1))).content == 1


def test_a_class_of_the_main_script_has_no_module(monkeypatch):
    monkeypatch.setattr(Box, "__module__", "__main__")
    assert serialize_keras_object(Box())["module"] is None


def test_an_object_used_twice_is_written_with_one_number_and_made_once():
    shared = Box(7)
    with sharing_objects():
        config = serialize_keras_object([shared, Box(shared), Box(7)])
    numbers = [c.get("shared_object_id") for c in (config[0], config[1]["config"]["content"], config[2])]
    assert numbers[0] == numbers[1] is not None
    assert numbers[2] is None
    with sharing_objects():
        first, second, other = deserialize_keras_object(json.loads(json.dumps(config)), BOX)
    assert second.content is first
    assert other is not first


def test_different_shared_objects_have_different_numbers():
    a, b = Box(1), Box(2)
    with sharing_objects():
        numbers = [c["shared_object_id"] for c in serialize_keras_object([a, b, a, b])[2:]]
    assert len(set(numbers)) == 2


def test_an_object_that_a_config_described_by_itself_is_numbered_too():
    class Careful(Box):
        def get_config(self):
            return {"content": serialize_keras_object(self.content)}

    shared = Box(7)
    with sharing_objects():
        config = serialize_keras_object([Careful(shared), Careful(shared)])
    first, second = (c["config"]["content"]["shared_object_id"] for c in config)
    assert first == second


def test_keras_finds_the_shared_object_that_was_written_here():
    shared = Box(7)
    with sharing_objects():
        config = serialize_keras_object([shared, shared])
    with keras.src.saving.serialization_lib.ObjectSharingScope():
        first, second = keras.saving.deserialize_keras_object(config, BOX)
    assert first is second


def test_without_sharing_every_use_is_written_for_itself():
    shared = Box(7)
    assert "shared_object_id" not in serialize_keras_object([shared, shared])[1]


class Layered(Box):
    """A user's layer: it is built and compiled from what the file says."""

    built = compiled = False

    def get_build_config(self):
        return {"input_shape": (None, 3)}

    def build_from_config(self, config):
        self.shape = config["input_shape"]

    def get_compile_config(self):
        return {"loss": "mse"}

    def compile_from_config(self, config):
        self.loss = config["loss"]


def test_build_and_compile_configs_are_written_and_used():
    config = serialize_keras_object(Layered())
    assert list(config) == [
        "module",
        "class_name",
        "config",
        "registered_name",
        "build_config",
        "compile_config",
    ]
    layer = deserialize_keras_object(config, {"Layered": Layered})
    assert (layer.built, layer.compiled, layer.shape, layer.loss) == (True, True, (None, 3), "mse")


def test_an_object_without_config_cannot_be_written():
    with pytest.raises(TypeError, match="must define `get_config"):
        serialize_keras_object(object())


def test_a_config_that_is_no_dict_is_refused():
    class Wrong(Box):
        def get_config(self):
            return [1]

    with pytest.raises(TypeError, match="should return a dict"):
        serialize_keras_object(Wrong())


@pytest.mark.parametrize(
    "config",
    [
        {"module": "os", "class_name": "system", "config": {}, "registered_name": None},
        {"module": "os", "class_name": "function", "config": "system", "registered_name": "function"},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "builtins", "class_name": "function", "config": "_named", "registered_name": "function"},
        {"module": "lamina.core.files", "class_name": "Box", "config": {}, "registered_name": None},
        {"module": "keras.src.utils.file_utils", "class_name": "function", "config": "rmtree"},
        {"module": "keras.saving", "class_name": "function", "config": "load_model"},
        {"module": "keras.initializers", "class_name": "function", "config": "deserialize"},
        {"module": "keras", "class_name": "__builtins__", "config": {}, "registered_name": None},
        {"module": "keras", "class_name": "DTypePolicy", "config": {}, "registered_name": "other>DTypePolicy"},
        {"module": None, "class_name": "Box", "config": {}, "registered_name": "Box"},
        {"class_name": "Box", "config": {}},
        {"module": "keras_hub.layers", "class_name": "Box", "config": {}, "registered_name": None},
    ],
    ids=lambda c: f"{c.get('module')}:{c['class_name']}:{c['config']}",
)
def test_names_that_are_not_known_are_refused(config):
    with pytest.raises(DeserializationError, match=r"Could not locate (class|function)"):
        deserialize_keras_object(config)


def test_a_file_never_makes_a_module_be_imported(tmp_path, monkeypatch):
    (tmp_path / "trap_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("trap_module", "keras.trap_module", "lamina.trap_module"):
        with pytest.raises(DeserializationError):
            deserialize_keras_object({"module": module, "class_name": "Trap", "config": {}, "registered_name": None})
    assert "trap_module" not in sys.modules


def test_the_error_for_an_unknown_class_says_where_and_what_to_pass():
    config = {
        "module": "shop.layers",
        "class_name": "Box",
        "config": {"name": "box_3"},
        "registered_name": "shop>Box",
    }
    with pytest.raises(TypeError) as caught:
        deserialize_keras_object(config)
    assert str(caught.value) == (
        "L402: Could not locate class 'Box', which the file calls \"shop.layers.Box\".\n"
        '  where: the object named "box_3".\n'
        "  why:   names in files are looked up among Lamina's own, the registered and the given ones; "
        "nothing is imported.\n"
        '  fix:   load_model(path, custom_objects={"shop>Box": Box})    '
        "# or decorate it with @register_keras_serializable()"
    )


def test_a_constructor_that_refuses_the_config_is_told_apart_from_an_unknown_class():
    class Strict(Box):
        @classmethod
        def from_config(cls, config):
            return cls(other=config["content"])

    config = serialize_keras_object(Box(Strict()))
    with pytest.raises(TypeError, match="Strict cannot be made from its config") as caught:
        deserialize_keras_object(config, {**BOX, "Strict": Strict})
    assert str(caught.value).count("cannot be made") == 1


@pytest.mark.parametrize("config", [object(), {1, 2}])
def test_what_is_no_config_is_refused(config):
    with pytest.raises(TypeError, match="Could not parse config"):
        deserialize_keras_object(config)


def test_an_object_whose_config_is_no_dict_is_refused():
    with pytest.raises(TypeError, match="to be a dict"):
        deserialize_keras_object({"class_name": "Box", "config": "x"}, BOX)


def test_names_without_module_are_looked_up_in_module_objects():
    config = {"class_name": "Box", "config": {"content": 1}}
    assert deserialize_keras_object(config, module_objects=BOX).content == 1
    assert deserialize_keras_object("double", module_objects=BOX) is double
    assert deserialize_keras_object("else", module_objects=BOX) == "else"


def test_a_registered_function_written_without_its_package_is_found():
    config = {"module": "builtins", "class_name": "function", "config": "double", "registered_name": "function"}
    assert deserialize_keras_object(config, {"shop>double": double}) is double


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras", "DTypePolicy"),
        ("keras.dtype_policies", "DTypePolicy"),
        ("keras.src.dtype_policies.dtype_policy", "DTypePolicy"),
        ("keras.src.ops.numpy", "Nonsense"),
        ("keras.layers", "Nonsense"),
        ("keras.layers", "_Hidden"),
        ("kerasx.layers", "Dense"),
    ],
)
def test_classes_are_found_under_public_and_internal_paths_of_keras(module, name):
    found = public_names.find_class(module, name)
    assert (found is DTypePolicy) if name == "DTypePolicy" else (found is None)


def test_what_is_private_in_a_module_of_ours_is_not_found(monkeypatch):
    monkeypatch.setattr(public_names.room("initializers"), "_Hidden", DTypePolicy, raising=False)
    assert public_names.find_class("keras.initializers", "_Hidden") is None


# --- lambdas ---------------------------------------------------------------------------------------------------


def written_lambda(offset=3):
    with pytest.warns(UserWarning, match="A lambda is being saved"):
        return serialize_keras_object(lambda x, factor=2: factor * x + offset)


def test_a_lambda_is_written_in_a_form_that_keras_runs():
    config = json.loads(json.dumps(written_lambda()))
    assert keras.saving.deserialize_keras_object(config, safe_mode=False)(5) == 13


def test_a_lambda_of_keras_runs_here():
    with pytest.warns(UserWarning, match="lambda"):
        config = keras.saving.serialize_keras_object(lambda x: np.abs(x) + 1)
    assert deserialize_keras_object(json.loads(json.dumps(config)), safe_mode=False)(-5) == 6


def test_a_lambda_is_refused_unless_asked_for():
    with pytest.raises(ValueError, match="holds a Python lambda") as caught:
        deserialize_keras_object([written_lambda()])
    assert "safe_mode=False" in str(caught.value)


def test_inside_a_safe_load_nothing_can_turn_safe_mode_off():
    class Sly(Box):
        @classmethod
        def from_config(cls, config):
            return cls(deserialize_keras_object(config["content"], safe_mode=False))

    with pytest.raises(FileError, match="holds a Python lambda"):
        deserialize_keras_object(serialize_keras_object(Sly({"f": written_lambda()})), {"Sly": Sly})


def test_lambdas_run_once_unsafe_loading_is_enabled(monkeypatch):
    monkeypatch.setattr(config._settings, "unsafe_deserialization", False)
    config.enable_unsafe_deserialization()
    assert deserialize_keras_object(written_lambda())(1) == 5


def test_a_lambda_finds_the_custom_objects_by_name():
    code, _, _ = lambdas.dump_lambda(eval("lambda x: double(x)"))
    function = deserialize_keras_object(
        {"class_name": "__lambda__", "config": {"code": code}}, {"double": double}, safe_mode=False
    )
    assert isinstance(function, types.FunctionType)
    assert function(4) == 8


@pytest.mark.parametrize("code", ["", "bm8gY29kZQ==", "€"])
def test_bytecode_that_cannot_be_read_is_refused(code):
    with pytest.raises(ValueError, match="cannot be read by this Python"):
        deserialize_keras_object({"class_name": "__lambda__", "config": {"value": [code, None, None]}}, safe_mode=False)

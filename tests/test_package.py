import inspect
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import keras
import pytest

import lamina


@pytest.mark.parametrize("name", sorted(lamina.__all__))
def test_every_public_name_resolves(name):
    assert getattr(lamina, name) is getattr(lamina, name)


@pytest.mark.parametrize("name", sorted(set(lamina.__all__) & set(dir(keras))))
def test_a_name_stands_for_the_same_kind_of_thing_as_in_keras(name):
    ours, theirs = getattr(lamina, name), getattr(keras, name)
    assert inspect.isclass(ours) == inspect.isclass(theirs)
    assert inspect.ismodule(ours) == inspect.ismodule(theirs)


def test_public_names_are_listed_once_and_sorted():
    assert len(set(lamina.__all__)) == len(lamina.__all__)
    assert dir(lamina) == sorted(lamina.__all__)
    assert list(lamina._MODULES) == sorted(lamina._MODULES)
    assert list(lamina._HOMES) == sorted(lamina._HOMES)


@pytest.mark.parametrize(
    ("wrong", "right"), [("Sequental", "Sequential"), ("layer", "layers"), ("optimisers", "optimizers")]
)
def test_an_unknown_name_is_an_attribute_error_with_the_nearest_names(wrong, right):
    with pytest.raises(AttributeError, match=f"no attribute {wrong!r}.*{right}"):
        getattr(lamina, wrong)


def test_every_public_room_is_a_public_name():
    inner = {"cli", "core", "demo", "engine", "importing", "kernels", "training"}
    rooms = {path.name.removesuffix(".py") for path in Path(lamina.__file__).parent.iterdir()}
    assert {room for room in rooms if not room.startswith("_")} - inner == set(lamina._MODULES)


def test_an_unknown_name_far_from_all_others_gets_no_hint():
    with pytest.raises(AttributeError, match=r"no attribute 'qqqq'\.$"):
        _ = lamina.qqqq


def test_the_version_is_the_installed_one():
    assert lamina.version() == lamina.__version__ == metadata.version("lamina")


def test_python_dash_m_is_the_command():
    done = subprocess.run([sys.executable, "-m", "lamina", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"lamina {lamina.__version__}\n")

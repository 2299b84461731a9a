"""`lamina.activations` against Keras: values, gradients, names, configs."""

import inspect

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import activations
from lamina.core.context import noted
from lamina.core.registry import CustomObjectScope
from lamina.core.serialization import serialize_keras_object
from lamina.core.tensor import KerasTensor

X = np.linspace(-7, 7, 24).reshape(4, 6).astype("float32")
NAMES = sorted({name for name in dir(keras.activations) if not name.startswith("_")})
FUNCTIONS = [name for name in NAMES if name not in ("get", "serialize", "deserialize")]
OPTIONS = {"threshold": {"threshold": 1.0, "default_value": -2.0}}


def test_every_public_name_of_keras_is_there():
    assert set(NAMES) <= set(activations.__all__)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_those_of_keras(name):
    ours, theirs = getattr(activations, name), getattr(keras.activations, name)
    options = OPTIONS.get(name, {})
    x = X * 9 if name == "sparsemax" else X  # Keras's is right only where one element remains

    def value_and_gradient(function):
        return jax.jit(jax.value_and_grad(lambda x: jnp.sum(jnp.cos(function(x, **options)))))(x)

    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
    np.testing.assert_allclose(ours(x, **options), theirs(x, **options), rtol=1e-5, atol=1e-6)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5),
        value_and_gradient(ours),
        value_and_gradient(theirs),
    )


@pytest.mark.parametrize(
    "options",
    [
        {"negative_slope": 0.2},
        {"max_value": 2.0},
        {"max_value": 6},
        {"threshold": 1.0},
        {"negative_slope": 0.2, "max_value": 3.0, "threshold": 1.0},
    ],
)
def test_relu_has_the_options_of_keras(options):
    np.testing.assert_allclose(activations.relu(X, **options), keras.activations.relu(X, **options), rtol=1e-6)


def test_sparsemax_gives_probabilities_where_keras_does_not():
    x = np.array([[0.2, 0.1, -0.4]], "float32")
    np.testing.assert_allclose(activations.sparsemax(x), [[0.55, 0.45, 0.0]], atol=1e-6)
    np.testing.assert_allclose(activations.sparsemax(x).sum(), 1, atol=1e-6)
    np.testing.assert_allclose(keras.activations.sparsemax(x), [[0.45, 0.35, 0.0]], atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_name_means_the_function_and_is_its_config(name):
    function = getattr(activations, name)
    assert activations.get(name) is function
    assert activations.deserialize(name) is function
    assert activations.serialize(function) == keras.activations.serialize(getattr(keras.activations, name))


def test_none_means_linear_and_callables_stay():
    assert activations.get(None) is activations.linear
    assert activations.get(np.tanh) is np.tanh


def test_dicts_and_registered_functions_are_understood():
    def doubled(x):
        return 2 * x

    with CustomObjectScope({"doubled": doubled}):
        assert activations.get("doubled") is doubled
        assert activations.get(serialize_keras_object(doubled)) is doubled
    assert activations.serialize(doubled)["config"] == "doubled"


@pytest.mark.parametrize("identifier", ["rellu", "nonsense", 3])
def test_what_is_no_activation_is_a_value_error(identifier):
    with pytest.raises(ValueError, match="L210: Could not interpret activation function identifier"):
        activations.get(identifier)


def test_an_unknown_name_is_answered_with_the_nearest_ones():
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        activations.get("rellu")


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_logits_travel_with_probabilities(name):
    logits = jnp.asarray(X)
    assert noted(getattr(activations, name)(logits), "_keras_logits") is logits
    traced = jax.jit(lambda x: noted(getattr(activations, name)(x), "_keras_logits"))(X)
    np.testing.assert_array_equal(traced, X)


def test_in_a_graph_activations_are_keras_operations():
    x = KerasTensor((None, 4))
    made_by = [
        (activations.relu(x), "keras.src.ops.nn", "Relu"),
        (activations.relu(x, max_value=1.0), "keras.src.activations.activations", "ReLU"),
        (activations.exponential(x), "keras.src.ops.numpy", "Exp"),
        (activations.tanh(x), "keras.src.ops.numpy", "Tanh"),
    ]
    for y, module, name in made_by:
        config = serialize_keras_object(y._keras_history.operation)
        assert (config["module"], config["class_name"]) == (module, name)

"""Names of `keras` itself that change where and how things are computed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lamina
from lamina import layers, models, ops
from lamina.core import shapes


def model_of(scope):
    with scope:
        inputs = layers.Input((6,))
        x = layers.Dense(8, activation="relu", name="first")(inputs)
        x = layers.BatchNormalization(name="norm")(x)
        x = layers.Dropout(0.5, seed=3)(x)
        outputs = layers.Dense(3, activation="softmax", name="last", activity_regularizer="l2")(x)
    return models.Model(inputs, outputs)


def count_recomputed(model, x):
    """Return how many parts of the training gradient are computed again."""

    def loss(values):
        (y, *_) = lamina.core.state.pure(lambda: model(x, training=True), model.variables)(values)
        return jnp.sum(y)

    return str(jax.make_jaxpr(jax.grad(loss, allow_int=True))([v.value for v in model.variables])).count("remat2[")


@pytest.mark.parametrize(
    ("scope", "recomputes"),
    [
        (lamina.RematScope(), True),
        (lamina.RematScope("activations"), True),
        (lamina.RematScope("larger_than", output_size_threshold=20), True),
        (lamina.RematScope("larger_than", output_size_threshold=2000), False),
        (lamina.RematScope("list_of_layers", layer_names=["first"]), True),
        (lamina.RematScope("list_of_layers", layer_names=["another"]), False),
        (lamina.RematScope(None), False),
    ],
    ids=["full", "activations", "large", "not large", "listed", "not listed", "none"],
)
def test_a_scope_chooses_what_is_computed_again(scope, recomputes):
    x = np.ones((4, 6), "float32")
    assert bool(count_recomputed(model_of(scope), x)) == recomputes


@pytest.mark.slow
def test_rematerialized_layers_train_to_the_same_numbers():
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    y = np.array([0, 1, 2, 0])
    plain, again = model_of(lamina.RematScope(None)), model_of(lamina.RematScope())
    again.set_weights(plain.get_weights())
    for model in (plain, again):
        model.compile("sgd", "sparse_categorical_crossentropy")
    losses = [model.fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"] for model in (plain, again)]
    np.testing.assert_allclose(*losses, rtol=1e-5)
    for ours, theirs in zip(again.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_an_unknown_mode_is_an_error():
    with pytest.raises(ValueError, match="Supported modes"):
        lamina.RematScope("some")


def test_a_rematerialized_layer_can_be_saved(tmp_path):
    model = model_of(lamina.RematScope())
    model.save(tmp_path / "m.keras")
    x = np.ones((2, 6), "float32")
    np.testing.assert_allclose(lamina.saving.load_model(tmp_path / "m.keras")(x), model(x), rtol=1e-6)


def test_remat_of_a_function_keeps_value_and_gradient():
    function = lamina.remat(lambda x: jnp.sin(x) ** 2)
    assert "remat2[" in str(jax.make_jaxpr(jax.grad(function))(1.0))
    np.testing.assert_allclose(jax.grad(function)(0.3), np.sin(0.6), rtol=1e-6)


def test_a_device_is_chosen_by_name_or_object():
    for name in ("cpu", "cpu:0", "/device:CPU:0", jax.devices("cpu")[0]):
        with lamina.device(name):
            assert ops.zeros(3).device == jax.devices("cpu")[0]
    for name in ("cpu:99", "abacus:0"):
        with pytest.raises(ValueError, match="Device not found"):
            lamina.device(name)
    with pytest.raises(ValueError, match="name of a device"):
        lamina.device(3)


def test_a_symbolic_scope_is_seen():
    assert not shapes.in_symbolic_scope()
    with lamina.SymbolicScope():
        assert shapes.in_symbolic_scope()
    assert not shapes.in_symbolic_scope()


def test_the_old_name_of_policies_is_the_same_setting():
    before = lamina.mixed_precision.global_policy().name
    lamina.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        assert lamina.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        lamina.mixed_precision.set_global_policy(before)


def test_descriptions_of_keras_2_go_there_and_back():
    known = {"Dense": layers.Dense, "relu": lamina.activations.relu}
    saving = lamina.legacy.saving
    description = saving.serialize_keras_object(layers.Dense(3, name="d"))
    assert (description["class_name"], description["config"]["units"]) == ("Dense", 3)
    assert saving.deserialize_keras_object(description, known).units == 3
    assert saving.deserialize_keras_object("relu", known) is lamina.activations.relu
    assert saving.deserialize_keras_object(saving.serialize_keras_object(lamina.activations.relu), known)
    with pytest.raises(ValueError, match="Unknown layer: 'os'"):
        saving.deserialize_keras_object("os", known, printable_module_name="layer")
    with pytest.raises(ValueError, match="Unknown object: 'Evil'"):
        saving.deserialize_keras_object({"class_name": "Evil", "config": {}}, known)


def test_a_functional_model_is_recomputed_as_a_whole_from_its_first_call_on():
    with lamina.RematScope("full"):
        x = lamina.Input((3,))
        model = lamina.Model(x, layers.Dense(2)(x))
    values = [v.value for v in model.trainable_variables]
    program = jax.make_jaxpr(lambda x: model.stateless_call(values, [], x)[0])(np.ones((1, 3), "float32"))
    assert str(program).count("remat") == 2  # of the model, and in it of the layer

"""A cross-entropy after softmax or sigmoid is computed from the logits, so that neither value nor gradient is clipped.

This is where Lamina knowingly differs from Keras on JAX, and agrees with Keras on TensorFlow.
"""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import losses
from lamina.core.context import note

CLASSES = 10
rng = np.random.default_rng(0)
LABELS = rng.integers(0, CLASSES, 32)
ONE_HOT = np.eye(CLASSES, dtype="float32")[LABELS]
IMAGES = rng.integers(0, 256, (32, 784)).astype("float32")
KERNEL = rng.uniform(-0.087, 0.087, (784, CLASSES)).astype("float32")


def activated(logits, activation):
    """Do what the last layer of a model does."""
    y_pred = getattr(jax.nn, activation)(logits)
    note(y_pred, "_keras_logits", logits)
    note(y_pred, "_keras_logits_of", activation)
    return y_pred


SOFTMAX = [
    ("CategoricalCrossentropy", {}, ONE_HOT),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT),
    ("SparseCategoricalCrossentropy", {}, LABELS),
    ("SparseCategoricalCrossentropy", {"ignore_class": 3}, LABELS),
    ("CategoricalFocalCrossentropy", {}, ONE_HOT),
]
SIGMOID = [
    ("BinaryCrossentropy", {}, ONE_HOT),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, ONE_HOT),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True}, ONE_HOT),
]
ALL = [("softmax", *case) for case in SOFTMAX] + [("sigmoid", *case) for case in SIGMOID]
every_loss = pytest.mark.parametrize(("activation", "name", "arguments", "y_true"), ALL)


def test_unscaled_images_have_their_real_loss_where_keras_clips_it():
    logits = jnp.asarray(IMAGES @ KERNEL)
    ours = losses.SparseCategoricalCrossentropy()(LABELS, activated(logits, "softmax"))
    theirs = keras.losses.SparseCategoricalCrossentropy()(LABELS, jax.nn.softmax(logits))
    np.testing.assert_allclose([ours, theirs], [325.053, 14.9619], rtol=1e-4)


def test_unscaled_images_have_a_gradient_where_keras_has_almost_none():
    def update(loss, predict):
        return jnp.linalg.norm(jax.grad(lambda kernel: loss(LABELS, predict(IMAGES @ kernel)))(KERNEL))

    ours = update(losses.SparseCategoricalCrossentropy(), lambda logits: activated(logits, "softmax"))
    theirs = update(keras.losses.SparseCategoricalCrossentropy(), jax.nn.softmax)
    assert ours > 5 * theirs


@every_loss
def test_value_and_gradient_equal_the_form_with_logits(activation, name, arguments, y_true):
    from_logits = getattr(losses, name)(**arguments, from_logits=True)
    from_activation = getattr(losses, name)(**arguments)
    logits = jnp.asarray(rng.normal(size=(32, CLASSES)) * 30, "float32")
    a, da = jax.value_and_grad(lambda x: from_activation(y_true, activated(x, activation)))(logits)
    b, db = jax.value_and_grad(lambda x: from_logits(y_true, x))(logits)
    np.testing.assert_allclose(a, b, rtol=1e-6)
    np.testing.assert_allclose(da, db, rtol=1e-5, atol=1e-8)


@every_loss
def test_moderate_logits_give_the_values_of_keras(activation, name, arguments, y_true):
    logits = jnp.asarray(rng.normal(size=(32, CLASSES)), "float32")
    ours = getattr(losses, name)(**arguments)(y_true, activated(logits, activation))
    theirs = getattr(keras.losses, name)(**arguments)(y_true, getattr(jax.nn, activation)(logits))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@every_loss
@pytest.mark.parametrize("scale", [1e3, 1e6])
def test_extreme_logits_give_finite_values_and_gradients(activation, name, arguments, y_true, scale):
    loss = getattr(losses, name)(**arguments, from_logits=True)
    logits = jnp.asarray(np.sign(rng.normal(size=(32, CLASSES))) * scale, "float32")
    value, gradient = jax.value_and_grad(lambda x: loss(y_true, x))(logits)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0


def test_logits_survive_the_cast_to_the_dtype_of_the_loss():
    logits = jnp.full((2, 1), -40, "bfloat16")
    loss = losses.BinaryCrossentropy(dtype="float32")(np.ones((2, 1)), activated(logits, "sigmoid"))
    assert float(loss) == 40.0


def test_logits_survive_a_squeeze_and_an_expansion():
    column = activated(jnp.full((2, 3, 1), -40.0), "sigmoid")
    assert float(losses.BinaryCrossentropy()(np.ones((2, 3)), column)) == 40.0
    row = activated(jnp.full((2,), -40.0), "sigmoid")
    assert float(losses.BinaryCrossentropy()(np.ones((2, 1)), row)) == 40.0


def test_logits_are_found_in_structures_and_in_compiled_code():
    def loss_of(logits):
        y_pred = {"a": activated(logits, "sigmoid")}
        first = losses.LossFunctionWrapper(lambda t, p: losses.binary_crossentropy(t["a"], p["a"]))
        return first({"a": jnp.ones((2, 1))}, y_pred)

    assert float(jax.jit(loss_of)(jnp.full((2, 1), -40.0))) == 40.0


@pytest.mark.parametrize(
    ("activation", "name"), [("sigmoid", "CategoricalCrossentropy"), ("softmax", "BinaryCrossentropy")]
)
def test_logits_of_another_activation_are_left_alone(activation, name):
    logits = jnp.asarray(rng.normal(size=(32, CLASSES)), "float32")
    ours = getattr(losses, name)()(ONE_HOT, activated(logits, activation))
    theirs = getattr(keras.losses, name)()(ONE_HOT, getattr(jax.nn, activation)(logits))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_predictions_that_were_changed_after_the_activation_are_taken_as_they_are():
    y_pred = activated(jnp.full((2, 1), -40.0), "sigmoid") * 1.0
    np.testing.assert_allclose(losses.BinaryCrossentropy()(np.ones((2, 1)), y_pred), -np.log(1e-7), rtol=1e-5)

"""Labels that cannot be meant are refused, with what came, what was expected and what to do."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina import losses
from lamina.core.errors import DataError, LossError

rng = np.random.default_rng(0)


def zeros(*shape):
    return np.zeros(shape, "float32")


def message_of(call, *arguments):
    with pytest.raises(ValueError) as caught:
        call(*arguments)
    return str(caught.value)


def test_a_label_out_of_range_is_named_with_its_place_and_the_number_of_classes():
    assert message_of(losses.check_labels, [0, 1, 2, 7], 5) == (
        "L312: labels of 5 classes are 0 to 4; there is 7 at index 3 of i32[4].\n"
        "  why:   the labels go up to 7, which takes 8 classes.\n"
        "  fix:   Dense(8) as the last layer."
    )


def test_labels_counted_from_one_are_recognised():
    message = message_of(losses.check_labels, [1, 2, 3], 3)
    assert "there is 3 at index 2" in message
    assert "y = y - 1" in message


def test_negative_labels_are_offered_to_be_ignored():
    message = message_of(losses.check_labels, [[0, 1], [-1, 1]], 2)
    assert "there is -1 at index (1, 0)" in message
    assert "SparseCategoricalCrossentropy(ignore_class=-1)" in message
    losses.check_labels([[0, 1], [-1, 1]], 2, ignore_class=-1)


@pytest.mark.parametrize("labels", [[], [0, 1], [[0], [1]], [1.0, 0.0]])
def test_good_labels_pass(labels):
    losses.check_labels(np.asarray(labels), 2)


def test_the_sparse_loss_refuses_labels_out_of_range_on_arrays():
    y_pred = jnp.full((2, 3), 1 / 3)
    for call in (losses.sparse_categorical_crossentropy, losses.SparseCategoricalCrossentropy()):
        with pytest.raises(DataError, match="L312"):
            call(np.array([0, 3]), y_pred)
    losses.SparseCategoricalCrossentropy(ignore_class=255)(np.array([0, 255]), y_pred)


def test_compiled_code_counts_labels_out_of_range_as_nothing_as_keras_does():
    loss = jax.jit(losses.SparseCategoricalCrossentropy(reduction="none"))
    y_true, y_pred = np.array([0, 3]), np.full((2, 3), 1 / 3, "float32")
    theirs = keras.losses.SparseCategoricalCrossentropy(reduction="none")(y_true, y_pred)
    np.testing.assert_allclose(loss(y_true, y_pred), theirs, rtol=1e-5)


@pytest.mark.parametrize("name", ["MeanSquaredError", "MeanAbsoluteError", "Huber", "LogCosh", "Hinge", "Poisson"])
@pytest.mark.parametrize(
    ("labels", "predictions"),
    [((3, 3, 4), (3, 4)), ((3, 4), (3, 3, 4)), ((3, 1), (3, 4)), ((3, 4), (3, 1)), ((4,), (4, 4)), ((3,), (3, 3, 3))],
)
def test_labels_that_would_be_broadcast_are_refused(name, labels, predictions):
    with pytest.raises(LossError, match="L320"):
        getattr(losses, name)()(zeros(*labels), zeros(*predictions))


@pytest.mark.parametrize(
    ("labels", "predictions"),
    [
        ((3, 4), (3, 4)),
        ((1, 4), (3, 4)),
        ((), (3, 4)),
        ((3,), (3, 1)),
        ((3, 1), (3,)),
        ((3, 4), (3, 4, 1)),
        ((3,), (3,)),
    ],
)
def test_shapes_that_keras_matches_on_purpose_are_taken(labels, predictions):
    y_true, y_pred = rng.normal(size=labels).astype("float32"), rng.normal(size=predictions).astype("float32")
    np.testing.assert_allclose(
        losses.MeanSquaredError()(y_true, y_pred), keras.losses.MeanSquaredError()(y_true, y_pred), rtol=1e-5
    )


def test_a_function_called_directly_broadcasts_as_in_keras():
    y_true, y_pred = rng.normal(size=(4,)).astype("float32"), rng.normal(size=(3, 4)).astype("float32")
    np.testing.assert_allclose(losses.mse(y_true, y_pred), keras.losses.mean_squared_error(y_true, y_pred), rtol=1e-5)


def test_a_custom_loss_may_have_labels_of_any_shape():
    wrapper = losses.LossFunctionWrapper(lambda y_true, y_pred: jnp.sum(y_true) * y_pred)
    assert wrapper(zeros(3, 5, 2), zeros(3, 4)) == 0


def test_the_error_of_a_broadcast_says_both_shapes_and_the_fix():
    assert message_of(losses.MeanSquaredError(), zeros(8, 1), zeros(8, 3)) == (
        "L320: mean_squared_error wants labels shaped like the predictions; labels f32[8,1], predictions f32[8,3].\n"
        "  why:   labels and predictions differ in size; NumPy's rules would repeat the smaller ones.\n"
        "  fix:   Dense(1) as the last layer, or labels with 3 columns."
    )


@pytest.mark.parametrize(
    ("name", "labels", "fix"),
    [
        ("CategoricalCrossentropy", (8,), "loss='sparse_categorical_crossentropy'"),
        ("CategoricalCrossentropy", (8, 1), "loss='sparse_categorical_crossentropy'"),
        ("CategoricalCrossentropy", (8, 4), r"y.reshape\(\(8, 3\)\)"),
        ("BinaryCrossentropy", (8, 1), "Dense\\(1, activation='sigmoid'\\)"),
        ("SparseCategoricalCrossentropy", (8, 3), "loss='categorical_crossentropy'"),
        ("SparseCategoricalCrossentropy", (8, 2), r"y.reshape\(\(8,\)\)"),
    ],
)
def test_labels_of_another_cross_entropy_are_recognised(name, labels, fix):
    with pytest.raises(ValueError):
        getattr(keras.losses, name)()(zeros(*labels), zeros(8, 3))
    with pytest.raises(LossError, match=fix):
        getattr(losses, name)()(zeros(*labels), zeros(8, 3))


def test_a_categorical_loss_on_one_class_is_warned_of():
    with pytest.warns(UserWarning, match="L304"):
        losses.CategoricalCrossentropy()(zeros(3, 1), zeros(3, 1))


def test_a_boolean_axis_is_a_value_error_as_in_keras():
    for module in (losses, keras.losses):
        for name in ("categorical_crossentropy", "categorical_focal_crossentropy"):
            with pytest.raises(ValueError, match="axis"):
                getattr(module, name)(zeros(3, 2), zeros(3, 2), axis=True)


def test_wrong_ranks_for_ctc_are_value_errors():
    with pytest.raises(ValueError, match="y_true"):
        losses.ctc(zeros(3), zeros(3, 4, 5))
    with pytest.raises(ValueError, match="y_pred"):
        losses.ctc(zeros(3, 2), zeros(3, 4))


def test_bad_arguments_are_value_errors():
    with pytest.raises(ValueError, match="q must"):
        losses.CategoricalGeneralizedCrossEntropy(q=1.0)


def test_an_impossible_ctc_path_keeps_a_finite_gradient():
    value, gradient = jax.value_and_grad(lambda y: losses.CTC()(np.array([[1, 1, 2]]), y))(jnp.zeros((1, 2, 4)))
    assert value > 1e4
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", ["CosineSimilarity", "Circle"])
def test_vectors_without_length_or_partner_have_a_finite_gradient(name):
    y_true = np.array([0, 1, 2]) if name == "Circle" else zeros(3, 2)
    gradient = jax.grad(lambda y: getattr(losses, name)()(y_true, y))(jnp.zeros((3, 2)))
    assert np.isfinite(gradient).all()

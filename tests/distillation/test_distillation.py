"""A student taught by a teacher: the losses of Keras, a teacher that stays as it is, a file that loads."""

import json

import keras
import numpy as np
import pytest

import lamina

X = np.random.default_rng(3).normal(size=(8, 5)).astype("float32")
Y = np.eye(4, dtype="float32")[np.arange(8) % 4]


def models(library):
    """Return a teacher and a student with an equally wide layer each, and weights that depend on nothing."""
    layers = library.layers
    teacher = library.Sequential([layers.Input((5,)), layers.Dense(6, name="wide"), layers.Dense(4)])
    student = library.Sequential([layers.Input((5,)), layers.Dense(6, "relu", name="thin"), layers.Dense(4)])
    for seed, model in enumerate((teacher, student)):
        rng = np.random.default_rng(seed)
        model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    return teacher, student


def distiller(library, *losses, **arguments):
    given = {"distillation_losses": [make(library) for make in losses], **arguments}
    model = library.distillation.Distiller(*models(library), **given)
    model.compile("sgd", loss=library.losses.CategoricalCrossentropy(from_logits=True))
    return model


def divergence(library):
    return library.distillation.LogitsDistillation(2.0, loss=library.losses.KLDivergence())


def crossentropy(library):
    return library.distillation.LogitsDistillation(4, library.losses.CategoricalCrossentropy(from_logits=True))


def features(library):
    return library.distillation.FeatureDistillation("mse", "wide", "thin")


@pytest.mark.filterwarnings("ignore:.*structure of `inputs`")  # Keras's, of a model that it makes itself
@pytest.mark.parametrize(
    ("losses", "arguments"),
    [
        ((divergence,), {}),
        ((crossentropy, features), {"distillation_loss_weights": [0.3, 2.0], "student_loss_weight": 0.2}),
        ((features,), {"student_loss_weight": 1.0}),
        ((divergence,), {"student_loss_weight": 0}),
    ],
)
def test_the_loss_is_that_of_keras(losses, arguments):
    mine, theirs = (distiller(library, *losses, **arguments) for library in (lamina, keras))
    assert float(mine.compute_loss(X, Y)) == pytest.approx(float(theirs.compute_loss(X, Y)), rel=1e-5)
    assert float(mine.student_loss_tracker.result()) == pytest.approx(float(theirs.student_loss_tracker.result()), 1e-5)


def test_a_divergence_named_is_one_of_probabilities():
    named, given = lamina.distillation.LogitsDistillation(2.0), divergence(lamina)
    assert float(named.compute_loss(X, -X)) == pytest.approx(float(given.compute_loss(X, -X)))
    shifted = float(named.compute_loss(X, X + 7))  # the same probabilities
    assert shifted == pytest.approx(0, abs=1e-5)


def test_fitting_changes_the_student_and_not_the_teacher_and_the_file_loads(tmp_path):
    model = distiller(lamina, divergence, features)
    before = [np.array(w) for w in model.teacher.get_weights()], [np.array(w) for w in model.student.get_weights()]
    history = model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history
    assert sorted(history) == ["distillation_loss", "loss", "student_loss", "total_loss"]
    assert history["loss"] == pytest.approx(history["total_loss"], rel=1e-5)
    assert history["loss"][1] < history["loss"][0]
    assert all(np.array_equal(a, b) for a, b in zip(before[0], model.teacher.get_weights(), strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(before[1], model.student.get_weights(), strict=True))
    model.save(tmp_path / "distiller.keras")
    again = lamina.saving.load_model(tmp_path / "distiller.keras")
    np.testing.assert_allclose(again.predict(X, verbose=0), model.student.predict(X, verbose=0), 1e-5)
    assert [type(loss).__name__ for loss in again.distillation_losses] == ["LogitsDistillation", "FeatureDistillation"]


def test_penalties_of_the_student_count():
    model = distiller(lamina, divergence)
    plain = float(model.compute_loss(X, Y))
    model.student.layers[0].kernel.regularizer = lamina.regularizers.L2(0.1)
    kernel = np.asarray(model.student.layers[0].kernel)
    assert float(model.compute_loss(X, Y)) == pytest.approx(plain + 0.5 * 0.1 * np.square(kernel).sum(), rel=1e-5)


def test_configs_are_exchanged_with_keras():
    mine, theirs = distiller(lamina, crossentropy, features), distiller(keras, crossentropy, features)
    for one, other in zip(mine.distillation_losses, theirs.distillation_losses, strict=True):
        written = json.loads(json.dumps(lamina.saving.serialize_keras_object(one)))
        expected = json.loads(json.dumps(keras.saving.serialize_keras_object(other)))
        assert (written["module"], written["class_name"]) == (expected["module"], expected["class_name"])
        assert written["config"].keys() == expected["config"].keys()
        assert lamina.saving.deserialize_keras_object(expected).get_config() == one.get_config()
    again = lamina.distillation.Distiller.from_config(json.loads(json.dumps(theirs.get_config())))
    assert again.student.get_config()["layers"][1]["config"]["name"] == "thin"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda d, teacher, student: d.Distiller(teacher, "student", []), "Student must be a Model"),
        (lambda d, teacher, student: d.Distiller(teacher, student, None), "list of them"),
        (lambda d, teacher, student: d.Distiller(teacher, student, [d.LogitsDistillation()], [1, 2]), "one weight"),
        (lambda d, teacher, student: d.Distiller(teacher, student, [], student_loss_weight=2), "from 0 to 1"),
        (lambda d, teacher, student: d.Distiller(teacher, student, [d.FeatureDistillation("mse", "no")]), "No such"),
        (lambda d, teacher, student: d.Distiller(teacher, student.layers[0], []), "Student must be a Model"),
        (
            lambda d, teacher, student: d.Distiller(
                teacher, lamina.Sequential([lamina.Input((5,)), student.layers[0]]), []
            ),
            "same",
        ),
        (lambda d, teacher, student: d.Distiller(teacher, student, []).compile("adam"), "loss"),
        (lambda d, teacher, student: d.LogitsDistillation(0), "positive"),
        (lambda d, teacher, student: d.FeatureDistillation([None]), "non-`None`"),
    ],
)
def test_what_makes_no_sense_is_an_error(wrong, told):
    with pytest.raises(ValueError, match=told):
        wrong(lamina.distillation, *models(lamina))

"""What names mean to `compile`, decided by the shapes of labels and predictions as Keras decides it."""

import keras
import pytest
from keras.src.trainers import compile_utils

from lamina import losses, metrics
from lamina.core.tensor import KerasTensor
from lamina.metrics.resolve import resolve, resolve_loss

SHAPES = [
    ((None, 1), (None, 1)),
    ((None,), (None, 1)),
    ((None,), (None, 10)),
    ((None, 1), (None, 10)),
    ((None, 10), (None, 10)),
    ((None, 5), (None, 5, 10)),
    ((None, 5, 1), (None, 5, 10)),
    ((None, 5, 10), (None, 5, 10)),
    ((None, 8, 8, 1), (None, 8, 8, 1)),
]
shapes = pytest.mark.parametrize(("labels", "predictions"), SHAPES, ids=str)


def specs(tensor, *sizes):
    return [tensor(shape) for shape in sizes]


@shapes
@pytest.mark.parametrize("name", ["accuracy", "acc", "Accuracy"])
def test_accuracy_means_what_it_means_in_keras(name, labels, predictions):
    ours = resolve(name, *specs(KerasTensor, labels, predictions))
    theirs = compile_utils.get_metric(name, *specs(keras.KerasTensor, labels, predictions))
    assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)


@shapes
@pytest.mark.parametrize("name", ["crossentropy", "ce"])
def test_crossentropy_means_what_it_means_in_keras(name, labels, predictions):
    ours = resolve_loss(name, *specs(KerasTensor, labels, predictions))
    theirs = compile_utils.get_loss(name, *specs(keras.KerasTensor, labels, predictions))
    assert (ours.fn.__name__, ours.name) == (theirs.fn.__name__, theirs.name)
    assert resolve(name, *specs(KerasTensor, labels, predictions)).name == name


def sample_function(y_true, y_pred):
    return y_true - y_pred


@pytest.mark.parametrize("identifier", ["mse", "MAE", "auc", "top_k_categorical_accuracy", sample_function])
def test_other_metrics_are_found_and_named_as_in_keras(identifier):
    both = ((None, 2), (None, 2))
    ours = resolve(identifier, *specs(KerasTensor, *both))
    theirs = compile_utils.get_metric(identifier, *specs(keras.KerasTensor, *both))
    assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)


@pytest.mark.parametrize("identifier", ["mse", "MAE", "Huber", sample_function])
def test_other_losses_are_found_and_named_as_in_keras(identifier):
    both = ((None, 2), (None, 2))
    ours = resolve_loss(identifier, *specs(KerasTensor, *both))
    theirs = compile_utils.get_loss(identifier, *specs(keras.KerasTensor, *both))
    assert (type(ours).__name__, ours.name) == (type(theirs).__name__, theirs.name)


def test_objects_stay_themselves():
    metric, loss = metrics.AUC(name="mine"), losses.Huber()
    assert resolve(metric, *specs(KerasTensor, (2,), (2,))) is metric
    assert metric.name == "mine"
    assert resolve_loss(loss, *specs(KerasTensor, (2,), (2,))) is loss


def test_nothing_is_no_metric_and_no_loss():
    assert resolve_loss(None, None, None) is None
    with pytest.raises(ValueError, match="None"):
        resolve(None, None, None)

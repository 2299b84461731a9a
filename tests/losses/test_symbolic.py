"""Losses on symbolic tensors, as functional models have them."""

import numpy as np

from lamina import losses, metrics
from lamina.core.tensor import KerasTensor


def test_functions_give_symbolic_tensors_that_remember_the_call():
    result = losses.mean_squared_error(KerasTensor((None, 3)), KerasTensor((None, 3)))
    assert result.shape == (None,)
    assert result._keras_history.operation is not None


def test_every_kind_of_function_takes_symbolic_tensors():
    probabilities = KerasTensor((None, 4, 3))
    for function, labels, shape in [
        (losses.sparse_categorical_crossentropy, (None, 4), (None, 4)),
        (losses.categorical_focal_crossentropy, (None, 4, 3), (None, 4)),
        (losses.dice, (None, 4, 3), ()),
        (losses.ctc, (None, 2), (None,)),
        (metrics.categorical_accuracy, (None, 4, 3), (None, 4)),
        (metrics.pearson_correlation, (None, 4, 3), (None, 4)),
    ]:
        assert function(KerasTensor(labels), probabilities).shape == shape


def test_objects_give_symbolic_tensors():
    assert losses.Huber()(KerasTensor((None, 3)), KerasTensor((None, 3))).shape == ()
    loss = losses.CategoricalCrossentropy(reduction="none")
    assert loss(KerasTensor((None, 3)), KerasTensor((None, 3)), np.ones(1)).shape == (None,)

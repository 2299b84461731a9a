"""Metrics inside whole runs: those that wait for shapes, and those given as objects."""

import numpy as np
import pytest

import lamina
from lamina import layers, metrics

X = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")
Y = (X[:, :3] > 0).astype("float32")


def compiled(*given):
    model = lamina.Sequential([lamina.Input((4,)), layers.Dense(3, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=list(given))
    return model


@pytest.mark.parametrize("make", [metrics.F1Score, metrics.R2Score, lambda: metrics.AUC(multi_label=True)])
def test_metrics_that_make_variables_at_the_first_batch_can_be_fitted_with(make):
    metric = make()
    model = compiled(metric)
    history = model.fit(X, Y, batch_size=4, verbose=0).history
    assert set(history) == {"loss", metric.name}
    alone = make()
    alone.update_state(Y, model.predict(X, verbose=0))
    evaluated = model.evaluate(X, Y, verbose=0, return_dict=True)[metric.name]
    np.testing.assert_allclose(evaluated, alone.result(), rtol=1e-4)


def test_a_metric_given_as_an_object_is_reported_once():
    model = compiled(metrics.AUC(name="area"))
    assert len(model.evaluate(X, Y, verbose=0)) == 2

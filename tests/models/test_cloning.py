"""Clones have the structure of the original and weights of their own."""

import numpy as np
import pytest
from tests.models import zoo

import lamina
from lamina.core import tree


@pytest.mark.parametrize("make", zoo.ALL, ids=lambda f: f.__name__)
def test_a_clone_computes_the_same_with_the_same_weights(make):
    model = make(lamina)
    clone = lamina.models.clone_model(model)
    assert [(w.name, w.shape) for w in clone.weights] == [(w.name, w.shape) for w in model.weights]
    assert not {id(w) for w in clone.weights} & {id(w) for w in model.weights}
    clone.set_weights(model.get_weights())
    x = zoo.shape_of_inputs(model)
    for first, second in zip(tree.flatten(clone(x)), tree.flatten(model(x)), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-6)


def test_layers_can_be_replaced_while_cloning():
    def wider(layer):
        config = layer.get_config()
        return type(layer).from_config({**config, "units": 2 * config["units"]}) if "units" in config else layer

    clone = lamina.models.clone_model(zoo.stack(lamina), clone_function=wider)
    assert clone.output_shape == (None, 6)


def test_a_subclass_without_a_graph_takes_no_clone_function():
    class Net(lamina.Model):
        def call(self, x):
            return x

    assert isinstance(lamina.models.clone_model(Net()), Net)
    with pytest.raises(ValueError, match="clone_function"):
        lamina.models.clone_model(Net(), clone_function=lambda layer: layer)


def test_a_clone_of_a_compiled_model_trains_with_an_optimizer_of_its_own():
    model = zoo.stack(lamina)
    model.compile(lamina.optimizers.SGD(0.25), "mse", metrics=["mae"])
    clone = lamina.models.clone_model(model)
    assert clone.compiled
    assert clone.optimizer is not model.optimizer
    assert float(clone.optimizer.learning_rate) == 0.25
    assert clone.get_compile_config() == model.get_compile_config()
    assert not lamina.models.clone_model(zoo.stack(lamina)).compiled

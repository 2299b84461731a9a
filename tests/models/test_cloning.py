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


def test_layers_are_put_in_while_cloning_also_into_inner_models():
    inner = lamina.Sequential([lamina.Input((3,)), lamina.layers.Dense(3)])
    x = lamina.Input((3,))
    graph = lamina.Model(x, lamina.layers.Dense(2)(x))
    model = lamina.Model(x, graph(inner(x)))

    def with_dropout(layer, *args):
        out = layer(*args)
        return lamina.layers.Dropout(0.5)(out) if isinstance(layer, lamina.layers.Dense) else out

    clone = lamina.models.clone_model(model, call_function=with_dropout, recursive=True)
    kinds = [[type(layer).__name__ for layer in part.layers] for part in clone.layers[1:]]
    assert kinds == [["Dense"], ["InputLayer", "Dense", "Dropout"]]


def test_new_inputs_of_another_structure_are_refused():
    x, y = lamina.Input((3,)), lamina.Input((3,))
    model = lamina.Model({"x": x, "y": y}, x + y)
    assert lamina.models.clone_model(model, {"x": x, "y": y}).input.keys() == {"x", "y"}
    with pytest.raises(ValueError, match=r"must have the same structure as model\.input"):
        lamina.models.clone_model(model, (x, y))

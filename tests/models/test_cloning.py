"""Clones have the structure of the original and weights of their own."""

import keras
import numpy as np
import pytest
from tests.models import zoo

import lamina
from lamina import layers
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


def with_a_frozen_layer(k):
    x = k.Input((2,))
    return k.Model(x, k.layers.Dense(2)(k.layers.Dense(3, trainable=False)(x)))


def with_a_frozen_graph(k):
    base = with_a_frozen_layer(k)
    base.trainable = False
    return k.Sequential([k.Input((2,)), base, k.layers.Dense(2)])


def frozen_but_for_the_end(k):
    x = k.Input((2,))
    model = k.Model(x, k.layers.Dense(1)(with_a_frozen_layer(k)(x)))
    model.trainable = False
    model.layers[-1].trainable = True
    return model


@pytest.mark.parametrize("make", [with_a_frozen_layer, with_a_frozen_graph, frozen_but_for_the_end])
def test_what_is_frozen_stays_so_in_every_copy(make, tmp_path):
    counts = []
    for k in (lamina, keras):
        model = make(k)
        model.save(tmp_path / "a.keras")
        again = [type(model).from_config(model.get_config()), k.models.clone_model(model)]
        again += [read.models.load_model(tmp_path / "a.keras") for read in (lamina, keras)]
        counts.append([len(m.trainable_weights) for m in (model, *again)])
    assert counts[0] == counts[1]


class Plain(lamina.Model):
    """Neither writes a config nor takes what every layer takes."""

    def __init__(self, units, inner=None):
        super().__init__()
        self.top, self.inner = layers.Dense(units), inner

    def call(self, x):
        return self.top(x)


def test_an_own_model_made_from_plain_values_needs_no_config_of_its_own(tmp_path):
    model = Plain(3)
    x = np.ones((1, 2), "float32")
    expected = model(x)
    model.trainable = False
    model.save(tmp_path / "a.keras")
    again = lamina.models.load_model(tmp_path / "a.keras", custom_objects={"Plain": Plain})
    np.testing.assert_array_equal(again(x), expected)
    assert again.get_config() == model.get_config()
    assert not again.trainable_weights
    other = Plain(3, layers.Dense(2))
    other(x)
    with pytest.raises(NotImplementedError, match="get_config"):
        other.save(tmp_path / "b.keras")
    assert not (tmp_path / "b.keras").exists()

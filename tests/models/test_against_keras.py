"""The same model made by both libraries: weights in the same order, equal outputs, configs and summaries."""

import json

import keras
import numpy as np
import pytest
from tests.models import zoo

import lamina
from lamina.core import tree


@pytest.fixture
def pair(request):
    keras.utils.clear_session()
    lamina.utils.clear_session()
    theirs, mine = request.param(keras), request.param(lamina)
    mine.set_weights(theirs.get_weights())
    return mine, theirs


every_model = pytest.mark.parametrize("pair", zoo.ALL, indirect=True, ids=lambda f: f.__name__)


@every_model
def test_weights_have_the_order_shapes_and_paths_of_keras(pair):
    mine, theirs = pair
    assert [(w.path, w.shape) for w in mine.weights] == [(w.path, tuple(w.shape)) for w in theirs.weights]
    assert [w.path for w in mine.trainable_weights] == [w.path for w in theirs.trainable_weights]
    assert mine.count_params() == theirs.count_params()


@every_model
def test_outputs_are_those_of_keras(pair):
    mine, theirs = pair
    x = zoo.shape_of_inputs(theirs)
    for a, b in zip(tree.flatten(mine(x)), keras.tree.flatten(theirs(x)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for a, b in zip(
        tree.flatten(mine.predict(x, verbose=0)), keras.tree.flatten(theirs.predict(x, verbose=0)), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@every_model
def test_the_config_is_that_of_keras(pair):
    mine, theirs = pair
    ours, keras_json = json.loads(mine.to_json()), json.loads(theirs.to_json())
    assert _without_compile(ours) == _without_compile(keras_json)


def _without_compile(config):
    """Leave out what was not compiled, shapes of layers without weights, and empty masks at calls of inner models."""
    config.pop("compile_config", None)
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Flatten":
            layer.pop("build_config", None)
        for node in layer.get("inbound_nodes", ()):
            node["kwargs"].pop("mask", None)
    return config


@every_model
def test_a_model_is_made_again_from_its_json(pair):
    mine, _ = pair
    again = lamina.models.model_from_json(mine.to_json())
    again.set_weights(mine.get_weights())
    x = zoo.shape_of_inputs(mine)
    for a, b in zip(tree.flatten(mine(x)), tree.flatten(again(x)), strict=True):
        np.testing.assert_array_equal(a, b)


@every_model
@pytest.mark.parametrize("options", [{}, {"show_trainable": True}, {"line_length": 100, "expand_nested": True}])
def test_the_summary_is_that_of_keras_and_says_more_of_masks(pair, options):
    mine, theirs = pair
    texts = [], []
    mine.summary(print_fn=texts[0].append, **options)
    theirs.summary(print_fn=texts[1].append, **options)
    ours, expected = ("".join(text).splitlines() for text in texts)
    assert [line for line in ours if not line.startswith("│ mask ")] == expected


def test_the_summary_of_an_own_model_knows_the_shape_of_a_graph_in_it():
    lines = []
    for k in (lamina, keras):

        class Own(k.Model):
            def __init__(self, inner):
                super().__init__(name="own")
                self.inner = inner

            def call(self, x):
                return self.inner(x)

        k.utils.clear_session()
        model, text = Own(zoo.branches(k)), []
        model(np.ones((2, 6), "float32"))
        model.summary(print_fn=text.append)
        lines.append("".join(text))
    assert lines[0] == lines[1]
    assert "(None, 2)" in lines[0]


@every_model
def test_layers_are_found_by_name_and_position(pair):
    mine, theirs = pair
    assert [layer.name for layer in mine.layers] == [layer.name for layer in theirs.layers]
    for i, layer in enumerate(mine.layers):
        assert mine.get_layer(index=i) is layer
        assert mine.get_layer(layer.name) is layer


@pytest.mark.parametrize("pair", [zoo.branches], indirect=True)
def test_a_wrong_layer_name_is_answered_with_the_nearest(pair):
    with pytest.raises(ValueError, match="'left'"):
        pair[0].get_layer("lef")


@pytest.mark.parametrize("k", [lamina, keras], ids=lambda k: k.__name__)
def test_a_stack_in_a_model_ends_where_it_was_called(k):
    x = k.Input((4,))
    stack = k.Sequential([k.Input((4,)), k.layers.Dense(3)], name="stack")
    model = k.Model(x, k.layers.Dense(2)(stack(x)))
    features = k.Model(model.input, model.get_layer("stack").output)
    assert stack.input is x
    np.testing.assert_allclose(features.predict(np.ones((1, 4)), verbose=0), stack(np.ones((1, 4))), rtol=1e-6)


@pytest.mark.parametrize("pair", [zoo.branches], indirect=True)
def test_a_range_of_layers_is_summarised(pair):
    mine, theirs = pair
    texts = [], []
    mine.summary(print_fn=texts[0].append, layer_range=("right", "sum"))
    theirs.summary(print_fn=texts[1].append, layer_range=("right", "sum"))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("pair", [zoo.images], indirect=True)
def test_freezing_a_layer_moves_its_weights_as_in_keras(pair):
    for model in pair:
        model.layers[0].trainable = False
    mine, theirs = pair
    assert [w.path for w in mine.trainable_weights] == [w.path for w in theirs.trainable_weights]
    assert [w.path for w in mine.non_trainable_weights] == [w.path for w in theirs.non_trainable_weights]
    for model in pair:
        model.trainable = False
    assert not mine.trainable_weights
    for model in pair:
        model.trainable = True
    assert [w.path for w in mine.trainable_weights] == [w.path for w in theirs.trainable_weights]

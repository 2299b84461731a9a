"""Models as graphs in the DOT language."""

import re
import sys

import pytest

from lamina import Input, Sequential, layers, models, utils
from lamina.utils.model_plot import Dot


def branches():
    x = Input((8,), name="x")
    tower = Sequential(
        [Input((8,)), layers.Dense(4, "relu", name="first"), layers.Dense(4, name="second")], name="tower"
    )
    inner_in = Input((4,), name="inner_in")
    inner = models.Model(inner_in, layers.Dense(4, name="deep")(inner_in), name="inner")
    total = layers.Add(name="total")([inner(tower(x)), layers.Dense(4, name="short", trainable=False)(x)])
    return models.Model(x, layers.ReLU(name="relu")(total), name='a "quoted" <model>')


def edges(text):
    """Return the edges of a DOT text as pairs of layer names."""
    names = dict(re.findall(r"(n\d+) \[label=<.*?<b>(.*?)</b>", text))
    return {(names[a], names[b]) for a, b in re.findall(r"(n\d+) -> (n\d+);", text)}


def test_every_layer_is_a_box_and_every_tensor_a_line():
    text = utils.model_to_dot(branches()).to_string()
    assert edges(text) == {
        *(("x", "tower"), ("x", "short"), ("tower", "inner"), ("inner", "total"), ("short", "total")),
        ("total", "relu"),
    }
    assert 'digraph "a \\"quoted\\" <model>" {' in text


def test_inner_models_are_opened_on_demand():
    text = utils.model_to_dot(branches(), expand_nested=True).to_string()
    assert edges(text) == {
        *(("x", "first"), ("first", "second"), ("second", "inner_in"), ("inner_in", "deep"), ("deep", "total")),
        *(("x", "short"), ("short", "total"), ("total", "relu")),
    }
    assert re.findall(r"subgraph (.*) {", text) == ['"cluster_tower"', '"cluster_inner"']


def test_a_stack_has_no_box_for_its_input_and_a_subclass_is_one_box():
    stack = Sequential([Input((8,)), layers.Dense(4, name="first"), layers.Dense(4, name="second")])
    assert edges(utils.model_to_dot(stack).to_string()) == {("first", "second")}
    assert utils.model_to_dot(stack, subgraph=True).to_string().startswith('subgraph "cluster_')

    class Own(models.Model):
        def call(self, x):
            return x

    own = Own()
    own.build((None, 3))
    assert utils.model_to_dot(own, show_shapes=True).to_string().count("[label=") == 1


def test_boxes_say_what_was_asked_for():
    asked = {"show_shapes": True, "show_dtype": True, "show_layer_activations": True, "show_trainable": True}
    text = utils.model_to_dot(branches(), expand_nested=True, rankdir="LR", **asked).to_string()
    first = next(line for line in text.splitlines() if "<b>first</b> (Dense)" in line)
    for told in ("Activation: <b>relu</b>", "Input shape: <b>(None, 8)", "Output shape: <b>(None, 4)", "float32"):
        assert told in first
    assert "<b>Trainable</b>" in first
    assert "Non-trainable" in next(line for line in text.splitlines() if "<b>short</b>" in line)
    assert 'rankdir="LR";' in text
    assert "<b>first</b>" not in utils.model_to_dot(branches(), show_layer_names=False).to_string()


def test_the_text_is_written_without_graphviz_and_pictures_ask_for_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    utils.plot_model(branches(), tmp_path / "model.dot")
    assert (tmp_path / "model.dot").read_text().startswith("digraph")
    with pytest.raises(ImportError, match="graphviz"):
        utils.plot_model(branches(), tmp_path / "model.png")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for Graphviz")
def test_graphviz_draws_what_the_ending_says(tmp_path, monkeypatch):
    program = tmp_path / "dot"
    program.write_text('#!/bin/sh\necho "$1"\ncat\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    utils.plot_model(branches(), tmp_path / "model.svg")
    assert (tmp_path / "model.svg").read_text().startswith("-Tsvg\ndigraph")
    assert Dot("graph {}").create_png() == b"-Tpng\ngraph {}"
    program.write_text("#!/bin/sh\necho no such thing >&2\nexit 1\n")
    with pytest.raises(ValueError, match="no such thing"):
        Dot("graph {}").create(format="odd")


def test_a_model_that_is_not_built_has_no_graph():
    with pytest.raises(ValueError, match="not yet been built"):
        utils.plot_model(Sequential([layers.Dense(3)]))
    with pytest.raises(ValueError, match="Unrecognized"):
        utils.model_to_dot(branches(), colour=True)

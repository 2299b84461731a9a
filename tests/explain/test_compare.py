"""explain(a, b): two layers or two models on the same input."""

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.explain import explain

IMAGE = (None, 5, 5, 8)
STEPS = (None, 5, 3)


def said(answer):
    return " ".join(str(answer).split())


@pytest.mark.parametrize(
    ("first", "second", "shape", "sentence"),
    [
        (
            lambda: layers.TimeDistributed(layers.Dense(4), name="td"),
            lambda: layers.Dense(4, name="dense"),
            STEPS,
            "td and dense are the same function of this input: outputs equal, 0 differences over 1,000 random inputs, "
            "with the same weights.",
        ),
        (
            lambda: layers.Flatten(name="flat"),
            lambda: layers.Reshape((-1,), name="row"),
            IMAGE,
            "flat and row are the same function of this input: outputs equal, 0 differences over 1,000 random inputs.",
        ),
        (
            lambda: layers.Flatten(name="flat"),
            lambda: layers.GlobalAveragePooling2D(name="gap"),
            IMAGE,
            "gap gives the mean of the input over height and width.",
        ),
        (
            lambda: layers.Flatten(name="last"),
            lambda: layers.Flatten(data_format="channels_first", name="first"),
            (None, 4, 3, 2),
            "last and first give the same values in another order.",
        ),
        (
            lambda: layers.LSTM(4, name="one"),
            lambda: layers.LSTM(4, return_sequences=True, name="all"),
            STEPS,
            "one gives the last of the steps of what all gives.",
        ),
        (
            lambda: layers.Embedding(10, 4, mask_zero=True, name="masked"),
            lambda: layers.Embedding(10, 4, name="plain"),
            (None, 5),
            "with the same weights. Only their masks differ.",
        ),
        (
            lambda: layers.Activation("relu", name="relu"),
            lambda: layers.Activation("sigmoid", name="sigmoid"),
            (None, 5),
            "relu and sigmoid compute different values: 5,000 of 5,000 differ.",
        ),
        (
            lambda: layers.Dense(4, name="four"),
            lambda: layers.Dense(3, name="three"),
            (None, 5),
            "four and three give outputs of different shapes, neither of which is a part of the other.",
        ),
    ],
)
def test_two_layers_are_told_apart(first, second, shape, sentence):
    assert sentence in said(explain(first(), second(), shape))


def test_comparing_leaves_the_weights_of_built_layers_alone():
    first, second = layers.Dense(4), layers.Dense(4)
    for layer in (first, second):
        layer.build((None, 3))
    before = second.kernel.numpy()
    assert explain(first, second).outcome.relation == "equal"
    np.testing.assert_array_equal(second.kernel.numpy(), before)


def images(*top):
    return lamina.Sequential([lamina.Input((28, 28, 1)), layers.Conv2D(8, 3), *top, layers.Dense(10)])


def test_a_replaced_layer_shows_what_it_does_to_parameters_and_work():
    answer = explain(images(layers.Flatten()), images(layers.GlobalAveragePooling2D()))
    assert (answer.first.parameters, answer.second.parameters) == (54170, 170)
    assert [tuple(x and x.kind for x in pair) for pair in answer.pairs] == [
        ("Conv2D", "Conv2D"),
        ("Flatten", "GlobalAveragePooling2D"),
        ("Dense", "Dense"),
    ]
    assert "54,170 parameters" in said(answer)
    assert answer.outcome is None


def test_models_with_weights_of_the_same_shapes_are_run():
    assert explain(images(layers.Flatten()), images(layers.Reshape((-1,)))).outcome.relation == "equal"

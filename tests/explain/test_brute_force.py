"""Every number of an explanation against what the real model does, on random models."""

import itertools
import re
from functools import partial

import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import lamina
from lamina import layers
from lamina.explain import formulas

SETTINGS = settings(max_examples=12)


def later(cls, *args, **kwargs):
    """Draw the arguments of a layer; the test makes it."""
    return st.builds(partial, st.just(cls), *args, **kwargs)


def image_layers():
    window = st.integers(1, 3)
    return st.lists(
        st.one_of(
            later(
                layers.Conv2D,
                st.integers(1, 4),
                window,
                strides=st.integers(1, 2),
                padding=st.sampled_from(["valid", "same"]),
                use_bias=st.booleans(),
            ),
            later(layers.MaxPooling2D, st.integers(1, 2), padding=st.sampled_from(["valid", "same"])),
            later(layers.AveragePooling2D, st.integers(1, 2)),
            later(layers.ZeroPadding2D, st.integers(0, 2)),
            later(layers.UpSampling2D, st.integers(1, 2)),
            later(layers.BatchNormalization),
            later(layers.Permute, st.permutations([1, 2, 3])),
        ),
        max_size=3,
    )


@SETTINGS
@given(
    stack=image_layers(),
    size=st.tuples(st.integers(6, 9), st.integers(6, 9), st.integers(1, 3)),
    units=st.integers(1, 4),
)
def test_shapes_formulas_and_parameters_are_those_of_the_model(stack, size, units):
    try:
        model = lamina.Sequential(
            [lamina.Input(size), *(make() for make in stack), layers.Flatten(), layers.Dense(units)]
        )
    except ValueError:  # a window larger than what is left of the image
        return
    answer = model.explain()
    x = jnp.ones((2, *size))
    assert answer.parameters == sum(layer.parameters for layer in answer.layers) == model.count_params()
    for layer, told in zip(model.layers, answer.layers, strict=True):
        shape = x.shape
        x = layer(x)
        assert told.outputs[0][1:] == x.shape[1:]
        assert [w.count for w in told.weights] == [int(np.prod(w.shape)) for w in layer.weights]
        values = dict(told.sizes, b=2)
        assert told.input_formulas, layer
        assert tuple(formulas.evaluate(text, values) for text in told.input_formulas[0]) == shape
        assert tuple(formulas.evaluate(text, values) for text in told.output_formulas[0]) == x.shape


@SETTINGS
@given(
    layer=st.one_of(
        st.builds(layers.Flatten, st.sampled_from(["channels_last", "channels_first"])),
        st.permutations([1, 2, 3]).map(layers.Permute),
        st.sampled_from([(-1,), (6, 4), (4, 6), (2, 12), (3, 8), (2, 2, 2, 3), (24, 1)]).map(layers.Reshape),
        st.builds(layers.ZeroPadding2D, st.integers(0, 2)),
        st.builds(layers.Cropping2D, st.integers(0, 1)),
        st.builds(layers.UpSampling2D, st.integers(1, 3)),
    )
)
def test_each_element_is_where_the_formula_says(layer):
    shape = (4, 5, 2) if isinstance(layer, layers.Cropping2D) else (4, 3, 2)
    x = np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape).astype("float32") + 1
    y = np.asarray(layer(x[None])[0])
    told = layer.explain((None, *shape))
    for index in itertools.product(*map(range, y.shape)):
        source = told.source(index)
        assert y[index] == (0 if source is None else x[source])
        if source is not None:
            assert index in told.targets(source)
    (line,) = told.order.formulas
    assert_formula_is_right(line, x, y)


def assert_formula_is_right(line, x, y):
    """Evaluate the printed formula at every element."""
    if line.startswith("out"):
        out, source = re.match(r"out\[(.*)\] = in\[(.*)\]", line).groups()
        for index in itertools.product(*map(range, y.shape)):
            values = dict(zip(out.split(", "), index, strict=True))
            assert y[index] == x[_evaluate(source, values)]
        return
    names, target = line.split(" -> ")
    for index in itertools.product(*map(range, x.shape)):
        values = dict(zip(names.strip("[]").split(", "), index, strict=True))
        assert x[index] == y[_evaluate(target.strip("[]"), values)]


def _evaluate(text, values):
    return tuple(eval(part, {}, values) for part in text.split(", "))


@SETTINGS
@given(
    filters=st.integers(1, 4),
    window=st.integers(1, 3),
    stride=st.integers(1, 2),
    padding=st.sampled_from(["valid", "same"]),
    channels=st.integers(1, 3),
)
def test_multiply_adds_of_convolutions_are_those_of_the_hand_formula(filters, window, stride, padding, channels):
    layer = layers.Conv2D(filters, window, strides=stride, padding=padding)
    told = layer.explain((None, 7, 8, channels))
    assert told.multiply_adds == int(np.prod(told.outputs[0][1:])) * window * window * channels


def test_multiply_adds_of_other_layers_are_those_of_the_hand_formula():
    cases = [
        (layers.Dense(5), (None, 7), 7 * 5),
        (layers.Dense(5), (None, 3, 7), 3 * 7 * 5),
        (layers.Conv1D(4, 3), (None, 9, 2), 7 * 4 * 3 * 2),
        (layers.Conv3D(2, 2), (None, 4, 4, 4, 3), 27 * 2 * 8 * 3),
        (layers.Conv2D(8, 3, groups=2), (None, 9, 9, 4), 49 * 8 * 9 * 2),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (None, 9, 9, 4), 49 * 8 * 9),
        (layers.SeparableConv2D(8, 3), (None, 9, 9, 4), 49 * 4 * 9 + 49 * 4 * 8),
        (layers.Conv2DTranspose(4, 3, strides=2), (None, 7, 7, 3), 49 * 3 * 9 * 4),
        (layers.SimpleRNN(8), (None, 5, 3), 5 * (3 * 8 + 8 * 8)),
        (layers.LSTM(8), (None, 5, 3), 5 * 4 * (3 * 8 + 8 * 8)),
        (layers.GRU(8), (None, 5, 3), 5 * 3 * (3 * 8 + 8 * 8)),
        (layers.Bidirectional(layers.LSTM(8)), (None, 5, 3), 2 * 5 * 4 * (3 * 8 + 8 * 8)),
        (layers.TimeDistributed(layers.Dense(6)), (None, 5, 3), 5 * 3 * 6),
        (layers.Conv1DTranspose(4, 3, strides=2), (None, 7, 3), 7 * 3 * 3 * 4),
        (layers.SeparableConv1D(8, 3), (None, 9, 4), 7 * 4 * 3 + 7 * 4 * 8),
        (layers.EinsumDense("abc,cd->abd", (None, 6)), (None, 5, 3), 5 * 3 * 6),
        (layers.Attention(), [(None, 5, 8), (None, 6, 8)], 2 * 5 * 6 * 8),
        (layers.Dot((2, 2)), [(None, 5, 8), (None, 6, 8)], 5 * 6 * 8),
        (layers.MaxPooling2D(), (None, 8, 8, 3), 0),
        (layers.BatchNormalization(), (None, 8, 8, 3), 0),
        (layers.Embedding(10, 4), (None, 5), 0),
        (layers.Flatten(), (None, 8, 8, 3), 0),
    ]
    for layer, shape, by_hand in cases:
        assert layer.explain(shape).multiply_adds == by_hand, layer


def test_moving_and_computing_layers_are_told_apart():
    class Shift(lamina.Layer):
        def call(self, x):
            return jnp.roll(x, 1, axis=1)

    class Halve(lamina.Layer):
        def call(self, x):
            return x / 2

    assert Shift().explain((None, 5)).action == "moves"
    assert Halve().explain((None, 5)).action == "computes"
    assert layers.Embedding(5, 2).explain((None, 3)).action == "looks up"
    assert layers.Dropout(0.5).explain((None, 3)).action == "passes on"

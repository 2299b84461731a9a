"""What is told of random models with branches, sharing, recurrence and attention, against changing their inputs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lamina
from lamina import layers
from lamina.explain import formulas

RNG = np.random.default_rng(0)
IMAGE = {"channels_last": (7, 6, 2), "channels_first": (2, 7, 6)}
STEPS = (6, 3)


def joined(x, y, data_format="channels_last"):
    """Add what has the same shape, else lay it side by side where the other axes fit; else keep the second."""
    if x.shape == y.shape:
        return layers.Add()([x, y])
    axis = 1 if data_format == "channels_first" else -1
    others = [list(t.shape) for t in (x, y)]
    for shape in others:
        del shape[axis]
    return layers.Concatenate(axis=axis)([x, y]) if others[0] == others[1] else y


def image_part(kind, n, x, form):
    options = {"data_format": form}
    if kind == "strided":
        return layers.Conv2D(n, 3, strides=2, padding="same", **options)(x)
    if kind == "dilated":
        return layers.Conv2D(n, 2, dilation_rate=n, padding="same", **options)(x)
    if kind == "transposed":
        return layers.Conv2DTranspose(n, 2 + n % 2, strides=2, **options)(x)
    if kind == "depthwise":
        return layers.DepthwiseConv2D(2, depth_multiplier=n, **options)(x)
    if kind == "overlapping pool":
        return layers.MaxPooling2D(3, strides=n, padding="same", **options)(x)
    if kind == "mean":
        return layers.AveragePooling2D(2, strides=1, **options)(x)
    if kind == "branches":
        return joined(layers.Conv2D(n, 3, padding="same", **options)(x), x, form)
    shared = layers.Conv2D(x.shape[1 if form == "channels_first" else -1], 3, padding="same", **options)
    return shared(shared(x))


def sequence_part(kind, n, x, _):
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        return getattr(layers, kind)(n + 1, return_sequences=True, go_backwards=n == 3)(x)
    if kind == "both ways":
        return layers.Bidirectional(layers.GRU(n, return_sequences=True))(x)
    if kind == "causal convolution":
        return layers.Conv1D(n, 2, padding="causal", dilation_rate=n)(x)
    if kind in ("attention", "causal attention"):
        return layers.MultiHeadAttention(n, 2)(x, x, use_causal_mask=kind != "attention")
    if kind == "residual":
        return layers.Add()([x, layers.Dense(x.shape[-1], activation="tanh")(x)])
    shared = layers.Conv1D(x.shape[-1], 2, padding="same")
    return joined(shared(x), shared(shared(x)))


IMAGE_PARTS = ["strided", "dilated", "transposed", "depthwise", "overlapping pool", "mean", "branches", "shared"]
SEQUENCE_PARTS = ["LSTM", "GRU", "SimpleRNN", "both ways", "causal convolution", "attention", "causal attention"]
SEQUENCE_PARTS += ["residual", "shared"]


def parts(kinds):
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(1, 3)), min_size=1, max_size=2)


def made(part, chosen, shape, form="channels_last"):
    x = y = lamina.Input(shape, name="x")
    for kind, n in chosen:
        y = part(kind, n, y, form)
    model = lamina.Model(x, y)
    model.set_weights([RNG.normal(0.2, 0.5, w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


def reached(model, shape):
    """Change one input element after the other; return which output elements change: (*inputs, *outputs)."""
    x, count = RNG.normal(size=shape).astype("float32"), math.prod(shape)
    changes = np.eye(count, dtype="float32").reshape(count, *shape)
    data = np.concatenate([x[None], *(x + size * changes for size in (30, -30, 1))])
    y = np.asarray(model(data))
    differs = np.abs(y[1:] - y[0]) > 1e-6 * (1 + np.abs(y[0]))
    return differs.reshape(3, *shape, *y.shape[1:]).any(axis=0)


def assert_told_right(model, shape):
    answer = model.explain()
    assert answer.parameters == model.count_params() == sum(w.size for w in model.get_weights())
    outputs = model.activations(np.zeros((1, *shape), "float32"))
    for told in answer.layers:
        got = outputs[told.name].shape
        assert told.outputs[0][1:] == got[1:]
        values = dict(told.sizes, b=1)
        assert all(tuple(formulas.evaluate(text, values) for text in shown) == got for shown in told.output_formulas)
    found = reached(model, shape)
    out = found.shape[len(shape) :]
    for place in {0, math.prod(out) // 2, math.prod(out) - 1}:
        index = np.unravel_index(place, out)
        sources = found[(..., *index)]
        np.testing.assert_array_equal(model.trace(index=index)["x"].elements, sources)
        assert_field_holds(answer.layers[-1], index, sources)
    for place in {0, math.prod(shape) // 2}:
        index = np.unravel_index(place, shape)
        goals = model.trace(index=index, forward=True).steps[-1].outputs[0]
        np.testing.assert_array_equal(goals.elements, found[index])


def assert_field_holds(told, index, sources):
    """No element outside of the receptive field has a say."""
    if not told.receptive_field:
        return
    axes, *_ = told.receptive_field["x"]
    for reads, places in zip(axes[1:], np.nonzero(sources), strict=True):
        if not reads.everything and len(places):
            start = 0 if reads.axis is None else reads.step * int(index[reads.axis - 1])
            assert start + reads.first <= min(places)
            assert max(places) <= start + reads.last


@pytest.mark.slow
@settings(max_examples=3)
@given(parts(IMAGE_PARTS), st.sampled_from(sorted(IMAGE)))
def test_random_models_of_images_are_told_as_they_are(chosen, form):
    assert_told_right(made(image_part, chosen, IMAGE[form], form), IMAGE[form])


@pytest.mark.slow
@settings(max_examples=3)
@given(parts(SEQUENCE_PARTS))
def test_random_models_of_sequences_are_told_as_they_are(chosen):
    assert_told_right(made(sequence_part, chosen, STEPS), STEPS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "kinds"), [("channels_last", IMAGE_PARTS[::2]), ("channels_first", IMAGE_PARTS[1::2])]
)
def test_every_part_of_images_is_told_as_it_is(form, kinds):
    assert_told_right(made(image_part, [(kind, 2) for kind in kinds], IMAGE[form], form), IMAGE[form])


@pytest.mark.slow
def test_several_parts_of_sequences_that_do_not_look_ahead():
    kinds = ["causal attention", "causal convolution", "GRU"]
    model = made(sequence_part, [(kind, 2) for kind in kinds], STEPS)
    assert_told_right(model, STEPS)
    assert not model.trace(index=(1, 0))["x"].elements[2:].any()


MOVES = {
    "permute": lambda x: layers.Permute((2, 1))(x),
    "reshape": lambda x: layers.Reshape((x.shape[2] * x.shape[1] // 2, 2))(x),
    "flip": lambda x: layers.Lambda(lambda t: t[:, ::-1])(x),
    "cut": lambda x: x[:, 1:],
    "join": lambda x: layers.Concatenate(axis=1)([x, layers.Cropping1D(1)(x)]),
    "repeat": lambda x: layers.UpSampling1D(2)(x),
}


@pytest.mark.slow
@settings(max_examples=3)
@given(st.lists(st.sampled_from(sorted(MOVES)), min_size=1, max_size=3))
def test_where_an_element_of_a_chain_of_moves_comes_from(kinds):
    x = y = lamina.Input((4, 3), name="x")
    for kind in kinds:
        y = MOVES[kind](y) if y.shape[1] > 2 and y.shape[1] * y.shape[2] % 2 == 0 else y
    model = lamina.Model(x, layers.Flatten()(y))
    numbers = np.asarray(model(np.arange(12, dtype="float32").reshape(1, 4, 3)))[0].astype(int)
    for place in {0, len(numbers) // 2, len(numbers) - 1}:
        (source,) = np.flatnonzero(model.trace(index=place)["x"].elements)
        assert source == numbers[place]

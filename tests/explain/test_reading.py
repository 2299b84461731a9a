"""What an element reads along each axis, and receptive fields, against following single elements back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lamina
from lamina import layers
from lamina.explain.explanation import call_of
from lamina.explain.influence import Influence


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Dense(3), (4, 2)),
        (layers.Conv2D(2, 3, strides=2), (9, 10, 2)),
        (layers.Conv2D(2, (3, 2), dilation_rate=2, data_format="channels_first"), (2, 9, 10)),
        (layers.Conv1D(2, 3, padding="causal"), (6, 2)),
        (layers.DepthwiseConv2D(2, depth_multiplier=3), (4, 4, 2)),
        (layers.MaxPooling2D(3, 2), (9, 9, 2)),
        (layers.AveragePooling1D(2), (7, 2)),
        (layers.GlobalAveragePooling2D(), (4, 3, 2)),
        (layers.LayerNormalization(), (3, 4)),
        (layers.BatchNormalization(), (3, 4)),
        (layers.Activation("softmax"), (2, 3)),
        (layers.ZeroPadding2D(1), (4, 3, 1)),
        (layers.Cropping1D(1), (5, 2)),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_what_is_read_is_what_reaches(layer, shape):
    told = layer.explain((None, *shape))
    (reads,) = told.reads
    call = call_of(layer, (None, *shape))
    influence = Influence(call)
    for index in np.ndindex(*told.outputs[0][1:]):
        element = np.zeros(told.outputs[0][1:], bool)
        element[index] = True
        reached = influence.backward([element])[0]
        for axis, (found, size) in enumerate(zip(reads[1:], shape, strict=True)):
            assert found.exact
            places = set(np.nonzero(reached)[axis].tolist())
            if found.everything:
                expected = set(range(size))
            else:
                start = 0 if found.axis is None else found.step * index[found.axis - 1]
                expected = {p for p in range(size) if start + found.first <= p <= start + found.last}
            dilated = layer.name.startswith("conv2d") and set(layer.dilation_rate) != {1}  # a window with holes
            assert not places or (min(places), max(places)) == (min(expected), max(expected))
            assert not places or dilated or places == expected


stack = st.lists(
    st.tuples(st.sampled_from(["conv", "pool"]), st.integers(1, 3), st.integers(1, 2)), min_size=1, max_size=3
)


@settings(max_examples=10)
@given(stack)
def test_receptive_fields_are_what_a_trace_finds(parts):
    made = [lamina.Input((32, 32, 1), name="image")]
    for kind, window, stride in parts:
        made.append(
            layers.Conv2D(2, window, strides=stride) if kind == "conv" else layers.MaxPooling2D(window, strides=stride)
        )
    model = lamina.Sequential(made)
    (top,) = model.explain().layers[-1:]
    middle = tuple(size // 2 for size in model.output_shape[1:3])
    (top_row, bottom_row), (left, right), _ = model.trace(index=(*middle, 0))["image"].ranges
    if not top.receptive_field:  # every window had size and stride 1
        assert (top_row, left) == (bottom_row, right) == middle
        return
    (axes, _, _) = top.receptive_field["image"]
    assert (axes[1].size, axes[2].size) == (bottom_row - top_row + 1, right - left + 1)
    assert axes[1].step * middle[0] + axes[1].first == top_row
    assert f"each value sees {axes[1].size} × {axes[2].size} pixels of image" in str(top) or axes[1].size == 1


class Smooth(lamina.Layer):
    def call(self, x):
        return (x[:, 1:] + x[:, :-1]) / 2


class PerStep(lamina.Layer):
    def build(self, shape):
        self.table = self.add_weight(shape=(shape[-1], 2))

    def call(self, x):
        flat = x.reshape(-1, x.shape[-1]) @ self.table.value
        return flat.reshape(x.shape[0], x.shape[1], 2)


class Mix(lamina.Layer):
    def call(self, x):
        return x + jnp.mean(x, axis=1, keepdims=True)


class LookBack(lamina.Layer):
    def call(self, x):
        scores = jnp.where(jnp.tri(x.shape[1], dtype=bool), x @ x.swapaxes(1, 2), -jnp.inf)
        return jax.nn.softmax(scores) @ x


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        (LookBack(), "Each output value reads 1 to 6 steps and all 3 features."),
        (Smooth(), "Each output value reads 2 steps and one feature."),
        (PerStep(), "Each output value reads one step and all 3 features."),
        (Mix(), "Each output value reads all 6 steps and one feature."),
        (layers.TimeDistributed(layers.Dense(2)), "Each output value reads one step and all 3 features."),
    ],
)
def test_a_layer_without_a_sentence_tells_what_it_mixes(layer, sentence):
    assert sentence in " ".join(str(layer.explain((None, 6, 3))).split())

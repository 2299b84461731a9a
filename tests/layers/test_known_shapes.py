"""What equal layers return on symbolic tensors is found once; whatever can change it makes them unequal."""

from unittest import mock

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.core import shapes
from lamina.core.context import get_mask, set_mask
from lamina.core.tensor import KerasTensor
from lamina.layers import known_shapes


@pytest.fixture(autouse=True)
def traced():
    """Count the traces; nothing is known at first."""
    known_shapes._known.clear()
    with mock.patch.object(shapes, "infer", wraps=shapes.infer) as infer:
        yield infer


X = KerasTensor((None, 6, 4))


def test_equal_layers_are_traced_once_and_give_tensors_of_their_own(traced):
    first, second = layers.LSTM(3)(X), layers.LSTM(3)(X)
    assert traced.call_count == 1
    assert first is not second
    assert (first.shape, first.dtype) == (second.shape, second.dtype) == ((None, 3), "float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: layers.TimeDistributed(layers.Dense(8)),
        lambda: layers.Bidirectional(layers.GRU(2)),
        lambda: layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)]),
    ],
)
def test_layers_made_of_equal_layers_are_equal(make, traced):
    assert make()(X).shape == make()(X).shape
    assert traced.call_count == 1


def test_layers_that_only_the_call_builds_are_built_in_each_of_equal_ones():
    for _ in range(2):
        inner = layers.Dense(3)
        layers.Pipeline([layers.Identity(), inner])(X)
        assert inner.built


def _changed():
    layer = layers.LSTM(3)
    layer.return_sequences = True
    return layer


@pytest.mark.parametrize(
    ("make", "shape", "dtype"),
    [
        (lambda: layers.LSTM(5), (None, 5), "float32"),
        (lambda: layers.LSTM(3, dtype="float16"), (None, 3), "float16"),
        (_changed, (None, 6, 3), "float32"),
        (lambda: layers.MultiHeadAttention(2, 3, output_shape=7), (None, 6, 7), "float32"),
        (lambda: layers.Activation(lambda x: x[:, :2]), (None, 2, 4), "float32"),
        (lambda: layers.TimeDistributed(layers.Dense(8)), (None, 6, 8), "float32"),
        (lambda: layers.TimeDistributed(layers.Activation(lambda x: x[:, :2])), (None, 6, 2), "float32"),
        (lambda: layers.Lambda(lambda x: x[:, 0]), (None, 4), "float32"),
    ],
)
def test_what_differs_is_not_taken_for_equal(make, shape, dtype):
    for usual in (layers.LSTM(3), layers.Activation("relu"), layers.TimeDistributed(layers.Dense(2))):
        usual(X)
    layers.MultiHeadAttention(2, 3)(X, X)
    layer = make()
    y = layer(X, X) if isinstance(layer, layers.MultiHeadAttention) else layer(X)
    assert (y.shape, y.dtype) == (shape, dtype)


def test_what_a_layer_was_built_for_counts():
    layers.EinsumDense("abc,cd->abd", (None, 5))(KerasTensor((None, 6, 3)))
    layer = layers.EinsumDense("abc,cd->abd", (None, 5))
    layer(X)
    with pytest.raises(ValueError):
        layer(KerasTensor((None, 6, 3)))


def test_masks_are_told_apart_and_come_along(traced):
    masked = KerasTensor((None, 6, 4))
    set_mask(masked, KerasTensor((None, 6), "bool"))
    for x in (X, masked, masked):
        y = layers.Dropout(0.5)(x)
        assert (get_mask(y) is None) == (x is X)
    assert traced.call_count == 2
    for _ in range(2):
        with pytest.warns(UserWarning, match="does not support masking"):
            layers.Conv1D(2, 3)(masked)


def test_a_mask_can_be_the_output_of_a_model_and_is_saved_with_it(tmp_path):
    first, second = lamina.Input((4, 2)), lamina.Input((4, 2))
    joined = layers.Concatenate(axis=1)([layers.Masking()(first), second])
    model = lamina.Model([first, second], [get_mask(joined), layers.Masking().compute_mask(first)])
    data = [np.array([[[0, 0], [1, 2], [0, 0], [3, 4]]], "float32"), np.zeros((1, 4, 2), "float32")]
    expected = [[[0, 1, 0, 1, 1, 1, 1, 1]], [[0, 1, 0, 1]]]
    model.save(tmp_path / "masks.keras")
    for each in (model, lamina.models.load_model(tmp_path / "masks.keras")):
        for given, wanted in zip(each(data), expected, strict=True):
            np.testing.assert_array_equal(given, wanted)

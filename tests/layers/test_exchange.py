"""Files of models made of nested layers are read by Keras, and Keras's by Lamina."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same

import lamina

pytestmark = pytest.mark.filterwarnings("ignore")


def make(library):
    """A model whose layers own layers: cells, projections, wrapped layers."""
    layers = library.layers
    x = inputs = library.Input((6, 8))
    x = layers.MultiHeadAttention(2, 3, use_gate=True)(x, x)
    x = layers.GroupQueryAttention(2, 4, 2)(x, x)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(4))(x)
    x = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)(x)
    x = layers.EinsumDense("abc,cd->abd", output_shape=(6, 4), bias_axes="d")(x)
    x = layers.Reshape((2, 3, 4))(x)
    x = layers.ConvLSTM1D(3, 2, return_sequences=True)(x)
    x = layers.Reshape((2, 6))(x)
    x = layers.Add()([layers.AdditiveAttention()([x, x]), layers.Attention(use_scale=True)([x, x])])
    x = layers.Dropout(0.3)(layers.PReLU()(layers.GRU(3)(x)))
    return library.Model(inputs, x)


X = np.random.default_rng(0).standard_normal((2, 6, 8)).astype("float32")


@pytest.fixture(scope="module")
def models():
    """The model of both libraries, with different weights."""
    made = make(lamina), make(keras)
    for seed, model in enumerate(made):
        rng = np.random.default_rng(seed)
        model.set_weights([rng.standard_normal(w.shape).astype("float32") for w in model.get_weights()])
    return made


def test_the_weights_have_the_same_order_and_shapes(models):
    ours, theirs = models
    assert [(w.name, tuple(w.shape)) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.weights]


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_lamina_reads_what_keras_wrote(models, tmp_path, name):
    theirs = models[1]
    (theirs.save if name.endswith(".keras") else theirs.save_weights)(tmp_path / name)
    if name.endswith(".keras"):
        ours = lamina.saving.load_model(tmp_path / name)
    else:
        ours = make(lamina)
        ours.load_weights(tmp_path / name)
    assert_same(ours(X), theirs(X), 1e-4)


@pytest.mark.parametrize("name", ["model.keras", "model.weights.h5"])
def test_keras_reads_what_lamina_wrote(models, tmp_path, name):
    ours = models[0]
    (ours.save if name.endswith(".keras") else ours.save_weights)(tmp_path / name)
    if name.endswith(".keras"):
        theirs = keras.models.load_model(tmp_path / name)
    else:
        theirs = make(keras)
        theirs.load_weights(tmp_path / name)
    assert_same(ours(X), theirs(X), 1e-4)

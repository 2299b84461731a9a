"""SpectralNormalization divides and remembers what Keras's does."""

import numpy as np
import pytest
from tests.layers.oracle import case, each

from lamina import layers

CASES = [
    case("SpectralNormalization", (2, 5), layer=case("Dense", units=3, name="inner")),
    case("SpectralNormalization", (2, 5), layer=case("Dense", units=3, name="inner"), power_iterations=3),
    case("SpectralNormalization", (2, 4, 4, 3), layer=case("Conv2D", filters=2, kernel_size=2, name="inner")),
]
CASES += [row.when(call={"training": True}) for row in CASES]


@each(CASES)
def test_outputs_and_weights_equal_those_of_keras(case):
    case.check_outputs()


@each(CASES)
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each(CASES)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_a_kernel_of_zeros_stays():
    layer = layers.SpectralNormalization(layers.Dense(2, kernel_initializer="zeros"))
    assert np.asarray(layer(np.ones((1, 3), "float32"), training=True)).tolist() == [[0.0, 0.0]]
    assert not layer.kernel.numpy().any()


def test_embeddings_are_normalized_too():
    layer = layers.SpectralNormalization(layers.Embedding(4, 2), power_iterations=20)
    layer(np.array([[1, 2]]), training=True)
    np.testing.assert_allclose(np.linalg.norm(layer.kernel.numpy(), 2), 1, rtol=1e-3)


def test_what_has_no_kernel_is_an_error():
    with pytest.raises(ValueError, match="kernel"):
        layers.SpectralNormalization(layers.Flatten())(np.ones((1, 3)))
    with pytest.raises(ValueError, match="power_iterations"):
        layers.SpectralNormalization(layers.Dense(2), power_iterations=0)
    with pytest.raises(ValueError, match="supported layer type"):
        layers.Wrapper("dense")

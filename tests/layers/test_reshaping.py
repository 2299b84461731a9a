"""Flatten, Reshape, Permute and RepeatVector move data as Keras does."""

import numpy as np
import pytest
from tests.layers.oracle import case, each

from lamina import layers
from lamina.core.errors import ShapeError
from lamina.core.tensor import KerasTensor

PIXELS = np.arange(2 * 3 * 4 * 5, dtype="uint8").reshape(2, 3, 4, 5)

CASES = [
    case("Flatten", (2, 3, 4, 5)).when(known=()),
    case("Flatten", (2, 3, 4, 5), data_format="channels_first").when(known=()),
    case("Flatten", (2, 3), data_format="channels_first"),
    case("Flatten", (2,)),
    case("Flatten", PIXELS),
    case("Flatten", PIXELS, data_format="channels_first"),
    case("Flatten", PIXELS > 7),
    case("Reshape", (2, 3, 4), target_shape=(6, 2)).when(known=()),
    case("Reshape", (2, 3, 4), target_shape=(-1, 2)).when(known=()),
    case("Reshape", (2, 3, 4), target_shape=[12]),
    case("Reshape", (2, 1), target_shape=()),
    case("Reshape", PIXELS, target_shape=(-1,)),
    case("Permute", (2, 3, 4, 5), dims=(3, 1, 2)).when(known=()),
    case("Permute", PIXELS, dims=[2, 1, 3]),
    case("RepeatVector", (2, 3), n=4).when(known=()),
    case("RepeatVector", PIXELS[:, 0, 0], n=2),
    case("Flatten", (2, 3), dtype="mixed_bfloat16"),
]


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each(CASES)
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


@each([c for c in CASES if isinstance(c.inputs, tuple)])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


def test_flatten_reads_rows_first():
    _, _, width, channels = PIXELS.shape
    flat = np.asarray(layers.Flatten()(PIXELS))
    assert flat[1, (2 * width + 1) * channels + 3] == PIXELS[1, 2, 1, 3]


def test_flatten_shows_the_formula_of_its_size():
    y = layers.Flatten()(KerasTensor((None, None, None, 3)))
    assert str(y.symbolic_shape) == "(b, 3*h*w)"


@pytest.mark.parametrize("sizes", [(-1, -1), (-2, 3)])
def test_reshape_refuses_sizes_without_meaning(sizes):
    with pytest.raises(ValueError, match="target_shape"):
        layers.Reshape(sizes)


@pytest.mark.parametrize("shape", [(5,), (-1, 7), (0, -1)])
@pytest.mark.parametrize("x", [PIXELS, KerasTensor((None, 3, 4, 5))], ids=["eager", "symbolic"])
def test_reshape_refuses_another_number_of_values(shape, x):
    with pytest.raises(ShapeError, match=r"(?s)total size of the tensor must be unchanged.*60 values"):
        layers.Reshape(shape)(x)


def test_permute_and_repeat_vector_refuse_what_keras_refuses():
    with pytest.raises(ValueError, match="dims"):
        layers.Permute((0, 1))
    with pytest.raises(ValueError, match="ndim=3"):
        layers.Permute((2, 1))(PIXELS)
    with pytest.raises(TypeError, match="n"):
        layers.RepeatVector(2.0)
    with pytest.raises(ValueError, match="positive"):
        layers.RepeatVector(0)

"""Activation layers compute what Keras's do."""

import keras
import numpy as np
import pytest
from tests.layers.oracle import case, each

import lamina

X = (2, 3, 4)
MASK = np.array([[[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]]] * 2, bool)
CASES = [
    case("ReLU", X),
    case("ReLU", X, max_value=1.0, negative_slope=0.1, threshold=0.2),
    case("LeakyReLU", X),
    case("LeakyReLU", X, negative_slope=0.1, dtype="mixed_bfloat16"),
    case("PReLU", X),
    case("PReLU", X, shared_axes=1, alpha_initializer="ones", alpha_regularizer="l2").when(known=(2,)),
    case("PReLU", (2, 3, 4, 5), shared_axes=[1, 2], alpha_constraint="non_neg"),
    case("ELU", X),
    case("ELU", X, alpha=0.5),
    case("Softmax", X),
    case("Softmax", X, axis=1),
    case("Softmax", X, axis=[1, 2]),
    case("Softmax", X, axis=[-1], dtype="float16"),
]


@each([*CASES, *(c.when(mask=MASK) for c in CASES if c.layer == "Softmax")])
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([c for c in CASES if "dtype" not in c.kwargs])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c.when(known=(1, 2)) if c.layer == "PReLU" and not c.kwargs else c for c in CASES])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


def test_softmax_takes_a_mask_of_numbers():
    case("Softmax", X).when(call={"mask": MASK[:, :1].astype("float32")}).check_outputs()


def test_leaky_relu_takes_the_old_alpha():
    with pytest.warns(UserWarning, match="alpha"):
        assert lamina.layers.LeakyReLU(alpha=0.1).negative_slope == 0.1


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
def test_what_makes_no_sense_is_refused(library):
    layers = library.layers
    for kwargs in ({"max_value": -1}, {"negative_slope": -1}, {"negative_slope": None}, {"threshold": -1}):
        with pytest.raises(ValueError, match=next(iter(kwargs))):
            layers.ReLU(**kwargs)
    with pytest.raises(ValueError, match="negative_slope"):
        layers.LeakyReLU(-1)
    with pytest.raises(ValueError, match="broadcastable"):
        layers.Softmax()(np.ones((2, 3), "float32"), mask=np.ones((2, 2), bool))

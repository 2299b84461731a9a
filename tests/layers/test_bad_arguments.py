"""Arguments out of their domain are refused at once, by an error that names layer, argument and value."""

import keras
import numpy as np
import pytest

from lamina import layers

SEQUENCE, IMAGE = np.ones((2, 5, 3), "float32"), np.ones((2, 6, 6, 4), "float32")
VIDEO = np.ones((1, 2, 4, 4, 3), "float32")

NUMBERS = [
    *((name, (units,), "units") for name in ("Dense", "LSTM", "GRU", "SimpleRNN") for units in (-1, 0, 2.5)),
    *(("Embedding", sizes, argument) for sizes, argument in (((0, 2), "input_dim"), ((2, -1), "output_dim"))),
    *(("MultiHeadAttention", sizes, name) for sizes, name in (((0, 4), "num_heads"), ((2, 0), "key_dim"))),
    *(("GroupQueryAttention", sizes, "head") for sizes in ((0, 4, 2), (4, 0, 2), (4, 4, 0), (4, 3, 2))),
    *((name, (rate,), "rate") for name in ("Dropout", "AlphaDropout", "SpatialDropout1D") for rate in (-0.1, 1.5)),
    *((name, (size, 2), "filters") for name in ("Conv1D", "Conv2DTranspose", "ConvLSTM2D") for size in (0, -1)),
    *((name, (2, 0), "kernel_size") for name in ("Conv3D", "SeparableConv2D")),
    *((name, (0,), "pool_size") for name in ("MaxPooling2D", "AveragePooling1D")),
    ("AdaptiveMaxPooling2D", (0,), "output_size"),
    ("RepeatVector", (0,), "positive integer"),
]


@pytest.mark.parametrize(("name", "arguments", "told"), NUMBERS, ids=str)
def test_numbers_out_of_range_are_refused_by_the_constructor(name, arguments, told):
    with pytest.raises(ValueError, match=told) as error:
        getattr(layers, name)(*arguments)
    assert getattr(layers, name).__name__.removesuffix("2D") in str(error.value)


@pytest.mark.parametrize("rate", ["a", None, True])
def test_a_rate_that_is_no_number_is_a_type_error_as_in_keras(rate):
    with pytest.raises(TypeError, match="Dropout must be a number from 0 to 1"):
        layers.Dropout(rate)


CALLS = [
    ("Conv2D", {"filters": 2, "kernel_size": 9}, IMAGE),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 9}, VIDEO),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "groups": 2}, SEQUENCE),
    ("Reshape", {"target_shape": (4,)}, SEQUENCE),
    ("Permute", {"dims": (1, 3)}, SEQUENCE),
    ("Cropping1D", {"cropping": 3}, SEQUENCE),
    ("GroupNormalization", {"groups": 3}, IMAGE),
    ("LayerNormalization", {"axis": 5}, SEQUENCE),
    ("PReLU", {"shared_axes": [9]}, SEQUENCE),
    ("Add", {}, [SEQUENCE, SEQUENCE[:, :4]]),
    ("Concatenate", {}, [SEQUENCE, SEQUENCE[:, :4]]),
    ("Dot", {"axes": 1}, [SEQUENCE, SEQUENCE[:, :4]]),
    ("Attention", {}, SEQUENCE),
    ("EinsumDense", {"equation": "abc,cd->abe", "output_shape": (None, 4)}, SEQUENCE),
]


@pytest.mark.parametrize(("name", "arguments", "x"), CALLS, ids=lambda value: value if isinstance(value, str) else "")
def test_what_does_not_fit_the_input_is_refused_where_keras_refuses_it(name, arguments, x):
    with pytest.raises((ValueError, IndexError)):
        getattr(keras.layers, name)(**arguments)(x)
    with pytest.raises(ValueError, match=r"\w"):
        getattr(layers, name)(**arguments)(x)

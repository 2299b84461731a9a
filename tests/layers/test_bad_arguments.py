"""Arguments out of their domain are refused at once, by an error that names layer, argument and value."""

import dataclasses
import inspect
import re
import warnings

import keras
import numpy as np
import pytest
from tests.layers.oracle import cases_by_layer

import lamina
from lamina import layers
from lamina.core.tensor import KerasTensor
from lamina.layers.image_layer import ImageLayer
from lamina.layers.resizing import FittingLayer

SEQUENCE, IMAGE = np.ones((2, 5, 3), "float32"), np.ones((2, 6, 6, 4), "float32")
VIDEO = np.ones((1, 2, 4, 4, 3), "float32")

NUMBERS = [
    *((name, (units,), "units") for name in ("Dense", "LSTM", "GRU", "SimpleRNN") for units in (-1, 0, 2.5)),
    *(("Embedding", sizes, argument) for sizes, argument in (((0, 2), "input_dim"), ((2, -1), "output_dim"))),
    *(("MultiHeadAttention", sizes, name) for sizes, name in (((0, 4), "num_heads"), ((2, 0), "key_dim"))),
    *(("GroupQueryAttention", sizes, "head") for sizes in ((0, 4, 2), (4, 0, 2), (4, 4, 0), (4, 3, 2))),
    *((name, (rate,), "rate") for name in ("Dropout", "AlphaDropout", "SpatialDropout1D") for rate in (-0.1, 1.5)),
    *(("Attention", (False, "dot", rate), "dropout") for rate in (-0.1, 1.5)),
    *(("RandomCrop", sizes, "positive integer") for sizes in ((0, 4), (4, -1), (2.5, 4))),
    *((name, (size, 2), "filters") for name in ("Conv1D", "Conv2DTranspose", "ConvLSTM2D") for size in (0, -1)),
    *((name, (2, 0), "kernel_size") for name in ("Conv3D", "SeparableConv2D")),
    *((name, (0,), "pool_size") for name in ("MaxPooling2D", "AveragePooling1D")),
    ("AdaptiveMaxPooling2D", (0,), "output_size"),
    ("AdaptiveMaxPooling1D", ((1, 2),), "output_size"),
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


# --- every argument of every layer ----------------------------------------------------------------------------------

COUNTS = "units|filters|(in|out)put_dim|num_(query_|key_value_)?heads|(key|head|value)_dim|groups|depth_multiplier|n"
SIZES = "kernel_size|pool_size|strides|dilation_rate|output_size|height|width|fft_length|sequence_length|frame_length"
BAD = {
    COUNTS: [0, -1, 2.5],
    SIZES: [0, -1, "nope", (1, 2, 3, 4)],
    "rate": [-0.5, 1.5, "nope"],
    "axis|axes": [99, "nope"],
    ".*initializer|.*regularizer|.*constraint|.*activation|padding|data_format|.*_mode|interpolation": ["nope"],
    "cropping|dims|target_shape": ["nope"],
    "trainable": ["nope"],
    "dtype": ["nope"],
    "name": ["a/b", 3],
    "unknown_argument": [1],
}
NOT_OF_THE_KIND = {bool: ["nope", 2.5], float: ["nope", {"a": 1}]}  # of a default
EVERYWHERE = ("trainable", "dtype", "name", "unknown_argument")
WORDS = ("Hashing", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization")
CASES = {name: cases[0] for name, cases in sorted(cases_by_layer().items()) if name not in WORDS}


def bad_arguments(name):
    """Yield each argument of a layer with values out of its domain."""
    cls = getattr(layers, name)
    arguments = {**dict.fromkeys(EVERYWHERE), **inspect.signature(cls).parameters}
    for argument, parameter in arguments.items():
        yield from ((argument, value) for value in NOT_OF_THE_KIND.get(type(getattr(parameter, "default", None)), ()))
        if issubclass(cls, ImageLayer) and not issubclass(cls, FittingLayer):
            continue
        for pattern, values in BAD.items():
            if re.fullmatch(pattern, argument):
                yield from ((argument, value) for value in values)


def refusal(library, case, symbolic):
    """Return the error of making a layer and of calling it; None if there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is only out of date is no error
            layer = case.make(library)
    except Exception as error:  # noqa: BLE001 -- what it is, is what the test is about
        return error
    if symbolic is None or case.inputs is None:
        return None
    try:
        case._call_symbolic(layer, symbolic, np.shape)
    except Exception as error:  # noqa: BLE001
        return error
    return None


@pytest.mark.parametrize("name", CASES)
def test_every_argument_out_of_its_domain_is_refused_by_name(name):
    accepted, unclear = [], []
    for argument, value in bad_arguments(name):
        case = dataclasses.replace(CASES[name], kwargs={**CASES[name].kwargs, argument: value})
        error = refusal(lamina, case, KerasTensor)
        if error is None:
            if refusal(keras, case, keras.KerasTensor) is not None:
                accepted.append((argument, value))
            continue
        told = str(error)
        named = getattr(layers, name).__name__ in told or "layer" in told.replace("the layer", "")
        foreign = "unexpected keyword argument" in told  # Python's own words
        clear = argument in told and (str(value) in told or foreign)
        if not (isinstance(error, ValueError | TypeError) and named and clear):
            unclear.append(f"{argument}={value!r}: {type(error).__name__}: {told}")
    assert (accepted, unclear) == ([], [])


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


ONE_ARRAY = [
    *(layers.Softmax(), layers.PReLU(), layers.Reshape((3,)), layers.UnitNormalization(), layers.Normalization()),
    *(layers.BatchNormalization(), layers.LayerNormalization(), layers.GroupNormalization(), layers.RMSNormalization()),
    *(layers.Embedding(3, 4), layers.EinsumDense("ab,bc->ac", 4), layers.RNN(layers.GRUCell(2))),
]


@pytest.mark.parametrize("layer", ONE_ARRAY, ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("inputs", [[SEQUENCE, SEQUENCE], {"a": SEQUENCE, "b": SEQUENCE}], ids=["list", "dict"])
def test_layers_of_one_array_refuse_several(layer, inputs):
    with pytest.raises(ValueError, match=r"expects 1 input\(s\), but it received 2"):
        layer(inputs)


@pytest.mark.parametrize(
    "make",
    [
        lambda k: k.layers.Rescaling(1.0, offset=k.Variable(2.0)),
        lambda k: k.layers.LayerNormalization(epsilon=k.Variable(1e-3)),
        lambda k: k.layers.LSTM(2, return_sequences=np.array(True)),
        lambda k: k.layers.LSTM(2, return_sequences=2),
        lambda k: k.layers.BatchNormalization(axis=np.array(-1)),
        lambda k: k.layers.MixUp(alpha=np.float32(0.2)),
        lambda k: k.layers.Dropout(np.array(0.2)),
        lambda k: k.layers.AlphaDropout(0.2, noise_shape=tuple(np.array([2, 1, 4]))),
    ],
)
def test_numbers_and_flags_of_other_kinds_are_taken_where_keras_takes_them(make):
    make(keras)
    make(lamina)


@pytest.mark.parametrize("k", [keras, lamina], ids=lambda k: k.__name__)
def test_nothing_in_the_place_of_training_is_nothing(k):
    class Sum(k.layers.Layer):
        def call(self, x, training=None, y=None):
            return x + y

    x = np.ones((2, 3), "float32")
    np.testing.assert_array_equal(Sum()(x, None, x), 2 * x)
    np.testing.assert_array_equal(k.layers.Dropout(0.5)(x, None), x)

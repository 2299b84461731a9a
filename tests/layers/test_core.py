"""Dense, EinsumDense, Embedding, Masking, Lambda, Activation, Identity and inputs do what Keras's do."""

import warnings

import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same, case, each

import lamina
from lamina import layers
from lamina.core.context import get_mask
from lamina.core.errors import DataError
from lamina.core.tensor import KerasTensor

IDS = np.array([[1, 0, 3], [2, 2, 0]], "int32")
PADDED = np.where(np.array([[1, 1, 0], [1, 0, 0]])[..., None], np.ones((2, 3, 4), "float32"), 0).astype("float32")

DENSE = [
    case("Dense", (2, 3), units=4),
    case("Dense", (2, 3, 5), units=4, activation="relu", use_bias=False),
    case("Dense", (2, 3), units=4, activation="softmax", kernel_regularizer="l2", bias_constraint="non_neg"),
    case("Dense", (2, 3), units=4, activity_regularizer="l1", dtype="mixed_bfloat16"),
    case("Dense", (2, 3), units=4, lora_rank=2, kernel_regularizer="l2"),
]
EINSUM = [
    case("EinsumDense", (2, 3), equation="ab,bc->ac", output_shape=4, bias_axes="c"),
    case("EinsumDense", (2, 5, 3), equation="abc,cd->abd", output_shape=(5, 4), bias_axes="bd").when(known=(1, 2)),
    case("EinsumDense", (2, 5, 3), equation="abc,cde->abde", output_shape=(5, 4, 2), bias_axes="d").when(known=(1, 2)),
    case("EinsumDense", (2, 5, 3), equation="...x,xy->...y", output_shape=4, bias_axes="y", activation="relu"),
    case("EinsumDense", (2, 3, 5, 2), equation="ab...,bc->ac...", output_shape=4, bias_axes="c").when(known=(1,)),
    case("EinsumDense", (2, 5, 3), equation="abc,cd->abd", output_shape=(5, 4), lora_rank=2, lora_alpha=3).when(
        known=(1, 2)
    ),
]
EMBEDDING = [
    case("Embedding", IDS, input_dim=4, output_dim=3).when(known=()),
    case("Embedding", IDS, input_dim=4, output_dim=3, mask_zero=True, embeddings_regularizer="l2").when(known=()),
    case("Embedding", IDS, input_dim=4, output_dim=3, dtype="mixed_bfloat16").when(known=()),
    case("Embedding", IDS, input_dim=4, output_dim=3, lora_rank=2).when(known=()),
    case("ReversibleEmbedding", IDS, input_dim=4, output_dim=3, mask_zero=True).when(known=()),
    case("ReversibleEmbedding", IDS, input_dim=4, output_dim=3, tie_weights=False).when(known=()),
]
REVERSED = [
    case("ReversibleEmbedding", (2, 3), input_dim=4, output_dim=3),
    case("ReversibleEmbedding", (2, 3), input_dim=4, output_dim=3, tie_weights=False, logit_soft_cap=0.5),
    case("ReversibleEmbedding", (2, 3), input_dim=4, output_dim=3, reverse_dtype="bfloat16"),
]
REVERSED = [c.when(call={"reverse": True}) for c in REVERSED]
OTHERS = [
    case("Masking", PADDED),
    case("Masking", PADDED, mask_value=1.0),
    case("Activation", (2, 3), activation="tanh"),
    case("Identity", (2, 3)),
    case("Identity", IDS),
]
ALL = DENSE + EINSUM + EMBEDDING + REVERSED + OTHERS


@each(ALL)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([*DENSE[:3], DENSE[4], *EINSUM, *EMBEDDING[:2], EMBEDDING[3], REVERSED[0]])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c for c in ALL if "reverse_dtype" not in c.kwargs])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(ALL)
def test_configs_equal_those_of_keras(case):
    case.check_config()


@each([DENSE[4], EINSUM[5], EMBEDDING[3]])
def test_what_is_saved_of_an_adapted_layer_equals_what_keras_saves(case):
    ours, theirs = case.pair()
    given, wanted = {}, {}
    ours.save_own_variables(given)
    theirs.save_own_variables(wanted)
    assert sorted(given) == sorted(wanted)
    for key, value in wanted.items():
        np.testing.assert_allclose(np.asarray(given[key]), np.asarray(getattr(value, "value", value)), rtol=1e-5)
    ours.load_own_variables(given)
    np.testing.assert_array_equal(np.asarray(ours._adapted_value()), np.asarray(given["0"]))


def test_dense_refuses_what_it_cannot_be_made_of():
    for units in (0, -1, 2.5, "4", None):
        with pytest.raises(ValueError, match="units"):
            layers.Dense(units)
    with pytest.raises(ValueError, match="last axis"):
        layers.Dense(2)(KerasTensor((None, None)))


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
@pytest.mark.parametrize(
    ("equation", "output_shape", "bias_axes"),
    [("ab->b", 4, None), ("ab,bc->ad", 4, None), ("abc,cd->abd", (7, 4), None), ("abc,cd->abd", (None, 4), "c")],
)
def test_einsum_dense_refuses_equations_that_do_not_fit(library, equation, output_shape, bias_axes):
    layer = library.layers.EinsumDense(equation, output_shape=output_shape, bias_axes=bias_axes)
    with pytest.raises(ValueError):
        layer.build((2, 5, 3))


def test_embedding_refuses_integers_without_a_row():
    layer = layers.Embedding(4, 2)
    with pytest.raises(DataError, match=r"(?s)integers 0 to 3.*from 1 to 4.*Embedding\(5, 2\)"):
        layer(np.array([[1, 4]]))
    with pytest.raises(DataError, match="from -1 to 1"):
        layer(np.array([[1, -1]]))


@pytest.mark.parametrize("sizes", [(0, 2), (2, -1), (2.0, 2), (True, 2)])
def test_embedding_refuses_sizes_that_are_no_positive_integers(sizes):
    with pytest.raises(ValueError, match="must be a positive integer"):
        layers.Embedding(*sizes)


def test_embedding_starts_with_the_given_table():
    table = np.arange(8, dtype="float32").reshape(4, 2)
    for weights in (table, [table]):
        assert_same(layers.Embedding(4, 2, weights=weights)(IDS), table[IDS])


def test_embedding_takes_the_old_input_length():
    with pytest.warns(UserWarning, match="input_length"):
        layers.Embedding(4, 2, input_length=10)


def test_masking_sets_masked_steps_to_zero_even_where_they_are_no_numbers():
    x = np.full((1, 2, 3), np.nan, "float32")
    x[0, 0] = 1
    assert np.isnan(np.asarray(layers.Masking(mask_value=1.0)(x))[0]).tolist() == [[False] * 3, [True] * 3]


def test_lambda_gets_arguments_mask_and_training():
    def function(x, mask, training, factor):
        return x * factor + (mask is not None) + 10 * bool(training)

    x = layers.Masking()(np.ones((1, 2, 3), "float32"))
    layer = layers.Lambda(function, arguments={"factor": 2.0})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mask ends here
        assert float(layer(x, training=True)[0, 0, 0]) == 13.0


def test_lambda_makes_the_mask_it_is_told_to():
    x = jnp.ones((2, 3))
    layer = layers.Lambda(lambda x: x, mask=lambda inputs, mask: inputs > 0)
    assert_same(get_mask(layer(x)), np.ones((2, 3), bool))


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
def test_lambda_says_the_shape_it_is_told(library):
    x = library.KerasTensor((None, 3)) if library is keras else KerasTensor((None, 3))
    double = library.layers.Lambda(lambda x: x, output_shape=(6,))
    assert tuple(double(x).shape) == (None, 6)
    squared = library.layers.Lambda(lambda x: x, output_shape=lambda shape: (shape[0], shape[1] ** 2))
    assert tuple(squared(x).shape) == (None, 9)
    pair = library.layers.Lambda(lambda x: [x, x], output_shape=[(3,), (4,)])
    assert [tuple(y.shape) for y in pair(x)] == [(None, 3), (None, 4)]


def test_lambda_finds_shape_and_dtype_itself():
    y = layers.Lambda(lambda x: jnp.argmax(x, -1).astype("int32"))(KerasTensor((None, 3)))
    assert (y.shape, y.dtype) == ((None,), "int32")


@pytest.mark.parametrize("library", [lamina, keras], ids=["lamina", "keras"])
def test_input_takes_one_of_shape_and_batch_shape(library):
    make = library.Input
    assert tuple(make((3,), batch_size=2).shape) == (2, 3)
    assert tuple(make(batch_shape=(None, 3)).shape) == (None, 3)
    tensor = make((3,))
    assert make(tensor=tensor) is tensor
    for arguments in [{}, {"shape": (3,), "batch_shape": (2, 3)}, {"batch_size": 2, "batch_shape": (2, 3)}]:
        with pytest.raises(ValueError):
            make(**arguments)
    for arguments in [{"shape": (4,)}, {"dtype": "int32"}, {"batch_size": 7}, {"batch_shape": (None, 4)}]:
        with pytest.raises(ValueError):
            make(tensor=tensor, **arguments)
    with pytest.raises(ValueError):
        make(tensor=np.ones(3))


def test_layers_are_described_and_made_again():
    config = layers.serialize(layers.Dense(3, name="out"))
    assert config == keras.layers.serialize(keras.layers.Dense(3, name="out"))
    assert layers.deserialize(config).units == 3
    with pytest.raises(ValueError, match="no layer"):
        layers.deserialize(lamina.initializers.serialize(lamina.initializers.Zeros()))


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(2, "relu"),
        layers.Conv1D(2, 1, activation="relu"),
        layers.EinsumDense("abc,cd->abd", (3, 2), "relu"),
    ],
)
def test_an_activation_may_be_taken_away(layer):
    x = np.random.default_rng(0).standard_normal((4, 3, 5)).astype("float32")
    assert np.min(layer(x)) >= 0
    layer.activation = None
    assert np.min(layer(x)) < 0


def test_an_axis_is_called_by_its_name_in_channels_first_too():
    layer = layers.Conv2D(2, 3, data_format="channels_first")
    layer(np.ones((1, 3, 8, 8), "float32"))
    with pytest.raises(ValueError, match=r"wants \(batch, channels=3, height, width\)"):
        layer(np.ones((1, 4, 8, 8), "float32"))


def test_asking_for_a_shape_leaves_building_possible():
    layer = layers.EinsumDense("ab,bc->ac", 7)
    assert layer.compute_output_shape((None, 5)) == (None, 7)
    layer.build((None, 5))
    with pytest.raises(ValueError, match="You cannot add new elements of state"):
        layer.build((None, 6))


def test_state_is_added_to_a_layer_that_is_built_only_after_unlocking_it():
    layer = layers.Dense(2)
    layer.build((None, 3))
    with pytest.raises(ValueError, match="You cannot add new elements of state"):
        layer.extra = lamina.Variable([1.0])
    layer._tracker.unlock()
    layer.extra = lamina.Variable([1.0])
    layer._tracker.lock()
    assert len(layer.weights) == 3
    layer._untrack_variable(layer.extra)
    assert len(layer.weights) == 2


def test_a_new_session_has_no_policy_of_its_own():
    lamina.config.set_dtype_policy("mixed_bfloat16")
    assert layers.Dense(1).compute_dtype == "bfloat16"
    lamina.utils.clear_session()
    assert layers.Dense(1).compute_dtype == "float32"

"""Layers whose weights are kept in few bits compute, save and configure what Keras's do."""

import json

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same

import lamina
from lamina import layers

INT8 = "int8", lambda q: None
INT8_WEIGHTS = "int8", lambda q: q.Int8QuantizationConfig(activation_quantizer=None)
INT8_NARROW = "int8", lambda q: q.Int8QuantizationConfig(activation_quantizer=q.AbsMaxQuantizer(value_range=(-63, 63)))
INT4 = "int4", lambda q: None
INT4_COLUMNS = "int4", lambda q: q.Int4QuantizationConfig(block_size=None)
INT4_INPUTS = "int4", lambda q: q.Int4QuantizationConfig(activation_quantizer=q.AbsMaxQuantizer(), block_size=-1)
INT4_BLOCKS = "int4", lambda q: q.Int4QuantizationConfig(block_size=4)
FLOAT8 = "float8", lambda q: None
MODES = [INT8, INT8_WEIGHTS, INT8_NARROW, INT4, INT4_COLUMNS, INT4_INPUTS, INT4_BLOCKS]
NAMES = ["int8", "int8 weights", "int8 narrow", "int4", "int4 columns", "int4 inputs", "int4 blocks", "float8"]

KERNELS = {
    "dense": (lambda lib: lib.layers.Dense(5, activation="relu", name="layer"), (4, 3, 8)),
    "einsum": (
        lambda lib: lib.layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="e", name="layer"),
        (2, 4, 8),
    ),
    "einsum sum of two": (lambda lib: lib.layers.EinsumDense("abde,dec->abc", (None, 5), name="layer"), (2, 4, 2, 4)),
    "einsum turned": (lambda lib: lib.layers.EinsumDense("ab,cb->ac", 5, name="layer"), (4, 8)),
}
TABLES = {
    "embedding": lambda lib: lib.layers.Embedding(9, 8, name="layer"),
    "tied": lambda lib: lib.layers.ReversibleEmbedding(9, 8, logit_soft_cap=5.0, name="layer"),
    "untied": lambda lib: lib.layers.ReversibleEmbedding(9, 8, tie_weights=False, name="layer"),
}


def mixed(rng, shape):
    """Random numbers among which all groups of four have both signs: others Keras cuts off."""
    signs = np.where(np.indices(shape).sum(0) % 2, 1, -1)
    return (np.abs(rng.standard_normal(shape)) * signs).astype("float32")


def quantized_pair(make, shape, mode, rank=None):
    """The layers of Lamina and Keras, with the same weights in few bits."""
    pair = []
    for library in (lamina, keras):
        layer = make(library)
        layer.build((None, *shape[1:]))
        if rank:
            layer.enable_lora(rank)
        rng = np.random.default_rng(1)
        layer.set_weights([mixed(rng, tuple(w.shape)) for w in layer.weights])
        layer.quantize(mode[0], config=mode[1](library.quantizers))
        pair.append(layer)
    return pair


def described(layer):
    return [(w.name, tuple(w.shape), str(np.dtype(w.dtype)), w.trainable) for w in layer.weights]


def assert_same_state(ours, theirs):
    assert described(ours) == described(theirs)
    assert_same([w.numpy() for w in ours.weights], [np.asarray(w.value) for w in theirs.weights], 1e-5)
    given, wanted = {}, {}
    ours.save_own_variables(given)
    theirs.save_own_variables(wanted)
    assert list(given) == list(wanted)
    for key, value in wanted.items():
        assert_same(np.asarray(given[key]), np.asarray(getattr(value, "value", value)), 1e-5)
    written = json.loads(json.dumps(ours.get_config()))
    assert written == json.loads(json.dumps(theirs.get_config()))
    assert json.loads(json.dumps(type(ours).from_config(written).get_config())) == written


@pytest.mark.parametrize("mode", [*MODES, FLOAT8], ids=NAMES)
@pytest.mark.parametrize("name", ["dense", "einsum"])
def test_a_kernel_in_few_bits_multiplies_as_in_keras(name, mode):
    check_kernel(name, mode)


@pytest.mark.parametrize("mode", [INT8, INT4], ids=lambda mode: mode[0])
@pytest.mark.parametrize("name", ["einsum sum of two", "einsum turned"])
def test_an_equation_decides_which_numbers_share_a_scale(name, mode):
    check_kernel(name, mode)


def check_kernel(name, mode):
    make, shape = KERNELS[name]
    ours, theirs = quantized_pair(make, shape, mode)
    assert_same_state(ours, theirs)
    x = mixed(np.random.default_rng(2), shape)
    assert_same(ours(x), theirs(x), 1e-4)
    ours_by_x, theirs_by_x = (jax.grad(lambda x, layer=layer: (layer(x) ** 2).sum())(x) for layer in (ours, theirs))
    assert_same(ours_by_x, theirs_by_x, 1e-3)


@pytest.mark.parametrize("mode", MODES[:-1], ids=NAMES[:-2])
@pytest.mark.parametrize("name", ["dense", "einsum"])
def test_low_rank_additions_to_a_kernel_in_few_bits_equal_those_of_keras(name, mode):
    make, shape = KERNELS[name]
    ours, theirs = quantized_pair(make, shape, mode, rank=2)
    assert_same_state(ours, theirs)
    x = mixed(np.random.default_rng(2), shape)
    assert_same(ours(x), theirs(x), 1e-4)
    saved = {}
    ours.save_own_variables(saved)
    before = np.asarray(ours(x))
    ours.load_own_variables({key: np.asarray(value) for key, value in saved.items()})
    assert not np.any(ours.lora_kernel_b.numpy())
    assert np.abs(np.asarray(ours(x)) - before).mean() < np.abs(before).mean() / 2  # merged, and rounded once more


@pytest.mark.parametrize("mode", [INT8, INT8_WEIGHTS, INT4, INT4_COLUMNS, INT4_BLOCKS], ids=lambda mode: mode[0])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_in_few_bits_is_looked_up_as_in_keras(name, mode):
    ours, theirs = quantized_pair(TABLES[name], (2, 3), mode)
    assert_same_state(ours, theirs)
    ids = np.array([[0, 3, 8], [1, 1, 2]])
    assert_same(ours(ids), theirs(ids), 1e-5)
    if name != "embedding":
        x = mixed(np.random.default_rng(2), (2, 8))
        assert_same(ours(x, reverse=True), theirs(x, reverse=True), 1e-4)
        assert np.any(np.asarray(jax.grad(lambda x: ours(x, reverse=True).sum())(x)))


@pytest.mark.parametrize("mode", [INT8, INT4, INT4_COLUMNS], ids=lambda mode: mode[0])
def test_low_rank_additions_to_a_table_in_few_bits_equal_those_of_keras(mode):
    ours, theirs = quantized_pair(TABLES["embedding"], (2, 3), mode, rank=2)
    assert_same_state(ours, theirs)
    assert_same(ours(np.arange(9)), theirs(np.arange(9)), 1e-4)


def test_additions_to_a_tied_table_count_in_both_directions():
    ours, _ = quantized_pair(TABLES["tied"], (2, 3), INT8_WEIGHTS, rank=2)
    table, x = np.asarray(ours(np.arange(9))), mixed(np.random.default_rng(2), (2, 8))
    ours.logit_soft_cap = None
    np.testing.assert_allclose(ours(x, reverse=True), x @ table.T, rtol=1e-4, atol=1e-4)


POLICIES = [
    *("int8_from_float32", "int8_from_mixed_bfloat16", "int4_from_float32", "int4/4_from_float32"),
    *("int4/-1_from_mixed_bfloat16", "float8_from_mixed_bfloat16", "gptq/4/3_from_float32", "gptq/8/-1_from_float32"),
    "awq/4/4_from_float32",
]


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_makes_the_variables_of_keras(policy):
    for name, (make, shape) in KERNELS.items():
        if name in ("dense", "einsum"):
            made = (make(library) for library in (lamina, keras))
            ours, theirs = (type(layer).from_config({**layer.get_config(), "dtype": policy}) for layer in made)
            for layer in (ours, theirs):
                layer.build((None, *shape[1:]))
            assert described(ours) == described(theirs)


def test_small_blocks_of_one_sign_keep_their_values():
    layer = layers.Dense(1, use_bias=False)
    layer.build((None, 4))
    layer.set_weights([np.array([[0.5], [0.6], [0.7], [1.0]], "float32")])
    layer.quantize(config=lamina.quantizers.Int4QuantizationConfig(block_size=2))
    np.testing.assert_allclose(layer(jnp.eye(4))[:, 0], [0.5, 0.6, 0.7, 1.0], atol=0.04)


def test_training_in_float8_keeps_scales_and_histories():
    losses = []
    for library in (lamina, keras):
        layer = library.layers.Dense(6, name="layer")
        model = library.Sequential([library.Input((8,)), layer])
        rng = np.random.default_rng(1)
        layer.set_weights([mixed(rng, tuple(w.shape)) for w in layer.weights])
        layer.quantize("float8")
        model.compile("sgd", "mse")
        x, y = mixed(rng, (16, 8)), mixed(rng, (16, 6))
        model.fit(x, y, batch_size=8, epochs=2, verbose=0, shuffle=False)
        losses.append([np.asarray(w.value) for w in layer.weights])
    assert_same(*losses, 1e-4)
    assert np.all(losses[0][-1][:1] > 0)


def test_setting_a_policy_quantizes_a_layer_that_is_built():
    for policy, variables in {"int8_from_float32": 3, "int4_from_float32": 5, "float8_from_float32": 8}.items():
        layer = layers.Dense(2)
        layer.build((None, 2))
        layer.dtype_policy = policy
        assert len(layer.variables) == variables
    layer = layers.Dense(2)
    layer.build((None, 2))
    with pytest.raises(ValueError, match="Implicitly enabling GPTQ quantization"):
        layer.dtype_policy = "gptq/4/8_from_float32"


def test_a_policy_without_block_size_is_completed_so_that_files_can_be_read():
    layer = layers.Dense(2)
    layer.build((None, 2))
    layer.dtype_policy = "int4_from_mixed_bfloat16"
    assert layer.dtype_policy.name == "int4/128_from_mixed_bfloat16"
    again = layers.Dense.from_config(layer.get_config())
    again.build((None, 2))
    assert described(again) == described(layer)


class Mine(layers.Dense):
    """A user's class."""


def test_it_is_refused_where_keras_refuses_it():
    with pytest.raises(ValueError, match="isn't yet built"):
        layers.Dense(2).quantize("int8")
    dense, mine, flatten = layers.Dense(2), Mine(2), layers.Flatten()
    for layer in (dense, mine):
        layer.build((None, 2))
    with pytest.raises(ValueError, match="Invalid quantization mode"):
        dense.quantize("int7")
    with pytest.raises(ValueError, match="For GPTQ, you must pass a `GPTQConfig`"):
        dense.quantize("gptq")
    with pytest.raises(ValueError, match="Contradictory arguments"):
        dense.quantize("int4", config=lamina.quantizers.Int8QuantizationConfig())
    with pytest.raises(NotImplementedError, match="`quantize`"):
        mine.quantize("int8")
    mine.quantize("int8", type_check=False)
    assert dense.dtype_policy.name == "float32"
    dense.quantize("int8")
    with pytest.raises(ValueError, match="is already quantized with dtype_policy='int8_from_float32'"):
        dense.quantize("int4")
    with pytest.raises(NotImplementedError, match="does not have a `quantize` method"):
        flatten.quantize("int8")
    table = layers.Embedding(2, 2)
    table.build()
    with pytest.raises(NotImplementedError, match=r"Expected one of \('int8', 'int4'\)"):
        table.quantize("float8")
    with pytest.raises(NotImplementedError, match="Invalid quantization mode"):
        dense.quantized_build((2, 2), "int7")

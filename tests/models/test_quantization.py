"""Quantizing whole models, files of quantized models, and policies by path."""

import warnings

import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same

import lamina
from lamina import layers, quantizers

pytestmark = pytest.mark.filterwarnings("ignore")

IDS = np.array([[0, 3, 8, 1], [1, 1, 2, 5]])


def make(library, attention=True):
    """A model of layers that have weights in few bits, some of them inside others."""
    layers = library.layers
    x = inputs = library.Input((4,), dtype="int32")
    x = layers.Embedding(9, 8)(x)
    x = layers.MultiHeadAttention(2, 4)(x, x) if attention else layers.EinsumDense("abc,cd->abd", (4, 8))(x)
    x = layers.Dense(6, activation="relu")(x)
    return library.Model(inputs, layers.Dense(3, name="head")(layers.Flatten()(x)))


def randomized(model):
    rng = np.random.default_rng(0)
    model.set_weights([rng.standard_normal(w.shape).astype("float32") for w in model.get_weights()])
    return model


def modes_of(model):
    return {layer.name: layer.quantization_mode for layer in model._flatten_layers()}


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_models_and_their_files_are_exchanged_with_keras(mode, tmp_path):
    ours, theirs = randomized(make(lamina)), randomized(make(keras))
    ours.quantize(mode)
    theirs.quantize(mode)
    assert [(w.name, tuple(w.shape)) for w in ours.weights] == [(w.name, tuple(w.shape)) for w in theirs.weights]
    wanted = np.asarray(theirs(IDS))
    assert_same(ours(IDS), wanted, 2e-4)
    ours.save(tmp_path / "ours.keras")
    assert_same(keras.saving.load_model(tmp_path / "ours.keras")(IDS), wanted, 2e-4)
    assert_same(lamina.saving.load_model(tmp_path / "ours.keras")(IDS), wanted, 2e-4)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    again = make(lamina)
    again.quantize(mode)
    again.load_weights(tmp_path / "theirs.weights.h5")
    assert_same(again(IDS), wanted, 2e-4)


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_lamina_reads_quantized_models_of_keras(mode, tmp_path):
    theirs = randomized(make(keras, attention=False))  # what Keras writes of attention, it cannot read itself
    theirs.quantize(mode)
    theirs.save(tmp_path / "theirs.keras")
    assert_same(lamina.saving.load_model(tmp_path / "theirs.keras")(IDS), theirs(IDS), 2e-4)


@pytest.mark.parametrize(
    "filters", ["head", ["he.d", "nothing"], lambda layer: layer.name == "head"], ids=["text", "list", "function"]
)
def test_filters_choose_the_layers(filters):
    model = make(lamina)
    model.quantize("int8", filters=filters)
    assert [name for name, mode in modes_of(model).items() if mode] == ["head"]


def test_layers_without_weights_are_passed_over_in_silence():
    x = lamina.Input((4,))
    model = lamina.Model(x, lamina.layers.Dense(2)(lamina.layers.Dropout(0.1)(x)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.quantize("int8")


def test_bad_arguments_change_nothing():
    model = make(lamina)
    for arguments in ({"filters": 3, "mode": "int8"}, {"mode": "int7"}, {}, {"mode": "gptq"}):
        with pytest.raises(ValueError, match=r"filters|mode|GPTQConfig"):
            model.quantize(**arguments)
    with pytest.raises(ValueError, match="quantization structure must be provided"):
        model.quantize(config=quantizers.AWQConfig(["a"], None))
    assert not any(modes_of(model).values())


def test_a_compiled_model_predicts_with_the_new_weights():
    model = randomized(make(lamina))
    before = model.predict(IDS, verbose=0)
    model.quantize(config=quantizers.Int4QuantizationConfig(block_size=None))
    after = model.predict(IDS, verbose=0)
    assert np.any(after != before)
    np.testing.assert_allclose(after, model(IDS), rtol=1e-5, atol=1e-5)


class Letters:
    """A tokenizer: one token for each letter."""

    def tokenize(self, text):
        return [ord(letter) % 9 for letter in text]


def language_model(library=lamina):
    embedding = library.layers.Embedding(9, 16)
    blocks = [
        library.Sequential([library.Input((4, 16)), library.layers.Dense(24, "gelu"), library.layers.Dense(16)])
        for _ in range(2)
    ]
    model = library.Sequential([library.Input((4,), dtype="int32"), embedding, *blocks, library.layers.Dense(9)])
    return model, {"pre_block_layers": [embedding], "sequential_blocks": blocks}


CALIBRATIONS = {
    "gptq": lambda q, s: q.GPTQConfig(["abcdefghi"] * 9, Letters(), quantization_layer_structure=s, **SMALL),
    "gptq sorted": lambda q, s: q.GPTQConfig(
        ["abcdefghi"] * 9, Letters(), activation_order=True, quantization_layer_structure=s, **SMALL
    ),
    "gptq 8 bits": lambda q, s: q.GPTQConfig(
        ["abcdefghi"] * 9, Letters(), weight_bits=8, symmetric=True, quantization_layer_structure=s, **SMALL
    ),
    "awq": lambda q, s: q.AWQConfig(["abcdefghi"] * 9, Letters(), quantization_layer_structure=s, **SMALL),
}
SMALL = {"num_samples": 4, "sequence_length": 4, "group_size": 8}


@pytest.mark.parametrize("name", CALIBRATIONS)
def test_calibrated_weights_lose_little_and_are_saved(name, tmp_path):
    model, structure = language_model()
    randomized(model)
    wanted = np.asarray(model(IDS))
    config = CALIBRATIONS[name](quantizers, structure)
    model.quantize(config=config, filters=lambda layer: isinstance(layer, layers.Dense))
    given = np.asarray(model(IDS))
    assert structure["sequential_blocks"][0].layers[0].quantization_mode == config.mode
    assert np.abs(given - wanted).mean() < 0.2 * np.abs(wanted).mean()
    np.testing.assert_allclose(model.predict(IDS, verbose=0), given, rtol=1e-4, atol=1e-4)
    blocks = structure["sequential_blocks"]
    blocks[0].save(tmp_path / "block.keras")
    x = np.random.default_rng(1).standard_normal((2, 4, 16)).astype("float32")
    wanted = blocks[0](x)
    np.testing.assert_allclose(lamina.saving.load_model(tmp_path / "block.keras")(x), wanted, rtol=1e-5, atol=1e-5)
    theirs = keras.saving.load_model(tmp_path / "block.keras")  # what Keras writes of these, it cannot read itself
    np.testing.assert_allclose(theirs(x), wanted, rtol=1e-4, atol=1e-4)


def test_gptq_loses_less_than_rounding_alone():
    from lamina.quantizers.calibration import gptq_quantize_matrix
    from lamina.quantizers.zero_point import dequantize_with_sz_map

    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((256, 4)) @ rng.standard_normal((4, 32)) + 0.1 * rng.standard_normal((256, 32))
    weights = rng.standard_normal((8, 32))
    config = quantizers.GPTQConfig(None, None, weight_bits=3, group_size=-1)

    def loss(hessian):
        integers, scale, zero, groups = gptq_quantize_matrix(weights, hessian, config)
        kept = np.asarray(dequantize_with_sz_map(integers, scale, zero, groups))
        return np.square(inputs @ (kept - weights).T).mean()

    assert loss(inputs.T @ inputs) < 0.3 * loss(np.eye(32))


def test_a_layer_inside_a_wrapper_computes_with_its_scale():
    layer = layers.TimeDistributed(layers.Dense(3, name="inner"), name="outer")
    x = np.random.default_rng(0).standard_normal((2, 4, 5)).astype("float32")
    wanted = np.asarray(layer(x))
    layer.layer.quantize("int8")
    np.testing.assert_allclose(layer(x), wanted, atol=0.05)
    assert layer.layer._kernel.path == "outer/inner/kernel"


def make_mapped(library):
    policies = library.dtype_policies.DTypePolicyMap(
        "float32", {"first": library.dtype_policies.get("int8_from_float32")}
    )
    policies["la.t"] = "bfloat16"
    dense = library.layers.Dense
    return policies, [dense(3, name=name, dtype=policies) for name in ("first", "last", "other")]


def test_a_policy_map_gives_each_layer_the_policy_of_its_path():
    configs = []
    for library in (lamina, keras):
        policies, made = make_mapped(library)
        for layer in made:
            layer.build((None, 4))
        assert [layer.quantization_mode for layer in made] == ["int8", None, None]
        assert [layer.compute_dtype for layer in made] == ["float32", "bfloat16", "float32"]
        assert [str(np.dtype(layer.weights[0].dtype)) for layer in made] == ["float32", "bfloat16", "float32"]
        configs.append(made[0].get_config()["dtype"])
        with pytest.raises(ValueError, match="already exist"):
            policies["first"] = "float32"
        policies["f.*"], policies["fi.*"] = "float32", "float32"
        assert len(policies) == 4
        with pytest.raises(ValueError, match="matches multiple"):
            policies["fir"]
    assert configs[0] == configs[1]
    assert lamina.dtype_policies.get(configs[1]).get_config() == configs[1]["config"]
    made = layers.Dense(3, name="other", dtype=lamina.dtype_policies.get(configs[1]))
    made.build((None, 4))
    made.quantize("int8")
    assert made.quantization_mode == "int8"
    assert made.dtype_policy.default_policy.name == "float32"


@pytest.mark.parametrize(
    "name",
    [
        *("int8_from_float32", "int8_from_mixed_bfloat16", "int4_from_bfloat16", "int4/32_from_float32"),
        *("float8_from_mixed_bfloat16", "gptq/3/-1_from_float32", "awq/4/64_from_float32"),
    ],
)
def test_quantized_policies_equal_those_of_keras(name):
    ours, theirs = (library.dtype_policies.get(name) for library in (lamina, keras))
    for attribute in ("name", "compute_dtype", "variable_dtype", "quantization_mode"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)
    written = lamina.dtype_policies.serialize(ours)
    assert written == keras.dtype_policies.serialize(theirs)
    assert lamina.dtype_policies.deserialize(written) == ours
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize(
    "name",
    [
        *("int8_float32", "int7_from_float32", "int8_from_float16", "int4/0_from_float32", "int4/a_from_float32"),
        *("gptq/5/8_from_float32", "gptq/4_from_float32", "awq/8/8_from_float32", "awq/4/-3_from_float32"),
    ],
)
def test_policies_that_mean_nothing_raise_what_keras_raises(name):
    for library in (lamina, keras):
        with pytest.raises(ValueError, match=r"mode|polic"):
            library.dtype_policies.get(name)

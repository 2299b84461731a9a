"""Quantizers and what they are made of give Keras's numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from keras import quantizers as theirs

from lamina import quantizers as ours
from lamina.core.tensor import KerasTensor

X = np.random.default_rng(0).standard_normal((6, 5)).astype("float32")


def assert_equal(given, wanted):
    for a, b in zip(jax.tree_util.tree_leaves(given), jax.tree_util.tree_leaves(wanted), strict=True):
        assert np.dtype(getattr(a, "dtype", int)) == np.dtype(getattr(b, "dtype", int))
        np.testing.assert_allclose(np.asarray(a, "float64"), np.asarray(b, "float64"), rtol=1e-5, atol=1e-6)


CALLS = {
    "quantizer": lambda q: q.AbsMaxQuantizer()(X),
    "quantizer of an axis": lambda q: q.AbsMaxQuantizer(axis=0, value_range=(-8, 7))(X, to_numpy=True),
    "both axes": lambda q: q.abs_max_quantize(X, axis=(0, 1)),
    "blocks": lambda q: q.abs_max_quantize_grouped_with_zero_point(X, block_size=4, to_numpy=True),
    "blocks on the device": lambda q: q.abs_max_quantize_grouped_with_zero_point(X, block_size=6),
    "float8": lambda q: q.quantize_and_dequantize(X, jnp.float32(0.01), "float8_e4m3fn", "float32"),
    "float8 scale": lambda q: q.compute_float8_scale(jnp.array([2.0, 0.0, np.inf]), jnp.full(3, 0.5), 448.0, 1),
    "float8 history": lambda q: q.compute_float8_amax_history(X, jnp.arange(4.0)),
}


@pytest.mark.parametrize("name", CALLS)
def test_numbers_equal_those_of_keras(name):
    assert_equal(CALLS[name](ours), CALLS[name](theirs))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_packed_integers_equal_those_of_keras_and_come_back(dtype, axis):
    low = -8 if dtype == "int8" else 0
    x = np.random.default_rng(1).integers(low, low + 16, (3, 4, 5)).astype(dtype)
    packed, wanted = ours.pack_int4(x, axis, dtype), theirs.pack_int4(x, axis, dtype)
    assert_equal(packed, wanted)
    assert_equal(ours.unpack_int4(packed[0], x.shape[axis], axis, dtype), x)


@pytest.mark.parametrize("arguments", [{}, {"num_bits": 4, "narrow_range": True}, {"axis": -1}], ids=str)
def test_fake_quantization_and_its_gradients_equal_those_of_keras(arguments):
    shape = (5,) if "axis" in arguments else ()
    bounds = jnp.full(shape, -0.7), jnp.full(shape, 1.1)

    def value_and_gradients(q):
        function = lambda x, low, high: (q.fake_quant_with_min_max_vars(x, low, high, **arguments) * X).sum()  # noqa: E731
        rounded = q.fake_quant_with_min_max_vars(X, *bounds, **arguments)
        return rounded, jax.grad(function, (0, 1, 2))(X, *bounds)

    assert_equal(value_and_gradients(ours), value_and_gradients(theirs))
    assert ours.fake_quant_with_min_max_vars(KerasTensor((None, 5)), *bounds).shape == (None, 5)


CONFIGS = {
    "int8": lambda q: q.Int8QuantizationConfig(),
    "int8 of its own": lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(axis=0), None),
    "int4": lambda q: q.Int4QuantizationConfig(),
    "int4 of its own": lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(value_range=(-8, 7)), block_size=None),
    "float8": lambda q: q.Float8QuantizationConfig(),
    "gptq": lambda q: q.GPTQConfig(None, None, weight_bits=3, group_size=-1),
    "awq": lambda q: q.AWQConfig(None, None, num_grid_points=5),
    "quantizer": lambda q: q.AbsMaxQuantizer(axis=(0, 1)),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_configs_equal_those_of_keras_and_are_read_again(name):
    written = ours.serialize(CONFIGS[name](ours))
    assert written == theirs.serialize(CONFIGS[name](theirs))
    assert ours.serialize(ours.deserialize(written)) == written
    assert type(ours.get(written)) is type(CONFIGS[name](ours))


BAD = {
    "range": lambda q: q.AbsMaxQuantizer(value_range=(-129, 127)),
    "dtype of int8": lambda q: q.Int8QuantizationConfig(q.AbsMaxQuantizer(output_dtype="uint8", value_range=(0, 255))),
    "range of int4": lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(), block_size=None),
    "blocks and quantizer": lambda q: q.Int4QuantizationConfig(q.AbsMaxQuantizer(value_range=(-8, 7))),
    "block size": lambda q: q.Int4QuantizationConfig(block_size=0),
    "bits": lambda q: q.GPTQConfig(None, None, weight_bits=5),
    "samples": lambda q: q.GPTQConfig(None, None, num_samples=0),
    "damping": lambda q: q.GPTQConfig(None, None, hessian_damping=2),
    "bits of awq": lambda q: q.AWQConfig(None, None, weight_bits=8),
    "group": lambda q: q.AWQConfig(None, None, group_size=0),
    "grid": lambda q: q.AWQConfig(None, None, num_grid_points=0),
    "name": lambda q: q.get("typo"),
    "packed dtype": lambda q: q.pack_int4(np.zeros(2, "int16"), dtype="int16"),
    "another dtype": lambda q: q.pack_int4(np.zeros(2, "int8"), dtype="uint8"),
    "unpacked dtype": lambda q: q.unpack_int4(np.zeros(2, "int16"), 4),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_arguments_raise_what_keras_raises(name):
    with pytest.raises(Exception) as wanted:
        BAD[name](theirs)
    with pytest.raises(wanted.type):
        BAD[name](ours)

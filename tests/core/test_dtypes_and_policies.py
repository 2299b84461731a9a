"""Dtypes combine and policies parse as in Keras."""

import itertools

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from lamina.core import dtypes, policies

NAMES = [
    "bool",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "int64",
    "uint64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
]


@pytest.mark.parametrize("first", [*NAMES, int, float, bool])
def test_two_dtypes_combine_as_in_keras(first):
    for second in [*NAMES, int, float, bool]:
        assert dtypes.result_type(first, second) == keras.backend.result_type(first, second), (first, second)


def test_three_dtypes_combine_as_in_keras():
    for triple in itertools.combinations(["bool", "uint8", "int32", "float16", "bfloat16", int, float], 3):
        assert dtypes.result_type(*triple) == keras.backend.result_type(*triple), triple


def test_nothing_combines_to_the_default_float():
    assert dtypes.result_type() == "float32"


@pytest.mark.parametrize(
    "value", ["float32", np.float16, np.dtype("int8"), jnp.bfloat16, int, float, bool, None, jnp.ones(1).dtype]
)
def test_dtypes_have_one_name(value):
    assert dtypes.standardize_dtype(value) == keras.backend.standardize_dtype(value)


@pytest.mark.parametrize("bad", ["float3", "", object(), "double!"])
def test_what_is_no_dtype_is_refused(bad):
    with pytest.raises(ValueError, match="Invalid dtype"):
        dtypes.standardize_dtype(bad)


@pytest.mark.parametrize(
    "name", ["float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16", "int8", "uint8"]
)
def test_policies_have_the_dtypes_of_keras(name):
    mine, theirs = policies.DTypePolicy(name), keras.DTypePolicy(name)
    assert (mine.compute_dtype, mine.variable_dtype) == (theirs.compute_dtype, theirs.variable_dtype)
    assert mine.get_config() == theirs.get_config()


@pytest.mark.parametrize("bad", ["mixed_int8", "nonsense", "mixed_float64"])
def test_unknown_policies_are_refused(bad):
    with pytest.raises(ValueError, match=bad):
        policies.DTypePolicy(bad)


def test_the_global_policy_is_what_layers_take():
    before = policies.dtype_policy()
    try:
        policies.set_dtype_policy("mixed_bfloat16")
        assert policies.get(None).compute_dtype == "bfloat16"
    finally:
        policies.set_dtype_policy(before)


def test_policies_convert_floats_only():
    policy = policies.DTypePolicy("mixed_bfloat16")
    assert policy.convert_input(np.ones(2, "float32"), True, "bfloat16").dtype == "bfloat16"
    assert policy.convert_input(np.ones(2, "int32"), True, "bfloat16").dtype == "int32"
    assert policy.convert_input(np.ones(2, "float32"), False, "bfloat16").dtype == "float32"
    assert policy.convert_input(np.ones(2, "float32"), True, "int32").dtype == "int32"


def test_a_config_of_a_policy_need_not_name_the_module():
    config = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    assert policies.get(config) == policies.DTypePolicy("mixed_float16")

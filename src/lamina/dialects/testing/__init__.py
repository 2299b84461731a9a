"""`keras.src.testing`: what packages built on Keras test their layers with."""

from lamina.dialects.testing.case import TestCase
from lamina.dialects.testing.data import get_test_data, named_product
from lamina.dialects.testing.devices import (
    jax_uses_gpu,
    jax_uses_tpu,
    tensorflow_uses_gpu,
    tensorflow_uses_tpu,
    torch_uses_gpu,
    uses_gpu,
    uses_tpu,
)

__all__ = [
    "TestCase",
    "get_test_data",
    "jax_uses_gpu",
    "jax_uses_tpu",
    "named_product",
    "tensorflow_uses_gpu",
    "tensorflow_uses_tpu",
    "torch_uses_gpu",
    "uses_gpu",
    "uses_tpu",
]

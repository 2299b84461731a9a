"""Initial values and seeds, as `tf` itself has them."""

from lamina import initializers
from lamina.core.random import set_random_seed

__all__ = [
    "constant_initializer",
    "ones_initializer",
    "random_normal_initializer",
    "random_uniform_initializer",
    "set_random_seed",
    "zeros_initializer",
]

constant_initializer = initializers.Constant
ones_initializer = initializers.Ones
random_normal_initializer = initializers.RandomNormal
random_uniform_initializer = initializers.RandomUniform
zeros_initializer = initializers.Zeros

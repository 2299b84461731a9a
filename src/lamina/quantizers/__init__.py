"""Numbers in few bits: quantizers, what they are made of, and the configs of `quantize`."""

from lamina.core import serialization
from lamina.core.names import to_snake_case
from lamina.quantizers.abs_max import (
    AbsMaxQuantizer,
    Quantizer,
    abs_max_quantize,
    abs_max_quantize_grouped_with_zero_point,
)
from lamina.quantizers.configs import (
    AWQConfig,
    Float8QuantizationConfig,
    GPTQConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from lamina.quantizers.fake import fake_quant_with_min_max_vars
from lamina.quantizers.float8 import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from lamina.quantizers.int4 import pack_int4, unpack_int4

__all__ = [
    "AWQConfig",
    "AbsMaxQuantizer",
    "Float8QuantizationConfig",
    "GPTQConfig",
    "Int4QuantizationConfig",
    "Int8QuantizationConfig",
    "QuantizationConfig",
    "Quantizer",
    "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point",
    "compute_float8_amax_history",
    "compute_float8_scale",
    "deserialize",
    "fake_quant_with_min_max_vars",
    "get",
    "pack_int4",
    "quantize_and_dequantize",
    "serialize",
    "unpack_int4",
]

_CLASSES = (
    AWQConfig,
    AbsMaxQuantizer,
    Float8QuantizationConfig,
    GPTQConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
    Quantizer,
)
_BY_NAME = {name: cls for cls in _CLASSES for name in (cls.__name__, to_snake_case(cls.__name__))}


def serialize(quantizer):
    """Return the config of a quantizer, as Keras writes it."""
    return serialization.serialize_keras_object(quantizer)


def deserialize(config, custom_objects=None):
    """Make the quantizer that `serialize` described."""
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_BY_NAME)


def get(identifier, **kwargs):
    """Return the quantizer meant by None, a name, a class, a config dict or a quantizer.

    Raises:   ValueError for anything else.
    """
    if identifier is None:
        return None
    found = deserialize(identifier) if isinstance(identifier, dict) else _BY_NAME.get(identifier, identifier)
    if isinstance(found, type):
        return found(**kwargs)
    if callable(found) or isinstance(found, QuantizationConfig):
        return found
    raise ValueError(f"Could not interpret quantizer identifier: {identifier}")

"""What `quantize` is told: the mode, and how numbers become integers in it."""

from lamina.core import serialization
from lamina.core.policies import QUANTIZATION_MODES
from lamina.quantizers.abs_max import INT4_RANGE, AbsMaxQuantizer


class QuantizationConfig:
    """Base of the configs; each mode has a subclass.

    Args:
        weight_quantizer: Quantizer of the weights; None for the mode's own.
        activation_quantizer: Quantizer of the inputs; None keeps them floats.
    """

    _mode = None

    def __init__(self, weight_quantizer=None, activation_quantizer=None):
        self.weight_quantizer = weight_quantizer
        self.activation_quantizer = activation_quantizer

    @property
    def mode(self):
        """The mode, such as "int8"."""
        if self._mode is None:
            raise NotImplementedError(
                "Subclasses must implement this property. Do not instantiate QuantizationConfig directly."
            )
        return self._mode

    def dtype_policy_string(self):
        """Return the mode as policies write it, such as "int4/128"."""
        return self.mode

    def get_config(self):
        """Return the constructor's arguments."""
        return {
            "weight_quantizer": serialization.serialize_keras_object(self.weight_quantizer),
            "activation_quantizer": serialization.serialize_keras_object(self.activation_quantizer),
        }

    @classmethod
    def from_config(cls, config):
        """Make the config that `config` describes."""
        quantizers = {name: value for name, value in config.items() if name.endswith("_quantizer")}
        read = {name: serialization.deserialize_keras_object(value) for name, value in quantizers.items()}
        return cls(**{**config, **read})


class Int8QuantizationConfig(QuantizationConfig):
    """Weights and inputs of products in 8 bits.

    Args:
        weight_quantizer: its output_dtype must be "int8"; None for one scale for each output.
        activation_quantizer: "default" for one scale for each row of the inputs; None keeps them floats.
    Raises:   ValueError for another output_dtype.
    """

    _mode = "int8"

    def __init__(self, weight_quantizer=None, activation_quantizer="default"):
        if activation_quantizer == "default":
            activation_quantizer = AbsMaxQuantizer()
        super().__init__(weight_quantizer, activation_quantizer)
        _assert_quantizer(self, "output_dtype", "int8")


class Int4QuantizationConfig(QuantizationConfig):
    """Weights in 4 bits.

    Args:
        weight_quantizer: its value_range must be (-8, 7); None for the mode's own.
        activation_quantizer: "default" and None keep the inputs floats.
        block_size: weights of an output that share a scale and a zero; None or -1 for all [count].
    Raises:   ValueError for a quantizer that does not fit, or together with a block size.
    """

    _mode = "int4"

    def __init__(self, weight_quantizer=None, activation_quantizer="default", block_size=128):
        if activation_quantizer == "default":
            activation_quantizer = None
        super().__init__(weight_quantizer, activation_quantizer)
        if block_size is not None and block_size != -1 and block_size <= 0:
            raise ValueError(f"block_size must be None, -1, or a positive integer. Received: block_size={block_size}")
        self.block_size = block_size
        if block_size not in (None, -1) and (weight_quantizer is not None or activation_quantizer is not None):
            raise ValueError(
                "Int4 sub-channel quantization (block_size > 0) does not support custom quantizers. Either set "
                "block_size to None or -1 for per-channel quantization, or remove the custom quantizer arguments. "
                f"Received: block_size={block_size}"
            )
        _assert_quantizer(self, "value_range", INT4_RANGE)
        _assert_quantizer(self, "output_dtype", "int8")

    def dtype_policy_string(self):
        """Return "int4/" and the block size."""
        return f"int4/{-1 if self.block_size is None else self.block_size}"

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "block_size": self.block_size}

    @classmethod
    def from_config(cls, config):
        """Make the config that `config` describes; files older than `block_size` had one scale for each output."""
        return super().from_config({"block_size": None, **config})


class Float8QuantizationConfig(QuantizationConfig):
    """Products in 8-bit floats while training."""

    _mode = "float8"

    def __init__(self):
        super().__init__()

    def get_config(self):
        """Return no arguments."""
        return {}


class _CalibratedConfig(QuantizationConfig):
    """Weights rounded so that the outputs for given data change least: what GPTQ and AWQ have in common."""

    _bits = ()
    _arguments = ()

    def _keep(self, **arguments):
        self._arguments = tuple(arguments)
        for name, value in arguments.items():
            setattr(self, name, value)
        if self.weight_bits not in self._bits:
            bits = " or ".join(f"{bits}-bit" for bits in self._bits)
            raise ValueError(
                f"Unsupported weight_bits={self.weight_bits}. {self._mode.upper()} only supports {bits} quantization."
            )
        for name in ("num_samples", "sequence_length", "num_grid_points"):
            if getattr(self, name, 1) <= 0:
                raise ValueError(f"{name} must be a positive integer.")
        if self.group_size < -1 or self.group_size == 0:
            raise ValueError(
                f"Invalid group_size. Supported values are -1 or a positive integer, but got {self.group_size}."
            )

    def dtype_policy_string(self):
        """Return the mode, the bits and the group size: "gptq/4/128"."""
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"

    def get_config(self):
        """Return the constructor's arguments, without the data and the layers."""
        numbers = {name: getattr(self, name) for name in self._arguments}
        return {"dataset": None, "tokenizer": None, **numbers, "quantization_layer_structure": None}

    @classmethod
    def from_config(cls, config):
        """Make the config that `config` describes."""
        return cls(**config)


class GPTQConfig(_CalibratedConfig):
    """Weights rounded one after the other, each error made good by those that follow.

    Args:
        dataset: texts, or arrays of tokens, to calibrate with.
        tokenizer: object whose `tokenize(text)` returns tokens.
        weight_bits: 2, 3, 4 or 8 [bits].
        num_samples: sequences of the data that are used [count].
        per_channel: whether each output has scales of its own.
        sequence_length: tokens of a sequence [count].
        hessian_damping: added to the diagonal of the Hessian, as a fraction of its mean [fraction 0-1].
        group_size: weights of an output that share a scale; -1 for all [count].
        symmetric: whether zero lies in the middle of the integers.
        activation_order: whether weights of strong inputs are rounded first.
        quantization_layer_structure: dict with "pre_block_layers" and "sequential_blocks", lists of layers; None asks
            the model.
    Raises:   ValueError for numbers out of range.
    Source:   Keras 3 `GPTQConfig`; Frantar et al. 2022.
    """

    _mode = "gptq"
    _bits = (2, 3, 4, 8)

    def __init__(
        self,
        dataset,
        tokenizer,
        *,
        weight_bits=4,
        num_samples=128,
        per_channel=True,
        sequence_length=512,
        hessian_damping=0.01,
        group_size=128,
        symmetric=False,
        activation_order=False,
        quantization_layer_structure=None,
    ):
        super().__init__()
        self.dataset = dataset
        self.tokenizer = tokenizer
        self.quantization_layer_structure = quantization_layer_structure
        if not 0 <= hessian_damping <= 1:
            raise ValueError("hessian_damping must be between 0 and 1.")
        self._keep(
            weight_bits=weight_bits,
            num_samples=num_samples,
            per_channel=per_channel,
            sequence_length=sequence_length,
            hessian_damping=hessian_damping,
            group_size=group_size,
            symmetric=symmetric,
            activation_order=activation_order,
        )


class AWQConfig(_CalibratedConfig):
    """Weights of strong inputs scaled up before they are rounded, so that they lose less.

    Args:
        dataset, tokenizer, num_samples, sequence_length, group_size, quantization_layer_structure: as for `GPTQConfig`.
        weight_bits: 4 [bits].
        num_grid_points: strengths of the scaling that are tried [count].
    Raises:   ValueError for numbers out of range.
    Source:   Keras 3 `AWQConfig`; Lin et al. 2023.
    """

    _mode = "awq"
    _bits = (4,)

    def __init__(
        self,
        dataset,
        tokenizer,
        *,
        weight_bits=4,
        num_samples=128,
        sequence_length=512,
        group_size=128,
        num_grid_points=20,
        quantization_layer_structure=None,
    ):
        super().__init__()
        self.dataset = dataset
        self.tokenizer = tokenizer
        self.quantization_layer_structure = quantization_layer_structure
        self._keep(
            weight_bits=weight_bits,
            num_samples=num_samples,
            sequence_length=sequence_length,
            group_size=group_size,
            num_grid_points=num_grid_points,
        )


_DEFAULTS = {"int8": Int8QuantizationConfig, "int4": Int4QuantizationConfig, "float8": Float8QuantizationConfig}


def resolve(mode, config):
    """Return the config that the arguments of `quantize` mean together.

    Raises:   ValueError if they contradict each other, or say too little.
    """
    if isinstance(config, str):
        mode, config = config, None
    if mode is not None and mode not in QUANTIZATION_MODES:
        raise ValueError(f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: mode={mode}")
    if config is None:
        if mode is None:
            raise ValueError("You must provide either `mode` or `config` to `quantize`.")
        if mode not in _DEFAULTS:
            name = mode.upper()
            raise ValueError(f"For {name}, you must pass a `{name}Config` object in the `config` argument.")
        return _DEFAULTS[mode]()
    if not isinstance(config, QuantizationConfig):
        raise ValueError(
            f"Argument `config` must be an instance of `QuantizationConfig`. Received: config={config} (of type "
            f"{type(config)})"
        )
    if mode is not None and config.mode != mode:
        raise ValueError(f"Contradictory arguments: mode='{mode}' but config.mode='{config.mode}'")
    return config


def _assert_quantizer(config, attribute, wanted):
    quantizer = config.weight_quantizer
    if quantizer is not None and getattr(quantizer, attribute) != wanted:
        raise ValueError(
            f"{type(config).__name__} requires a weight_quantizer with {attribute}={wanted!r}. Received: "
            f"{attribute}={getattr(quantizer, attribute)}"
        )

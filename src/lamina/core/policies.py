"""Dtype policies: in which dtype a layer keeps its weights, and in which it computes."""

from lamina.core import config, dtypes
from lamina.core.public_names import public_path

_global = {"policy": None}
QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")


class DTypePolicy:
    """How a layer treats dtypes, by name.

    Args:
        name: a dtype ("float32", "float64", "bfloat16", "int32", …) for weights and computation alike, or
            "mixed_float16" / "mixed_bfloat16": weights in float32, computation in the narrow type.
            None takes the global policy.
    Raises: ValueError for an unknown name, TypeError if it is no string.

    Example:
        >>> policy = DTypePolicy("mixed_bfloat16")
        >>> policy.compute_dtype, policy.variable_dtype
        ('bfloat16', 'float32')
    """

    def __init__(self, name=None):
        if name is None:
            name = dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(
                f"'name' must be a string, such as 'mixed_float16'. Received: name={name} (of type {type(name)})"
            )
        self._name = name
        self._compute_dtype, self._variable_dtype = _parse(name)
        self._quantization_mode = None

    @property
    def name(self):
        """The name the policy was made by."""
        return self._name

    @property
    def compute_dtype(self):
        """The dtype that inputs and weights are cast to for computing."""
        return self._compute_dtype

    @property
    def variable_dtype(self):
        """The dtype that weights are kept in."""
        return self._variable_dtype

    @property
    def quantization_mode(self):
        """How weights are quantized, None for a plain policy."""
        return self._quantization_mode

    def convert_input(self, x, autocast, dtype):
        """Return the input `x` as an array of `dtype`; integers and, without `autocast`, floats keep their own."""
        if not hasattr(x, "dtype"):
            if isinstance(x, int | float | list) and not isinstance(x, bool):
                x = dtypes.as_array(x)
            else:
                return x
        if autocast and dtypes.is_float(x.dtype):
            return x.astype(dtype) if x.dtype != dtype else x
        return x

    def get_config(self):
        """Return {"name": …}."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        """Make the policy described by `config`."""
        return cls(**config)

    def __eq__(self, other):
        return type(other) is type(self) and other.name == self.name and other.get_config() == self.get_config()

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f'<{type(self).__name__} "{self._name}">'


FloatDTypePolicy = DTypePolicy


class QuantizedDTypePolicy(DTypePolicy):
    """How a layer treats dtypes whose largest weight is kept in few bits, as `mode` says.

    Args:
        mode: "int8", "int4", "float8", "gptq" or "awq".
        source_name: the policy of everything else, such as "float32"; None takes the global one.
    Raises: ValueError for another mode, or int8 computed in float16.

    Example:
        >>> QuantizedDTypePolicy("int8", "mixed_bfloat16")
        <QuantizedDTypePolicy "int8_from_mixed_bfloat16">
    """

    _sizes = ()  # the names of the numbers that follow the mode, as in "gptq/4/128"

    def __init__(self, mode, source_name=None):
        source_name = dtype_policy().name if source_name is None else source_name
        super().__init__(source_name)
        self._source_name = source_name
        self._name = f"{mode}_from_{source_name}"
        self._quantization_mode, *sizes = mode.split("/") if self._sizes else [mode]
        self.mode = self._quantization_mode
        if self._quantization_mode not in QUANTIZATION_MODES:
            raise ValueError(f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: mode={mode}")
        if self._quantization_mode == "int8" and self._compute_dtype == "float16":
            raise ValueError(f"Quantization mode='{mode}' doesn't work well with compute_dtype='float16'.")
        self._keep_sizes(mode, sizes)

    def _keep_sizes(self, mode, sizes):
        if len(sizes) != len(self._sizes):
            raise ValueError(f"Invalid mode for {type(self).__name__}. {self._expected(mode)}")
        for name, size in zip(self._sizes, sizes, strict=True):
            try:
                number = int(size)
            except ValueError as error:
                raise ValueError(f"Invalid mode: <{name}> must be an integer. {self._expected(mode)}") from error
            if name != "weight_bits" and (number < -1 or number == 0):
                raise ValueError(f"Invalid {name} in mode: it is -1 or a positive integer. Got {size} from '{mode}'.")
            setattr(self, name, number)

    def _expected(self, mode):
        sizes = "".join(f"/<{name}>" for name in self._sizes)
        return f"Expected format '{type(self)._mode}{sizes}', but got '{mode}'."

    @property
    def _full_mode(self):
        return "/".join([self._quantization_mode, *(str(getattr(self, name)) for name in self._sizes)])

    def get_config(self):
        """Return the constructor's arguments."""
        return {"mode": self._full_mode, "source_name": self._source_name}


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """The policy of layers that multiply in float8 while training.

    Args:
        mode: "float8".
        source_name: as for `QuantizedDTypePolicy`.
        amax_history_length: over how many steps the largest value is remembered [steps].
    """

    default_amax_history_length = 1024

    def __init__(self, mode, source_name=None, amax_history_length=1024):
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(
                f"`amax_history_length` must be an integer. Received: amax_history_length={amax_history_length}"
            )
        self.amax_history_length = amax_history_length

    def get_config(self):
        """Return the constructor's arguments."""
        return {**super().get_config(), "amax_history_length": self.amax_history_length}


class Int4DTypePolicy(QuantizedDTypePolicy):
    """The policy of layers with 4-bit weights: "int4/128" has a scale for every 128 of them, "int4/-1" for a column."""

    _mode = "int4"
    _sizes = ("block_size",)


class GPTQDTypePolicy(QuantizedDTypePolicy):
    """The policy of layers quantized by GPTQ: "gptq/4/128" has 4 bits for a weight and a scale for every 128."""

    _mode = "gptq"
    _sizes = ("weight_bits", "group_size")
    _bits = (2, 3, 4, 8)

    def _keep_sizes(self, mode, sizes):
        super()._keep_sizes(mode, sizes)
        if self._quantization_mode != self._mode:
            raise ValueError(f"Invalid mode for {type(self).__name__}. {self._expected(mode)}")
        if self.weight_bits not in self._bits:
            bits = ", ".join(f"{count}-bit" for count in self._bits)
            raise ValueError(
                f"Invalid weight_bits in mode. {type(self)._mode.upper()} only supports {bits} weights, but got "
                f"{self.weight_bits} from '{mode}'."
            )


class AWQDTypePolicy(GPTQDTypePolicy):
    """The policy of layers quantized by AWQ: "awq/4/128" has 4 bits for a weight and a scale for every 128."""

    _mode = "awq"
    _bits = (4,)


def _parse(name):
    """Return (compute dtype, variable dtype)."""
    if name.startswith("mixed_"):
        if name in ("mixed_float16", "mixed_bfloat16"):
            return name.removeprefix("mixed_"), "float32"
        raise ValueError(
            f"Cannot convert '{name}' to a mixed precision `DTypePolicy`. Valid policies include 'mixed_float16', "
            "'mixed_bfloat16', and the name of any float dtype such as 'float32'."
        )
    try:
        dtype = dtypes.standardize_dtype(name)
    except ValueError as error:
        raise ValueError(
            f"Cannot convert '{name}' to a `DTypePolicy`. Valid policies include 'mixed_float16', 'mixed_bfloat16', "
            "and the name of any float dtype such as 'float32'."
        ) from error
    return dtype, dtype


def dtype_policy():
    """Return the policy that layers take when given none."""
    if _global["policy"] is None:
        _global["policy"] = DTypePolicy(config.floatx())
    return _global["policy"]


def set_dtype_policy(policy):
    """Set the policy that layers take when given none: a name or a `DTypePolicy`."""
    if not isinstance(policy, DTypePolicy):
        if not isinstance(policy, str):
            raise ValueError(
                "Invalid `policy` argument: the name of a policy (such as 'mixed_float16') or a `DTypePolicy` is "
                f"wanted. Received: policy={policy} (of type {type(policy)})"
            )
        if policy in dtypes.DTYPES and not dtypes.is_float(policy):
            raise ValueError(f"A global policy needs a float dtype. Received: '{policy}'")
        policy = get(policy)
    _global["policy"] = policy


def reset():
    """Forget the policy that was set: layers take that of the default float dtype again."""
    _global["policy"] = None


def get(identifier):
    """Return the policy meant by None, a name, a dtype, a config dict or a policy."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        quantized = identifier.startswith(QUANTIZATION_MODES) and identifier not in dtypes.DTYPES
        return _quantized(identifier) if quantized else DTypePolicy(identifier)
    try:
        return DTypePolicy(dtypes.standardize_dtype(identifier))
    except ValueError as error:
        raise ValueError(
            f"Cannot interpret `dtype` argument. Expected a string or a `DTypePolicy`. Received: dtype={identifier}"
        ) from error


def _quantized(name):
    """Return the policy of a name such as "int8_from_float32"."""
    mode, *source = name.split("_from_")
    if len(source) != 1:
        raise ValueError(
            "Cannot convert `policy` into a valid pair (`mode`, `source_name`) to instantiate `QuantizedDTypePolicy`. "
            f"Received: policy={name}"
        )
    kind = _QUANTIZED.get(mode.split("/")[0], QuantizedDTypePolicy)
    if kind is Int4DTypePolicy and "/" not in mode:
        kind = QuantizedDTypePolicy
    return kind(mode, source[0])


_QUANTIZED = {
    "int4": Int4DTypePolicy,
    "float8": QuantizedFloat8DTypePolicy,
    "gptq": GPTQDTypePolicy,
    "awq": AWQDTypePolicy,
}


def serialize(dtype_policy):
    """Return the config of a policy, as Keras writes it."""
    return {
        "module": public_path(type(dtype_policy)) or type(dtype_policy).__module__,
        "class_name": type(dtype_policy).__name__,
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


def deserialize(config, custom_objects=None):
    """Make the policy that `serialize` described; `custom_objects` holds classes of the user by name."""
    from lamina.core import serialization

    own = {cls.__name__: cls for cls in (DTypePolicy, QuantizedDTypePolicy, *_QUANTIZED.values())}
    return serialization.deserialize_keras_object(config, custom_objects, module_objects=own)

"""Dtype policies: in which dtype a layer keeps its weights, and in which it computes."""

from lamina.core import config, dtypes

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
        return None

    def convert_input(self, x, autocast, dtype):
        """Return the input `x` as an array of `dtype`; integers and, without `autocast`, floats keep their own."""
        if not hasattr(x, "dtype"):
            if isinstance(x, int | float | list) and not isinstance(x, bool):
                x = dtypes.as_array(x)
            else:
                return x
        if autocast and dtypes.is_float(dtype) and dtypes.is_float(x.dtype):
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
        return type(other) is type(self) and other.name == self.name

    def __hash__(self):
        return hash(self.name)

    def __repr__(self):
        return f'<{type(self).__name__} "{self._name}">'


FloatDTypePolicy = DTypePolicy


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
        if isinstance(policy, str) and policy.startswith(("int", "uint", "bool", "string")):
            raise ValueError(f"A global policy needs a float dtype. Received: '{policy}'")
        policy = DTypePolicy(policy)
    _global["policy"] = policy


def get(identifier):
    """Return the policy meant by None, a name, a dtype, a config dict or a policy."""
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(dtypes.standardize_dtype(identifier))
    except ValueError as error:
        raise ValueError(
            f"Cannot interpret `dtype` argument. Expected a string or a `DTypePolicy`. Received: dtype={identifier}"
        ) from error


def serialize(dtype_policy):
    """Return the config of a policy, as Keras writes it."""
    return {
        "module": "keras",
        "class_name": type(dtype_policy).__name__,
        "config": dtype_policy.get_config(),
        "registered_name": None,
    }


def deserialize(config, custom_objects=None):
    """Make the policy that `serialize` described; `custom_objects` holds classes of the user by name."""
    from lamina.core import serialization

    return serialization.deserialize_keras_object(config, custom_objects)

"""DTypePolicyMap: a dtype policy for each layer of a model, by the layers' paths."""

import re
from collections.abc import MutableMapping

from lamina.core import policies, serialization
from lamina.core.patterns import checked
from lamina.core.policies import DTypePolicy, QuantizedDTypePolicy


class DTypePolicyMap(DTypePolicy, MutableMapping):
    """Policies by path: a key is a layer's path, or a regular expression that matches the whole of it.

    Args:
        default_policy: policy of layers that no key matches; None for the global one.
        policy_map: dict from key to policy.
    Raises: ValueError for a map as default, TypeError for another `policy_map` than a dict.

    Example:
        >>> policies = DTypePolicyMap("float32", {"encoder/.*": DTypePolicy("bfloat16")})
        >>> policies["encoder/dense"].name, policies["head"].name
        ('bfloat16', 'float32')
    """

    def __init__(self, default_policy=None, policy_map=None):
        if isinstance(default_policy, DTypePolicyMap):
            raise ValueError("`default_policy` cannot be a `DTypePolicyMap`.")
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "If specified, `policy_map` must be a dict. "
                f"Received: policy_map={policy_map} of type {type(policy_map)}"
            )
        self._default_policy_arg = default_policy
        self._default_policy = policies.get(default_policy)
        self._policy_map = policy_map or {}

    @property
    def default_policy(self):
        """The policy of layers that no key matches."""
        return self._default_policy

    @property
    def name(self):
        """ "map_" and the name of the default policy."""
        return f"map_{self._default_policy.name}"

    @property
    def _name(self):
        return self.name

    @property
    def _compute_dtype(self):
        return self._default_policy.compute_dtype

    @property
    def _variable_dtype(self):
        return self._default_policy.variable_dtype

    @property
    def _quantization_mode(self):
        return self._default_policy.quantization_mode

    def __getitem__(self, key):
        if key in self._policy_map:
            return self._policy_map[key]
        matching = [pattern for pattern in self._policy_map if re.fullmatch(checked(pattern, key), key)]
        if len(matching) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple dtype policy specification keys: {matching}. Please make sure each "
                "path only matches at most one dtype policy specification key in the DTypePolicyMap."
            )
        return self._policy_map[matching[0]] if matching else self._default_policy

    def __setitem__(self, key, policy):
        if key in self._policy_map:
            raise ValueError(
                f"{key} already exist in the DTypePolicyMap with value {self._policy_map[key]}. Please make sure to "
                "not use duplicated keys."
            )
        try:
            self._policy_map[key] = policies.get(policy)
        except Exception as error:
            raise ValueError(
                "Cannot interpret the assigned value by `keras.dtype_policies.get`. "
                f"Received: {policy} of type {type(policy)}"
            ) from error

    def __delitem__(self, key):
        del self._policy_map[key]

    def __contains__(self, key):
        return key in self._policy_map

    def __len__(self):
        return len(self._policy_map)

    def __iter__(self):
        return iter(self._policy_map)

    def __eq__(self, other):
        same = isinstance(other, DTypePolicyMap) and other._policy_map == self._policy_map
        return same and other._default_policy == self._default_policy

    __hash__ = object.__hash__

    def get_config(self):
        """Return the constructor's arguments; without a default of its own, the policies' sources stay open too."""
        written = serialization.serialize_keras_object(self._policy_map)
        if self._default_policy_arg is None:
            for key, policy in self._policy_map.items():
                source = "source_name" if isinstance(policy, QuantizedDTypePolicy) else "name"
                written[key]["config"][source] = None
        return {"default_policy": self._default_policy_arg, "policy_map": written}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Make the map described by `config`."""
        for pattern in config["policy_map"]:
            checked(pattern)
        policy_map = serialization.deserialize_keras_object(config["policy_map"], custom_objects=custom_objects)
        return cls(config["default_policy"], policy_map)

    def __repr__(self):
        mapping = [(key, policy.name) for key, policy in self._policy_map.items()]
        return f"<DTypePolicyMap default_policy={self._default_policy.name}, mapping={mapping}>"

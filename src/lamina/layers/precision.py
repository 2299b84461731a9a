"""In which dtypes a layer computes and keeps its weights, as its policy says."""

from lamina.core import dtypes, policies
from lamina.core.context import thread
from lamina.core.policy_map import DTypePolicyMap
from lamina.quantizers import configs


class WithPolicy:
    """What makes a layer obey a dtype policy.

    `_dtype_policy` is what the user gave, `_policy` what follows from it for this layer: they differ for a
    `DTypePolicyMap`.
    """

    def _set_policy(self, policy):
        self._dtype_policy = policy
        self._settle_policy()

    def _settle_policy(self):
        """Look the layer's policy up, now that its path is known."""
        policy = self._dtype_policy
        self._policy = policy[self.path] if isinstance(policy, DTypePolicyMap) and self.path else policy

    @property
    def dtype_policy(self):
        """The dtype policy; one that quantizes, given to a layer that is built, quantizes its weight."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value):
        policy = policies.get(value)
        given = self._dtype_policy
        if isinstance(given, DTypePolicyMap) and self.path:
            if self.path in given:
                del given[self.path]
            given[self.path] = policy
            policy = given
        self._set_policy(policy)
        mode = self.quantization_mode
        if mode is None or not self.built or self._is_quantized:
            return
        if mode in ("gptq", "awq"):
            name = mode.upper()
            raise ValueError(
                f"Implicitly enabling {name} quantization by setting `dtype_policy` to '{value}' is not supported. "
                f"{name} requires a calibration dataset and a `{name}Config` object. Please use the "
                f"`.quantize('{mode}', config=...)` method on the layer or model instead."
            )
        self.quantize(mode)

    @property
    def dtype(self):
        """The dtype weights are kept in."""
        return self._policy._variable_dtype

    @property
    def variable_dtype(self):
        """The dtype weights are kept in."""
        return self._policy._variable_dtype

    @property
    def compute_dtype(self):
        """The dtype of the computation."""
        return self._policy._compute_dtype

    @property
    def input_dtype(self):
        """The dtype float inputs are cast to."""
        return self._policy._compute_dtype

    @property
    def quantization_mode(self):
        """How weights are quantized, or None."""
        return self._policy.quantization_mode

    def _autocast(self):
        """The dtype in which `call` reads float variables: None as long as that is the dtype they are kept in."""
        policy = self._policy
        if not self.autocast:
            return None
        mixed = policy._compute_dtype != policy._variable_dtype
        if not mixed and (thread.autocast is None or not dtypes.is_float(policy._compute_dtype)):
            return None
        return policy._compute_dtype

    # --- quantization: what layers say that have none ------------------------------------------------------------

    _is_quantized = False

    def quantize(self, mode=None, type_check=True, config=None):
        """Keep the largest weight in few bits; the layers that can do so define it."""
        self._assert_quantizable(configs.resolve(mode, config).mode)
        raise self._not_implemented_error("quantize")

    def quantized_build(self, input_shape, mode):
        """Make the variables of a mode; the layers that can do so define it."""
        raise self._not_implemented_error("quantized_build")

    def quantized_call(self, *args, **kwargs):
        """Compute in the layer's mode; the layers that have modes define it."""
        raise self._not_implemented_error("quantized_call")

    def _assert_quantizable(self, mode):
        if not self.built:
            raise ValueError(
                f"Cannot quantize a layer that isn't yet built. Layer '{self.name}' (of type '{type(self).__name__}') "
                "is not built yet."
            )
        if self._is_quantized:
            raise ValueError(
                f"Layer '{self.name}' is already quantized with dtype_policy='{self.dtype_policy.name}'. "
                f"Received: mode={mode}"
            )
        if mode == "int8" and self.compute_dtype == "float16":
            raise ValueError(
                f"Quantization mode='{mode}' doesn't work well with compute_dtype='float16'. Consider another dtype "
                "policy, such as 'mixed_bfloat16', before calling `quantize()`."
            )

    def _not_implemented_error(self, method):
        return NotImplementedError(f"Layer {type(self).__name__} does not have a `{method}` method implemented.")

    def _quantization_mode_error(self, mode):
        return NotImplementedError(
            f"Invalid quantization mode. Expected one of {getattr(self, '_modes', ())}. Received: "
            f"quantization_mode={mode}"
        )

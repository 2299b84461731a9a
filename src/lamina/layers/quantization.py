"""Layers whose largest weight may be kept in few bits: Dense, EinsumDense, Embedding, ReversibleEmbedding.

A layer says what its weights are (`_weights_to_store`) and what it multiplies by (`_product`); everything else is here.
Source:   Keras 3 `quantize`.
"""

import jax.numpy as jnp

from lamina import activations
from lamina.core import policies, serialization
from lamina.layers.lora import LowRank
from lamina.layers.narrow_products import integer_product, narrowed, with_narrowed_gradient
from lamina.layers.stored_weight import FORMATS, Int4
from lamina.layers.weights import add_weight, take
from lamina.quantizers import configs
from lamina.quantizers.abs_max import AbsMaxQuantizer
from lamina.quantizers.int4 import pack_int4, unpack_int4
from lamina.quantizers.zero_point import dequantize_with_sz_map

_FLOAT8_VARIABLES = ("inputs", "kernel", "outputs_grad")


class Quantizable(LowRank):
    """What a layer needs so that its largest weight can be kept in few bits."""

    _modes = ("int8", "int4")
    _is_quantized = False
    inputs_quantizer = None

    def _keep_quantization(self, config):
        self.quantization_config = (
            serialization.deserialize_keras_object(config) if isinstance(config, dict) else config
        )

    # --- what a layer says of itself -----------------------------------------------------------------------------

    def _weights_to_store(self):
        """Return a `Weight` for each of the weights that are kept in few bits, the largest first."""
        raise NotImplementedError

    def _product(self, x, weight):
        """Return what the layer computes from inputs and its weight, before bias and activation."""
        raise NotImplementedError

    def _quantize_inputs(self, x):
        """Return integers for the inputs, and their scale as outputs are divided by it."""
        return self.inputs_quantizer(x, axis=-1)

    @property
    def _block(self):
        """How many 4-bit weights share a scale and a zero, None for all of an output."""
        return None if self._int4_block_size in (None, -1) else self._int4_block_size

    @property
    def _orig_output_dim(self):
        """The last size of the weight as floats."""
        return self._weights_to_store()[0].shape[-1]

    # --- building ------------------------------------------------------------------------------------------------

    def _build_weight(self, shape, initializer=None):
        """Make the largest weight, in few bits if the policy says so."""
        self._weight_shape = shape
        mode, name = self.quantization_mode, self._adapted
        if mode is not None:
            self.quantized_build(shape, mode, self.quantization_config)
        if mode in (None, "float8"):
            setattr(self, f"_{name}", add_weight(self, name, shape, initializer=initializer))

    def quantized_build(self, embeddings_shape, mode, config=None):
        """Make the variables of a mode; the arguments are the shape of the largest weight, and those of `quantize`."""
        if mode not in self._modes:
            raise self._quantization_mode_error(mode)
        if mode == "float8":
            self._build_float8()
        else:
            self._keep_format(mode, config)
            for weight in self._weights_to_store():
                FORMATS[mode].build(self, weight)
        self._is_quantized = True

    def _keep_format(self, mode, config):
        """Keep what the config, or the policy of a layer read from a file, says about the integers."""
        default = None if mode == "int4" else AbsMaxQuantizer()
        self.inputs_quantizer = default if config is None else config.activation_quantizer
        size = getattr(
            config if isinstance(config, configs.Int4QuantizationConfig) else self._policy, "block_size", None
        )
        self._int4_block_size = size

    def _add_fixed(self, attribute, name, shape, initializer, dtype=None):
        variable = self.add_weight(name=name, shape=shape, initializer=initializer, dtype=dtype, trainable=False)
        setattr(self, attribute, variable)

    def _build_float8(self):
        default = policies.QuantizedFloat8DTypePolicy.default_amax_history_length
        length = getattr(self._policy, "amax_history_length", default)
        for name in _FLOAT8_VARIABLES:
            for part, shape, initializer in (("scale", (), "ones"), ("amax_history", (length,), "zeros")):
                variable = self.add_weight(
                    name=f"{name}_{part}",
                    shape=shape,
                    initializer=initializer,
                    dtype="float32",
                    autocast=False,
                    overwrite_with_gradient=True,
                )
                setattr(self, f"{name}_{part}", variable)

    # --- quantizing ----------------------------------------------------------------------------------------------

    def quantize(self, mode=None, type_check=True, config=None):
        """Keep the largest weight in few bits from now on.

        Args:
            mode: "int8", "int4", "float8", or, with a config, "gptq" or "awq".
            type_check: whether layers of the user's own classes are refused.
            config: QuantizationConfig; by default that of the mode.
        Raises:   ValueError for a layer that is not built or quantized already, or an unknown mode;
                  NotImplementedError for a mode that the layer does not have.
        """
        config = configs.resolve(mode, config)
        self._assert_quantizable(config.mode)
        if type_check and not type(self).__module__.startswith("lamina."):
            raise self._not_implemented_error("quantize")
        if config.mode not in self._modes:
            raise self._quantization_mode_error(config.mode)
        self._locked = False
        try:
            self._quantize_weights(config)
        finally:
            self._locked = True
        self.quantization_config = config
        policy = self._policy
        if policy.quantization_mode is None or policy.name.startswith("int4_"):
            source = policy.name.removeprefix("int4_from_")
            self.dtype_policy = policies.get(f"{config.dtype_policy_string()}_from_{source}")

    def _quantize_weights(self, config):
        if config.mode not in FORMATS:
            self.quantized_build(self._adapted_weight().shape, config.mode, config)
            return
        self._keep_format(config.mode, config)
        weights = self._weights_to_store()
        values = {}
        for weight in weights:
            values |= FORMATS[config.mode].encode(self, weight, weight.read(self), config.weight_quantizer)
        for weight in weights:
            delattr(self, weight.attribute)
        self.quantized_build(weights[0].shape, config.mode, config)
        for attribute, value in values.items():
            getattr(self, attribute).assign(value)

    def _stored(self):
        """Return the format of the largest weight and what the layer says of it; None, None for floats."""
        stored = FORMATS.get(self.quantization_mode) if self._is_quantized else None
        return (stored, self._weights_to_store()[0]) if stored else (None, None)

    # --- computing -----------------------------------------------------------------------------------------------

    def quantized_call(self, *args, **kwargs):
        """Compute in the layer's mode."""
        if self.quantization_mode not in self._modes:
            raise self._quantization_mode_error(self.quantization_mode)
        return self.call(*args, **kwargs)

    def _multiplied(self, x):
        """Return the product of inputs and the weight, in the layer's mode and with what is added to the weight."""
        mode = self.quantization_mode
        if mode == "float8":
            y = self._float8_product(x)
        else:
            x = x.astype(self.compute_dtype)
            y = self._integer_product(x, *self._stored(), self._product)
        return self._with_low_rank(y, x)

    def _integer_product(self, x, stored, weight, product):
        quantize = self._quantize_inputs if self.inputs_quantizer else None
        dtype = self.compute_dtype
        if stored is not Int4:

            def restore(integers, scale):
                return stored.restore(self, weight, dtype, integers, scale)

            scale = weight.read(self, "_scale").astype(dtype)
            return integer_product(product, quantize, restore, x, weight.read(self), scale)
        floats = stored.restore(self, weight, dtype)
        if quantize is None:
            return product(x, floats)
        return integer_product(product, quantize, lambda floats, _: floats, x, floats, jnp.ones((), dtype))

    def _float8_product(self, x):
        dtype = self.compute_dtype
        state = {
            name: (getattr(self, f"{name}_scale").value, getattr(self, f"{name}_amax_history").value)
            for name in _FLOAT8_VARIABLES
        }
        kernel = narrowed(self._adapted_weight().value, *state["kernel"], dtype)
        y = self._product(narrowed(x, *state["inputs"], dtype), kernel)
        return with_narrowed_gradient(y, *state["outputs_grad"], dtype)

    def _with_low_rank(self, y, x):
        if not self.lora_enabled:
            return y
        a, b = self._thin()
        added = jnp.matmul(self._product(x, a.value), b.value)
        return (y + (self.lora_alpha / self.lora_rank) * added).astype(self.compute_dtype)

    def _weight_or_sum(self):
        if self._stored()[0] is Int4 and not self.lora_enabled:
            return Int4.integers(self, self._weights_to_store()[0])
        return super()._weight_or_sum()

    def _adapted_floats(self):
        stored, weight = self._stored()
        return stored.restore(self, weight, self.compute_dtype) if stored else super()._adapted_floats()

    def _adapted_shape(self):
        return self._weights_to_store()[0].shape if self._is_quantized else super()._adapted_shape()

    # --- saving --------------------------------------------------------------------------------------------------

    @property
    def variable_serialization_spec(self):
        """The names of the saved variables, in order, for each mode."""
        name = self._adapted
        float8 = [f"{x}_{part}" for x in _FLOAT8_VARIABLES for part in ("scale", "amax_history")]
        additions = {
            None: [],
            "int8": [f"{name}_scale"],
            "int4": [f"{name}_scale", f"{name}_zero", "g_idx"],
            "float8": float8,
        }
        return {
            mode: [name, *self._float_names, *more] for mode, more in additions.items() if mode in (None, *self._modes)
        }

    _float_names = ()
    """The names of the variables that stay floats."""

    def _saved(self):
        """Return the attributes of the variables to save, in Keras's order."""
        names = self.variable_serialization_spec[self.quantization_mode if self._is_quantized else None]
        attributes = [f"_{name}" if name == self._adapted else name for name in names]
        return [attribute for attribute in attributes if getattr(self, attribute, None) is not None]

    def save_own_variables(self, store):
        """Put the layer's own variables into the mapping `store`, numbered; additions inside the weight."""
        if not self.built:
            return
        values = {attribute: getattr(self, attribute) for attribute in self._saved()}
        if self.lora_enabled:
            values |= self._merged()
        for i, attribute in enumerate(self._saved()):
            store[f"{i}"] = values[attribute]

    def _merged(self):
        """Return the values of the weight's variables with the additions in them, by attribute."""
        stored, weight = self._stored()
        if stored is None:
            return {f"_{self._adapted}": self._adapted_value()}
        return stored.encode(self, weight, self._adapted_value(), None)

    def load_own_variables(self, store):
        """Take the layer's own variables from the mapping `store`; additions start from nothing.

        Raises:   ValueError if their number differs.
        """
        saved = self._saved()
        if not self.built or len(store.keys()) != len(saved):
            super().load_own_variables(store)
            return
        for i, attribute in enumerate(saved):
            getattr(self, attribute).assign(take(store, f"{i}"))
        if self.lora_enabled:
            for matrix in self._thin():
                matrix.assign(jnp.zeros(matrix.shape))


class QuantizableKernel(Quantizable):
    """What Dense and EinsumDense have in common: a kernel, perhaps a bias and an activation, and all modes."""

    _modes = ("int8", "int4", "float8", "gptq", "awq")
    _float_names = ("bias",)
    is_gptq_calibrated = False
    is_awq_calibrated = False
    bias = None

    def _finished(self, x):
        """Add the bias and apply the activation."""
        if self.bias is not None:
            bias = self.bias.value
            if self._is_quantized and self.quantization_mode == "float8" and bias.dtype == "float32":
                bias = bias.astype("bfloat16").astype("float32")
            x = x + bias
        return x if self.activation in (None, activations.linear) else self.activation(x)

    # --- weights rounded with their inputs in mind ---------------------------------------------------------------

    @property
    def _is_calibrated(self):
        """Whether the kernel is gone: calibrated here, or to be read from a file."""
        return self.is_gptq_calibrated or self.is_awq_calibrated or not hasattr(self, "_kernel")

    def _calibrated_matrix(self, shape):
        """Return inputs and outputs of the kernel as a matrix."""
        return shape

    def quantized_build(self, kernel_shape, mode, config=None):
        """Make the variables of a mode; the arguments are the shape of the largest weight, and those of `quantize`."""
        if mode not in ("gptq", "awq"):
            super().quantized_build(kernel_shape, mode, config)
            return
        self.original_kernel_shape = self.kernel_shape = tuple(kernel_shape)
        inputs, outputs = self._calibrated_matrix(self.kernel_shape)
        source = config if getattr(config, "mode", None) == mode else self._policy
        self._weight_bits, size = source.weight_bits, source.group_size
        groups = 1 if size == -1 else -(-inputs // size)
        packed = -(-outputs // 2) if self._weight_bits == 4 else outputs
        setattr(self, f"{mode}_unpacked_column_size", outputs)
        self._add_fixed("quantized_kernel", "kernel", (packed, inputs), "zeros", "uint8")
        self._add_fixed("kernel_scale", "kernel_scale", (outputs, groups), "ones")
        self._add_fixed("kernel_zero", self._zero_name, (outputs, groups), "zeros", "uint8")
        if mode == "awq":
            self._add_fixed("awq_scales", "awq_scales", (inputs,), "ones")
        self._add_fixed("g_idx", "g_idx", (inputs,), "zeros", "float32")
        self._is_quantized = True

    def _take_calibrated(self, integers, scale, zero, groups, factors=None):
        """Put the result of a calibration in the place of the kernel."""
        if self._weight_bits == 4:
            integers = pack_int4(integers, axis=0, dtype="uint8")[0]
        self._locked = False
        del self._kernel
        self._locked = True
        values = {"quantized_kernel": integers, "kernel_scale": scale, "kernel_zero": zero, "g_idx": groups}
        for attribute, value in values.items():
            getattr(self, attribute).assign(value)
        if factors is not None:
            self.awq_scales.assign(factors)
        setattr(self, f"is_{self.quantization_mode}_calibrated", True)

    def _calibrated_integers(self):
        integers = self.quantized_kernel.value
        if self._weight_bits != 4:
            return integers
        return unpack_int4(integers, self.kernel_scale.shape[0], axis=0, dtype="uint8")

    def _calibrated_kernel(self):
        scale, zero = self.kernel_scale.value, self.kernel_zero.value
        kernel = dequantize_with_sz_map(self._calibrated_integers(), scale, zero, self.g_idx).T
        if self.quantization_mode == "awq":
            kernel = kernel / self.awq_scales.value[:, None]
        return kernel.reshape(self.kernel_shape).astype(self.compute_dtype)

    def _multiplied(self, x):
        if self.quantization_mode not in ("gptq", "awq"):
            return super()._multiplied(x)
        return self._product(x, self._calibrated_kernel() if self._is_calibrated else self._adapted_weight().value)

    def _weight_or_sum(self):
        calibrated = self.built and self.quantization_mode in ("gptq", "awq") and self._is_calibrated
        return self._calibrated_integers() if calibrated else super()._weight_or_sum()

    def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"):
        """Freeze the kernel, and train two matrices whose product is added to it; see `LowRank.enable_lora`."""
        if self.quantization_mode in ("gptq", "awq"):
            raise NotImplementedError(f"lora is not supported with {self.quantization_mode} quantization.")
        super().enable_lora(rank, lora_alpha, a_initializer, b_initializer)

    @property
    def variable_serialization_spec(self):
        """The names of the saved variables, in order, for each mode."""
        calibrated = ["bias", "quantized_kernel", "kernel_scale", "kernel_zero"]
        return {
            **super().variable_serialization_spec,
            "gptq": [*calibrated, "g_idx"],
            "awq": [*calibrated, "awq_scales", "g_idx"],
        }

    def load_own_variables(self, store):
        """Take the layer's own variables from the mapping `store`."""
        super().load_own_variables(store)
        if self._is_quantized and self.quantization_mode in ("gptq", "awq"):
            setattr(self, f"is_{self.quantization_mode}_calibrated", True)

    _zero_name = "kernel_zero"

"""EinsumDense: a dense layer over any axes, said by an equation."""

import re

import jax.numpy as jnp

from lamina import activations
from lamina.initializers import VarianceScaling
from lamina.layers.input_spec import ONE_ARRAY, InputSpec
from lamina.layers.layer import Layer
from lamina.layers.narrow_products import accumulator
from lamina.layers.quantization import QuantizableKernel
from lamina.layers.stored_weight import Weight, arrange
from lamina.layers.weights import add_weight, keep_options

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(QuantizableKernel, Layer):
    """Multiply by a kernel and sum over the axes that an equation names, and add a bias.

    Maths:    y = activation(einsum(equation, x, kernel) + bias)
    Shapes:   as the equation says: "abc,cd->abd" takes (batch, steps, features) to (batch, steps, units)
    Weights:  kernel (the sizes of its letters), bias (the sizes of `bias_axes`)
    Args:
        equation: "input,kernel->output", one letter for each axis. "..." stands for any leading (or any trailing) axes
            of input and output.
        output_shape: sizes of the output's axes without the batch axis and those under "..."; None where unknown.
        activation: name or function applied to the result.
        bias_axes: letters of the output's axes along which the bias has values of its own; None for no bias.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint:
            names or objects.
        lora_rank, lora_alpha: size and weight of additions to the kernel that are trained in its place; None for none.
    Mask:     dropped
    Raises:   ValueError for an equation of another form, or shapes that it does not fit.
    Source:   Keras 3 `EinsumDense` (same defaults).
    Example:
        >>> EinsumDense("abc,cde->abde", output_shape=(None, 2, 8), bias_axes="de")(jnp.ones((1, 5, 4))).shape
        (1, 5, 2, 8)
    """

    _config_skips = ("lora_rank", "lora_alpha", "gptq_unpacked_column_size")
    _input_spec = ONE_ARRAY

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        gptq_unpacked_column_size=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, letters in (("equation", equation), ("bias_axes", bias_axes or None)):
            if letters is not None and not isinstance(letters, str):
                raise TypeError(f"The `{name}` argument of EinsumDense is a string. Received: {name}={letters!r}")
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        keep_options(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        keep_options(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self._keep_lora(lora_rank, lora_alpha)
        self._keep_quantization(quantization_config)

    @property
    def output_shape(self):
        """The sizes given at construction."""
        return self.partial_output_shape

    def build(self, input_shape):
        """Make the kernel and the bias."""
        inputs, kernel, outputs = _letters(self.equation, len(input_shape))
        sizes = self._sizes(inputs, kernel, outputs, tuple(input_shape))
        initializer = self.kernel_initializer
        if isinstance(initializer, VarianceScaling) and None in (initializer.input_axes, initializer.output_axes):
            axes = {
                "input_axes": [i for i, letter in enumerate(kernel) if letter not in outputs],
                "output_axes": [i for i, letter in enumerate(kernel) if letter in outputs],
            }
            initializer = type(initializer).from_config({**initializer.get_config(), "seed": initializer.seed, **axes})
        self.input_spec = InputSpec(ndim=len(input_shape))
        self._build_weight(tuple(sizes[letter] for letter in kernel), initializer)
        self.bias = None
        if self.bias_axes is not None:
            self.bias = add_weight(self, "bias", _bias_shape(self.bias_axes, outputs, sizes))
        self._start_lora()

    def _sizes(self, inputs, kernel, outputs, input_shape):
        """Return the size of each letter.

        Raises:   ValueError where the equation, the input's shape and `output_shape` contradict each other.
        """
        sizes = dict(zip(inputs, input_shape, strict=True))
        elided = len(inputs) - len(_EQUATION.fullmatch(self.equation)[2])
        leading = max(elided, 1) if self.equation.startswith("...") else 1
        given = (None,) * leading + self.partial_output_shape + (None,) * (len(outputs) - leading)
        for letter, size in zip(outputs, given, strict=False):
            if letter not in inputs and letter not in kernel:
                raise ValueError(f"Output axis '{letter}' is in neither input nor kernel: {self.equation!r}.")
            if letter not in sizes:
                sizes[letter] = size
            elif size is not None and size != sizes[letter]:
                raise ValueError(
                    f"Input shape and output shape do not match at shared dimension '{letter}' of {self.equation!r}: "
                    f"{sizes[letter]} in the input, {input_shape}, and {size} in {self.partial_output_shape}."
                )
        for letter in kernel:
            if sizes.get(letter) is None:
                raise ValueError(
                    f"The size of axis '{letter}' of the kernel in {self.equation!r} is unknown. It must be known from "
                    f"the input, {input_shape}, or from `output_shape`, {self.partial_output_shape}."
                )
        return sizes

    @property
    def kernel(self):
        """The kernel, as a Variable; with low-rank adaptation what it and its additions make together, as an array."""
        return self._weight_or_sum()

    def call(self, inputs, training=None):
        """Compute on arrays."""
        if self._is_quantized:
            return self._finished(self._multiplied(inputs))
        return self._finished(jnp.einsum(self.equation, inputs, self._adapted_value()))

    def _product(self, x, weight):
        return jnp.einsum(self.equation, x, weight, preferred_element_type=accumulator(x, weight))

    def _weights_to_store(self):
        _, kernel, outputs = _letters(self.equation, self.input_spec.ndim)
        return [Weight("kernel", self._weight_shape, scale_axes=_axes_of(outputs, kernel), attribute="_kernel")]

    def _quantize_inputs(self, x):
        inputs, _, outputs = _letters(self.equation, x.ndim)
        summed = tuple(axis for axis, letter in enumerate(inputs) if letter not in outputs)
        integers, scale = self.inputs_quantizer(x, axis=summed)
        return integers, arrange(scale, _axes_of(outputs, inputs))

    _zero_name = "zero_point"

    def _calibrated_matrix(self, shape):
        """Return inputs and outputs; of a kernel with heads, the longest axis is taken for the model's."""
        if len(shape) == 2:
            return shape
        if len(shape) != 3:
            raise ValueError(
                f"GPTQ and AWQ quantize kernels of 2 or 3 axes; that of '{self.name}' has the shape {tuple(shape)}."
            )
        first, second, third = shape
        return (first, second * third) if max(shape) == first else (first * second, third)

    def get_config(self):
        """Return the constructor arguments, serializable, under Keras's keys."""
        return {"activity_regularizer": None, **super().get_config()}


def _axes_of(outputs, letters):
    """Return the axis of each letter of the output, None for those that are not among `letters`."""
    return tuple(letters.index(letter) if letter in letters else None for letter in outputs)


def _letters(equation, rank):
    """Return the letters of input, kernel and output, with letters in place of "...".

    Raises:   ValueError for an equation of another form.
    """
    match = _EQUATION.fullmatch(equation)
    left, inputs, right, kernel, left_out, outputs, right_out = match.groups() if match else [None] * 7
    if match is None or left != left_out or right != right_out or (left and right):
        raise ValueError(
            f"Invalid einsum equation '{equation}'. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or "
            "[X]...,[Y]->[Z]...."
        )
    missing = rank - len(inputs)
    if missing < 0 or (missing and not (left or right)):
        raise ValueError(f"The equation '{equation}' does not fit an input of {rank} axes.")
    spare = "".join(sorted(set("ABCDEFGHIJKLMNOPQRSTUVWXYZ") - set(equation)))[:missing]
    if left:
        return spare + inputs, kernel, spare + outputs
    return inputs + spare, kernel, outputs + spare


def _bias_shape(axes, outputs, sizes):
    """Return the shape that broadcasts a bias along `axes` against the output: 1 where it has one value for all."""
    for letter in axes:
        if letter not in outputs:
            raise ValueError(f"Bias dimension '{letter}' was requested, but is not part of the output spec '{outputs}'")
    first = min(outputs.index(letter) for letter in axes)
    return tuple(sizes[letter] if letter in axes else 1 for letter in outputs[first:])

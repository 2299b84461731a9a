"""Convolution kernels against `lax`: values, first and second derivatives, loops, unknown sizes."""

import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import export, lax

from lamina.kernels import convolution
from lamina.kernels.convolution import convolve, convolve_transpose, depthwise_convolve

FEW = settings(max_examples=6)


def reference(x, kernel, strides, padding, dilation, groups=1):
    letters = "DHW"[5 - x.ndim :]
    numbers = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    if padding == "causal":
        padding = [((kernel.shape[0] - 1) * dilation[0], 0)]
    elif isinstance(padding, str):
        padding = padding.upper()
    return lax.conv_general_dilated(x, kernel, strides, padding, None, dilation, numbers, groups)


def normal(*shape, seed=0, dtype="float32"):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


def derivatives(function, *arguments):
    """Give the value, the gradients, and the gradients of a function of the gradients."""

    def loss(*arguments):
        return jnp.sin(function(*arguments)).sum()

    def loss_of_gradients(*arguments):
        return sum(jnp.square(gradient).sum() for gradient in jax.grad(loss, (0, 1))(*arguments))

    def everything(*arguments):
        second = jax.grad(loss_of_gradients, (0, 1))(*arguments)
        return function(*arguments), jax.grad(loss, (0, 1))(*arguments), second

    return jax.jit(everything)(*arguments)


def check_same(expected, got, tolerance=1e-3):
    for one, other in zip(jax.tree.leaves(expected), jax.tree.leaves(got), strict=True):
        assert one.shape == other.shape
        scale = 1 + np.abs(one).max()
        np.testing.assert_allclose(other / scale, one / scale, atol=tolerance * 1e-2)


@st.composite
def geometries(draw):
    axes = draw(st.integers(1, 3))
    sizes = st.tuples(*[st.integers(4, 7)] * axes)
    ones = (1,) * axes
    steps = st.tuples(*[st.integers(1, 3)] * axes)
    strides, dilation = draw(st.sampled_from([(ones, ones), (draw(steps), ones), (ones, (2,) * axes)]))
    window = draw(st.tuples(*[st.integers(1, 2)] * axes))
    explicit = draw(st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * axes))
    padding = draw(st.sampled_from(["valid", "same", explicit] + ["causal"] * (axes == 1)))
    return draw(sizes), window, strides, padding, dilation


@FEW
@given(geometries(), st.sampled_from([(1, 1), (2, 1), (2, 2), (4, 4), (4, 2)]))
def test_a_convolution_has_the_values_and_derivatives_of_lax(geometry, channels_and_groups):
    size, window, *options = geometry
    channels, groups = channels_and_groups
    x, kernel = normal(2, *size, channels), normal(*window, channels // groups, 4, seed=1)
    expected = derivatives(lambda x, kernel: reference(x, kernel, *options, groups), x, kernel)
    check_same(expected, derivatives(lambda x, kernel: convolve(x, kernel, *options, groups), x, kernel))


@FEW
@given(geometries())
def test_a_depthwise_convolution_is_a_convolution_of_single_channels(geometry):
    size, window, *options = geometry
    x, kernel = normal(2, *size, 3), normal(*window, 3, 2, seed=1)

    def expected(x, kernel):
        return reference(x, kernel.reshape(*window, 1, 6), *options, 3)

    got = derivatives(lambda x, kernel: depthwise_convolve(x, kernel, *options), x, kernel)
    check_same(derivatives(expected, x, kernel), got)


@FEW
@given(geometries(), st.sampled_from(["valid", "same"]), st.booleans())
def test_a_transposed_convolution_is_that_of_keras(geometry, padding, with_output_padding):
    keras_nn = pytest.importorskip("keras.src.backend.jax.nn")
    size, window, strides, _, dilation = geometry
    output_padding = tuple(stride - 1 for stride in strides) if with_output_padding else None
    x, kernel = normal(2, *size, 3), normal(*window, 2, 3, seed=1)

    def expected(x, kernel):
        return keras_nn.conv_transpose(x, kernel, strides, padding, output_padding, "channels_last", dilation)

    def got(x, kernel):
        return convolve_transpose(x, kernel, strides, padding, output_padding, dilation)

    check_same(derivatives(expected, x, kernel), derivatives(got, x, kernel))


def test_many_groups_are_convolved_in_a_loop():
    x, kernel = normal(2, 5, 5, 18), normal(3, 3, 2, 27, seed=1)
    options = {"strides": (2, 2), "padding": "same", "dilation": (1, 1), "groups": 9}
    expected, got = (derivatives(partial(function, **options), x, kernel) for function in (reference, convolve))
    check_same(expected, got)


def test_the_gradient_inside_a_scan_is_made_of_canonical_convolutions():
    x, kernel = normal(1, 2, 6, 6, 3), normal(3, 3, 3, 4, seed=1)

    def total(function, x, kernel):
        return lax.scan(lambda carry, x: (carry + jnp.sin(function(x, kernel)).sum(), None), 0.0, x)[0]

    ours = partial(convolve, strides=(1, 1), padding="same", dilation=(1, 1))
    plain = partial(reference, strides=(1, 1), padding="same", dilation=(1, 1))
    gradient = jax.jit(jax.grad(partial(total, ours), (0, 1)))
    check_same(jax.grad(partial(total, plain), (0, 1))(x, kernel), gradient(x, kernel))
    program = gradient.lower(x, kernel).as_text()
    layouts = set(re.findall(r"dim_numbers = (\S.*->\[.*?\])", program))
    assert layouts == {"[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]"}


def test_a_convolution_can_be_mapped_over():
    x, kernel = normal(3, 2, 5, 5, 2), normal(3, 3, 2, 2, seed=1)
    options = {"strides": (1, 1), "padding": "same", "dilation": (1, 1)}
    got = jax.vmap(lambda x: convolve(x, kernel, **options))(x)
    check_same(jnp.stack([reference(one, kernel, **options) for one in x]), got)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
def test_unknown_sizes_give_the_shape(padding, stride):
    batch, height, width = export.symbolic_shape("b, h, w")
    x = jax.ShapeDtypeStruct((batch, height, width, 3), "float32")
    options = {"strides": (stride, stride), "padding": padding}

    def shape(function, *kernel, **more):
        return jax.eval_shape(partial(function, **options, **more), x, jax.ShapeDtypeStruct(kernel, "float32")).shape

    plain = shape(reference, 3, 3, 3, 4, dilation=(1, 1))
    assert shape(convolve, 3, 3, 3, 4, dilation=(1, 1)) == plain
    assert shape(depthwise_convolve, 3, 3, 3, 2, dilation=(1, 1)) == (*plain[:3], 6)
    extra = 3 - stride if padding == "valid" else 0
    assert shape(convolve_transpose, 3, 3, 5, 3) == (batch, stride * height + extra, stride * width + extra, 5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_result_has_the_dtype_of_the_input_and_the_precision_of_lax(dtype, groups, axes):
    x, kernel = normal(2, *[5] * axes, 4, dtype=dtype), normal(*[3] * axes, 4 // groups, 4, seed=1, dtype=dtype)
    options = (1,) * axes, "same", (1,) * axes, groups
    got, exact = convolve(x, kernel, *options), reference(x.astype("float32"), kernel.astype("float32"), *options)
    assert got.dtype == dtype
    np.testing.assert_allclose(got.astype("float32"), exact, atol=float(4 * jnp.finfo(dtype).eps * abs(exact).max()))


def test_integers_are_convolved_too():
    x, kernel = jnp.arange(32).reshape(1, 4, 4, 2), jnp.ones((3, 3, 2, 1), "int32")
    got = convolve(x, kernel, (1, 1), "valid", (1, 1))
    assert got.dtype == x.dtype
    assert got[0, 0, 0, 0] == x[0, :3, :3].sum()


def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="padding must be"):
        convolve(normal(1, 4, 4, 1), normal(3, 3, 1, 1), (1, 1), "causal", (1, 1))
    with pytest.raises(ValueError, match="padding must be"):
        convolve_transpose(normal(1, 4, 4, 1), normal(3, 3, 1, 1), (1, 1), "full")


def test_other_devices_keep_the_form_of_lax(monkeypatch):
    monkeypatch.setattr(convolution, "tunable", lambda *arrays: False)
    x, kernel = normal(2, 5, 5, 2), normal(3, 3, 2, 2, seed=1)
    program = str(jax.make_jaxpr(lambda x: convolve(x, kernel, (1, 1), "same", (1, 1)))(x))
    assert "custom_vjp" not in program

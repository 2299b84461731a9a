"""MobileNet, second version: blocks are wide inside and narrow between each other, where what they find is added.

Source:   Sandler et al. 2018, table 2; Keras 3 `applications.mobilenet_v2` (same layers, names and weights).
"""

import dataclasses
import functools

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Options, Published, assemble, classified, image_size, pooled_without_name
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.mobilenet import assert_published_width, default_size, published_size
from lamina.applications.parts import channels_of, divisible, normalized, padded_for_stride
from lamina.core import config
from lamina.core.tensor import is_keras_tensor
from lamina.layers import Add, Conv2D, DepthwiseConv2D, ReLU

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

_STACKS = ((16, 1, 1), (24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))
"""Filters, depth and stride of each stack of blocks."""
_SIZES = 96, 128, 160, 192, 224
_ALPHAS = 0.35, 0.5, 0.75, 1.0, 1.3, 1.4


def MobileNetV2(  # noqa: N802 - Keras's name
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    """Make a MobileNetV2: 3,538,984 parameters with the top, 2,257,984 without.

    Args:
        alpha: what the number of filters is multiplied by; 0.35, 0.5, 0.75, 1, 1.3 and 1.4 are published.
        the others: as for `assembly.Options`. Images are at least 32 pixels high and wide; published are the weights
            for 96, 128, 160, 192 and 224.
    Raises:   ValueError for arguments out of range, or weights that do not fit.
    Source:   Sandler et al. 2018; Keras 3 `MobileNetV2`.
    Example:
        >>> MobileNetV2((32, 32, 3), include_top=False, weights=None).output_shape
        (None, 1, 1, 1280)
    """
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    assert_one_size(options)
    assert_published_width(options, alpha, _ALPHAS)
    given = input_tensor.shape if input_shape is None and is_keras_tensor(input_tensor) else input_shape
    default = default_size(image_size(given), _SIZES)
    size = published_size(options, default, _SIZES)
    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{size}"
    published = Published("mobilenet_v2/", stem, ends=(".h5", "_no_top.h5"), default_size=default)
    options = dataclasses.replace(options, name=name or f"mobilenetv2_{alpha:0.2f}_{size}")
    top = functools.partial(classified, pool_name=None)
    return assemble(options, published, functools.partial(_body, alpha=alpha), top, pooled_without_name)


def assert_one_size(options):
    """Raise ValueError if the shape of the images and the tensor that is the input contradict each other."""
    if options.input_shape is None or options.input_tensor is None:
        return
    if not is_keras_tensor(options.input_tensor):
        raise ValueError(f"input_tensor is not a Keras tensor; Received `input_tensor={options.input_tensor}`")
    shape = options.input_tensor.shape
    axis = 1 if config.image_data_format() == "channels_first" else 2
    if shape[axis] != options.input_shape[1]:
        raise ValueError(
            f"input_tensor.shape[{axis}] must equal input_shape[1]; Received `input_tensor.shape={shape}`, "
            f"`input_shape={options.input_shape}`"
        )


def _body(x, alpha):
    x = Conv2D(divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = ReLU(6.0, name="Conv1_relu")(_norm(x, "bn_Conv1"))
    strides = [(filters, stride if i == 0 else 1) for filters, depth, stride in _STACKS for i in range(depth)]
    for i, (filters, stride) in enumerate(strides):
        x = _block(x, divisible(int(filters * alpha)), stride, f"block_{i}_" if i else None)
    x = Conv2D(divisible(1280 * max(alpha, 1.0)), 1, use_bias=False, name="Conv_1")(x)
    return ReLU(6.0, name="out_relu")(_norm(x, "Conv_1_bn"))


def _block(x, filters, stride, prefix):
    shortcut = x
    if prefix:
        x = Conv2D(6 * channels_of(x), 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = ReLU(6.0, name=f"{prefix}expand_relu")(_norm(x, f"{prefix}expand_BN"))
    else:
        prefix = "expanded_conv_"
    if stride == 2:
        x = padded_for_stride(x, 3, f"{prefix}pad")
    padding = "same" if stride == 1 else "valid"
    x = DepthwiseConv2D(3, strides=stride, use_bias=False, padding=padding, name=f"{prefix}depthwise")(x)
    x = ReLU(6.0, name=f"{prefix}depthwise_relu")(_norm(x, f"{prefix}depthwise_BN"))
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _norm(x, f"{prefix}project_BN")
    return Add(name=f"{prefix}add")([shortcut, x]) if stride == 1 and channels_of(shortcut) == filters else x


def _norm(x, name):
    return normalized(x, name, last=-1, epsilon=1e-3, momentum=0.999)


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to the range from -1 to 1; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")

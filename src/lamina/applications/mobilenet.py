"""MobileNet: each channel is convolved on its own, then the channels of a pixel are mixed.

Source:   Howard et al. 2017, table 1; Keras 3 `applications.mobilenet` (same layers, names and weights).
"""

import dataclasses
import functools
import warnings

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Options, Published, assemble, image_shape, image_size, pooled_without_name
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import normalized
from lamina.layers import (
    Activation,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Filters and stride of each block."""
_SIZES = 128, 160, 192, 224
_ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
"""The published widths, and how they are written in the names of the files."""


def MobileNet(  # noqa: N802 - Keras's name
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=0.001,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    classifier_activation="softmax",
    name=None,
):
    """Make a MobileNet: 4,253,864 parameters with the top, 3,228,864 without.

    Args:
        alpha: what the number of filters is multiplied by; 0.25, 0.5, 0.75 and 1 are published.
        depth_multiplier: results of each channel's own convolution [count]; 1 is published.
        dropout: part of the features that the top leaves out in training [fraction 0-1].
        the others: as for `assembly.Options`. Images are at least 32 pixels high and wide; published are the weights
            for 128, 160, 192 and 224.
    Raises:   ValueError for arguments out of range, or weights that do not fit.
    Source:   Howard et al. 2017; Keras 3 `MobileNet`.
    Example:
        >>> MobileNet((32, 32, 3), alpha=0.25, include_top=False, weights=None).name
        'mobilenet_0.25_32'
    """
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    if weights == "imagenet" and depth_multiplier != 1:
        raise ValueError(
            "If imagenet weights are being loaded, depth multiplier must be 1. "
            f"Received depth_multiplier={depth_multiplier}"
        )
    assert_published_width(options, alpha, _ALPHAS)
    default = default_size(image_size(input_shape), _SIZES)
    size = published_size(options, default, _SIZES)
    stem = f"mobilenet_{_ALPHAS.get(alpha)}_{size}_tf"
    published = Published("mobilenet/", stem, ends=(".h5", "_no_top.h5"), default_size=default)
    options = dataclasses.replace(options, name=name or f"mobilenet_{alpha:0.2f}_{size}")
    body = functools.partial(_body, alpha=alpha, depth_multiplier=depth_multiplier)
    return assemble(options, published, body, functools.partial(_top, dropout=dropout), pooled_without_name)


def assert_published_width(options, alpha, alphas):
    """Raise ValueError if no weights are published for a number of filters."""
    if options.weights == "imagenet" and alpha not in alphas:
        known = ", ".join(f"`{published}`" for published in alphas)
        raise ValueError(
            f"If imagenet weights are being loaded, alpha can be one of {known} only. Received alpha={alpha}"
        )


def default_size(size, sizes):
    """Return the size of images that weights are published for [pixels]: that of the images, or 224."""
    return size[0] if size is not None and size[0] == size[1] and size[0] in sizes else 224


def published_size(options, default, sizes):
    """Return the height of the images [pixels], or that of the images of the weights to be loaded."""
    height, width = image_size(image_shape(options, Published("", "", default_size=default)))
    if options.weights != "imagenet" or (height == width and height in sizes):
        return height
    warnings.warn(
        f"`input_shape` is undefined or non-square, or `rows` is not in {list(sizes)}. Weights for input shape "
        "(224, 224) will be loaded as the default.",
        stacklevel=3,
    )
    return 224


def _body(x, alpha, depth_multiplier):
    x = Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(x)
    x = _norm_relu(x, "conv1")
    for i, (filters, stride) in enumerate(_BLOCKS, start=1):
        padding = "same" if stride == 1 else "valid"
        if stride > 1:
            x = ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{i}")(x)
        own = {"depth_multiplier": depth_multiplier, "strides": stride, "padding": padding, "use_bias": False}
        x = _norm_relu(DepthwiseConv2D(3, **own, name=f"conv_dw_{i}")(x), f"conv_dw_{i}")
        x = Conv2D(int(filters * alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{i}")(x)
        x = _norm_relu(x, f"conv_pw_{i}")
    return x


def _norm_relu(x, name):
    return ReLU(6.0, name=f"{name}_relu")(normalized(x, f"{name}_bn", last=-1))


def _top(x, options, dropout):
    x = GlobalAveragePooling2D(keepdims=True)(x)
    x = Dropout(dropout, name="dropout")(x)
    x = Conv2D(options.classes, 1, padding="same", name="conv_preds")(x)
    x = Reshape((options.classes,), name="reshape_2")(x)
    return Activation(options.classifier_activation, name="predictions")(x)


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to the range from -1 to 1; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")

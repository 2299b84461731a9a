"""EfficientNet: blocks of MobileNet that weigh their channels, scaled in width, depth and image size together.

Source:   Tan and Le 2019, tables 1 and 8; Keras 3 `applications.efficientnet` (same layers, names and weights).
"""

import functools
import math

from lamina.applications.assembly import Published, about, application, assemble, classified
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import channel_axis, channels_of, divisible, normalized, padded_for_stride
from lamina.layers import (
    Activation,
    Add,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    Multiply,
    Normalization,
    Rescaling,
    Reshape,
)

__all__ = [*(f"EfficientNetB{i}" for i in range(8)), "decode_predictions", "preprocess_input"]

_BUCKET = "https://storage.googleapis.com/keras-applications/"
CONVOLUTION = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}
"""From what the kernels of convolutions are drawn."""
DENSE = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0 / 3.0, "mode": "fan_out", "distribution": "uniform"},
}
"""From what the kernel of the last layer is drawn."""
DROPPED = 0.2
"""Part of the samples to which the last block adds nothing in training; earlier ones less [fraction 0-1]."""

_STACKS = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
"""Kernel size, depth, filters, expansion and stride of each stack of blocks, before scaling."""
_SCALES = (
    (1.0, 1.0, 224, 0.2, 5_330_571, 4_049_571),
    (1.0, 1.1, 240, 0.2, 7_856_239, 6_575_239),
    (1.1, 1.2, 260, 0.3, 9_177_569, 7_768_569),
    (1.2, 1.4, 300, 0.3, 12_320_535, 10_783_535),
    (1.4, 1.8, 380, 0.4, 19_466_823, 17_673_823),
    (1.6, 2.2, 456, 0.4, 30_562_527, 28_513_527),
    (1.8, 2.6, 528, 0.5, 43_265_143, 40_960_143),
    (2.0, 3.1, 600, 0.5, 66_658_687, 64_097_687),
)
"""Of B0 to B7: how much wider and deeper, image size, dropout of the top, and parameters with the top and without."""
_HASHES = (
    ("902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"),
    ("1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"),
    ("b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"),
    ("ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"),
    ("18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"),
    ("ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"),
    ("165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"),
    ("8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"),
)
_DEVIATIONS = (0.229, 0.224, 0.225)


def _network(number):
    """Return the constructor of the network of a number."""
    width, depth, size, dropout, *parameters = _SCALES[number]
    name = f"EfficientNetB{number}"
    published = Published("", name.lower(), _HASHES[number], default_size=size, base=_BUCKET)
    top = functools.partial(classified, dropout=dropout, kernel_initializer=DENSE)

    def build(options):
        body = functools.partial(_body, width=width, depth=depth, trained=options.weights == "imagenet")
        return assemble(options, published, body, top)

    more = f"Images have pixels from 0 to 255 and are at least 32 high and wide; the top is for {size}."
    return application(name, name.lower(), build, about(name, *parameters, more))


def _body(x, width, depth, trained):
    x = Rescaling(1.0 / 255.0)(x)
    x = Normalization(axis=channel_axis())(x)
    if trained:  # by the square root of the deviation, which the published weights make up for
        x = Rescaling([1.0 / math.sqrt(deviation) for deviation in _DEVIATIONS])(x)
    x = padded_for_stride(x, 3, "stem_conv_pad")
    x = conv(x, divisible(32 * width), 3, "stem_conv", strides=2, padding="valid")
    x = norm_swish(x, "stem")
    repeats = [math.ceil(depth * stack[1]) for stack in _STACKS]
    drops = iter(DROPPED * i / float(sum(repeats)) for i in range(sum(repeats)))
    for number, ((kernel, _, filters, expansion, stride), count) in enumerate(zip(_STACKS, repeats, strict=True), 1):
        for i in range(count):
            name = f"block{number}{chr(ord('a') + i)}_"
            x = _block(x, divisible(filters * width), kernel, expansion, 1 if i else stride, next(drops), name)
    x = conv(x, divisible(1280 * width), 1, "top_conv")
    return norm_swish(x, "top")


def _block(x, filters, kernel, expansion, stride, drop, name):
    shortcut, narrow = x, channels_of(x)
    if expansion != 1:
        x = conv(x, narrow * expansion, 1, f"{name}expand_conv")
        x = norm_swish(x, f"{name}expand")
    if stride == 2:
        x = padded_for_stride(x, kernel, f"{name}dwconv_pad")
    padding = "same" if stride == 1 else "valid"
    x = own_conv(x, kernel, f"{name}dwconv", strides=stride, padding=padding)
    x = Activation("swish", name=f"{name}activation")(normalized(x, f"{name}bn"))
    x = weighed(x, max(1, narrow // 4), f"{name}se_")
    x = normalized(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn")
    return added(x, shortcut, drop, name) if stride == 1 and narrow == filters else x


def conv(x, filters, kernel, name, strides=1, padding="same"):
    """Return `x` convolved, without a bias."""
    arguments = {"strides": strides, "padding": padding, "use_bias": False, "kernel_initializer": CONVOLUTION}
    return Conv2D(filters, kernel, name=name, **arguments)(x)


def own_conv(x, kernel, name, strides=1, padding="same"):
    """Return each channel of `x` convolved on its own, without a bias."""
    arguments = {"strides": strides, "padding": padding, "use_bias": False, "depthwise_initializer": CONVOLUTION}
    return DepthwiseConv2D(kernel, name=name, **arguments)(x)


def norm_swish(x, name, **arguments):
    """Return `x` normalized, then swish of it."""
    return Activation("swish", name=f"{name}_activation")(normalized(x, f"{name}_bn", **arguments))


def weighed(x, filters, prefix):
    """Return `x` with its channels weighed by what so many filters make of the means over all positions."""
    channels = channels_of(x)
    weight = GlobalAveragePooling2D(name=f"{prefix}squeeze")(x)
    weight = Reshape((channels, 1, 1) if channel_axis() == 1 else (1, 1, channels), name=f"{prefix}reshape")(weight)
    for size, activation, name in ((filters, "swish", "reduce"), (channels, "sigmoid", "expand")):
        arguments = {"padding": "same", "activation": activation, "kernel_initializer": CONVOLUTION}
        weight = Conv2D(size, 1, name=f"{prefix}{name}", **arguments)(weight)
    return Multiply(name=f"{prefix}excite")([x, weight])


def added(x, shortcut, drop, name):
    """Return the sum; in training `x` is left out for this part of the samples."""
    if drop > 0:
        x = Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return Add(name=f"{name}add")([x, shortcut])


EfficientNetB0 = _network(0)
EfficientNetB1 = _network(1)
EfficientNetB2 = _network(2)
EfficientNetB3 = _network(3)
EfficientNetB4 = _network(4)
EfficientNetB5 = _network(5)
EfficientNetB6 = _network(6)
EfficientNetB7 = _network(7)


def preprocess_input(x, data_format=None):
    """Return `x`: the networks have layers that bring pixels to the range they were trained on."""
    return x

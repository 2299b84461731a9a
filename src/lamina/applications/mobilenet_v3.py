"""MobileNet, third version: found by search; blocks may weigh their channels by what the whole image shows.

Source:   Howard et al. 2019, tables 1 and 2; Keras 3 `applications.mobilenet_v3` (same layers, names and weights).
"""

import functools
import warnings

from lamina.applications.assembly import Options, Published, assemble, image_shape, image_size, named, pooled
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.mobilenet import assert_published_width
from lamina.applications.mobilenet_v2 import assert_one_size
from lamina.applications.parts import channels_of, divisible, normalized, padded_for_stride
from lamina.layers import (
    Activation,
    Add,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Multiply,
    ReLU,
    Rescaling,
)

__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]

# Of each block: expansion, filters, wide kernel, stride, weighed channels, and "hard_swish" in place of "relu".
_SMALL = (
    (1, 16, False, 2, True, False),
    (72 / 16, 24, False, 2, False, False),
    (88 / 24, 24, False, 1, False, False),
    (4, 40, True, 2, True, True),
    *[(6, 40, True, 1, True, True)] * 2,
    *[(3, 48, True, 1, True, True)] * 2,
    (6, 96, True, 2, True, True),
    *[(6, 96, True, 1, True, True)] * 2,
)
_LARGE = (
    (1, 16, False, 1, False, False),
    (4, 24, False, 2, False, False),
    (3, 24, False, 1, False, False),
    (3, 40, True, 2, True, False),
    *[(3, 40, True, 1, True, False)] * 2,
    (6, 80, False, 2, False, True),
    (2.5, 80, False, 1, False, True),
    *[(2.3, 80, False, 1, False, True)] * 2,
    *[(6, 112, False, 1, True, True)] * 2,
    (6, 160, True, 2, True, True),
    *[(6, 160, True, 1, True, True)] * 2,
)
_HASHES = {
    "large_224_0.75": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
    "small_224_0.75": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
}
_ABOUT = """Make a {name}: {with_top:,} parameters with the top, {without:,} without.

    Args:
        alpha: what the number of filters is multiplied by; 0.75 and 1 are published.
        minimalistic: whether to do without what is slow on some devices: wide kernels, weighed channels, hard_swish.
        dropout_rate: part of the features that the top leaves out in training [fraction 0-1].
        include_preprocessing: whether the first layer brings pixels from 0-255 to the range from -1 to 1.
        the others: as for `assembly.Options`. Images are at least 32 pixels high and wide, and may be of any size with
            the top too; the weights are for 224.
    Raises:   ValueError for arguments out of range, or weights that do not fit.
    Source:   Howard et al. 2019; Keras 3 `{name}`.
    """


def _mobilenet(size, blocks, last, with_top, without):
    """Return the constructor of a network of these blocks, whose top has so many features."""
    label = f"MobileNetV3{size.capitalize()}"

    def make(
        input_shape=None,
        alpha=1.0,
        minimalistic=False,
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        classes=1000,
        pooling=None,
        dropout_rate=0.2,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=label,
    ):
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        )
        assert_one_size(options)
        assert_published_width(options, alpha, (1.0,) if minimalistic else (0.75, 1.0))
        kind = f"{size}{'_minimalistic' if minimalistic else ''}_224_{float(alpha)}"
        ends = ("_float.h5", "_float_no_top_v2.h5")
        stem, hashes = f"weights_mobilenet_v3_{kind}", _HASHES.get(kind, (None, None))
        published = Published("mobilenet_v3/", stem, hashes, ends, default_size=None)
        if weights == "imagenet":
            _warn_of_other_sizes(image_size(image_shape(options, published)))
        body = functools.partial(_body, blocks=blocks, alpha=alpha, small=minimalistic, rescaled=include_preprocessing)
        features = divisible(last * max(alpha, 1.0))
        top = functools.partial(_top, features=features, hard=not minimalistic, dropout=dropout_rate)
        return assemble(options, published, body, top, pooled)

    return named(make, label, _ABOUT.format(name=label, with_top=with_top, without=without))


def _warn_of_other_sizes(size):
    if size != (224, 224):
        warnings.warn(
            "`input_shape` is undefined or non-square, or `rows` is not 224. Weights for input shape (224, 224) will "
            "be loaded as the default.",
            stacklevel=3,
        )


def _body(x, blocks, alpha, small, rescaled):
    if rescaled:
        x = Rescaling(scale=1.0 / 127.5, offset=-1.0)(x)
    x = Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = _active(_norm(x, "conv_bn"), not small)
    for i, (expansion, filters, wide, stride, weighed, hard) in enumerate(blocks):
        plan = (divisible(filters * alpha), 3 if small or not wide else 5, stride, weighed and not small)
        x = _block(x, i, expansion, *plan, hard and not small)
    x = Conv2D(divisible(channels_of(x) * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    return _active(_norm(x, "conv_1_bn"), not small)


def _block(x, i, expansion, filters, kernel, stride, weighed, hard):
    shortcut, inner = x, divisible(channels_of(x) * expansion)
    prefix = f"expanded_conv_{i}_" if i else "expanded_conv_"
    if i:
        x = Conv2D(inner, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = _active(_norm(x, f"{prefix}expand_bn"), hard)
    if stride == 2:
        x = padded_for_stride(x, kernel, f"{prefix}depthwise_pad")
    padding = "same" if stride == 1 else "valid"
    x = DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = _active(_norm(x, f"{prefix}depthwise_bn"), hard)
    if weighed:
        x = _weighed(x, inner, f"{prefix}squeeze_excite_")
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _norm(x, f"{prefix}project_bn")
    return Add(name=f"{prefix}add")([shortcut, x]) if stride == 1 and channels_of(shortcut) == filters else x


def _weighed(x, filters, prefix):
    weight = GlobalAveragePooling2D(keepdims=True, name=f"{prefix}avg_pool")(x)
    weight = Conv2D(divisible(filters * 0.25), 1, padding="same", name=f"{prefix}conv")(weight)
    weight = ReLU(name=f"{prefix}relu")(weight)
    weight = Conv2D(filters, 1, padding="same", name=f"{prefix}conv_1")(weight)
    weight = ReLU(6.0)(weight + 3.0) * (1.0 / 6.0)
    return Multiply(name=f"{prefix}mul")([x, weight])


def _active(x, hard):
    return Activation("hard_swish")(x) if hard else ReLU()(x)


def _norm(x, name):
    return normalized(x, name, last=-1, epsilon=1e-3, momentum=0.999)


def _top(x, options, features, hard, dropout):
    x = GlobalAveragePooling2D(keepdims=True)(x)
    x = _active(Conv2D(features, 1, padding="same", name="conv_2")(x), hard)
    if dropout > 0:
        x = Dropout(dropout)(x)
    x = Conv2D(options.classes, 1, padding="same", name="logits")(x)
    return Activation(options.classifier_activation, name="predictions")(Flatten()(x))


MobileNetV3Small = _mobilenet("small", _SMALL, 1024, 2_554_968, 939_120)
MobileNetV3Large = _mobilenet("large", _LARGE, 1280, 5_507_432, 2_996_352)


def preprocess_input(x, data_format=None):
    """Return `x`: the network has a layer that brings pixels to the range it was trained on."""
    return x

"""EfficientNet, second version: early blocks have one full convolution in place of two thin ones.

Source:   Tan and Le 2021, table 4; Keras 3 `applications.efficientnet_v2` (same layers, names and weights).
"""

import functools
import itertools
import math

from lamina.applications.assembly import Options, Published, about, assemble, classified, named
from lamina.applications.efficientnet import DENSE, DROPPED, added, conv, norm_swish, own_conv, weighed
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import channel_axis, channels_of, normalized
from lamina.initializers import Constant
from lamina.layers import Activation, Normalization, Rescaling

__all__ = [*(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L"))]
__all__ += ["decode_predictions", "preprocess_input"]

# Of each stack: whether its convolutions are full ("fused"), depth, filters, expansion and stride.
_B = (
    (True, 1, 16, 1, 1),
    (True, 2, 32, 4, 2),
    (True, 2, 48, 4, 2),
    (False, 3, 96, 4, 2),
    (False, 5, 112, 6, 1),
    (False, 8, 192, 6, 2),
)
_S = (
    (True, 2, 24, 1, 1),
    (True, 4, 48, 4, 2),
    (True, 4, 64, 4, 2),
    (False, 6, 128, 4, 2),
    (False, 9, 160, 6, 1),
    (False, 15, 256, 6, 2),
)
_M = (
    (True, 3, 24, 1, 1),
    (True, 5, 48, 4, 2),
    (True, 5, 80, 4, 2),
    (False, 7, 160, 4, 2),
    (False, 14, 176, 6, 1),
    (False, 18, 304, 6, 2),
    (False, 5, 512, 6, 1),
)
_L = (
    (True, 4, 32, 1, 1),
    (True, 7, 64, 4, 2),
    (True, 7, 96, 4, 2),
    (False, 10, 192, 4, 2),
    (False, 19, 224, 6, 1),
    (False, 25, 384, 6, 2),
    (False, 7, 640, 6, 1),
)
_SCALES = {
    "B0": (32, _B, 1.0, 1.0, 224, 7_200_312, 5_919_312),
    "B1": (32, _B, 1.0, 1.1, 240, 8_212_124, 6_931_124),
    "B2": (32, _B, 1.1, 1.2, 260, 10_178_374, 8_769_374),
    "B3": (32, _B, 1.2, 1.4, 300, 14_467_622, 12_930_622),
    "S": (24, _S, 1.0, 1.0, 384, 21_612_360, 20_331_360),
    "M": (24, _M, 1.0, 1.0, 480, 54_431_388, 53_150_388),
    "L": (32, _L, 1.0, 1.0, 480, 119_027_848, 117_746_848),
}
"""First filters, stacks, how much wider and deeper, image size, and parameters with the top and without."""
_HASHES = {
    "B0": ("21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"),
    "B1": ("069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37"),
    "B2": ("424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb"),
    "B3": ("1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856"),
    "S": ("e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070"),
    "M": ("a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342"),
    "L": ("27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615"),
}
_MEAN = [0.485, 0.456, 0.406]
_VARIANCE = [0.229**2, 0.224**2, 0.225**2]


def _network(kind):
    """Return the constructor of a network."""
    first, stacks, width, depth, size, *parameters = _SCALES[kind]
    constructor, label = f"EfficientNetV2{kind}", f"efficientnetv2-{kind.lower()}"
    published = Published("efficientnet_v2/", label, _HASHES[kind], default_size=size)
    scaled = functools.partial(_body, first=first, stacks=stacks, width=width, depth=depth)
    top = functools.partial(classified, dropout=0.2, kernel_initializer=DENSE, bias_initializer=Constant(0.0))

    def make(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=1000,
        classifier_activation="softmax",
        include_preprocessing=True,
        name=label,
    ):
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        )
        pixels = None if not include_preprocessing else _standardized if kind.startswith("B") else _rescaled
        return assemble(options, published, functools.partial(scaled, pixels=pixels), top)

    more = (
        "With `include_preprocessing` pixels are from 0 to 255, else as the first layers would leave them. Images are "
        f"at least 32 high and wide; the top is for {size}."
    )
    return named(make, constructor, about(constructor, *parameters, more))


def _body(x, first, stacks, width, depth, pixels):
    if pixels:
        x = pixels(x)
    x = conv(x, _rounded(first * width), 3, "stem_conv", strides=2)
    x = _norm_swish(x, "stem")
    unscaled = float(sum(stack[1] for stack in stacks))
    drops = (DROPPED * i / unscaled for i in itertools.count())
    for number, (fused, count, filters, expansion, stride) in enumerate(stacks, start=1):
        block = _fused if fused else _block
        for i in range(math.ceil(depth * count)):
            name = f"block{number}{chr(ord('a') + i)}_"
            x = block(x, _rounded(filters * width), expansion, 1 if i else stride, next(drops), name)
    x = conv(x, _rounded(1280 * width), 1, "top_conv")
    return _norm_swish(x, "top")


def _rounded(filters):
    """Return the nearest multiple of 8."""
    return max(8, int(filters + 4) // 8 * 8)


def _rescaled(x):
    return Rescaling(scale=1.0 / 128.0, offset=-1)(x)


def _standardized(x):
    if channels_of(x) != 3:
        return _rescaled(x)
    x = Rescaling(scale=1.0 / 255)(x)
    return Normalization(mean=_MEAN, variance=_VARIANCE, axis=channel_axis())(x)


def _block(x, filters, expansion, stride, drop, name):
    shortcut, narrow = x, channels_of(x)
    x = _norm_swish(conv(x, narrow * expansion, 1, f"{name}expand_conv"), f"{name}expand")
    x = own_conv(x, 3, f"{name}dwconv2", strides=stride)
    x = Activation("swish", name=f"{name}activation")(_norm(x, f"{name}bn"))
    x = weighed(x, narrow // 4, f"{name}se_")
    x = _norm(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn")
    return added(x, shortcut, drop, name) if stride == 1 and narrow == filters else x


def _fused(x, filters, expansion, stride, drop, name):
    shortcut, narrow = x, channels_of(x)
    if expansion == 1:
        x = _norm_swish(conv(x, filters, 3, f"{name}project_conv", strides=stride), f"{name}project")
    else:
        x = _norm_swish(conv(x, narrow * expansion, 3, f"{name}expand_conv", strides=stride), f"{name}expand")
        x = _norm(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn")
    return added(x, shortcut, drop, name) if stride == 1 and narrow == filters else x


def _norm(x, name):
    return normalized(x, name, momentum=0.9)


_norm_swish = functools.partial(norm_swish, momentum=0.9)

EfficientNetV2B0 = _network("B0")
EfficientNetV2B1 = _network("B1")
EfficientNetV2B2 = _network("B2")
EfficientNetV2B3 = _network("B3")
EfficientNetV2S = _network("S")
EfficientNetV2M = _network("M")
EfficientNetV2L = _network("L")


def preprocess_input(x, data_format=None):
    """Return `x`: the networks have layers that bring pixels to the range they were trained on."""
    return x

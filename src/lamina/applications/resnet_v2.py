"""ResNet, second version: normalization comes before each convolution, and nothing after the sum.

Source:   He, Zhang, Ren, Sun 2016, figure 1b; Keras 3 `applications.resnet_v2` (same layers, names and weights).
"""

from lamina.applications import imagenet_utils
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.resnet import FILTERS, halved, norm_relu, resnet, stem
from lamina.layers import Add, Conv2D, MaxPooling2D, ZeroPadding2D

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]


def _body(x, depths):
    x = halved(stem(x))
    for stack, (filters, depth) in enumerate(zip(FILTERS, depths, strict=True), start=2):
        for i in range(1, depth + 1):
            x = _block(x, filters, 2 if i == depth and stack < 5 else 1, i == 1, f"conv{stack}_block{i}")
    return norm_relu(x, "post")


def _block(x, filters, stride, widens, name):
    ready = norm_relu(x, f"{name}_preact")
    if widens:
        shortcut = Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(ready)
    else:
        shortcut = MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = norm_relu(Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(ready), f"{name}_1")
    x = ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = norm_relu(Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x), f"{name}_2")
    x = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return Add(name=f"{name}_out")([shortcut, x])


ResNet50V2 = resnet("ResNet50V2", (3, 4, 6, 3), 25_613_800, 23_564_800, _body)
ResNet101V2 = resnet("ResNet101V2", (3, 4, 23, 3), 44_675_560, 42_626_560, _body)
ResNet152V2 = resnet("ResNet152V2", (3, 8, 36, 3), 60_380_648, 58_331_648, _body)


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to the range from -1 to 1; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")

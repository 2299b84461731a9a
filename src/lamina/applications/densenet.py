"""DenseNet: each block sees the results of all blocks before it, and appends its own.

Source:   Huang, Liu, van der Maaten, Weinberger 2017, table 1; Keras 3 `applications.densenet` (same layers, names and
          weights).
"""

from lamina.applications import imagenet_utils
from lamina.applications.assembly import Published, about, application, assemble, assert_channels_last
from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.parts import channel_axis, channels_of, normalized
from lamina.applications.resnet import EPSILON, norm_relu
from lamina.layers import Activation, AveragePooling2D, Concatenate, Conv2D, MaxPooling2D, ZeroPadding2D

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

_HASHES = {
    121: ("9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"),
    169: ("d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"),
    201: ("1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"),
}
_GROWTH = 32
"""Channels that each block appends [count]."""


def _network(layers, depths, with_top, without):
    """Return the constructor of the network of so many layers, with so many blocks in each stack."""
    name = f"DenseNet{layers}"
    published = Published("densenet/", f"{name.lower()}_weights_tf_dim_ordering_tf_kernels", _HASHES[layers])

    def build(options):
        assert_channels_last("DenseNet")
        return assemble(options, published, lambda x: _body(x, depths))

    more = "Images are at least 32 pixels high and wide; the top is for 224."
    return application(name, name.lower(), build, about(name, with_top, without, more))


def _body(x, depths):
    x = Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(ZeroPadding2D(3)(x))
    x = MaxPooling2D(3, strides=2, name="pool1")(ZeroPadding2D(1)(norm_relu(x, "conv1")))
    for stack, depth in enumerate(depths, start=2):
        if stack > 2:
            x = _halved(x, f"pool{stack - 1}")
        for i in range(1, depth + 1):
            x = _block(x, f"conv{stack}_block{i}")
    return Activation("relu", name="relu")(normalized(x, "bn", epsilon=EPSILON))


def _block(x, name):
    new = norm_relu(x, f"{name}_0")
    new = norm_relu(Conv2D(4 * _GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(new), f"{name}_1")
    new = Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, new])


def _halved(x, name):
    x = Conv2D(channels_of(x) // 2, 1, use_bias=False, name=f"{name}_conv")(norm_relu(x, name))
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


DenseNet121 = _network(121, (6, 12, 24, 16), 8_062_504, 7_037_504)
DenseNet169 = _network(169, (6, 12, 32, 32), 14_307_880, 12_642_880)
DenseNet201 = _network(201, (6, 12, 48, 32), 20_242_984, 18_321_984)


def preprocess_input(x, data_format=None):
    """Bring pixels from 0-255 to mean 0 and deviation 1 of each channel; see `imagenet_utils`."""
    return imagenet_utils.preprocess_input(x, data_format, mode="torch")
